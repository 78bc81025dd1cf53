"""Reports held against the history that they came from, and made anew from it.

Two ways meet here. Going over all works, each history is held against its chain, and the facts that it tells are
tallied. Going over quarters of an hour, the facts and roll-ups that are kept are held against that, and against the
histories of the engagements that they name. What is past its retention is not judged any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from chalicelib.engagements.chain import fault
from chalicelib.engagements.model import DAY_MS, Engagement, Event, work_key_of
from chalicelib.errors import LostRace
from chalicelib.operations import archiving, rolling
from chalicelib.operations.recording import EVENTS_PER_ROW
from chalicelib.operations.reporting import whole_quarters
from chalicelib.operations.translation import waiting_of
from chalicelib.reporting.coverage import Coverage, Level, interval_at, series
from chalicelib.reporting.definitions import COUNTED
from chalicelib.reporting.facts import Dataset, Fact, identity
from chalicelib.reporting.history import (
    FROM_HISTORY,
    Drift,
    Night,
    Tally,
    added,
    drifts,
    facts_of_history,
    tally,
)
from chalicelib.reporting.intervals import HOUR_MS, QUARTER_MS, quarter_of
from chalicelib.reporting.rollup import TOGETHER, Cell, merge, roll, together
from chalicelib.storage.protocol import History
from chalicelib.world import World

CHUNK = 100
ROWS_AT_ONCE = 1000
"""Rows of the table that are looked at in one read, whatever they are of."""
AT_ONCE = 2000
"""Engagements after which a call looks at no further quarter of an hour."""
NIGHT_MS = HOUR_MS
"""How long after midnight the day before begins to be looked at."""
ANSWERS_AFTER_MS = 5_000
"""After which a call looks at no further quarter of an hour, though nothing is kept of those it has seen."""
SHARE_MS = 15_000
"""How much of its minute a sweep has for it."""
NO_FACTS = (0, 0)


@dataclass(frozen=True, slots=True)
class Stale:
    """A roll-up that is not what its facts add up to."""

    dataset: Dataset
    level: Level
    start: int


@dataclass(slots=True)
class Findings:
    """What was looked at, and what was not as it should be."""

    engagements: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    """By engagement, what is wrong with its history."""
    drifts: list[Drift] = field(default_factory=list)
    stale: list[Stale] = field(default_factory=list)
    told: Tally = field(default_factory=dict)
    """The tally of what the histories tell."""
    kept: Tally = field(default_factory=dict)
    """The tally of the facts that are kept."""
    gone: int = 0
    """Engagements of which facts are kept, and no history any more."""

    def lines(self) -> list[str]:
        """What is not as it should be, each in a line of ids and numbers."""
        return [
            *(f"{engagement_id}: {text}" for engagement_id, text in sorted(self.broken.items())),
            *(f"{each.engagement_id}: the fact {each.dataset} {each.version} is {each.fault}" for each in self.drifts),
            *(
                f"{each.start}: the {each.level} of {each.dataset} is not what its facts add up to"
                for each in self.stale
            ),
        ]

    def add(self, other: Findings) -> None:
        self.engagements += other.engagements
        self.broken |= other.broken
        self.drifts += other.drifts
        self.stale += other.stale
        self.told = added(self.told, other.told)
        self.kept = added(self.kept, other.kept)
        self.gone += other.gone


def works(world: World, after: str, start: int, end: int, *, again: bool = False) -> tuple[Findings, str | None]:
    """Look at the histories of some works, and at what they tell of a stretch of time; and where to go on.

    `again`: record those facts again, which puts back what is missing, and enter in the index what waits (I3).
    """
    histories, onward = world.store.histories(after, ROWS_AT_ONCE)
    if again:
        _enlist(world, histories)
    return _held_against(world, histories, start, end, again=again), onward


def _enlist(world: World, histories: Iterable[History]) -> None:
    """Enter what waits in the index. It is there, or the router has been told of it, unless that message was lost."""
    for engagement, _ in histories:
        if engagement.state == "queued":
            world.store.enlist(waiting_of(world.tenant(), engagement))


def _held_against(world: World, histories: Sequence[History], start: int, end: int, *, again: bool = False) -> Findings:
    found = Findings(len(histories))
    told: list[Fact] = []
    for engagement, events in histories:
        facts = _told(engagement, events, found)
        told += [fact for fact in facts if start <= fact.at < end]
    found.told = tally(told)
    if again:
        rolling.keep(world, told)
    return found


def quarters(world: World, start: int, end: int, each: Callable[[World, int], Findings]) -> tuple[Findings, int | None]:
    """Check or rebuild the quarters of an hour of a stretch of time, as many as one call has time for.

    With it, where to go on; None at the end.
    """
    found, began = Findings(), world.now()
    start, end = judged(world, start, end)
    while start < end and found.engagements < AT_ONCE and world.now() - began < ANSWERS_AFTER_MS:
        found.add(each(world, start))
        start += QUARTER_MS
    return found, start if start < end else None


def judged(world: World, start: int, end: int) -> tuple[int, int]:
    """Of a stretch of time the whole quarters of an hour of which everything has come by."""
    return whole_quarters(start, min(end, quarter_of(world.now() - rolling.ROLLED_AFTER_MS)))


def check(world: World, quarter: int) -> Findings:
    """Look at what is kept of a quarter of an hour."""
    kept = world.store.facts(None, quarter, quarter + QUARTER_MS)
    found = Findings(kept=tally(kept), stale=list(_stale(world, quarter, kept)))
    found.drifts += drifts(*_judged(world, quarter, kept, found))
    return found


def rebuild(world: World, quarter: int) -> Findings:
    """Make the facts of a quarter of an hour anew, and from them its roll-ups; what was wrong before.

    Facts without a history, because it is past its retention, stay. Histories cannot be mended, only told of. It is
    marked while this is at it: should this die on the way, a sweep has its roll-ups and the archive follow.
    """
    found = Findings(stale=list(_stale(world, quarter, world.store.facts(None, quarter, quarter + QUARTER_MS))))

    def anew(kept: list[Fact]) -> list[Fact]:
        judged, told = _judged(world, quarter, kept, found)
        found.kept = tally(kept)
        found.drifts += drifts(judged, told)
        replaced = set(map(identity, judged))
        return [*(fact for fact in kept if identity(fact) not in replaced), *told]

    mark = world.new_id()
    world.store.mark(quarter, mark)
    world.store.rewrite_facts(quarter, anew)
    archiving.again(world, [quarter])
    coverage = world.store.coverage()
    if coverage.holds("quarter", quarter, quarter + QUARTER_MS):
        rolling.roll_quarters(world, coverage, [quarter])
    world.store.unmark(quarter, mark)
    return found


def nightly(world: World) -> Night | None:
    """Hold yesterday, on the tenant's clock, against all histories, a little in every sweep; how it was, at the end.

    Each sweep goes on where the last one said that it was. One that died has said nothing. On the way, what waits is
    entered in the index: a message to the router that was lost costs a day at most (I3).
    """
    coverage, night = world.store.coverage(), world.store.night()
    if night.is_over:
        today, _ = interval_at("day", world.now() - NIGHT_MS, coverage.zone)
        yesterday, _ = interval_at("day", today - 1, coverage.zone)
        start = max(yesterday, coverage.since)
        if not night.end < today > start:
            return None
        night = Night(start=start, end=today, after="", quarter=start, version=night.version)
    began = world.now()
    while True:
        night = _further(world, night) if night.after is None else _over_works(world, night, night.after)
        if night.is_over or world.now() - began >= SHARE_MS:
            break
    with suppress(LostRace):  # then another sweep has said how far it is
        world.store.put_night(night)
    return night if night.is_over else None


def _over_works(world: World, night: Night, after: str) -> Night:
    histories, onward = world.store.histories(after, ROWS_AT_ONCE)
    _enlist(world, histories)
    found = _held_against(world, histories, night.start, night.end)
    return replace(night.with_(found.lines()), after=onward, told=added(night.told, found.told))


def _further(world: World, night: Night) -> Night:
    """A quarter of an hour on: what is kept must be what all histories tell."""
    facts = world.store.facts(None, night.quarter, night.quarter + QUARTER_MS)
    told, kept = night.told.get(night.quarter), tally(facts).get(night.quarter)
    if told == kept:
        lines = Findings(stale=list(_stale(world, night.quarter, facts))).lines()
    else:
        found = check(world, night.quarter)
        lines = found.lines()
        if not found.drifts and not found.gone:
            lines = [*lines, f"{night.quarter}: the histories tell {told or NO_FACTS}, and {kept or NO_FACTS} is kept"]
    return replace(night.with_(lines), quarter=night.quarter + QUARTER_MS)


def _judged(world: World, quarter: int, kept: list[Fact], found: Findings) -> tuple[list[Fact], list[Fact]]:
    """Of the facts that are kept those whose history is known, and the facts that those histories tell."""
    ours = [fact for fact in kept if fact.dataset in FROM_HISTORY]
    ids = {fact.engagement_id for fact in ours if work_key_of(fact.engagement_id) is not None}
    told: list[Fact] = []
    known: set[str] = set()
    for engagement, events in _histories(world, sorted(ids)):
        known.add(engagement.engagement_id)
        told += [f for f in _told(engagement, events, found) if quarter <= f.at < quarter + QUARTER_MS]
    found.engagements, found.gone = len(known), len(ids - known)
    if world.now() - quarter < world.tenant().retention_days * DAY_MS:
        found.broken |= dict.fromkeys(ids - known, "There is no history.")
    return [f for f in ours if f.engagement_id in known], [f for f in told if f.dataset in FROM_HISTORY]


def _histories(world: World, ids: list[str]) -> Iterator[History]:
    """Engagements, and the events that are kept of them beside their trails."""
    for first in range(0, len(ids), CHUNK):
        chunk = ids[first : first + CHUNK]
        heads = world.store.engagements(chunk)
        for engagement_id in chunk:
            head = heads.get(engagement_id)
            if head is not None and head.version < EVENTS_PER_ROW:
                yield head, []
                continue
            last, events = world.store.archived(engagement_id)
            engagement = head or last
            if engagement is not None:
                yield engagement, events


def _told(engagement: Engagement, kept: Iterable[Event], found: Findings) -> list[Fact]:
    """The facts that a history tells; what is wrong with it, among the findings."""
    kept = list(kept)
    wrong = fault(engagement, kept)
    if wrong is not None:
        found.broken[engagement.engagement_id] = wrong
    known = {event.version: event for event in (*kept, *engagement.trail)}
    return facts_of_history(engagement, [known[version] for version in sorted(known)])


def _stale(world: World, quarter: int, facts: list[Fact]) -> Iterator[Stale]:
    """The roll-ups of a quarter, and of the hour and the day that end with it, that are not what they should be."""
    coverage = world.store.coverage()
    if quarter in world.store.late():
        return  # it will be rolled up again
    for dataset in COUNTED:
        cells = roll((fact for fact in facts if fact.dataset == dataset), quarter)
        yield from _compared(world, coverage, dataset, "quarter", quarter, quarter + QUARTER_MS, cells)
        for level in rolling.LONGER:
            start, end = interval_at(level, quarter, coverage.zone)
            if end == quarter + QUARTER_MS:
                merged = merge(world.store.rollups(dataset, "quarter", start, end), start)
                yield from _compared(world, coverage, dataset, level, start, end, merged)


def _compared(
    world: World, coverage: Coverage, dataset: Dataset, level: Level, start: int, end: int, cells: list[Cell]
) -> Iterator[Stale]:
    if not coverage.holds(level, start, end):
        return
    wanted = {True: cells, **({False: together(cells, start)} if dataset in TOGETHER else {})}
    if any(
        world.store.rollups(dataset, series(level, coverage.zone, by_agent=by_agent), start, start + 1) != each
        for by_agent, each in wanted.items()
    ):
        yield Stale(dataset, level, start)
