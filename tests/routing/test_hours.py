"""When a queue is open, and when it has been for a while."""

from __future__ import annotations

import time as clock
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing.hours import BusinessHours, Closure, Day, Interval
from tests.support.size import examples


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


PARIS = BusinessHours(
    "Europe/Paris",
    {
        "sunday": (Interval(time(1), time(4)),),
        "monday": (Interval(time(9), time(12)), Interval(time(13), time(0))),
    },
    (Closure(date(2026, 12, 28), date(2026, 12, 28)),),
)
OPEN = [
    ("before opening", "2026-11-23T07:59:59", False),
    ("at opening: 9 in Paris is 8 UTC in winter", "2026-11-23T08:00:00", True),
    ("at noon it closes", "2026-11-23T11:00:00", False),
    ("after the break", "2026-11-23T12:00:00", True),
    ("until midnight", "2026-11-23T22:59:59", True),
    ("a day that is not named", "2026-11-24T10:00:00", False),
    ("9 in Paris is 7 UTC in summer", "2026-07-06T07:00:00", True),
    ("a closure", "2026-12-28T10:00:00", False),
    ("clocks go forward at 2: 1:59 is open", "2026-03-29T00:59:00", True),
    ("the next minute is 3:00, still open", "2026-03-29T01:00:00", True),
    ("and 4:00 comes an hour early", "2026-03-29T02:00:00", False),
    ("clocks go back at 3: the hour comes twice", "2026-10-25T02:30:00", True),
    ("and 4:00 an hour late", "2026-10-25T03:00:00", False),
]


@pytest.mark.parametrize(("moment", "expected"), [o[1:] for o in OPEN], ids=[o[0] for o in OPEN])
def test_when_a_queue_is_open(moment: str, expected: bool) -> None:
    assert PARIS.is_open(at(moment)) is expected


AFTER = [
    ("within the morning", "2026-11-23T08:00:00", 3600, "2026-11-23T09:00:00"),
    ("over the break", "2026-11-23T10:30:00", 3600, "2026-11-23T12:30:00"),
    ("from before opening", "2026-11-22T20:00:00", 1, "2026-11-23T08:00:01"),
    ("all of the morning ends with it", "2026-11-23T08:00:00", 3 * 3600, "2026-11-23T11:00:00"),
    ("until midnight and on to Sunday", "2026-11-23T22:59:00", 120, "2026-11-29T00:01:00"),
    ("past a closure", "2026-12-27T03:00:00", 1, "2027-01-03T00:00:01"),
    ("the hour that is left out in spring", "2026-03-29T00:00:00", 2 * 3600, "2026-03-29T02:00:00"),
    ("the hour that comes twice in autumn", "2026-10-24T23:00:00", 4 * 3600, "2026-10-25T03:00:00"),
]


@pytest.mark.parametrize(("moment", "seconds", "expected"), [a[1:] for a in AFTER], ids=[a[0] for a in AFTER])
def test_when_it_has_been_open_for_a_while(moment: str, seconds: int, expected: str) -> None:
    assert PARIS.after(at(moment), seconds) == at(expected)


def test_hours_that_never_open_come_to_an_end_all_the_same() -> None:
    assert BusinessHours().after(at("2026-11-23T08:00:00"), 60) == at("2026-11-23T08:00:00")


def test_hours_that_overlap_count_once() -> None:
    hours = BusinessHours("UTC", {"monday": (Interval(time(9), time(12)), Interval(time(10), time(13)))})
    assert hours.after(at("2026-11-23T09:00:00"), 4 * 3600) == at("2026-11-23T13:00:00")


OPEN = [
    ("between two moments of one interval", "2026-11-23T09:00:00", "2026-11-23T10:30:00", 90),
    ("over the break at noon", "2026-11-23T10:00:00", "2026-11-23T13:00:00", 120),
    ("closed all the while", "2026-11-23T11:10:00", "2026-11-23T11:50:00", 0),
    ("a day of closure", "2026-12-28T00:00:00", "2026-12-28T22:00:00", 0),
    ("no time at all", "2026-11-23T09:00:00", "2026-11-23T09:00:00", 0),
]


@pytest.mark.parametrize(("start", "end", "minutes"), [each[1:] for each in OPEN], ids=[each[0] for each in OPEN])
def test_how_long_it_is_open(start: str, end: str, minutes: int) -> None:
    assert PARIS.open_ms(at(start), at(end)) == 60_000 * minutes


def test_hours_that_overlap_are_open_once() -> None:
    hours = BusinessHours("UTC", {"monday": (Interval(time(9), time(12)), Interval(time(10), time(13)))})
    assert hours.open_ms(at("2026-11-23T00:00:00"), at("2026-11-24T00:00:00")) == 4 * 3_600_000


CHANGES: list[tuple[str, str, str, list[tuple[str, bool]]]] = [
    (
        "a Monday",
        "2026-11-23T00:00:00",
        "2026-11-23T22:00:00",
        [("2026-11-23T08:00:00", True), ("2026-11-23T11:00:00", False), ("2026-11-23T12:00:00", True)],
    ),
    (
        "to midnight, which is the next day's",
        "2026-11-23T12:00:00",
        "2026-11-24T12:00:00",
        [("2026-11-23T23:00:00", False)],
    ),
    (
        "not at the beginning, and at the end",
        "2026-11-23T08:00:00",
        "2026-11-23T11:00:00",
        [("2026-11-23T11:00:00", False)],
    ),
    ("nothing on a day of closure", "2026-12-28T00:00:00", "2026-12-28T22:00:00", []),
    ("Sunday's, in summer time", "2026-07-04T22:00:00", "2026-07-05T01:00:00", [("2026-07-04T23:00:00", True)]),
]


