"""What a queue's settings do, told over both pairs of adapters: profiles, limits, hours, groups, distributions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.engagements.model import Change, Engagement
from chalicelib.errors import InvalidRequest, NoCapacity, NotFound
from chalicelib.operations import amending, desk, explaining, sessions, transferring, watching
from chalicelib.operations.ordering import Order
from tests.support.invariants import check
from tests.support.worlds import TENANT, Centre, MemoryCentre

Document = dict[str, Any]
FRENCH = {"skills": [{"skill": "french", "level": 3}]}
LANGUAGES = {"skill_category_id": "languages", "skills": ["french", "german"]}
WEEKDAYS = {"business_hours_id": "office", "weekly": {"monday": [{"start": "08:00", "end": "18:00"}]}}
"""The tests begin on a Sunday."""
BACK = {"attribute_type": "returning_customer", "max_returning_minutes": 60}


def configured(centre: Centre, queue: Document | None = None, **changes: Any) -> None:
    """The usual tenant, with these settings of its first queue and these other changes."""
    document = {**copy.deepcopy(TENANT), **changes}
    document["queues"][0] |= queue or {}
    centre.configure(document)
    centre.clock.pass_seconds(5)  # until the new configuration is looked at


def with_agents(*agents: Document) -> list[Document]:
    return [{"display_name": each["user_id"], "queues": ["billing"], **each} for each in agents]


def always(route: Document) -> list[Document]:
    """The usual flows, with one more step."""
    flows = copy.deepcopy(TENANT["flows"])
    flows[0]["versions"][0]["steps"].append({"set": route})
    return flows  # type: ignore[no-any-return]


def states(centre: Centre, works: list[str]) -> list[str]:
    return [centre.read(each).state for each in works]


class TestOverflow:
    """Of a full queue, of a wait that was too long, of too many offers and of closed doors; to everywhere there is."""

    def test_those_that_came_last_go_on_to_another_queue_and_keep_their_age(self, any_centre: Centre) -> None:
        configured(any_centre, {"max_engagement_in_queue": 1, "overflow": {"queue_id": "general"}})
        works = [any_centre.start(f"CASE-{n}") for n in range(3)]
        ages = [any_centre.read(each).queued_at for each in works]
        any_centre.settle()
        found = [any_centre.read(each) for each in works]
        assert sorted(each.queue_id for each in found) == ["billing", "general", "general"]
        assert [each.queued_at for each in found] == ages
        check(any_centre, works)

    def test_what_has_waited_too_long_is_closed_where_the_queue_says_so(self, any_centre: Centre) -> None:
        configured(any_centre, {"max_wait_time": 60, "overflow": {"end": True}})
        work = any_centre.start()
        any_centre.settle()
        any_centre.clock.pass_seconds(59)
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        any_centre.clock.pass_seconds(1)
        any_centre.settle()
        assert (any_centre.read(work).state, any_centre.read(work).end_reason) == ("closed", "overflowed")
        assert any_centre.read(any_centre.start()).state == "queued", "the same work can be started again"

    def test_a_ring_comes_when_the_wait_becomes_too_long(self, centre: MemoryCentre) -> None:
        configured(centre, {"max_wait_time": 60, "overflow": {"end": True}})
        work = centre.start()
        centre.consume()
        centre.ring()
        centre.clock.pass_seconds(60)
        centre.ring()
        assert centre.read(work).state == "closed"

    def test_what_was_offered_too_often_goes_through_another_flow(self, any_centre: Centre) -> None:
        flows = copy.deepcopy(TENANT["flows"])
        flows[1]["versions"][0] |= {"status": "published", "steps": [{"set": {"queue_id": "general", "priority": 7}}]}
        configured(
            any_centre, {"max_offers": 2, "cool_down": 0, "overflow": {"flow_entry_id": "entry-draft"}}, flows=flows
        )
        work = any_centre.start()
        any_centre.ready("ana")
        for _ in range(2):
            any_centre.settle()
            assert any_centre.read(work).state == "offered"
            any_centre.clock.pass_seconds(31)
        any_centre.settle()
        found = any_centre.read(work)
        assert (found.queue_id, found.priority, found.offers, found.overflows) == ("general", 7, 0, 1)

    def test_a_closed_queue_lets_work_wait_or_go(self, any_centre: Centre) -> None:
        configured(any_centre, {"business_hours_id": "office"}, business_hours=[WEEKDAYS])
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        why = explaining.explain(any_centre.world, any_centre.read(work))
        assert why is not None
        assert why.queue == "closed"
        configured(
            any_centre,
            {"business_hours_id": "office", "when_closed": "overflow", "overflow": {"queue_id": "express"}},
            business_hours=[WEEKDAYS],
        )
        any_centre.settle()
        assert any_centre.read(work).queue_id == "express"

    def test_work_stays_where_it_is_once_it_has_gone_round_too_often(self, centre: MemoryCentre) -> None:
        configured(centre, {"max_wait_time": 1, "overflow": {"flow_entry_id": "entry-tickets"}})
        work = centre.start()
        for _ in range(15):
            centre.clock.pass_seconds(2)
            centre.settle()
        assert (centre.read(work).state, centre.read(work).overflows) == ("queued", 10)

    def test_a_group_of_agents_helps_out_after_a_while(self, any_centre: Centre) -> None:
        agents = with_agents({"user_id": "ana"}, {"user_id": "ben", "group_id": "second"})
        configured(any_centre, {"agent_groups": [{"group_id": "second", "delay": 30}]}, agents=agents)
        work = any_centre.start()
        any_centre.ready("ben")
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        any_centre.clock.pass_seconds(30)
        any_centre.ring()  # which the stream's consumer has sent for this moment
        any_centre.settle()
        assert any_centre.read(work).agent_id == "ben"


class TestAgentRouting:
    def test_the_search_widens_when_its_step_comes(self, centre: MemoryCentre) -> None:
        profile = {
            "agent_routing_profile_id": "by-language",
            "time_steps": [10, -1],
            "priorities": [{"skill_category_id": "languages"}],
        }
        configured(
            centre,
            {"agent_routing_profile_id": "by-language"},
            agent_routing_profiles=[profile],
            skill_categories=[LANGUAGES],
            flows=always(FRENCH),
        )
        work = centre.start()
        centre.ready("ben")  # speaks no French
        centre.consume()
        centre.ring()
        assert centre.read(work).state == "queued"
        why = explaining.explain(centre.world, centre.read(work))
        assert why is not None
        assert (why.step, why.next_change_at) == (0, centre.read(work).queued_at + 10_000)
        centre.clock.pass_seconds(10)
        centre.ring()
        assert centre.read(work).agent_id == "ben"

    def test_work_that_no_agent_will_ever_be_able_to_take_is_flagged_in_the_first_pass(self, centre: Centre) -> None:
        configured(centre, flows=always({"skills": [{"skill": "latin", "level": 1}]}))
        work = centre.start()
        assert centre.route().unmatchable == ()
        centre.consume()
        assert centre.route().unmatchable == (work,)

    def test_work_for_agents_who_are_only_away_raises_no_alarm(self, centre: Centre) -> None:
        configured(centre, flows=always(FRENCH))
        centre.start()
        centre.consume()
        assert centre.route().unmatchable == ()

    def test_work_waits_for_the_agent_it_is_meant_for(self, any_centre: Centre) -> None:
        configured(any_centre, flows=always({"user_id": "ben"}))
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        any_centre.ready("ben")
        any_centre.settle()
        assert any_centre.read(work).agent_id == "ben"

    @pytest.mark.parametrize(
        "ben",
        [
            {"queues": ["general"], "skills": {"french": 3}},
            {"capacity": {"voice": 1}, "skills": {"french": 3}},
            {"skills": {"french": 2}},
        ],
        ids=["serves another queue", "has no place for its channel", "lacks a skill"],
    )
    def test_work_that_is_meant_for_one_who_could_never_take_it_is_anybodys(
        self, any_centre: Centre, ben: Document
    ) -> None:
        agents = with_agents({"user_id": "ana", "skills": {"french": 3}}, {"user_id": "ben", **ben})
        configured(any_centre, agents=agents, flows=always({"user_id": "ben", **FRENCH}))
        work = any_centre.start()
        any_centre.settle()  # it waits in the index
        any_centre.ready("ben", "ana")
        any_centre.settle()
        assert any_centre.read(work).agent_id == "ana"

    def test_work_for_one_agent_that_overflows_to_where_he_is_not_is_anybodys_there(self, any_centre: Centre) -> None:
        overflows = {"max_wait_time": 60, "overflow": {"queue_id": "general"}}
        configured(any_centre, overflows, flows=always({"user_id": "ana"}))
        work = any_centre.start()
        any_centre.settle()
        any_centre.clock.pass_seconds(60)
        any_centre.ready("ben")
        any_centre.settle()
        assert (any_centre.read(work).queue_id, any_centre.read(work).agent_id) == ("general", "ben")

    def test_work_that_the_one_it_was_meant_for_gives_back_is_anybodys(self, any_centre: Centre) -> None:
        configured(any_centre, {"orphans": {"grace": 60}}, flows=always({"user_id": "ben"}))
        given_back, orphaned = any_centre.start("CASE-1"), any_centre.start("CASE-2")
        any_centre.ready("ben")  # two places
        any_centre.settle()
        any_centre.accept(given_back)
        any_centre.accept(orphaned)
        desk.release(any_centre.world, Order(given_back, "agent:ben", "ben"))
        sessions.set_status(any_centre.world, "ben", "offline", None, "agent:ben")
        any_centre.clock.pass_seconds(60)
        any_centre.ready("ana")
        any_centre.settle()
        assert any_centre.read(given_back).agent_id == "ana"
        any_centre.accept(given_back)
        any_centre.end(given_back)
        any_centre.settle()
        assert any_centre.read(orphaned).agent_id == "ana"

    def test_work_is_held_for_the_preferred_agent_and_then_for_anybody(self, any_centre: Centre) -> None:
        configured(any_centre, flows=always({"preferred_user_id": "ben", "preferred_seconds": 20}))
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        any_centre.clock.pass_seconds(20)
        any_centre.settle()
        assert any_centre.read(work).agent_id == "ana"

    def test_what_the_preferred_agent_gave_back_is_not_held_for_him(self, any_centre: Centre) -> None:
        configured(any_centre, flows=always({"preferred_user_id": "ben", "preferred_seconds": 3600}))
        work = any_centre.start()
        any_centre.ready("ben")
        any_centre.settle()
        any_centre.accept(work)
        desk.release(any_centre.world, Order(work, "agent:ben", "ben"))
        sessions.set_status(any_centre.world, "ben", "offline", None, "agent:ben")
        any_centre.ready("ana")
        any_centre.settle()
        assert any_centre.read(work).agent_id == "ana"


class TestConsumerRouting:
    PROFILES: Mapping[str, Document] = {
        "the one that was released": {"top_priorities": [{"attribute_type": "release_to_queue"}]},
        "the one with the large amount": {
            "top_priorities": [
                {
                    "attribute_type": "global_variable",
                    "variable_name": "work_item_desc",
                    "operator": "greater_than",
                    "variable_values": ["100"],
                }
            ]
        },
        "the one that is due first": {"order": "due_date"},
    }
    FIRST: Mapping[str, int] = {
        "the one that was released": 2,
        "the one with the large amount": 1,
        "the one that is due first": 1,
    }

    @pytest.mark.parametrize("which", PROFILES)
    def test_first_comes(self, any_centre: Centre, which: str) -> None:
        profile = {"consumer_routing_profile_id": "p", **self.PROFILES[which]}
        configured(any_centre, {"consumer_routing_profile_id": "p"}, consumer_routing_profiles=[profile])
        released = any_centre.start("CASE-9")
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.accept(released)
        works = [
            any_centre.start("CASE-0", work_item_desc="5", work_item_due_date="2026-01-02"),
            any_centre.start("CASE-1", work_item_desc="500", work_item_due_date="2025-11-23T20:00:00Z"),
            released,
        ]
        sessions.set_status(any_centre.world, "ana", "not_ready", None, "agent:ana")
        desk.release(any_centre.world, Order(released, "agent:ana", "ana"))
        any_centre.settle()
        any_centre.ready("ana")
        any_centre.settle()
        assert [each for each in works if any_centre.read(each).state == "offered"] == [works[self.FIRST[which]]]


class TestOccupancy:
    def test_unanswered_offers_count_against_a_cap_and_answered_ones_do_not(self, any_centre: Centre) -> None:
        profile = {"occupancy_profile_id": "one", "capacity": {"work_item": 5}, "most_offers": 1}
        agents = with_agents({"user_id": "ana", "occupancy_profile_id": "one"})
        configured(any_centre, occupancy_profiles=[profile], agents=agents)
        works = [any_centre.start(f"CASE-{n}") for n in range(3)]
        any_centre.ready("ana")
        any_centre.settle()
        assert sorted(states(any_centre, works)) == ["offered", "queued", "queued"]
        any_centre.accept(next(each for each in works if any_centre.read(each).state == "offered"))
        any_centre.settle()
        assert sorted(states(any_centre, works)) == ["assigned", "offered", "queued"]

    def test_a_newcomer_may_park_what_the_agent_works_on(self, any_centre: Centre) -> None:
        profile = {"occupancy_profile_id": "p", "capacity": {"work_item": 1}, "parks": {"work_item": "work_item"}}
        agents = with_agents({"user_id": "ana", "occupancy_profile_id": "p"})
        configured(any_centre, occupancy_profiles=[profile], agents=agents)
        first = any_centre.start("CASE-1")
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.accept(first)
        second = any_centre.start("CASE-2")
        any_centre.settle()
        assert states(any_centre, [first, second]) == ["inactive", "offered"]
        check(any_centre, [first, second])


class TestDistribution:
    def test_manual_agents_take_what_is_next_themselves(self, any_centre: Centre) -> None:
        configured(any_centre, {"distribution": "manual"})
        works = [any_centre.start("CASE-1"), any_centre.start("CASE-2", work_item_priority=9)]
        any_centre.ready("ana")
        any_centre.settle()
        assert states(any_centre, works) == ["queued", "queued"]
        taken = desk.pull(any_centre.world, "ana", "billing", "agent:ana")
        assert taken is not None
        assert (taken.engagement_id, taken.state, taken.agent_id) == (works[1], "assigned", "ana")
        assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is None, "her one place is taken"
        with pytest.raises(NotFound):
            desk.pull(any_centre.world, "ana", "general", "agent:ana")
        with pytest.raises(InvalidRequest):
            desk.pull(any_centre.world, "ana", "express", "agent:ana")
        check(any_centre, works)

    def test_nobody_pulls_who_is_not_ready(self, any_centre: Centre) -> None:
        configured(any_centre, {"distribution": "manual"})
        any_centre.start()
        any_centre.settle()
        assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is None

    def test_nobody_pulls_from_a_closed_queue(self, any_centre: Centre) -> None:
        """I8: hours bind what agents take as they bind what they are given."""
        configured(any_centre, {"distribution": "manual", "business_hours_id": "office"}, business_hours=[WEEKDAYS])
        any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is None

    def offered_to_both(self, centre: Centre) -> str:
        configured(centre, {"distribution": "simultaneous"})
        work = centre.start()
        centre.ready("ana", "ben")
        centre.settle()
        assert sorted(centre.read(work).holders) == ["ana", "ben"]
        check(centre, [work])
        return work

    def order(self, engagement: Engagement, agent_id: str) -> Order:
        return Order(engagement.engagement_id, f"agent:{agent_id}", agent_id)

    def test_simultaneous_the_first_to_accept_has_it(self, any_centre: Centre) -> None:
        work = self.offered_to_both(any_centre)
        found = any_centre.read(work)
        assert found.offer is not None
        idle_since = any_centre.occupancy("ana").idle_since
        taken = desk.accept(any_centre.world, self.order(found, "ben"), found.offer.offer_id)
        assert taken.holders == ("ben",)
        assert (any_centre.occupancy("ana").held, any_centre.occupancy("ana").idle_since) == ({}, idle_since)
        with pytest.raises(NotFound):
            desk.accept(any_centre.world, self.order(found, "ana"), found.offer.offer_id)
        check(any_centre, [work])

    def test_simultaneous_who_declines_is_out_and_the_others_still_have_it(self, any_centre: Centre) -> None:
        work = self.offered_to_both(any_centre)
        found = any_centre.read(work)
        assert found.offer is not None
        first, second = found.holders
        left = desk.decline(any_centre.world, self.order(found, first), found.offer.offer_id, "busy")
        assert (left.state, left.holders) == ("offered", (second,))
        back = desk.decline(any_centre.world, self.order(found, second), found.offer.offer_id, None)
        assert (back.state, back.holders) == ("queued", ())
        assert {agent_id for agent_id, _ in back.cooling} == {"ana", "ben"}
        check(any_centre, [work])

    def test_simultaneous_if_nobody_answers_everybody_is_free_again(self, any_centre: Centre) -> None:
        work = self.offered_to_both(any_centre)
        any_centre.clock.pass_seconds(31)
        any_centre.settle()
        assert any_centre.read(work).state == "queued"
        assert not any_centre.occupancy("ana").held
        assert not any_centre.occupancy("ben").held


class TestNotYet:
    """Scheduled and snoozed work."""

    def scheduled(self, centre: Centre, seconds: int) -> str:
        return centre.start(not_before=centre.clock() + 1000 * seconds)

    def test_scheduled_work_enters_its_queue_when_its_time_comes(self, any_centre: Centre) -> None:
        any_centre.ready("ana")
        work = self.scheduled(any_centre, 3600)
        any_centre.settle()
        assert any_centre.read(work).state == "scheduled"
        any_centre.clock.pass_seconds(3600)
        any_centre.settle()
        found = any_centre.read(work)
        assert (found.state, found.queued_at) == ("offered", any_centre.clock())
        check(any_centre, [work])

    def test_its_due_date_is_watched_before_its_time_comes(self, any_centre: Centre) -> None:
        later = any_centre.clock() + 90_000_000
        stays, moved = (
            any_centre.start(name, not_before=later, work_item_due_date="2025-11-23T20:00:00Z")
            for name in ("CASE-1", "CASE-2")
        )
        amendment = amending.Amendment({"work_item_due_date": "2025-11-23T23:00:00Z"})
        amending.update(any_centre.world, Order(moved, "integration:crm"), amendment)
        said = []
        for seconds in (
            4399,
            1,
            3600,
            7199,
            1,
            3600,
        ):  # a second before 19:00, 19:00, 20:00; before 22:00, 22:00, 23:00
            any_centre.clock.pass_seconds(seconds)
            any_centre.settle()
            said.append([len(any_centre.read(each).flags) for each in (stays, moved)])
        assert said == [[0, 0], [1, 0], [2, 0], [2, 0], [2, 1], [2, 2]]
        assert states(any_centre, [stays, moved]) == ["scheduled", "scheduled"]
        assert any_centre.world.store.due(any_centre.clock()) == []
        any_centre.clock.pass_seconds(90_000)
        any_centre.settle()
        assert states(any_centre, [stays, moved]) == ["queued", "queued"]

    def test_a_time_that_is_past_is_now(self, any_centre: Centre) -> None:
        assert any_centre.read(self.scheduled(any_centre, -1)).state == "queued"

    def test_scheduled_work_is_active_and_can_be_withdrawn(self, any_centre: Centre) -> None:
        work = self.scheduled(any_centre, 60)
        desk.cancel(any_centre.world, Order(work, "integration:crm"))
        any_centre.clock.pass_seconds(61)
        any_centre.settle()
        assert any_centre.read(work).state == "closed"

    def snoozed(self, centre: Centre) -> str:
        work = centre.start()
        centre.ready("ana")
        centre.settle()
        centre.accept(work)
        desk.deactivate(centre.world, Order(work, "agent:ana", "ana"), wake_at=centre.clock() + 60_000)
        centre.settle()
        assert centre.read(work).state == "inactive"
        return work

    def test_snoozed_work_is_its_agents_again(self, any_centre: Centre) -> None:
        work = self.snoozed(any_centre)
        any_centre.clock.pass_seconds(60)
        any_centre.settle()
        assert (any_centre.read(work).state, any_centre.read(work).agent_id) == ("assigned", "ana")
        check(any_centre, [work])

    def test_snoozed_work_waits_until_its_agent_has_room(self, any_centre: Centre) -> None:
        work = self.snoozed(any_centre)
        other = any_centre.start("CASE-2")
        any_centre.settle()
        any_centre.accept(other)
        any_centre.clock.pass_seconds(60)
        any_centre.settle()
        assert any_centre.read(work).state == "inactive"
        any_centre.end(other)
        any_centre.settle()
        assert any_centre.read(work).state == "assigned"

    def test_snoozed_work_comes_before_new_work_also_where_there_is_always_some(self, any_centre: Centre) -> None:
        work = self.snoozed(any_centre)
        other = any_centre.start("CASE-2")
        any_centre.settle()
        any_centre.accept(other)
        new = any_centre.start("CASE-3")
        any_centre.clock.pass_seconds(60)
        any_centre.settle()
        any_centre.end(other)
        any_centre.catch_up()
        any_centre.ring()
        assert states(any_centre, [work, new]) == ["assigned", "queued"]

    def test_snoozed_work_that_was_parked_before_its_agents_row_told_of_it_is_found_by_the_sweep(
        self, any_centre: Centre
    ) -> None:
        work = self.snoozed(any_centre)
        ana = any_centre.occupancy("ana")
        held = {each: replace(held, wake_at=None) for each, held in ana.held.items()}
        untold = replace(ana, held=held, version=ana.version + 1)
        any_centre.world.store.commit(Change(None, untold, occupancy_seen=ana.version))
        any_centre.clock.pass_seconds(60)
        any_centre.route()
        assert any_centre.read(work).state == "inactive"
        any_centre.sweep()
        assert any_centre.read(work).state == "assigned"

    def test_snoozed_work_of_an_agent_who_has_left_goes_back_to_its_queue(self, any_centre: Centre) -> None:
        work = self.snoozed(any_centre)
        sessions.set_status(any_centre.world, "ana", "offline", None, "agent:ana")
        any_centre.clock.pass_seconds(60)
        any_centre.settle()
        assert any_centre.read(work).state == "queued"


def test_an_agent_is_told_what_comes_next_and_why_nothing_else_does(centre: MemoryCentre) -> None:
    configured(centre, flows=always(FRENCH))
    french = centre.start("CASE-1")
    centre.consume()
    centre.route()
    configured(centre)
    plain = centre.start("CASE-2")
    centre.consume()
    centre.route()
    occupy: Callable[..., Any] = sessions.set_status
    occupy(centre.world, "ben", "ready", None, "agent:ben")
    coming, verdicts = explaining.explain_to_agent(centre.world, "ben")
    assert coming is not None
    assert coming.engagement_id == plain
    assert {each.id: each.reason for each in verdicts} == {french: "skill_missing", plain: None}


def test_room_is_needed_to_take_work_up_again(any_centre: Centre) -> None:
    first, second = any_centre.start("CASE-1"), any_centre.start("CASE-2")
    any_centre.ready("ana")
    any_centre.settle()
    mine, other = sorted((first, second), key=lambda each: any_centre.read(each).state != "offered")
    any_centre.accept(mine)
    desk.deactivate(any_centre.world, Order(mine, "agent:ana", "ana"))
    any_centre.settle()
    any_centre.accept(other)
    with pytest.raises(NoCapacity):
        desk.activate(any_centre.world, Order(mine, "agent:ana", "ana"))


def test_work_for_one_who_does_not_serve_its_queue_is_anybodys(any_centre: Centre) -> None:
    """An overflow, or a change of the configuration, may take it where he is not; it would wait there for ever."""
    configured(any_centre, {"max_wait_time": 60, "overflow": {"queue_id": "general"}}, flows=always({"user_id": "ana"}))
    work = any_centre.start()
    any_centre.ready("ben")
    any_centre.settle()
    assert any_centre.read(work).state == "queued", "while it waits for ana"
    any_centre.clock.pass_seconds(60)
    any_centre.settle()
    assert (any_centre.read(work).queue_id, any_centre.read(work).agent_id) == ("general", "ben")
    check(any_centre, [work])


def test_work_is_held_for_nobody_who_does_not_serve_its_queue(any_centre: Centre) -> None:
    configured(any_centre, flows=always({"preferred_user_id": "ben", "preferred_seconds": 600}))
    work = any_centre.start()
    configured(any_centre, agents=with_agents({"user_id": "ana"}, {"user_id": "ben", "queues": ["general"]}))
    any_centre.ready("ana")
    any_centre.settle()
    assert any_centre.read(work).agent_id == "ana"


def test_scheduled_work_is_held_for_the_preferred_agent_from_when_it_enters_its_queue(any_centre: Centre) -> None:
    configured(any_centre, flows=always({"preferred_user_id": "ben", "preferred_seconds": 20}))
    work = any_centre.start(not_before=any_centre.clock() + 3_600_000)
    any_centre.ready("ana")
    any_centre.clock.pass_seconds(3600)
    any_centre.settle()
    assert any_centre.read(work).state == "queued"
    any_centre.clock.pass_seconds(20)
    any_centre.settle()
    assert any_centre.read(work).agent_id == "ana"


def test_live_numbers_hold_a_wait_against_the_service_level_as_reports_and_clocks_do(any_centre: Centre) -> None:
    """From when work came into the queue; what was transferred is older than that."""
    document = copy.deepcopy(TENANT)
    document["queues"][1] |= {"service_level": {"threshold": 60}}
    any_centre.configure(document)
    any_centre.clock.pass_seconds(5)
    work = any_centre.start()
    any_centre.ready("ana")
    any_centre.settle()
    any_centre.accept(work)
    any_centre.clock.pass_seconds(300)
    target = transferring.Target("queue", "general")
    transferring.transfer(any_centre.world, Order(work, "agent:ana", "ana"), target)
    any_centre.settle()
    _, general, _ = watching.queues_now(any_centre.world)
    assert (general.waiting, general.within_service_level) == (1, 1)
    assert any_centre.read(work).flags == ()
    any_centre.clock.pass_seconds(61)
    any_centre.settle()
    _, general, _ = watching.queues_now(any_centre.world)
    assert (general.waiting, general.within_service_level) == (1, 0)
    assert "service_level_breached" in any_centre.read(work).flags


def test_a_wait_goes_by_those_who_could_take_it(centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not by who lacks the skill, nor by who takes nothing from the queue now."""
    monkeypatch.setattr(explaining, "handling_times", lambda _: {"billing": 60_000})
    configured(centre, flows=always(FRENCH))
    works = [centre.start(f"CASE-{n}") for n in range(2)]
    centre.ready("ben")
    centre.settle()

    def expected() -> tuple[Any, Any]:
        waiting = next(found for found in map(centre.read, works) if found.state == "queued")
        why, (billing, *_) = explaining.explain(centre.world, waiting), watching.queues_now(centre.world)
        assert why is not None
        return why.wait and why.wait.expected, billing.wait and billing.wait.expected

    assert expected()[0] is None
    centre.ready("ana")
    centre.settle()
    assert expected() == (60_000, 0), "ben is free for what asks for no French"
    sessions.opt_out(centre.world, "ben", ["billing"])
    assert expected() == (60_000, 2 * 60_000)


