"""The router's pass over both pairs of adapters: who gets what, and what becomes of what has to wait."""

from __future__ import annotations

import copy
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.engagements import agents
from chalicelib.engagements.model import Change
from chalicelib.errors import InvalidRequest, NotFound
from chalicelib.messaging.protocol import Drained, Ring
from chalicelib.operations import amending, desk, routing, timers
from chalicelib.operations.ordering import Order
from tests.support.invariants import check, check_nothing_waits_in_vain
from tests.support.worlds import NOW, TENANT, Centre, MemoryCentre, aws, aws_centre


def test_a_ring_with_an_engagement_is_enough_to_offer_it(any_centre: Centre) -> None:
    any_centre.ready("ana")
    any_centre.ring()
    engagement_id = any_centre.start()
    any_centre.ring()
    assert any_centre.read(engagement_id).agent_id == "ana"


def test_i3_nothing_breaks_if_every_message_is_lost(any_centre: Centre) -> None:
    engagement_id = any_centre.start()
    any_centre.consume()
    any_centre.route()  # nobody there: it is entered in the index, and its notice is forgotten
    check_nothing_waits_in_vain(any_centre, [engagement_id])
    any_centre.ready("ana")
    any_centre.route()
    assert any_centre.read(engagement_id).state == "offered"


