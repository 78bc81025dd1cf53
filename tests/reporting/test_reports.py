"""Reports count once, however the stream is delivered (I11); and what each event counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.engagements.model import Engagement, Event, Occupancy
from chalicelib.operations import desk, recording, sessions
from chalicelib.operations.ordering import Order
from chalicelib.reporting.datasets import Marks, fold
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Dataset, Fact, facts_of
from chalicelib.reporting.intervals import DAY_MS, span
from chalicelib.reporting.rollup import roll, rows
from chalicelib.world import World
from tests.support.size import examples
from tests.support.worlds import NOW, memory_centre

Write = tuple[Engagement | None, Engagement]
Delivered = Write | tuple[Occupancy | None, Occupancy]
DAY = DAY_MS


def a_day() -> tuple[list[Write], list[Delivered]]:
    """The writes of a few lives: handled, declined, missed, released, withdrawn, parked often, started again; and all
    that is delivered, statuses of agents besides."""
    centre = memory_centre()
    works = [centre.start(f"CASE-{n}") for n in range(4)]
    handled, declined, _, withdrawn = works
    centre.ready("ana", "ben")
    centre.settle()
    for each in works:
        if centre.read(each).state == "offered" and each != declined:
            centre.accept(each)
    offer = centre.read(declined).offer
    if offer is not None:
        desk.decline(centre.world, Order(declined, "agent:x", offer.agent_id), offer.offer_id, "no")
    for _ in range(6):
        centre.clock.pass_seconds(10)
        desk.deactivate(centre.world, Order(handled, "agent:x"))
        desk.activate(centre.world, Order(handled, "agent:x"))
    desk.release(centre.world, Order(handled, "agent:x"))
    desk.cancel(centre.world, Order(withdrawn, "integration:crm"))
    centre.clock.pass_seconds(40)
    centre.settle()
    centre.start("CASE-3")  # again: its first engagement was withdrawn
    for status, reason in (("not_ready", "lunch"), ("ready", None), ("offline", None)):
        centre.clock.pass_seconds(7)
        sessions.set_status(centre.world, "ana", status, reason, "agent:ana")
    return list(centre.store.stream), [*centre.store.stream, *centre.store.agent_stream]


WRITES, DELIVERIES = a_day()


def take(world: World, batch: list[Delivered]) -> None:
    """Deliver a batch of the stream."""
    recording.record(world, [(old, new) for old, new in batch if isinstance(new, Engagement)])  # type: ignore[misc]
    recording.record_status(world, [(old, new) for old, new in batch if isinstance(new, Occupancy)])  # type: ignore[misc]


KINDS: tuple[Dataset, ...] = get_args(Dataset)


def outcome(batches: list[list[Delivered]]) -> tuple[object, ...]:
    centre = memory_centre()
    for batch in batches:
        take(centre.world, batch)
    store = centre.store
    ids = sorted({new.engagement_id for _, new in WRITES})
    facts = [fact for kind in KINDS for fact in store.facts(kind, 0, NOW + DAY)]
    return facts, [store.archived(each)[1] for each in ids]


ONCE = outcome([DELIVERIES])


def test_the_day_holds_what_it_should() -> None:
    commands = {event.command for _, new in WRITES for event in new.trail}
    assert {"start", "offer", "accept", "decline", "deactivate", "activate", "release", "cancel"} <= commands
    assert any(new.version > recording.EVENTS_PER_ROW for _, new in WRITES)
    assert {fact.dataset for fact in ONCE[0]} == {*KINDS}  # type: ignore[attr-defined]


@settings(max_examples=examples(300, 10_000))
@given(
    repeats=st.lists(st.integers(0, len(DELIVERIES) - 1), max_size=20),
    order=st.randoms(use_true_random=False),
    size=st.integers(1, 7),
)
def test_i11_any_delivery_that_holds_every_write_gives_the_same(repeats: list[int], order: object, size: int) -> None:
    delivered = [*DELIVERIES, *(DELIVERIES[n] for n in repeats)]
    order.shuffle(delivered)  # type: ignore[attr-defined]
    assert outcome([delivered[n : n + size] for n in range(0, len(delivered), size)]) == ONCE


def test_i11_the_facts_are_those_of_the_whole_history() -> None:
    newest = {new.engagement_id: new for _, new in sorted(WRITES, key=lambda write: write[1].version)}
    told = [fact for each in newest.values() for fact in facts_of(each, 0)]
    apart = ("repeat", "agent_status_history")
    kept = [fact for fact in ONCE[0] if fact.dataset not in apart]  # type: ignore[attr-defined]
    assert sorted(kept, key=repr) == sorted(told, key=repr)
    assert {fact.dataset for fact in told} == {"queue_performance", "agent_performance", "engagement"}


@settings(max_examples=examples(300, 10_000))
@given(lost_from=st.integers(0, len(DELIVERIES)), again_from=st.integers(0, len(DELIVERIES)), size=st.integers(1, 7))
def test_i11_a_consumer_that_was_away_and_reads_the_stream_again_gives_the_same(
    lost_from: int, again_from: int, size: int
) -> None:
    """It stops anywhere, and later reads on from there or from before."""
    delivered = [*DELIVERIES[:lost_from], *DELIVERIES[min(lost_from, again_from) :]]
    assert outcome([delivered[n : n + size] for n in range(0, len(delivered), size)]) == ONCE


@settings(max_examples=examples(300, 10_000))
@given(interval=st.sampled_from([1000, 60_000, 900_000, DAY]), threshold=st.integers(0, 60_000), twice=st.booleans())
def test_every_number_is_the_sum_of_what_is_behind_it(interval: int, threshold: int, twice: bool) -> None:
    marks = {queue: Marks(threshold, threshold) for queue in {new.queue_id for _, new in WRITES}}
    for dataset, defined in SUMMED.items():
        facts = [f for _, new in WRITES for f in facts_of(new, 0)]
        for row in fold(dataset, facts * (1 + twice), interval, marks):
            for name in defined.measures:
                parts = row.behind(name)
                assert sum(part.measures[name] for part in parts) == row.measures[name]
                assert len({(part.engagement_id, part.version) for part in parts}) == len(parts)
                assert all(row.start <= part.at < row.start + interval for part in parts)


def test_i13_every_version_of_every_engagement_is_an_event_once() -> None:
    seen: list[tuple[str, int]] = []
    for old, new in WRITES:
        before = old.version if old is not None and old.engagement_id == new.engagement_id else 0
        seen += [(new.engagement_id, event.version) for event in new.trail if event.version > before]
    assert len(seen) == len(set(seen))
    newest = {new.engagement_id: new.version for _, new in WRITES}
    assert len(seen) == sum(newest.values())


EVENTS = [
    ("accept", {"waited_ms": 10, "rang_ms": 5}, "queue_performance", {"handled_count": 1, "waited_ms": 15}),
    ("abandon", {"waited_ms": 10}, "queue_performance", {"abandoned_count": 1, "waited_ms": 10}),
    ("cancel", {"waited_ms": 10}, "queue_performance", {"cancelled_count": 1, "waited_ms": 10}),
    (
        "cancel",
        {"handled_ms": 7, "parked_ms": 0, "wrapped_ms": 0},
        "agent_performance",
        {"offered_count": 1, "cancelled_count": 1, "handled_ms": 7, "parked_ms": 0, "wrapped_ms": 0},
    ),
    (
        "decline",
        {"rang_ms": 5, "reason": "lunch"},
        "agent_performance",
        {"offered_count": 1, "refused_count": 1, "rang_ms": 5},
    ),
    (
        "transfer",
        {"handled_ms": 7, "parked_ms": 2, "wrapped_ms": 0, "kind": "queue", "to_queue_id": "x", "to_user_id": None},
        "agent_performance",
        {"offered_count": 1, "transferred_count": 1, "handled_ms": 7, "parked_ms": 2, "wrapped_ms": 0},
    ),
    (
        "take_over",
        {"handled_ms": 7, "parked_ms": 0, "wrapped_ms": 0, "to_user_id": "ben"},
        "agent_performance",
        {"offered_count": 1, "taken_over_count": 1, "handled_ms": 7, "parked_ms": 0, "wrapped_ms": 0},
    ),
    (
        "give_back",
        {"waited_ms": 60, "to_user_id": "ana"},
        "queue_performance",
        {"returned_count": 1, "waited_ms": 60},
    ),
    ("miss", {"rang_ms": 30}, "agent_performance", {"offered_count": 1, "missed_count": 1, "rang_ms": 30}),
    (
        "close",
        {"handled_ms": 7, "parked_ms": 2, "wrapped_ms": 1},
        "agent_performance",
        {"offered_count": 1, "handled_count": 1, "handled_ms": 7, "parked_ms": 2, "wrapped_ms": 1},
    ),
]


@pytest.mark.parametrize(("command", "detail", "dataset", "measures"), EVENTS, ids=[e[0] for e in EVENTS])
def test_what_an_event_counts(command: str, detail: dict[str, object], dataset: str, measures: dict[str, int]) -> None:
    base = WRITES[0][1]
    event = Event(2, NOW, command, "queued", "x", "billing", "ana", detail)
    (fact,) = facts_of(replace(base, version=2, trail=(*base.trail, event)), after_version=1)
    assert (fact.dataset, fact.measures, fact.queue_id, fact.agent_id) == (dataset, measures, "billing", "ana")


@pytest.mark.parametrize("command", ["start", "offer", "deactivate", "activate", "finish", "rescind"])
def test_what_ends_nothing_counts_nothing(command: str) -> None:
    base = WRITES[0][1]
    event = Event(2, NOW, command, "queued", "x", "billing", "ana", {})
    assert list(facts_of(replace(base, version=2, trail=(*base.trail, event)), after_version=1)) == []


def fact(at: int, agent: str | None, **measures: int) -> Fact:
    return Fact("agent_performance", f"e{at}", 1, at, "work_item", "billing", agent, measures)


def test_a_dataset_adds_up_by_interval_and_agent() -> None:
    facts = [fact(0, "ana", handled_count=1), fact(899, "ana", handled_count=1), fact(900, "ana", handled_count=1)]
    rows = fold("agent_performance", [*facts, facts[0], fact(5, "ben", missed_count=1)], 900)
    assert [(row.start, row.group["user_id"], row.measures["handled_count"]) for row in rows] == [
        (0, "ana", 2),
        (0, "ben", 0),
        (900, "ana", 1),
    ]


def test_a_life_is_told_apart_by_the_first_queue_and_the_last_one() -> None:
    labels = {"end_reason": "completed", "queues": "general,billing", "agents": "ana", "skills": "french"}
    life = Fact(
        "engagement", "e1", 9, 0, "work_item", "billing", "ana", {"duration_ms": 7, "transfer_count": 3}, labels
    )
    by = ("first_queue_id", "queue_id", "end_reason", "disposition_id", "skills")
    (row,) = fold("flow_performance", [life], 900, group_by=by)
    assert tuple(row.group.values()) == ("general", "billing", "completed", "", "french")
    assert {name: n for name, n in row.measures.items() if n} == {
        "engagement_count": 1,
        "completed_count": 1,
        "transferred_count": 1,
        "duration_ms": 7,
    }


def test_a_visit_that_nobody_took_is_nobodys_though_it_was_ringing() -> None:
    centre = memory_centre()
    taken, left = centre.start("1"), centre.start("2")
    centre.ready("ana")
    centre.settle()
    centre.accept(taken)
    centre.ready("ben")
    centre.settle()
    assert centre.read(left).holders == ("ben",)
    desk.cancel(centre.world, Order(left, "integration:crm"))
    centre.consume()
    facts = centre.store.facts("queue_performance", 0, NOW * 2)
    for by in ("user_id", "team_id"):
        teams = {"ana": "ana", "ben": "ben"}
        told = {
            (row.group[by], name): number
            for row in (
                *fold("queue_performance", facts, 900_000, group_by=[by], teams=teams),
                *rows("queue_performance", roll(facts, 0), 900_000, group_by=[by], teams=teams),
            )
            for name, number in row.measures.items()
            if number
        }
        assert told == {("ana", "handled_count"): 1, ("", "cancelled_count"): 1}


def test_facts_of_other_datasets_are_left_out() -> None:
    assert fold("queue_performance", [fact(0, "ana", handled_count=1)], 900) == []


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("zone", "at", "interval", "start", "hours"),
    [
        ("UTC", "2026-03-29T12:00:00+00:00", DAY, "2026-03-29T00:00:00+00:00", 24),
        ("Europe/Paris", "2026-01-01T23:30:00+00:00", DAY, "2026-01-01T23:00:00+00:00", 24),
        ("Europe/Paris", "2026-03-29T12:00:00+00:00", DAY, "2026-03-28T23:00:00+00:00", 23),
        ("Europe/Paris", "2026-10-25T12:00:00+00:00", DAY, "2026-10-24T22:00:00+00:00", 25),
        ("Asia/Kolkata", "2026-01-01T10:00:00+00:00", HOUR, "2026-01-01T09:30:00+00:00", 1),
        ("Asia/Kathmandu", "2026-01-01T10:00:00+00:00", HOUR // 4, "2026-01-01T10:00:00+00:00", 0.25),
    ],
)
def test_intervals_begin_on_the_clock_of_the_time_zone(
    zone: str, at: str, interval: int, start: str, hours: float
) -> None:
    begins = round(datetime.fromisoformat(start).timestamp() * 1000)
    moment = round(datetime.fromisoformat(at).timestamp() * 1000)
    assert span(moment, interval, ZoneInfo(zone)) == (begins, begins + hours * HOUR)


@given(st.integers(0, 2**41), st.sampled_from(["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu"]))
def test_every_moment_is_in_its_day_and_the_next_day_begins_where_it_ends(at: int, name: str) -> None:
    start, end = span(at, DAY, ZoneInfo(name))
    assert start <= at < end
    assert span(start, DAY, ZoneInfo(name)) == span(end - 1, DAY, ZoneInfo(name)) == (start, end)
    assert span(end, DAY, ZoneInfo(name))[0] == end
