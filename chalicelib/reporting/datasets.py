"""Datasets: facts added up by interval and by queue or agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.reporting.facts import Dataset, Fact

MEASURES: dict[Dataset, tuple[str, ...]] = {
    "queue_performance": (
        "handled_count",
        "abandoned_count",
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
class Row:
    """What one queue, or one agent in one queue, did in the interval that begins at `start` (epoch ms)."""

    start: int
    queue_id: str
    agent_id: str | None
    channel: str
    measures: dict[str, int]


def fold(dataset: Dataset, facts: Iterable[Fact], interval_ms: int) -> list[Row]:
    """The rows of a dataset, in order of time, queue and agent. A fact given twice counts once (I11)."""
    once = {(fact.engagement_id, fact.version): fact for fact in facts if fact.dataset == dataset}
    totals: dict[tuple[int, str, str, str], Counter[str]] = {}
    for fact in once.values():
        agent_id = fact.agent_id or "" if dataset == "agent_performance" else ""
        key = (fact.at - fact.at % interval_ms, fact.queue_id, agent_id, fact.channel)
        totals.setdefault(key, Counter()).update(fact.measures)
    return [
        Row(start, queue_id, agent_id or None, channel, {name: total[name] for name in MEASURES[dataset]})
        for (start, queue_id, agent_id, channel), total in sorted(totals.items())
    ]
