"""Reading reports: from roll-ups as far as there are any, and from the facts for the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from itertools import groupby

from chalicelib.operations.reports import Window
from chalicelib.reporting.coverage import pieces, series
from chalicelib.reporting.datasets import Row
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Fact
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of, span
from chalicelib.reporting.rollup import TOGETHER, Cell, roll
from chalicelib.world import World

AT_ONCE = 400
"""Intervals that are read at once: a year of days, four days of quarters."""


def whole_quarters(start: int, end: int) -> tuple[int, int]:
    """The quarters of an hour that a stretch of time touches: reports are made of whole ones."""
    return quarter_of(start), quarter_of(end + QUARTER_MS - 1)


def cells(
    world: World,
    name: str,
    start: int,
    end: int,
    interval_ms: int,
    zone: tzinfo,
    *,
    by_agent: bool,
) -> list[Cell]:
    """What a dataset adds up to over whole quarters of an hour, in cells none of which is in two rows of the report.

    `by_agent`: whether who did it matters, also where the dataset's rows do not say so.
    """
    coverage = world.store.coverage()
    kinds = SUMMED[name].facts
    found: list[Cell] = []
    for piece in pieces(start, end, interval_ms, zone, coverage):
        if piece.level is None:
            facts = facts_of(world, name, piece.start, piece.end)
            for quarter, some in groupby(facts, lambda fact: quarter_of(fact.at)):
                found += roll(some, quarter)
            continue
        for kind in kinds:
            level = series(piece.level, coverage.zone, by_agent=by_agent or kind not in TOGETHER)
            found += world.store.rollups(kind, level, piece.start, piece.end)
    return found


def facts_of(world: World, name: str, start: int, end: int) -> list[Fact]:
    """The facts that a dataset is added up from, with start <= at < end (epoch ms), by time."""
    kinds = SUMMED[name].facts
    found = world.store.facts(kinds[0] if len(kinds) == 1 else None, start, end)
    return [fact for fact in found if fact.dataset in kinds]


def page(
    read: Callable[[int, int], list[Row]], window: Window, interval_ms: int, zone: tzinfo
) -> tuple[list[Row], str | None]:
    """The rows of a window up to its size, in their order; and the mark after which the next page begins, or None.

    `read` gives the rows between two times. No more is read than the page needs, but for what is read at once.
    """
    found: list[Row] = []
    at = max(window.start, int(window.after[:14])) if window.after else window.start
    while at < window.end:
        upto = min(span(at + AT_ONCE * interval_ms, interval_ms, zone)[0], window.end)
        found += [row for row in read(at, upto) if row.mark > window.after]
        if len(found) > window.size:
            return found[: window.size], found[window.size - 1].mark
        at = upto
    return found, None
