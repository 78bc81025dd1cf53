"""Roll-ups: the facts of an interval added up, to be added up again into longer ones.

A roll-up is made of cells. A cell is what all facts add up to that are alike but for the engagement and the moment. It
is a function of the facts alone: made again, by whoever and however often, it is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, tzinfo
from typing import Any

from chalicelib.reporting.counting import NO_TEAMS, SPREAD, counted, dimension
from chalicelib.reporting.datasets import NO_MARKS, Key, Marks, Row, in_order_of_marks
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Dataset, Fact, once
from chalicelib.reporting.histogram import Histogram, step_of
from chalicelib.reporting.intervals import span

TOGETHER: frozenset[Dataset] = frozenset({"queue_performance", "agent_performance", "engagement"})
"""Datasets that are kept with all agents together too, for reports that name none, by whoever may see all they did."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What facts add up to that say the same of all but the engagement, the moment and how much."""

    total: Fact
    """A fact of no engagement, at the beginning of the interval, that measures what they measure together."""
    count: int
    """How many they are."""
    spread: Mapping[str, Histogram] = field(default_factory=dict)
    """By duration, how it is spread."""


def roll(facts: Iterable[Fact], start: int) -> list[Cell]:
    """The cells of an interval that begins at `start`. A fact given twice counts once (I11)."""
    return merge((_cell(fact) for fact in once(facts)), start)


def merge(cells: Iterable[Cell], start: int) -> list[Cell]:
    """The cells of an interval that begins at `start`, from those of the intervals that it is made of."""
    alike: dict[Any, list[Cell]] = {}
    for cell in cells:
        alike.setdefault(_kind(cell.total), []).append(cell)
    return [_sum(alike[kind], start) for kind in sorted(alike, key=repr)]


def together(cells: Iterable[Cell], start: int) -> list[Cell]:
    """The same, no matter which agent."""
    return merge((replace(cell, total=replace(cell.total, agent_id=None)) for cell in cells), start)


def rows(
    name: str,
    cells: Iterable[Cell],
    interval_ms: int,
    marks: Mapping[str, Marks] = NO_MARKS,
    zone: tzinfo = UTC,
    group_by: Sequence[str] | None = None,
    teams: Mapping[str, str] = NO_TEAMS,
) -> list[Row]:
    """The rows of a dataset, as `fold` makes them of the facts; what is behind them, only the facts tell."""
    dataset = SUMMED[name]
    by = dataset.group_by if group_by is None else group_by
    alike: dict[Key, list[Cell]] = {}
    for cell in cells:
        key = (*span(cell.total.at, interval_ms, zone), tuple(dimension(cell.total, each, teams) for each in by))
        alike.setdefault(key, []).append(cell)
    found = []
    for start, end, values in in_order_of_marks(alike):
        added: Counter[str] = Counter()
        spread: dict[str, Counter[int]] = {each: Counter() for each in dataset.spread}
        for cell in alike[start, end, values]:
            added.update(cell.total.measures)
            added.update(_held_against(marks.get(cell.total.queue_id), cell))
            for each, histogram in spread.items():
                histogram.update(cell.spread.get(each, {}))
        measures = {each: added[each] for each in dataset.measures}
        found.append(Row(start, end, dict(zip(by, values, strict=True)), measures, (), spread))
    return found


def _cell(fact: Fact) -> Cell:
    whole = counted(fact)
    spread = {name: {step_of(fact.measures[name]): 1} for name in SPREAD.get(fact.dataset, ()) if name in fact.measures}
    return Cell(replace(whole, engagement_id="", version=0), 1, spread)


_SUMMED = ("engagement_id", "version", "at", "measures")
_KEPT = tuple(each.name for each in fields(Fact) if each.name not in _SUMMED)


def _kind(fact: Fact) -> Any:
    """What facts of one cell have in common: all that they say, and what they measure."""
    said = (getattr(fact, name) for name in _KEPT)
    return (
        *(tuple(sorted(each.items())) if isinstance(each, Mapping) else each for each in said),
        tuple(sorted(fact.measures)),
    )


def _sum(cells: list[Cell], start: int) -> Cell:
    measures: Counter[str] = Counter()
    spread: dict[str, Counter[int]] = {}
    for cell in cells:
        measures.update(cell.total.measures)
        for name, histogram in cell.spread.items():
            spread.setdefault(name, Counter()).update(histogram)
    total = replace(cells[0].total, at=start, measures=dict(sorted(measures.items())))
    ordered = {name: dict(sorted(spread[name].items())) for name in sorted(spread)}
    return Cell(total, sum(cell.count for cell in cells), ordered)


def _held_against(marks: Marks | None, cell: Cell) -> dict[str, int]:
    if marks is None or cell.total.dataset != "queue_performance":
        return {}
    own = cell.total.measures
    short = _within(cell, marks.short_abandon) if "abandoned_count" in own else 0
    found = {"short_abandoned_count": short}
    if marks.threshold is not None:
        counts = own.get("handled_count", 0) + own.get("abandoned_count", 0) - short
        within = _within(cell, marks.threshold) if "handled_count" in own else 0
        found |= {"within_service_level_count": within, "service_level_count": counts}
    return found


def _within(cell: Cell, limit: int | None) -> int:
    """How many visits lasted at most so long (milliseconds); none where there is no limit."""
    if limit is None:
        return 0
    last = step_of(limit)
    return sum(count for step, count in cell.spread.get("waited_ms", {}).items() if step <= last)