class TestWhoComesBack:
    """Consumer routing profiles that ask whether the consumer has been here before."""

    def start(self, centre: Centre, work_item_id: str, consumer: str = "C-1") -> str:
        return centre.start(work_item_id, consumer={"consumer_external_id": consumer})

    def ranked(self, centre: Centre, **profile: Any) -> None:
        profiles = [{"consumer_routing_profile_id": "p", **profile}]
        configured(centre, {"consumer_routing_profile_id": "p"}, consumer_routing_profiles=profiles)

    def test_who_comes_back_in_time_goes_first(self, any_centre: Centre) -> None:
        self.ranked(any_centre, top_priorities=[BACK])
        first = self.start(any_centre, "CASE-1")
        any_centre.consume()
        any_centre.clock.pass_seconds(3600)
        again, other = self.start(any_centre, "CASE-2"), self.start(any_centre, "CASE-3", "C-2")
        any_centre.consume()
        any_centre.clock.pass_seconds(3601)
        late = self.start(any_centre, "CASE-4")
        assert [any_centre.read(each).standing.top for each in (first, again, other, late)] == [
            False,
            True,
            False,
            False,
        ]

    def test_who_is_new_goes_first(self, any_centre: Centre) -> None:
        self.ranked(any_centre, top_priorities=[{"attribute_type": "new_customer"}])
        first = self.start(any_centre, "CASE-1")
        any_centre.consume()
        any_centre.clock.pass_seconds(1)
        again, nobody = self.start(any_centre, "CASE-2"), any_centre.start("CASE-3")
        assert [any_centre.read(each).standing.top for each in (first, again, nobody)] == [True, False, True]

    def test_work_that_moves_does_not_come_back(self, any_centre: Centre) -> None:
        """What an engagement itself has left behind, and what came after it, makes no consumer a returning one."""
        self.ranked(any_centre, top_priorities=[BACK])
        work = self.start(any_centre, "CASE-1")
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.accept(work)
        any_centre.clock.pass_seconds(1)
        self.start(any_centre, "CASE-2")
        any_centre.settle()
        desk.release(any_centre.world, Order(work, "agent:ana"))
        assert not any_centre.read(work).standing.top


