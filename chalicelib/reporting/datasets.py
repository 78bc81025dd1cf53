"""Datasets: facts added up by interval and by queue or agent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType

from chalicelib.reporting.facts import Dataset, Fact, once
from chalicelib.reporting.histogram import Histogram, step_of
from chalicelib.reporting.intervals import span

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
SPREAD: dict[Dataset, tuple[str, ...]] = {"queue_performance": ("waited_ms",), "agent_performance": ("handled_ms",)}
"""The durations of which it is known how they are spread."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a queue's work is held against, in milliseconds; None is nothing."""

    threshold: int | None = None
    """Work should be taken within it."""
    short_abandon: int | None = None
    """Who leaves within it is counted apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one event of an engagement, at `at` (epoch ms), adds to a row."""

    engagement_id: str
    version: int
    at: int
    measures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """What one queue, or one agent in one queue, did from `start` until just before `end` (epoch ms)."""

    start: int
    end: int
    queue_id: str
    agent_id: str | None
    channel: str
    measures: dict[str, int]
    parts: tuple[Part, ...]
    """What it was added up from, in order of time: each measure is the sum of its parts'."""
    spread: Mapping[str, Histogram] = field(default_factory=dict)
    """By duration, how it is spread."""

    def behind(self, measure: str) -> list[Part]:
        """The parts that a number comes from."""
        return [part for part in self.parts if part.measures.get(measure)]


def fold(
    dataset: Dataset,
    facts: Iterable[Fact],
    interval_ms: int,
    marks: Mapping[str, Marks] = MappingProxyType({}),
    zone: tzinfo = UTC,
) -> list[Row]:
    """The rows of a dataset, in order of time, queue and agent. A fact given twice counts once (I11)."""
    parts: dict[tuple[int, int, str, str, str], list[Part]] = {}
    for fact in once(fact for fact in facts if fact.dataset == dataset):
        agent_id = fact.agent_id or "" if dataset == "agent_performance" else ""
        key = (*span(fact.at, interval_ms, zone), fact.queue_id, agent_id, fact.channel)
        measures = {**fact.measures, **_held_against(marks.get(fact.queue_id), fact)}
        parts.setdefault(key, []).append(Part(fact.engagement_id, fact.version, fact.at, measures))
    return [_row(dataset, key, parts[key]) for key in sorted(parts)]


def _row(dataset: Dataset, key: tuple[int, int, str, str, str], parts: list[Part]) -> Row:
    start, end, queue_id, agent_id, channel = key
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part.measures)
    measures = {name: total[name] for name in MEASURES[dataset]}
    in_order = tuple(sorted(parts, key=lambda part: (part.at, part.engagement_id, part.version)))
    spread = {
        name: Counter(step_of(part.measures[name]) for part in parts if name in part.measures)
        for name in SPREAD[dataset]
    }
    return Row(start, end, queue_id, agent_id or None, channel, measures, in_order, spread)


def _held_against(marks: Marks | None, fact: Fact) -> dict[str, int]:
    if marks is None or fact.dataset != "queue_performance":
        return {}
    step, found = step_of(fact.measures.get("waited_ms", 0)), {}
    if marks.threshold is not None and "handled_count" in fact.measures and step <= step_of(marks.threshold):
        found["within_service_level_count"] = 1
    if marks.short_abandon is not None and "abandoned_count" in fact.measures and step <= step_of(marks.short_abandon):
        found["short_abandoned_count"] = 1
    return found
