"""Rolling up, from the schedule: what is over is added up once, and again when something comes late.

A quarter of an hour is rolled up some minutes after its end, and with it the hours and days that it completes. Facts
that the stream brings later than that leave a mark on their quarter, which is then rolled up again. Whatever is done
twice, or dies in between, writes the same again: what was rolled up is said last, and marks are taken away after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.errors import LostRace
from chalicelib.operations import archiving
from chalicelib.reporting.coverage import Coverage, Level, interval_at, series
from chalicelib.reporting.definitions import COUNTED
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of
from chalicelib.reporting.rollup import TOGETHER, Cell, merge, roll, together
from chalicelib.storage.protocol import Visit
from chalicelib.world import World

LATE_AFTER_MS = 180_000
"""From so long after the end of its quarter on, a fact leaves a mark."""
ROLLED_AFTER_MS = 300_000
"""So long after its end a quarter is rolled up: a fact that left no mark has been written by then, for a function runs
a minute at most."""
MOST_AT_ONCE = 4
"""Quarters of an hour that one sweep rolls up, and as many again for what came late."""
LONGER: tuple[Level, ...] = ("hour", "day")


def keep(world: World, facts: Sequence[Fact], visits: Sequence[Visit] = ()) -> None:
    """Keep facts, and whose engagements there are. What may come too late for its roll-up leaves a mark, once it is
    there: a new one each time, for a sweep that has read the quarter before takes away the mark that it saw."""
    world.store.record(facts, visits)
    over = world.now() - LATE_AFTER_MS - QUARTER_MS
    quarters = {quarter_of(fact.at) for fact in facts}
    for quarter in sorted(quarter for quarter in quarters if quarter <= over):
        world.store.mark(quarter, world.new_id())


def roll_up(world: World) -> None:
    """Roll up what is over and what has been marked since, some of it if it is much."""
    seen = world.store.coverage()
    ripe = quarter_of(world.now() - ROLLED_AFTER_MS)
    zone = world.tenant().timezone
    coverage = seen if seen.version else Coverage(ripe, ripe, zone, ripe)
    if coverage.zone != zone:
        coverage = replace(coverage, zone=zone, zone_since=coverage.upto)
    upto = max(coverage.upto, min(ripe, coverage.upto + MOST_AT_ONCE * QUARTER_MS))
    marks = world.store.late()
    again = [quarter for quarter in marks if coverage.since <= quarter < coverage.upto][:MOST_AT_ONCE]
    fresh = range(coverage.upto, upto, QUARTER_MS)
    coverage = replace(coverage, upto=upto)
    roll_quarters(world, coverage, fresh, fresh=True)
    roll_quarters(world, coverage, again)
    if coverage != seen:
        try:
            world.store.put_coverage(coverage)
        except LostRace:
            return  # another sweep has done the same
    seen_to = [quarter for quarter in marks if quarter in again or quarter < coverage.since]
    try:  # what was never rolled up is read from its facts, but may be in the archive
        archiving.again(world, seen_to)
    except LostRace:
        return  # the marks stay for the next sweep
    for quarter in seen_to:
        world.store.unmark(quarter, marks[quarter])


def roll_quarters(world: World, coverage: Coverage, quarters: Iterable[int], *, fresh: bool = False) -> None:
    """Roll up quarters of an hour from their facts, and from them the hours and days that they are in.

    `fresh`: for the first time. Whoever died at it had the same facts, or fewer; what is nothing now was nothing then.
    """
    quarters = list(quarters)
    for quarter in quarters:
        facts = world.store.facts(None, quarter, quarter + QUARTER_MS)
        for dataset in COUNTED:
            cells = roll((fact for fact in facts if fact.dataset == dataset), quarter)
            _keep(world, dataset, "quarter", coverage.zone, quarter, cells, fresh)
    for level in LONGER:
        for start, end in sorted({interval_at(level, quarter, coverage.zone) for quarter in quarters}):
            if coverage.holds(level, start, end):
                for dataset in COUNTED:
                    cells = merge(world.store.rollups(dataset, "quarter", start, end), start)
                    _keep(world, dataset, level, coverage.zone, start, cells, fresh)


def _keep(world: World, dataset: Dataset, level: Level, zone: str, start: int, cells: list[Cell], fresh: bool) -> None:
    """Nothing is written where nothing is, and nothing was."""
    name = series(level, zone)
    if cells or (not fresh and world.store.rollups(dataset, name, start, start + 1)):
        world.store.keep_rollup(dataset, name, start, cells)
        if dataset in TOGETHER:
            world.store.keep_rollup(dataset, series(level, zone, by_agent=False), start, together(cells, start))
