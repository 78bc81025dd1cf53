"""What is kept of a whole engagement when it ends, and of an agent's status when it changes."""

from __future__ import annotations

import pytest

from chalicelib.engagements.model import Occupancy
from chalicelib.events.catalogue import events_of
from chalicelib.operations import desk, privacy, sessions, transferring
from chalicelib.operations.ordering import Order
from chalicelib.operations.transferring import Target
from chalicelib.reporting.facts import REOPENED_WITHIN_MS, Fact
from chalicelib.reporting.statuses import status_fact
from tests.support.worlds import NOW, TENANT, MemoryCentre, memory_centre

EVER = NOW + 99 * 86_400_000


def kept(centre: MemoryCentre, kind: str) -> list[Fact]:
    centre.consume()
    return centre.store.facts(kind, 0, EVER)  # type: ignore[arg-type]


def handled(centre: MemoryCentre) -> str:
    """Waits 10 s, rings 5 s, is worked on 60 s, parked 30 s, transferred, waits 20 s, is worked on 40 s and done."""
    engagement_id = centre.start("CASE-1", work_item_priority=7)
    by_ana = Order(engagement_id, "agent:ana", "ana")
    centre.clock.pass_seconds(10)
    centre.ready("ana")
    centre.settle()
    centre.clock.pass_seconds(5)
    centre.accept(engagement_id)
    centre.clock.pass_seconds(60)
    desk.deactivate(centre.world, by_ana)
    centre.clock.pass_seconds(30)
    desk.activate(centre.world, by_ana)
    transferring.transfer(centre.world, by_ana, Target("agent", "ben"))
    centre.clock.pass_seconds(20)
    centre.ready("ben")
    centre.settle()
    centre.accept(engagement_id)
    centre.clock.pass_seconds(40)
    desk.end(centre.world, Order(engagement_id, "agent:ben", "ben"), None)
    return engagement_id


def test_the_end_of_an_engagement_tells_the_whole_of_it() -> None:
    centre = memory_centre()
    engagement_id = handled(centre)
    (fact,) = kept(centre, "engagement")
    assert (fact.engagement_id, fact.at, fact.queue_id, fact.agent_id) == (
        engagement_id,
        NOW + 165_000,
        "billing",
        "ben",
    )
    assert fact.measures == {
        "duration_ms": 165_000,
        "first_offer_ms": 10_000,
        "first_accept_ms": 15_000,
        "waited_ms": 35_000,
        "handled_ms": 100_000,
        "parked_ms": 30_000,
        "wrapped_ms": 0,
        "transfer_count": 1,
        "overflow_count": 0,
    }
    assert fact.labels == {
        "flow_id": "tickets",
        "flow_version": "1",
        "flow_entry_id": "entry-tickets",
        "end_reason": "completed",
        "priority": "9",
        "queues": "billing",
        "agents": "ana,ben",
    }


def test_to_whom_it_was_only_ringing_at_its_end_did_not_have_it() -> None:
    centre = memory_centre()
    engagement_id = centre.start()
    centre.ready("ana")
    centre.settle()
    centre.accept(engagement_id)
    desk.release(centre.world, Order(engagement_id, "agent:ana", "ana"))
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    centre.ready("ben")
    centre.settle()
    assert centre.read(engagement_id).holders == ("ben",)
    desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
    (fact,) = kept(centre, "engagement")
    assert (fact.agent_id, fact.labels["agents"]) == (None, "ana")


def test_what_is_withdrawn_before_its_time_has_come_was_in_no_queue() -> None:
    centre = memory_centre()
    engagement_id = centre.start(not_before=NOW + 7 * 86_400_000)
    centre.clock.pass_seconds(3 * 86_400)
    desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
    assert kept(centre, "queue_performance") == []
    (fact,) = kept(centre, "engagement")
    assert (fact.measures["duration_ms"], fact.measures["waited_ms"]) == (3 * 86_400_000, 0)


def test_an_engagement_counts_the_same_when_its_consumer_is_forgotten() -> None:
    centre = memory_centre()
    engagement_id = centre.start(consumer={"consumer_email": "x@example.com"})
    desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
    before = kept(centre, "engagement")
    centre.clock.pass_seconds(60)
    assert privacy.erase(centre.world, {"consumer_email": "x@example.com"}, "admin:adm").erased == [engagement_id]
    assert kept(centre, "engagement") == before


