"""A simulated contact centre in the routing core's words: agents, queues, hours, and who is there when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from chalicelib.engagements.model import Destination
from chalicelib.routing.limits import Limits
from chalicelib.routing.model import Candidate, QueueRules

NO_LIMITS = Limits()


class Presence(NamedTuple):
    """From when on an agent takes work, or takes none."""

    at: int
    agent_id: str
    ready: bool


class Opening(NamedTuple):
    """From when on a queue gives work out, or gives none."""

    at: int
    queue_id: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class QueueTerms:
    """How a queue offers, beyond how it is routed. Durations in milliseconds."""

    offer_timeout: int = 30_000
    auto_accept: bool = False
    cool_down: int = 60_000
    wraps_up: bool = True
    limits: Limits = NO_LIMITS
    """What it does not keep while it is open."""
    limits_closed: Limits = NO_LIMITS
    threshold: int | None = None
    """Work should be taken within it."""


USUAL = QueueTerms()
Onward = Callable[[Destination, int], Destination | None]
"""Where work goes that its queue does not keep: where it is, and now; None is out."""


def out(_: Destination, __: int) -> None:
    """Nowhere."""


@dataclass(frozen=True, slots=True)
class Centre:
    """Everything that does not depend on what comes."""

    agents: tuple[Candidate, ...]
    """With nothing in hand; whether they are ready, `presence` says."""
    presence: tuple[Presence, ...]
    """In order of time."""
    rules: Mapping[str, QueueRules] = field(default_factory=dict)
    queues: Mapping[str, QueueTerms] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    """In order of time; a queue that is not named is always open."""
    offer_timeouts: Mapping[str, int] = field(default_factory=dict)
    """By agent, where the queue's is not his."""
    onward: Onward = out
