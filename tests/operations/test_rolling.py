"""Roll-ups by the schedule: what is over is rolled up once, what comes late again, and reports read few rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import LostRace
from chalicelib.operations import reporting, rolling
from chalicelib.reporting.datasets import Row, fold
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Fact
from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS, quarter_of
from chalicelib.reporting.rollup import rows
from chalicelib.storage.memory import MemoryStore
from tests.reporting.test_reports import DELIVERIES, take
from tests.support.size import LONG, examples
from tests.support.worlds import NOW, TENANT, AwsCentre, Centre, MemoryCentre, memory_centre

QUARTER = quarter_of(NOW)
NEXT = QUARTER + QUARTER_MS
RIPE = NEXT + rolling.ROLLED_AFTER_MS


def fact(n: int, at: int, agent: str | None = "ana") -> Fact:
    measures = {"handled_count": 1, "waited_ms": 1000 * (n % 90)}
    return Fact("queue_performance", f"e{n}", 3, at, "work_item", f"q{n % 20}", agent, measures)


def report(centre: Centre, start: int, end: int, interval: int = DAY_MS, zone: str = "UTC") -> list[Row]:
    cells = reporting.cells(centre.world, "queue_performance", start, end, interval, ZoneInfo(zone), by_agent=False)
    return rows("queue_performance", cells, interval, zone=ZoneInfo(zone))


def handled(found: list[Row]) -> int:
    return sum(row.measures["handled_count"] for row in found)


def record(centre: Centre, *facts: Fact) -> None:
    rolling.keep(centre.world, facts)


def sweeps(centre: Centre, until: int | None = None) -> None:
    """Time passes until then, and the schedule runs until it changes nothing more."""
    store, seen = centre.world.store, None
    rolling.roll_up(centre.world)
    centre.clock.at = max(centre.clock.at, until or 0)
    while (now := (store.coverage(), store.late())) != seen:
        seen = now
        rolling.roll_up(centre.world)


def test_a_quarter_is_rolled_up_when_it_is_over_and_the_report_stays_the_same(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    rolling.roll_up(centre.world)
    record(centre, fact(1, NOW), fact(2, NOW + 1))
    before = report(centre, QUARTER, NEXT)
    for at, there in ((RIPE - 1, False), (RIPE, True)):
        centre.clock.at = at
        rolling.roll_up(centre.world)
        assert bool(store.rollups("queue_performance", "quarter", QUARTER, NEXT)) is there
        assert report(centre, QUARTER, NEXT) == before
    assert handled(before) == 2


def test_what_comes_late_is_rolled_up_again(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    sweeps(centre, NOW)
    record(centre, fact(1, NOW))
    sweeps(centre, NOW + 2 * DAY_MS)
    assert store.late() == {}
    record(centre, fact(2, NOW))
    assert list(store.late()) == [QUARTER]
    rolling.roll_up(centre.world)
    assert store.late() == {}
    for interval in (QUARTER_MS, HOUR_MS, DAY_MS):
        assert handled(report(centre, NOW - NOW % DAY_MS, NOW + DAY_MS - NOW % DAY_MS, interval)) == 2


def test_what_is_on_time_leaves_no_mark(any_centre: Centre) -> None:
    any_centre.clock.at = NEXT + rolling.LATE_AFTER_MS - 1
    record(any_centre, fact(1, NOW))
    assert any_centre.world.store.late() == {}
    assert rolling.LATE_AFTER_MS + 60_000 < rolling.ROLLED_AFTER_MS, "a write that leaves no mark may come too late"


def test_a_mark_that_was_renewed_meanwhile_stays(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    centre.clock.at = NOW + DAY_MS
    record(centre, fact(1, NOW))
    seen = store.late()[QUARTER]
    record(centre, fact(2, NOW))
    store.unmark(QUARTER, seen)
    assert list(store.late()) == [QUARTER]
    store.unmark(QUARTER, store.late()[QUARTER])
    store.unmark(QUARTER, seen)
    assert store.late() == {}


def test_what_came_after_the_sweep_looked_stays_marked_though_what_came_before_comes_again(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    centre.clock.at = NOW + DAY_MS
    record(centre, fact(1, NOW))
    seen = store.late()[QUARTER]
    record(centre, fact(2, NOW))
    record(centre, fact(1, NOW))
    store.unmark(QUARTER, seen)
    assert list(store.late()) == [QUARTER]


def test_of_two_sweeps_at_once_one_says_what_is_rolled_up(any_centre: Centre) -> None:
    store = any_centre.world.store
    seen = store.coverage()
    rolling.roll_up(any_centre.world)
    with pytest.raises(LostRace):
        store.put_coverage(seen)
    any_centre.clock.at += HOUR_MS
    later = store.coverage()
    any_centre.world.store = Meanwhile(store)  # type: ignore[assignment]
    rolling.roll_up(any_centre.world)
    assert store.coverage().version == later.version + 1


class Meanwhile:
    """A store in which another sweep is always a little sooner."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def put_coverage(self, coverage: Any) -> Any:
        self._store.put_coverage(coverage)
        raise LostRace("Somebody else rolled up at the same moment.")


