"""What a run, or a record, comes to in numbers; and several of them with confidence intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil, pi, sqrt, tan
from statistics import NormalDist, fmean, stdev
from typing import NamedTuple

from infra.simulation.desk import Desk
from infra.simulation.work import Visit

Figures = dict[str, float]
"""By name. Durations in seconds, shares from 0 to 1."""
USUAL_THRESHOLD = 86_400_000
"""Where a queue has no service level, work should be taken within a day."""
CONFIDENCE = 0.95


class Due(NamedTuple):
    """Work with a due date: when it was due and when it was done (epoch ms); None is not yet."""

    due_at: int
    done_at: int | None


def measured(
    visits: Iterable[Visit], due: Iterable[Due], ended_at: int, thresholds: Mapping[str, int], usual: int
) -> Figures:
    """Service level and waits, of all and by priority and queue; what was not taken; missed due dates.

    The service level is the share of work taken within its queue's threshold, of all that was taken, left, or still
    waits past it. What overflowed counts where it went. Waits are those of work that was taken.
    """
    groups: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        for group in ("", f".priority.{visit.priority}", f".queue.{visit.queue_id}"):
            groups[group].append(visit)
    found: Figures = {}
    for group, some in sorted(groups.items()):
        found |= {f"{name}{group}": value for name, value in _of(some, thresholds, usual).items()}
    late = [each for each in due if (ended_at if each.done_at is None else each.done_at) > each.due_at]
    return {**found, "missed_due_dates": len(late)}


def _of(visits: Sequence[Visit], thresholds: Mapping[str, int], usual: int) -> Figures:
    ends: dict[str, list[Visit]] = defaultdict(list)
    for visit in visits:
        ends[visit.end].append(visit)
    within = [each for each in ends["taken"] if _waited(each) <= thresholds.get(each.queue_id, usual)]
    overdue = [each for each in ends["waiting"] if _waited(each) > thresholds.get(each.queue_id, usual)]
    counted = len(ends["taken"]) + len(ends["left"]) + len(overdue)
    waits = sorted(_waited(each) / 1000 for each in ends["taken"])
    return {
        "service_level": len(within) / counted if counted else 1.0,
        "wait_mean": fmean(waits) if waits else 0.0,
        "wait_p50": quantile(waits, 0.5),
        "wait_p90": quantile(waits, 0.9),
        "taken": len(ends["taken"]),
        "left": len(ends["left"]),
        "overflowed": len(ends["overflowed"]),
        "still_waiting": len(ends["waiting"]),
    }


def _waited(visit: Visit) -> int:
    return visit.until - visit.since


def occupancy(desks: Iterable[Desk]) -> float:
    """The share of the time at their desks in which agents had anything in hand."""
    desks = list(desks)
    ready = sum(desk.ready_ms for desk in desks)
    return sum(desk.busy_ms for desk in desks) / ready if ready else 0.0


def quantile(ranked: Sequence[float], share: float) -> float:
    """The least value that this share does not exceed; 0 of nothing."""
    return ranked[max(ceil(share * len(ranked)) - 1, 0)] if ranked else 0.0


class Interval(NamedTuple):
    """A mean, and how far its confidence interval goes to each side."""

    mean: float
    within: float

    def holds(self, value: float) -> bool:
        """Whether a value lies in the interval."""
        return abs(value - self.mean) <= self.within


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """The mean of independent runs, by Student's t."""
    if len(values) < 2:
        return Interval(fmean(values), float("inf"))
    return Interval(fmean(values), t_quantile(len(values) - 1, confidence) * stdev(values) / sqrt(len(values)))


def t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """How many standard errors the interval of a mean is wide to each side.

    Exact for one and two degrees of freedom; from three on by the expansion in Abramowitz and Stegun, 26.7.5, which is
    within 1 %.
    """
    tail = (1 + confidence) / 2
    if freedom == 1:
        return tan(pi * (tail - 0.5))
    if freedom == 2:
        return (2 * tail - 1) * sqrt(2 / (4 * tail * (1 - tail)))
    x = NormalDist().inv_cdf(tail)
    g1 = (x**3 + x) / 4
    g2 = (5 * x**5 + 16 * x**3 + 3 * x) / 96
    g3 = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    g4 = (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / 92160
    return x + g1 / freedom + g2 / freedom**2 + g3 / freedom**3 + g4 / freedom**4
