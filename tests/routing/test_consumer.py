"""Who is next, by consumer routing profile; when queues are open; what they will not keep."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from chalicelib.routing.consumer import (
    Accumulated,
    Attribute,
    ConsumerProfile,
    Facts,
    Standing,
    applies,
    standing_of,
)
from chalicelib.routing.decide import decide
from chalicelib.routing.hours import BusinessHours, Closure, Interval
from chalicelib.routing.limits import Limits, next_overflow, overflowing
from chalicelib.routing.model import Waiting
from chalicelib.routing.rank import HOUR, rank
from tests.routing.worlds import agent, work


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


NINE = at("2026-11-23T09:00:00")


def variable(operator: str, *values: str) -> Attribute:
    return Attribute("global_variable", variable_name="amount", operator=operator, variable_values=values)  # type: ignore[arg-type]


def window(start: time, end: time, zone: str = "UTC") -> Attribute:
    return Attribute("entrance_to_queue", enter_queue_start_time=start, enter_queue_end_time=end, timezone=zone)


APPLIES: list[tuple[Attribute, dict[str, Any], bool]] = [
    (window(time(8), time(10)), {}, True),
    (window(time(9), time(10)), {}, True),
    (window(time(8), time(9)), {}, False),
    (window(time(22), time(10)), {}, True),
    (window(time(10), time(11), "Europe/Paris"), {}, True),
    (window(time(9), time(10), "Europe/Paris"), {}, False),
    (Attribute("new_customer"), {}, True),
    (Attribute("new_customer"), {"last_seen_at": NINE - 1}, False),
    (Attribute("returning_customer"), {"last_seen_at": 0}, True),
    (Attribute("returning_customer", max_returning_minutes=30), {"last_seen_at": NINE - 30 * 60_000}, True),
    (Attribute("returning_customer", max_returning_minutes=30), {"last_seen_at": NINE - 31 * 60_000}, False),
    (Attribute("returning_customer"), {}, False),
    (Attribute("release_to_queue"), {"released": True}, True),
    (Attribute("release_to_queue"), {}, False),
    (Attribute("skills", ids=("french", "german")), {"skills": frozenset({"german"})}, True),
    (Attribute("skills", ids=("french",)), {"skills": frozenset({"german"})}, False),
    (variable("equal_to", "10"), {"variables": {"amount": 10.0}}, True),
    (variable("equal_to", "gold", "silver"), {"variables": {"amount": "silver"}}, True),
    (variable("greater_than", "9"), {"variables": {"amount": "10"}}, True),
    (variable("greater_than", "10"), {"variables": {"amount": "10"}}, False),
    (variable("less_than", "9"), {"variables": {"amount": "10"}}, False),
    (variable("less_than", "9"), {"variables": {"amount": "a lot"}}, False),
    (variable("contains", "lot"), {"variables": {"amount": "a lot"}}, True),
    (variable("equal_to", "10"), {}, False),
]


@pytest.mark.parametrize(("attribute", "known", "expected"), APPLIES)
def test_an_attribute_applies(attribute: Attribute, known: dict[str, Any], expected: bool) -> None:
    assert applies(attribute, Facts(NINE, **known)) is expected


GOLD = Attribute("global_variable", variable_name="tier", variable_values=("gold",))
RETURNING = Attribute("returning_customer")
STANDS: list[tuple[str, ConsumerProfile, dict[str, Any], Standing]] = [
    ("first in, first out", ConsumerProfile(), {}, Standing()),
    ("top", ConsumerProfile(top_priorities=(GOLD,)), {"variables": {"tier": "gold"}}, Standing(top=True)),
    ("not top", ConsumerProfile(top_priorities=(GOLD,)), {"variables": {"tier": "tin"}}, Standing()),
    (
        "rates add up",
        ConsumerProfile(accumulated_priorities=(Accumulated(GOLD, 5), Accumulated(RETURNING, 2)), ageing_rate=1),
        {"variables": {"tier": "gold"}, "last_seen_at": 1},
        Standing(rate=8),
    ),
    ("due date", ConsumerProfile(order="due_date"), {"due_at": NINE + 5}, Standing(target_at=NINE + 5)),
    (
        "slack",
        ConsumerProfile(order="due_date", handling_time=60),
        {"due_at": NINE + 90_000},
        Standing(target_at=NINE + 30_000),
    ),
    (
        "no due date",
        ConsumerProfile(order="due_date", service_level_threshold=20),
        {},
        Standing(target_at=NINE + 20_000),
    ),
    (
        "service level",
        ConsumerProfile(order="service_level", service_level_threshold=20),
        {"due_at": 1},
        Standing(target_at=NINE + 20_000),
    ),
]


@pytest.mark.parametrize(("profile", "known", "expected"), [s[1:] for s in STANDS], ids=[s[0] for s in STANDS])
def test_how_work_stands(profile: ConsumerProfile, known: dict[str, Any], expected: Standing) -> None:
    assert standing_of(profile, Facts(NINE, **known)) == expected


def order(*waiting: Any, now: int = NINE) -> list[str]:
    everybody = agent("a", capacity={"work_item": 99}, queues=frozenset({"billing", "general"}))
    return [match.waiting.engagement_id for match in decide(waiting, [everybody], now)]


def test_top_priority_always_wins() -> None:
    assert order(work("urgent", priority=999, rate=10**6), work("top", top=True, queued_at=NINE)) == ["top", "urgent"]


def test_accumulating_priority_overtakes_with_time() -> None:
    slow, fast = work("slow", priority=3, queued_at=NINE), work("fast", rate=2, queued_at=NINE)
    assert order(slow, fast, now=NINE + HOUR) == ["slow", "fast"]
    assert order(slow, fast, now=NINE + 2 * HOUR) == ["fast", "slow"]


def test_the_earliest_target_goes_first_among_equal_priorities() -> None:
    soon, late = work("soon", target_at=NINE + 1, queued_at=9), work("late", target_at=NINE + 2, queued_at=1)
    assert order(late, soon, work("urgent", priority=1, queued_at=NINE)) == ["urgent", "soon", "late"]


def test_an_agent_in_several_queues_takes_the_highest_rank_then_the_oldest() -> None:
    assert order(
        work("young", queued_at=3), work("old", queue_id="general", queued_at=1), work("high", priority=1, queued_at=9)
    ) == ["high", "old", "young"]


def test_what_everybody_gains_alike_changes_no_rank() -> None:
    two = [work("a", rate=5, priority=1, queued_at=HOUR), work("b", rate=5, queued_at=0)]
    assert [sorted(two, key=lambda w: rank(w, now)) for now in (HOUR, 50 * HOUR)] == [[two[1], two[0]]] * 2


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


QUEUED = [
    replace(Waiting(name, 1, "q", "work_item", 0, since), since=since, offers=offers)
    for name, since, offers in (("a", 10, 2), ("b", 20, 0), ("c", 30, 0))
]
OVERFLOWS: list[tuple[str, Limits, dict[str, str]]] = [
    ("no limit", Limits(), {}),
    ("of too many the last to come", Limits(most_waiting=2), {"c": "queue_full"}),
    (
        "none is kept",
        Limits(most_waiting=0),
        {"a": "queue_full", "b": "queue_full", "c": "queue_full"},
    ),
    ("too long", Limits(longest_wait=20), {"a": "waited_too_long", "b": "waited_too_long"}),
    ("who leaves makes room", Limits(longest_wait=25, most_waiting=2), {"a": "waited_too_long"}),
    ("offered too often", Limits(most_offers=2), {"a": "offered_too_often"}),
    ("closed", Limits(closed=True), {"a": "queue_closed", "b": "queue_closed", "c": "queue_closed"}),
]


@pytest.mark.parametrize(("limits", "expected"), [o[1:] for o in OVERFLOWS], ids=[o[0] for o in OVERFLOWS])
def test_what_a_queue_will_not_keep(limits: Limits, expected: dict[str, str]) -> None:
    assert overflowing(QUEUED, 40, limits) == expected
    assert next_overflow(QUEUED[0], limits) == (None if limits.longest_wait is None else 10 + limits.longest_wait)