def test_a_report_holds_what_was_before_anything_was_rolled_up(any_centre: Centre) -> None:
    record(any_centre, fact(1, NOW - DAY_MS), fact(2, NOW))
    sweeps(any_centre, NOW + DAY_MS)
    assert handled(report(any_centre, NOW - 2 * DAY_MS - NOW % QUARTER_MS, NEXT)) == 2


@pytest.mark.parametrize("any_centre", ["memory", "dynamodb"] if LONG else ["memory"], indirect=True)
def test_with_another_time_zone_days_are_rolled_up_anew(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    sweeps(centre, NOW)
    record(centre, *(fact(n, NOW + n * HOUR_MS) for n in range(96)))
    sweeps(centre, NOW + 2 * DAY_MS)
    centre.configure({**TENANT, "timezone": "Asia/Kathmandu"})
    sweeps(centre, NOW + 5 * DAY_MS)
    assert (store.coverage().zone, store.coverage().zone_since > NOW + DAY_MS) == ("Asia/Kathmandu", True)
    assert store.rollups("queue_performance", "day@UTC", 0, NOW + 5 * DAY_MS)
    assert store.rollups("queue_performance", "day@Asia/Kathmandu", 0, NOW + 5 * DAY_MS)
    for zone in ("UTC", "Asia/Kathmandu", "Europe/Paris"):
        assert handled(report(centre, QUARTER, QUARTER + 5 * DAY_MS, zone=zone)) == 96


@contextmanager
def items_read(centre: AwsCentre) -> Iterator[list[int]]:
    """How many items each answer held."""
    read: list[int] = []

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        read.append(len(parsed.get("Items", ())) + ("Item" in parsed))

    events = centre.clients.dynamodb.meta.events
    events.register("after-call", note)
    try:
        yield read
    finally:
        events.unregister("after-call", note)


@pytest.mark.parametrize("any_centre", ["dynamodb"], indirect=True)
def test_a_queue_report_of_a_day_reads_at_most_a_hundred_items(any_centre: AwsCentre) -> None:
    """A million engagements a day are one every 86 ms in segments of a hundred records; here every 20 s, and a segment
    each. What is read depends on neither: a roll-up is one item, however many it adds up (`tests/reporting`)."""
    centre = any_centre
    centre.configure({**TENANT, "timezone": "Europe/Paris"})
    rolling.roll_up(centre.world)
    midnight = round(datetime(2025, 11, 25, tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)
    every = 20_000
    facts = [fact(n, midnight + n * every, f"agent-{n % 300}") for n in range(DAY_MS // every)]
    for first in range(0, len(facts), 15):
        record(centre, *facts[first : first + 15])
    sweeps(centre, midnight + DAY_MS + HOUR_MS)
    for interval, most in ((DAY_MS, 2), (HOUR_MS, 25), (QUARTER_MS, 97)):
        with items_read(centre) as read:
            found = report(centre, midnight, midnight + DAY_MS, interval, "Europe/Paris")
        assert handled(found) == len(facts)
        assert sum(read) <= most <= 100
    with items_read(centre) as read:
        assert handled(report(centre, midnight, midnight + DAY_MS, DAY_MS, "Asia/Kathmandu")) == len(facts)
    assert sum(read) <= 100


def numbers(centre: MemoryCentre) -> list[tuple[Any, ...]]:
    """Every number of the day, as a report reads it: with all roll-ups there are, and with what is behind them."""
    found: list[tuple[Any, ...]] = []
    start, end = reporting.whole_quarters(NOW - HOUR_MS, NOW + DAY_MS)
    for dataset in SUMMED:
        for interval in (QUARTER_MS, HOUR_MS, DAY_MS):
            cells = reporting.cells(centre.world, dataset, start, end, interval, UTC, by_agent=True)
            told = rows(dataset, cells, interval)
            facts = reporting.facts_of(centre.world, dataset, start, end)
            traced = fold(dataset, facts, interval)
            assert [replace(row, parts=()) for row in traced] == told
            found += [(dataset, interval, r.start, r.group, r.measures, r.spread) for r in told]
    return found


def delivered(batches: list[list[Any]], minutes: list[int], until: int) -> MemoryCentre:
    """A centre that was given the batches, some minutes after one another, with the schedule in between."""
    centre = memory_centre()
    rolling.roll_up(centre.world)
    for batch, passed in zip(batches, minutes, strict=True):
        centre.clock.at += 60_000 * passed
        sweeps(centre)
        take(centre.world, batch)
    sweeps(centre, max(until, centre.clock.at + HOUR_MS))
    return centre


WHOLE = numbers(delivered([DELIVERIES], [0], NOW + 2 * DAY_MS))


def test_the_consumer_was_away_for_a_day_and_everything_is_delivered_then() -> None:
    away = delivered([DELIVERIES[:5], DELIVERIES[5:]], [0, 24 * 60], NOW + 2 * DAY_MS)
    assert numbers(away) == WHOLE
    again = delivered([DELIVERIES[:9], DELIVERIES, DELIVERIES[3:], DELIVERIES], [0, 24 * 60, 30, 300], NOW + 3 * DAY_MS)
    assert numbers(again) == WHOLE


@settings(max_examples=examples(300, 10_000))
@given(st.data())
def test_i11_reports_say_the_same_however_late_doubled_and_cut_the_deliveries(data: st.DataObject) -> None:
    again = data.draw(st.lists(st.integers(0, len(DELIVERIES) - 1), max_size=20))
    order, size = data.draw(st.randoms(use_true_random=False)), data.draw(st.integers(1, 40))
    writes = [*DELIVERIES, *(DELIVERIES[n] for n in again)]
    order.shuffle(writes)
    batches = [writes[n : n + size] for n in range(0, len(writes), size)]
    minutes = [data.draw(st.sampled_from([0, 1, 4, 16, 70, 24 * 60])) for _ in batches]
    assert numbers(delivered(batches, minutes, NOW + 2 * DAY_MS)) == WHOLE


def test_wherever_a_sweep_dies_the_next_puts_it_right() -> None:
    calls = 0
    while True:
        centre = memory_centre()
        rolling.roll_up(centre.world)
        record(centre, fact(1, NOW))
        centre.clock.at = NOW - NOW % DAY_MS + DAY_MS + HOUR_MS
        record(centre, fact(2, NOW))
        store = centre.store
        centre.world.store = Dying(store, calls)  # type: ignore[assignment]
        try:
            for _ in range(30):
                rolling.roll_up(centre.world)
        except Dead:
            centre.world.store = store
            for _ in range(60):
                rolling.roll_up(centre.world)
            assert handled(report(centre, QUARTER, NEXT)) == 2
            assert store.late() == {}
            calls += 1
        else:
            break
    assert calls > 20


class Dead(BaseException):
    """The process died."""


class Dying:
    """A store before whose nth call the process dies."""

    def __init__(self, store: MemoryStore, calls: int) -> None:
        self._store, self._left = store, calls

    def __getattr__(self, name: str) -> Any:
        if self._left == 0:
            raise Dead
        self._left -= 1
        return getattr(self._store, name)