@pytest.mark.parametrize(("start", "end", "expected"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_when_it_opens_and_closes(start: str, end: str, expected: list[tuple[str, bool]]) -> None:
    assert PARIS.changes(at(start), at(end)) == [(at(moment), is_open) for moment, is_open in expected]


def test_hours_that_go_on_do_not_close_in_between() -> None:
    night = {"monday": (Interval(time(22), time(0)),), "tuesday": (Interval(time(0), time(6)),)}
    assert BusinessHours("UTC", night).changes(at("2026-11-23T00:00:00"), at("2026-11-24T23:00:00")) == [
        (at("2026-11-23T22:00:00"), True),
        (at("2026-11-24T06:00:00"), False),
    ]


ALL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
CHANGED = [
    ("opens in the hour that is left out: once it is over", (time(2, 30), time(5)), "2026-03-29", "03:30", "05:00"),
    ("closes in the hour that is left out: once it is over", (time(1), time(2, 30)), "2026-03-29", "01:00", "03:30"),
    ("opens in the hour that comes twice: the first time", (time(2, 30), time(5)), "2026-10-25", "02:30", "05:00"),
    ("closes in the hour that comes twice: the first time", (time(1), time(2, 30)), "2026-10-25", "01:00", "02:30"),
]


@pytest.mark.parametrize(("hours", "day", "opens", "closes"), [c[1:] for c in CHANGED], ids=[c[0] for c in CHANGED])
def test_hours_that_begin_or_end_where_the_clock_is_changed(
    hours: tuple[time, time], day: str, opens: str, closes: str
) -> None:
    paris = BusinessHours("Europe/Paris", {"sunday": (Interval(*hours),)})
    start, end = (
        int(datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo("Europe/Paris")).timestamp() * 1000)
        for clock in (opens, closes)
    )
    assert [paris.is_open(moment) for moment in (start - 1, start, end - 1, end)] == [False, True, True, False]
    assert paris.changes(start - 1, end) == [(start, True), (end, False)]
    assert paris.open_ms(start - 1, end + 1) == end - start


def test_hours_that_overlap_close_when_the_last_of_them_do() -> None:
    overlapping = (Interval(time(10), time(13)), Interval(time(9), time(12)), Interval(time(9, 30), time(10)))
    hours = BusinessHours("UTC", {"monday": overlapping})
    assert hours.changes(at("2026-11-23T00:00:00"), at("2026-11-24T00:00:00")) == [
        (at("2026-11-23T09:00:00"), True),
        (at("2026-11-23T13:00:00"), False),
    ]


QUARTER = 900_000
quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
weeks = st.dictionaries(
    st.sampled_from(ALL_DAYS),
    st.lists(
        st.tuples(quarters, quarters).filter(lambda pair: pair[0] < pair[1] or pair[1] == time.min), max_size=3
    ).map(lambda pairs: tuple(Interval(*pair) for pair in pairs)),
)
CLOCK_CHANGES = [
    ("Europe/Paris", "2026-03-29"),
    ("Europe/Paris", "2026-10-25"),
    ("America/Havana", "2026-03-08"),
    ("America/Havana", "2026-11-01"),
    ("Africa/Cairo", "2026-04-24"),
    ("Africa/Cairo", "2026-10-30"),
    ("America/Santiago", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
]
"""Days on which clocks change: between night and morning, at midnight, and by half an hour."""


@settings(max_examples=examples(200, 5000))
@given(weeks, st.sampled_from(CLOCK_CHANGES), st.integers(1, 48))
def test_all_that_is_told_of_hours_agrees_on_the_days_on_which_clocks_change(
    weekly: dict[Day, tuple[Interval, ...]], where: tuple[str, str], wanted: int
) -> None:
    """Whether it is open, for how long, when that changes, and when it has been for a while: quarter by quarter."""
    hours = BusinessHours(where[0], weekly)
    start = at(f"{where[1]}T00:00:00") - 24 * 4 * QUARTER
    moments = [start + n * QUARTER for n in range(3 * 96)]
    is_open = [hours.is_open(moment) for moment in moments]
    assert hours.open_ms(start, moments[-1]) == QUARTER * sum(is_open[:-1])
    assert hours.changes(start, moments[-1]) == [
        (moment, now) for moment, before, now in zip(moments[1:], is_open, is_open[1:], strict=False) if before != now
    ]
    if sum(is_open[:-1]) >= wanted:
        reached = hours.after(start, wanted * QUARTER // 1000)
        assert hours.open_ms(start, reached) == wanted * QUARTER
        assert hours.is_open(reached - 1)


def test_where_it_is_tomorrow_already_it_opens_then() -> None:
    auckland = BusinessHours("Pacific/Auckland", {"monday": (Interval(time(9), time(17)),)})
    sunday = "2026-11-22T12:00:00", "2026-11-22T21:00:00"
    assert auckland.changes(*map(at, sunday)) == [(at("2026-11-22T20:00:00"), True)]


def test_the_zone_is_the_queues_and_not_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    honolulu = BusinessHours("Pacific/Honolulu", {"monday": (Interval(time(9), time(17)),)})
    monday = at("2026-11-24T01:00:00")  # 15:00 of the day before, there
    try:
        for zone in ("Asia/Tokyo", "UTC"):
            monkeypatch.setenv("TZ", zone)
            clock.tzset()
            assert honolulu.is_open(monday)
            assert honolulu.after(monday, 60) == monday + 60_000
            closes = (at("2026-11-24T03:00:00"), False)
            assert honolulu.changes(monday, at("2026-11-24T12:00:00")) == [closes]
    finally:
        monkeypatch.undo()
        clock.tzset()
