"""Who is next, by consumer routing profile."""

from __future__ import annotations

from datetime import UTC, datetime, time
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
    (window(time(22), time(9)), {}, False),
    (window(time(9), time(8)), {}, True),
    (window(time(0), time(0)), {}, True),
    (window(time(8), time(8)), {}, True),
    (Attribute("entrance_to_queue", enter_queue_start_time=time(10)), {}, False),
    (Attribute("entrance_to_queue", enter_queue_end_time=time(10)), {}, True),
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
    (variable("equal_to", "Nan"), {"variables": {"amount": "Nan"}}, True),
    (variable("equal_to", "inf"), {"variables": {"amount": "Infinity"}}, False),
    (variable("greater_than", "9"), {"variables": {"amount": "inf"}}, False),
    (variable("greater_than", "9"), {"variables": {"amount": 10**400}}, False),
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
