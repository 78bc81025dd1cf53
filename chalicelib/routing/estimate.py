"""How long an engagement will wait, as an interval.

While all who can take a line are busy, places come free at random: with `agents` places whose work takes `handling`
milliseconds on average, the wait for the k-th of them is gamma distributed (shape k, scale handling / agents). The
quantiles are Wilson and Hilferty's approximation (PNAS 17, 1931), which is within 2 % from the second place on; the
first one's are exact.
"""

from __future__ import annotations

from math import log
from statistics import NormalDist
from typing import NamedTuple

COVERAGE = 0.8
"""The share of engagements whose wait lies within their interval."""


class Estimate(NamedTuple):
    """Milliseconds until it is offered."""

    at_least: int
    expected: int
    at_most: int


def expected_wait(position: int, agents: int, handling: int) -> Estimate | None:
    """The wait at a position (1 is next) behind `agents` busy places; None where there is nobody to wait for."""
    if agents == 0 or position < 1:
        return None
    scale = handling / agents
    tail = (1 - COVERAGE) / 2
    low, high = (round(scale * _quantile(position, share)) for share in (tail, 1 - tail))
    return Estimate(low, round(scale * position), high)


def _quantile(shape: int, share: float) -> float:
    """The quantile of the gamma distribution of scale 1."""
    if shape == 1:
        return -log(1 - share)
    ninth = 1 / (9 * shape)
    return shape * max(0.0, 1 - ninth + NormalDist().inv_cdf(share) * ninth**0.5) ** 3  # type: ignore[no-any-return]
