"""Queues and agents that are taken out: whatever was theirs, or is on its way to them, is seen to by others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from chalicelib.configuration.document import write
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import InvalidRequest, LostRace, StillInUse
from chalicelib.operations import configuring, desk
from chalicelib.operations.configuring import Terms
from chalicelib.operations.ordering import Order
from chalicelib.world import World
from tests.configuration.strategies import tenants
from tests.simulation.stories import CLEO, WITHOUT_BILLING
from tests.support.invariants import check
from tests.support.worlds import TENANT, Centre, MemoryCentre, memory_centre

BILLING_BY_VOICE = {
    **TENANT,
    "queues": [{**TENANT["queues"][0], "channel": "voice"}, *TENANT["queues"][1:]],
    "flows": [{**TENANT["flows"][1], "versions": [], "entry_points": []}],
}
WITHOUT_A_WORD = {name: value for name, value in WITHOUT_BILLING.items() if name != "moved_queues"}


@pytest.fixture
def centre() -> MemoryCentre:
    return memory_centre()


def beside(centre: Centre) -> World:
    """Another process, which knows the configuration of this moment for five seconds more."""
    world = replace(centre.world)
    world.latest_tenant()
    return world


@given(tenants())
@settings(max_examples=30)
def test_what_is_applied_is_what_is_exported(tenant: Tenant) -> None:
    centre = memory_centre(configured=False)
    document = write(tenant)
    version = configuring.apply(centre.world, document, None).version
    assert configuring.current(centre.world).document == document
    assert configuring.planned(centre.world, document)[1] == []
    configuring.apply(centre.world, {}, None)
    configuring.rollback(centre.world, version, None, Terms())
    assert configuring.current(centre.world).document == document


class TestQueues:
    def test_an_empty_one_goes_without_a_word(self, centre: MemoryCentre) -> None:
        configuring.apply(centre.world, WITHOUT_A_WORD, None)
        left = configuring.current(centre.world).document["queues"]
        assert [queue["queue_id"] for queue in left] == ["general", "express"]

    @pytest.mark.parametrize("state", ["queued", "assigned", "scheduled"])
    def test_one_that_holds_work_is_refused_with_how_many(self, centre: MemoryCentre, state: str) -> None:
        not_before = centre.clock() + 60_000 if state == "scheduled" else None
        one = centre.start("CASE-1", not_before=not_before)
        if state == "assigned":
            centre.ready("ana")
        centre.settle()
        if state == "assigned":
            centre.accept(one)
        assert centre.read(one).state == state
        with pytest.raises(StillInUse) as refused:
            configuring.apply(centre.world, WITHOUT_A_WORD, None)
        assert refused.value.count == 1
        assert centre.world.store.configuration_version() == 1

    def test_what_another_process_starts_in_it_at_that_moment_goes_through_its_flow_again(
        self, centre: MemoryCentre
    ) -> None:
        late = beside(centre)
        configuring.apply(centre.world, WITHOUT_A_WORD, None)
        world, centre.world = centre.world, late
        one = centre.start("CASE-1")
        assert centre.read(one).queue_id == "billing"
        centre.world = world
        centre.ready("ben")
        centre.settle()
        assert (centre.read(one).queue_id, centre.read(one).agent_id) == ("general", "ben")
        check(centre, [one])

    def test_what_comes_back_to_it_from_an_agent_moves_too(self, centre: MemoryCentre) -> None:
        one = centre.start("CASE-1")
        centre.ready("ana")
        centre.settle()
        centre.accept(one)
        configuring.apply(centre.world, WITHOUT_BILLING, None)
        assert centre.read(one).agent_id == "ana"
        desk.release(centre.world, Order(one, "agent:ana"))
        centre.settle()
        assert centre.read(one).queue_id == "general"

    def test_what_was_on_its_way_is_looked_for_for_a_day(self, centre: MemoryCentre) -> None:
        configuring.apply(centre.world, WITHOUT_A_WORD, None)
        assert "billing" in configuring.current(centre.world).removed
        assert centre.world.tenant().is_gone("billing")
        centre.clock.pass_seconds(86_401)
        configuring.apply(centre.world, WITHOUT_A_WORD, None)
        assert configuring.current(centre.world).removed == {}

    def test_its_work_does_not_move_to_another_channel(self, centre: MemoryCentre) -> None:
        calls = {"queue_id": "calls", "queue_name": "Calls", "channel": "voice"}
        document = {**WITHOUT_BILLING, "queues": [*WITHOUT_BILLING["queues"], calls]}
        with pytest.raises(InvalidRequest) as refused:
            configuring.apply(centre.world, {**document, "moved_queues": {"billing": "calls"}}, None)
        assert refused.value.errors[0].pointer == "/moved_queues/billing"
        configuring.apply(centre.world, document, None)

    @pytest.mark.parametrize("state", ["queued", "assigned", "scheduled"])
    def test_its_channel_stays_while_it_holds_work(self, centre: MemoryCentre, state: str) -> None:
        """Its agents may have no place for what came by the old one, and the work would wait for nobody."""
        one = centre.start("CASE-1", not_before=centre.clock() + 60_000 if state == "scheduled" else None)
        if state == "assigned":
            centre.ready("ana")
        centre.settle()
        if state == "assigned":
            centre.accept(one)
        with pytest.raises(StillInUse, match="Queue 'billing' still holds 1 engagements of work_item") as refused:
            configuring.apply(centre.world, BILLING_BY_VOICE, None)
        assert refused.value.count == 1
        assert centre.world.store.configuration_version() == 1
        desk.cancel(centre.world, Order(one, "integration:crm"))
        configuring.apply(centre.world, BILLING_BY_VOICE, None)

    def test_what_is_of_its_new_channel_does_not_hold_it(self, centre: MemoryCentre) -> None:
        one = centre.start("CASE-1")
        centre.settle()
        before = centre.world.store.configuration_version()
        centre.world.store.apply(BILLING_BY_VOICE, before)  # as it was left by an earlier version
        centre.clock.pass_seconds(6)
        configuring.rollback(centre.world, before, None, Terms())
        assert centre.read(one).channel == centre.world.tenant().own_queues["billing"].channel == "work_item"

    @pytest.mark.parametrize("flows", [[], [{**WITHOUT_BILLING["flows"][0], "entry_points": []}]])
    def test_its_work_does_not_go_through_a_flow_that_is_gone_too(self, centre: MemoryCentre, flows: Any) -> None:
        through_its_flow = {**WITHOUT_BILLING, "moved_queues": {"billing": None}}
        one = centre.start("CASE-1")
        centre.settle()
        with pytest.raises(StillInUse, match="Entry ID 'entry-tickets'") as refused:
            configuring.apply(centre.world, {**through_its_flow, "flows": flows}, None)
        assert refused.value.count == 1
        configuring.apply(
            centre.world, {**WITHOUT_BILLING, "moved_queues": {"billing": "general"}, "flows": flows}, None
        )
        centre.settle()
        assert centre.read(one).queue_id == "general"

    def test_one_that_comes_back_is_itself_again(self, centre: MemoryCentre) -> None:
        configuring.apply(centre.world, WITHOUT_BILLING, None)
        configuring.rollback(centre.world, 1, None, Terms())
        one = centre.start("CASE-1")
        centre.settle()
        assert centre.read(one).queue_id == "billing"
        assert not centre.world.tenant().is_gone("billing")

    def test_a_change_of_settings_leaves_what_waits_where_it_is(self, centre: MemoryCentre) -> None:
        one = centre.start("CASE-1")
        centre.settle()
        before = centre.read(one)
        billing = {**TENANT["queues"][0], "offer_timeout": 99, "distribution": "best_skilled"}
        configuring.apply(centre.world, {**TENANT, "queues": [billing, *TENANT["queues"][1:]]}, None)
        centre.settle()
        assert centre.read(one) == before


class TestAgents:
    def test_one_who_holds_work_is_refused_or_gives_it_back(self, centre: MemoryCentre) -> None:
        centre.configure({**TENANT, "agents": [*TENANT["agents"], CLEO]})
        centre.clock.pass_seconds(6)
        one, two = centre.start("CASE-1"), centre.start("CASE-2")
        centre.ready("cleo")
        centre.settle()
        centre.accept(one)
        with pytest.raises(StillInUse) as refused:
            configuring.apply(centre.world, TENANT, None)
        assert refused.value.count == 2
        configuring.apply(centre.world, TENANT, None, Terms(release=True))
        assert [centre.read(each).state for each in (one, two)] == ["queued", "queued"]
        assert (centre.occupancy("cleo").held, centre.occupancy("cleo").status) == ({}, "offline")
        check(centre, [one, two])

    def test_what_another_process_gives_him_at_that_moment_is_taken_back_by_the_sweeper(
        self, centre: MemoryCentre
    ) -> None:
        centre.configure({**TENANT, "agents": [*TENANT["agents"], CLEO]})
        centre.clock.pass_seconds(6)
        centre.ready("cleo")
        one = centre.start("CASE-1")
        centre.consume()
        late = beside(centre)
        configuring.apply(centre.world, TENANT, None)
        world, centre.world = centre.world, late
        centre.ready("cleo")
        centre.route()
        assert centre.read(one).agent_id == "cleo"
        centre.world = world
        centre.settle()
        assert (centre.read(one).agent_id, centre.occupancy("cleo").held) == (None, {})

    def test_work_that_only_he_might_have_is_anybodys(self, centre: MemoryCentre) -> None:
        steps = [{"set": {"queue_id": "billing", "user_id": "cleo"}}]
        flow = {**TENANT["flows"][0], "versions": [{"flow_version": 2, "status": "published", "steps": steps}]}
        centre.configure({**TENANT, "agents": [*TENANT["agents"], CLEO], "flows": [flow]})
        centre.clock.pass_seconds(6)
        one = centre.start("CASE-1")
        centre.ready("ana")
        centre.settle()
        assert centre.read(one).state == "queued"
        configuring.apply(centre.world, TENANT, None)
        centre.settle()
        assert centre.read(one).agent_id == "ana"


class TestRaces:
    def test_an_edit_that_loses_a_race_edits_what_has_won(self, centre: MemoryCentre) -> None:
        pending = [{"heartbeat_timeout": 60}, {"heartbeat_timeout": 70}]

        def change(document: Any) -> dict[str, Any]:
            if pending:
                now = configuring.current(centre.world)
                centre.world.store.apply({**now.document, **pending.pop()}, now.version)
            return {**document, "retention_days": 10}

        configuring.edit(centre.world, change, None, Terms())
        document = configuring.current(centre.world).document
        assert (document["heartbeat_timeout"], document["retention_days"]) == (60, 10)

    def test_one_that_loses_every_time_says_so(self, centre: MemoryCentre) -> None:
        def change(document: Any) -> Any:
            now = configuring.current(centre.world)
            centre.world.store.apply(now.document, now.version)
            return document

        with pytest.raises(LostRace):
            configuring.edit(centre.world, change, None, Terms())