def test_i3_a_notice_that_is_newer_than_what_was_read_is_not_forgotten(
    centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    engagement_id = centre.start()
    drain, changes = centre.transport.drain, iter([Order(engagement_id, "integration:crm")])

    def drain_after_a_change(queue_id: str) -> Drained:
        for order in changes:  # once, between the read of what the ring names and the queue
            amending.update(centre.world, order, amending.Amendment(priority=7))
            centre.catch_up()
        return drain(queue_id)

    monkeypatch.setattr(centre.transport, "drain", drain_after_a_change)
    routing.route(centre.world, [Ring("billing", engagement_id)])
    check_nothing_waits_in_vain(centre, [engagement_id])


def test_i3_what_lost_the_race_to_overflow_is_not_forgotten(
    centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch
) -> None:
    billing, *others = TENANT["queues"]
    full = {**billing, "max_engagement_in_queue": 1, "overflow": {"queue_id": "express"}}
    centre.configure({**TENANT, "queues": [full, *others]})
    centre.clock.pass_seconds(5)
    works = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.catch_up()
    with monkeypatch.context() as busy:
        busy.setattr(centre.store, "commit_all", lambda changes: [False] * len(changes))
        centre.route()
    for each in works:
        check_nothing_waits_in_vain(centre, [each])


def test_i14_the_higher_priority_goes_first_then_the_older(any_centre: Centre) -> None:
    older = any_centre.start("CASE-1")
    any_centre.clock.pass_seconds(1)
    younger = any_centre.start("CASE-2")
    any_centre.clock.pass_seconds(1)
    urgent = any_centre.start("CASE-3", work_item_priority=9)
    any_centre.settle()
    any_centre.ready("ben")  # two places
    any_centre.settle()
    assert [any_centre.read(each).state for each in (older, younger, urgent)] == ["offered", "queued", "offered"]


def test_i8_a_missing_skill_keeps_the_engagement_waiting(any_centre: Centre) -> None:
    document = copy.deepcopy(TENANT)
    document["flows"][0]["versions"][0]["steps"].append({"set": {"skills": [{"skill": "french", "level": 3}]}})
    any_centre.configure(document)
    any_centre.clock.pass_seconds(5)  # until the new configuration is looked at
    engagement_id = any_centre.start()
    any_centre.ready("ben")
    any_centre.settle()
    assert any_centre.read(engagement_id).state == "queued"
    any_centre.ready("ana")
    any_centre.settle()
    assert any_centre.read(engagement_id).agent_id == "ana"


def test_what_is_said_again_and_again_is_refused_before_the_row_of_its_work_is_full(any_centre: Centre) -> None:
    engagement_id, dice = any_centre.start(), random.Random(1)

    def say_more(times: int) -> None:
        for n in range(times):
            more = tuple({"name": f"n{n}.{i}", "value": dice.randbytes(512).hex()} for i in range(50))
            amending.update(any_centre.world, Order(engagement_id, "integration:crm"), amending.Amendment(None, more))

    with pytest.raises(InvalidRequest, match="too much"):
        say_more(20)
    any_centre.ready("ana")
    any_centre.settle()
    assert any_centre.accept(engagement_id).state == "assigned"
    assert any_centre.end(engagement_id).state == "closed"


def test_the_agent_idle_longest_gets_it(any_centre: Centre) -> None:
    any_centre.ready("ben")
    any_centre.clock.pass_seconds(10)
    any_centre.ready("ana")
    engagement_id = any_centre.start()
    any_centre.settle()
    assert any_centre.read(engagement_id).agent_id == "ben"


def test_i5_an_agent_gets_no_more_than_there_is_room_for(any_centre: Centre) -> None:
    works = [any_centre.start(f"CASE-{n}") for n in range(5)]
    any_centre.ready("ana", "ben")
    any_centre.settle()
    assert sorted(any_centre.read(each).state for each in works) == ["offered"] * 3 + ["queued"] * 2
    check(any_centre, works)


def test_two_routers_at_once_are_merely_wasteful() -> None:
    people = [{"user_id": f"agent-{n}", "display_name": "A", "queues": ["billing"]} for n in range(12)]
    with aws() as clients:
        centre = aws_centre(clients, configured=False)
        centre.configure({**TENANT, "agents": people})
        works = [centre.start(f"CASE-{n}") for n in range(20)]
        centre.settle()
        centre.ready(*(agent["user_id"] for agent in people))
        with ThreadPoolExecutor(3) as threads:
            passes = list(threads.map(lambda _: centre.route(), range(3)))
        assert sum(done.offered for done in passes) == 12
        check(centre, works)


def test_a_sweep_recounts_what_an_agent_holds(any_centre: Centre) -> None:
    """No crash can leave such a row; if one is found all the same, it does not stay."""
    engagement_id = any_centre.start()
    any_centre.ready("ana")
    any_centre.settle()
    any_centre.accept(engagement_id)
    stuck = any_centre.occupancy("ana")
    any_centre.end(engagement_id)
    now = any_centre.occupancy("ana")
    any_centre.world.store.commit(
        Change(None, replace(now, version=now.version + 1, held=stuck.held), occupancy_seen=now.version)
    )
    any_centre.sweep()
    assert any_centre.occupancy("ana").held == {}


def test_a_sweep_takes_offers_back_from_agents_who_are_not_ready(any_centre: Centre) -> None:
    engagement_id = any_centre.start()
    any_centre.ready("ana")
    any_centre.settle()
    occupancy = any_centre.occupancy("ana")
    any_centre.world.store.commit(agents.set_status(occupancy, "not_ready", None, NOW))  # and then the process died
    any_centre.sweep()
    assert any_centre.read(engagement_id).state == "queued"


def test_settling_what_is_not_due_changes_nothing(any_centre: Centre) -> None:
    engagement_id = any_centre.start()
    any_centre.ready("ana")
    any_centre.settle()
    before = any_centre.read(engagement_id)
    timers.settle(any_centre.world, [before])
    rings = [Ring(engagement_id=engagement_id), Ring(engagement_id="nonsense"), Ring(queue_id="billing")]
    routing.route(any_centre.world, rings)
    assert any_centre.read(engagement_id) == before


def test_a_parked_engagement_stays_its_agents(any_centre: Centre) -> None:
    first, second = any_centre.start("CASE-1"), any_centre.start("CASE-2")
    any_centre.ready("ana")
    any_centre.settle()
    mine = next(each for each in (first, second) if any_centre.read(each).state == "offered")
    any_centre.accept(mine)
    desk.deactivate(any_centre.world, Order(mine, "agent:ana", "ana"))
    any_centre.settle()
    assert sorted(any_centre.read(each).state for each in (first, second)) == ["inactive", "offered"]
    check(any_centre, [first, second])


def test_i3_an_index_that_is_behind_hides_nothing(centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index still shows an older version; what came back to the queue since must be entered all the same."""
    engagement_id = centre.start()
    centre.consume()
    centre.route()
    behind = centre.store.waiting("billing")
    centre.ready("ana")
    centre.route()
    offer = centre.read(engagement_id).offer
    assert offer is not None
    desk.decline(centre.world, Order(engagement_id, "agent:ana", "ana"), offer.offer_id, None)
    centre.consume()
    with monkeypatch.context() as patch:
        patch.setattr(centre.store, "waiting", lambda queue_id: behind if queue_id == "billing" else [])
        centre.route()
    check_nothing_waits_in_vain(centre, [engagement_id])


def test_i4_a_command_for_what_has_just_gone_to_somebody_else_is_refused(centre: MemoryCentre) -> None:
    engagement_id = centre.start()
    centre.ready("ben")
    centre.settle()
    centre.accept(engagement_id)
    with pytest.raises(NotFound):
        desk.end(centre.world, Order(engagement_id, "agent:ana", "ana"), None)
    assert centre.read(engagement_id).state == "assigned"
