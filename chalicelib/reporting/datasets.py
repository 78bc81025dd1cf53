"""Datasets: facts added up by interval and by what they are grouped by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from types import MappingProxyType

from chalicelib.reporting.counting import NO_TEAMS, counted, dimension
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Fact, once
from chalicelib.reporting.histogram import Histogram, step_of
from chalicelib.reporting.intervals import span


@dataclass(frozen=True, slots=True)
class Marks:
    """What a queue's work is held against, in milliseconds; None is nothing."""

    threshold: int | None = None
    """Work should be taken within it."""
    short_abandon: int | None = None
    """Who leaves within it is counted apart."""


Key = tuple[int, int, tuple[str, ...]]
"""When a row begins and ends (epoch ms), and what is said there of each dimension."""
NO_MARKS: Mapping[str, Marks] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Part:
    """What one fact, of `at` (epoch ms), adds to a row."""

    engagement_id: str
    """Of a status, the agent's id."""
    version: int
    at: int
    measures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Row:
    """What those did together that say the same of each dimension, from `start` until just before `end` (epoch ms)."""

    start: int
    end: int
    group: Mapping[str, str]
    """By dimension; nothing is that they say nothing of it."""
    measures: dict[str, int]
    parts: tuple[Part, ...]
    """What it was added up from, in order of time: each measure is the sum of its parts'."""
    spread: Mapping[str, Histogram] = field(default_factory=dict)
    """By duration, how it is spread."""

    @property
    def mark(self) -> str:
        """Its place among the rows of its dataset: by time, then by what it is grouped by."""
        return mark_of(self.start, self.group.values())

    def behind(self, measure: str) -> list[Part]:
        """The parts that a number comes from."""
        return [part for part in self.parts if part.measures.get(measure)]


def mark_of(start: int, values: Iterable[str]) -> str:
    """Where rows stand that begin at `start` and say this of the dimensions they are grouped by."""
    return f"{start:014d}#{_BETWEEN.join(values)}"


_BETWEEN = "\x1f"


def in_order_of_marks(keys: Iterable[Key]) -> list[Key]:
    """Rows by their beginning, end and values in the order in which pages give them, whatever is in the values."""
    return sorted(keys, key=lambda key: mark_of(key[0], key[2]))


def fold(
    name: str,
    facts: Iterable[Fact],
    interval_ms: int,
    marks: Mapping[str, Marks] = NO_MARKS,
    zone: tzinfo = UTC,
    group_by: Sequence[str] | None = None,
    teams: Mapping[str, str] = NO_TEAMS,
) -> list[Row]:
    """The rows of a dataset, in order of time and group. A fact given twice counts once (I11)."""
    dataset = SUMMED[name]
    by = dataset.group_by if group_by is None else group_by
    parts: dict[Key, list[Part]] = {}
    for fact in map(counted, once(fact for fact in facts if fact.dataset in dataset.facts)):
        key = (*span(fact.at, interval_ms, zone), tuple(dimension(fact, each, teams) for each in by))
        measures = {**fact.measures, **held_against(marks.get(fact.queue_id), fact)}
        parts.setdefault(key, []).append(Part(fact.engagement_id, fact.version, fact.at, measures))
    found = []
    for start, end, values in in_order_of_marks(parts):
        own = parts[start, end, values]
        total: Counter[str] = Counter()
        for part in own:
            total.update(part.measures)
        in_order = tuple(sorted(own, key=lambda part: (part.at, part.engagement_id, part.version)))
        spread = {
            each: Counter(step_of(part.measures[each]) for part in own if each in part.measures)
            for each in dataset.spread
        }
        measures = {each: total[each] for each in dataset.measures}
        found.append(Row(start, end, dict(zip(by, values, strict=True)), measures, in_order, spread))
    return found


def held_against(marks: Marks | None, fact: Fact) -> dict[str, int]:
    """What a queue visit counts for its queue's service level."""
    if marks is None or fact.dataset != "queue_performance":
        return {}
    step, found = step_of(fact.measures.get("waited_ms", 0)), {}
    handled, abandoned = "handled_count" in fact.measures, "abandoned_count" in fact.measures
    short = abandoned and marks.short_abandon is not None and step <= step_of(marks.short_abandon)
    if short:
        found["short_abandoned_count"] = 1
    if marks.threshold is not None and handled and step <= step_of(marks.threshold):
        found["within_service_level_count"] = 1
    if marks.threshold is not None and (handled or (abandoned and not short)):
        found["service_level_count"] = 1
    return found