@pytest.mark.parametrize(
    ("after_ms", "measures"),
    [
        (REOPENED_WITHIN_MS, {"repeated_count": 1, "reopened_count": 1}),
        (REOPENED_WITHIN_MS + 1, {"repeated_count": 1}),
    ],
)
def test_work_that_is_started_again_is_repeated_and_soon_after_its_end_reopened(
    after_ms: int, measures: dict[str, int]
) -> None:
    centre = memory_centre()
    first = centre.start("CASE-1")
    desk.cancel(centre.world, Order(first, "integration:crm"))
    centre.start("CASE-2")
    assert kept(centre, "repeat") == []
    centre.clock.pass_seconds(after_ms / 1000)
    again = centre.start("CASE-1")
    (fact,) = kept(centre, "repeat")
    assert (fact.engagement_id, fact.version, fact.at, fact.measures) == (again, 1, NOW + after_ms, measures)


def test_a_status_is_kept_when_it_ends_with_how_long_he_was_busy_in_it() -> None:
    centre = memory_centre(configured=False)
    centre.configure({**TENANT, "reasons": [{"sub_status_id": "lunch"}]})
    centre.ready("ana")  # the first one ever: what was before, nobody knows
    assert kept(centre, "agent_status_history") == []
    centre.clock.pass_seconds(10)
    engagement_id = centre.start()
    centre.settle()
    centre.accept(engagement_id)
    centre.clock.pass_seconds(30)
    sessions.set_status(centre.world, "ana", "not_ready", "lunch", "supervisor:sue")
    centre.clock.pass_seconds(7)
    centre.end(engagement_id)
    centre.clock.pass_seconds(50)
    centre.ready("ana")
    ready, lunch = kept(centre, "agent_status_history")
    assert (ready.at, ready.measures) == (
        NOW + 40_000,
        {"duration_ms": 40_000, "ready_ms": 40_000, "occupied_ms": 30_000},
    )
    assert ready.labels == {
        "status": "ready",
        "next_status": "not_ready",
        "next_sub_status_id": "lunch",
        "changed_by": "supervisor:sue",
    }
    assert lunch.measures == {"duration_ms": 57_000, "not_ready_ms": 57_000, "finishing_ms": 7_000}
    assert (lunch.agent_id, lunch.labels["sub_status_id"]) == ("ana", "lunch")


def test_work_that_another_system_gave_him_and_offers_to_others_too_keep_him_busy_and_parked_work_does_not() -> None:
    centre = memory_centre()
    centre.ready("ana")
    sessions.take_elsewhere(centre.world, "ana", "call-1", "voice")
    centre.clock.pass_seconds(5)
    engagement_id = centre.start()
    centre.settle()
    centre.accept(engagement_id)
    sessions.leave_elsewhere(centre.world, "ana", "call-1")
    centre.clock.pass_seconds(5)
    desk.deactivate(centre.world, Order(engagement_id, "agent:ana", "ana"))
    centre.clock.pass_seconds(100)
    sessions.set_status(centre.world, "ana", "offline", None, "agent:ana")
    (fact,) = kept(centre, "agent_status_history")
    assert fact.measures == {"duration_ms": 110_000, "ready_ms": 110_000, "occupied_ms": 10_000}


def test_an_offer_that_is_taken_back_from_one_of_several_is_nobodys_refusal() -> None:
    centre = memory_centre()
    tenant = {**TENANT, "queues": [{**TENANT["queues"][0], "distribution": "simultaneous"}, *TENANT["queues"][1:]]}
    centre.configure(tenant)
    centre.ready("ana", "ben")
    engagement_id = centre.start()
    centre.settle()
    assert set(centre.read(engagement_id).holders) == {"ana", "ben"}
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    assert centre.read(engagement_id).holders == ("ben",)
    assert kept(centre, "agent_performance") == []
    (event,) = [e for e in centre.read(engagement_id).trail if e.command == "pass"]
    (told,) = list(events_of(centre.read(engagement_id), event.version - 1))
    assert told.type == "contact_center.task_reservation_canceled"


def test_an_agent_never_seen_has_no_status() -> None:
    assert status_fact(None, Occupancy("ana", 1, "ready", status_since=NOW)) is None
