"""Reading reports: from roll-ups as far as there are any, and from the facts for the rest."""

from __future__ import annotations

from datetime import tzinfo
from itertools import groupby

from chalicelib.reporting.coverage import pieces, series
from chalicelib.reporting.facts import Dataset
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of
from chalicelib.reporting.rollup import TOGETHER, Cell, roll
from chalicelib.world import World


def whole_quarters(start: int, end: int) -> tuple[int, int]:
    """The quarters of an hour that a stretch of time touches: reports are made of whole ones."""
    return quarter_of(start), quarter_of(end + QUARTER_MS - 1)


def cells(
    world: World,
    dataset: Dataset,
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
    found: list[Cell] = []
    for piece in pieces(start, end, interval_ms, zone, coverage):
        if piece.level is None:
            facts = world.store.facts(dataset, piece.start, piece.end)
            for quarter, some in groupby(facts, lambda fact: quarter_of(fact.at)):
                found += roll(some, quarter)
        else:
            name = series(piece.level, coverage.zone, by_agent=by_agent or dataset not in TOGETHER)
            found += world.store.rollups(dataset, name, piece.start, piece.end)
    return found
