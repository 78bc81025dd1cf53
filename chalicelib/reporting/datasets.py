"""Datasets: facts added up by interval and by queue or agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from chalicelib.reporting.facts import Dataset, Fact

MEASURES: dict[Dataset, tuple[str, ...]] = {
    "queue_performance": (
        "handled_count",
        "within_service_level_count",
        "abandoned_count",
        "short_abandoned_count",
        "cancelled_count",
        "overflow_count",
        "returned_count",
        "waited_ms",
    ),
    "agent_performance": (
        "offered_count",
        "handled_count",
        "refused_count",
        "missed_count",
        "released_count",
        "transferred_count",
        "taken_over_count",
        "cancelled_count",
        "rang_ms",
        "handled_ms",
        "parked_ms",
        "wrapped_ms",
    ),
}


@dataclass(frozen=True, slots=True)
class Marks:
    """What a queue's work is held against, in milliseconds; None is nothing."""

    threshold: int | None = None
    """Work should be taken within it."""
    short_abandon: int | None = None
    """Who leaves sooner is counted apart."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one queue, or one agent in one queue, did in the interval that begins at `start` (epoch ms)."""

    start: int
    queue_id: str
    agent_id: str | None
    channel: str
    measures: dict[str, int]


def fold(
    dataset: Dataset, facts: Iterable[Fact], interval_ms: int, marks: Mapping[str, Marks] = MappingProxyType({})
) -> list[Row]:
    """The rows of a dataset, in order of time, queue and agent. A fact given twice counts once (I11)."""
    once = {(fact.engagement_id, fact.version): fact for fact in facts if fact.dataset == dataset}
    totals: dict[tuple[int, str, str, str], Counter[str]] = {}
    for fact in once.values():
        agent_id = fact.agent_id or "" if dataset == "agent_performance" else ""
        key = (fact.at - fact.at % interval_ms, fact.queue_id, agent_id, fact.channel)
        totals.setdefault(key, Counter()).update({**fact.measures, **_held_against(marks.get(fact.queue_id), fact)})
    return [
        Row(start, queue_id, agent_id or None, channel, {name: total[name] for name in MEASURES[dataset]})
        for (start, queue_id, agent_id, channel), total in sorted(totals.items())
    ]


def _held_against(marks: Marks | None, fact: Fact) -> dict[str, int]:
    if marks is None or fact.dataset != "queue_performance":
        return {}
    waited, found = fact.measures.get("waited_ms", 0), {}
    if marks.threshold is not None and "handled_count" in fact.measures and waited <= marks.threshold:
        found["within_service_level_count"] = 1
    if marks.short_abandon is not None and "abandoned_count" in fact.measures and waited < marks.short_abandon:
        found["short_abandoned_count"] = 1
    return found