class TestRankedAnew:
    """Work whose variables change while it waits is ranked as when it came into its queue."""

    def ranked(self, centre: Centre, profile: Document) -> None:
        profiles = [{"consumer_routing_profile_id": "p", **profile}]
        configured(centre, {"consumer_routing_profile_id": "p"}, consumer_routing_profiles=profiles)

    def changed(self, centre: Centre, work: str) -> Engagement:
        amendment = amending.Amendment(work_item_variables={"work_item_desc": "Another"})
        return amending.update(centre.world, Order(work, "integration:crm"), amendment)

    def test_what_was_released_still_counts_as_released(self, any_centre: Centre) -> None:
        self.ranked(any_centre, {"top_priorities": [{"attribute_type": "release_to_queue"}]})
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.accept(work)
        assert not self.changed(any_centre, work).standing.top
        desk.release(any_centre.world, Order(work, "agent:ana"))
        assert any_centre.read(work).standing.top
        assert self.changed(any_centre, work).standing.top

    def test_what_wakes_after_its_agent_has_left_counts_as_released(self, any_centre: Centre) -> None:
        self.ranked(any_centre, {"top_priorities": [{"attribute_type": "release_to_queue"}]})
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.accept(work)
        desk.deactivate(any_centre.world, Order(work, "agent:ana"), any_centre.clock() + 60_000)
        sessions.set_status(any_centre.world, "ana", "offline", None, "agent:ana")
        any_centre.clock.pass_seconds(61)
        any_centre.settle()
        assert (any_centre.read(work).state, any_centre.read(work).standing.top) == ("queued", True)

    def test_its_target_stays_where_it_is(self, any_centre: Centre) -> None:
        self.ranked(any_centre, {"order": "service_level", "service_level_threshold": 60})
        work = any_centre.start()
        any_centre.ready("ana")
        any_centre.settle()
        any_centre.clock.pass_seconds(10)
        any_centre.accept(work)
        desk.release(any_centre.world, Order(work, "agent:ana"))
        target = any_centre.read(work).standing.target_at
        assert target == any_centre.clock() + 60_000
        assert self.changed(any_centre, work).standing.target_at == target
