"""What a command answers, and what it does, where something else happened between two of its reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.engagements import commands
from chalicelib.engagements.model import Change
from chalicelib.errors import LostRace, NotFound, WrongState
from chalicelib.flows.document import Route
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import amending, configuring, desk, routing, sessions, supervising, timers, transferring
from chalicelib.operations.ordering import Order
from chalicelib.operations.translation import destination_of
from chalicelib.world import World
from tests.operations.test_in_hand import PARKS
from tests.operations.test_queues import WEEKDAYS, Document, configured, with_agents
from tests.support.invariants import check
from tests.support.worlds import TENANT, Centre, MemoryCentre


def assigned(centre: Centre) -> str:
    engagement_id = centre.start()
    centre.ready("ana")
    centre.settle()
    centre.accept(engagement_id)
    return engagement_id


class Meanwhile:
    """A store in which something happens just before a call."""

    def __init__(self, store: Any, call: str, happens: Any) -> None:
        self._store, self._call, self._happens = store, call, happens

    def __getattr__(self, name: str) -> Any:
        if name == self._call and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return getattr(self._store, name)


def meanwhile(centre: Centre, call: str, happens: Any) -> Any:
    """The world of somebody who is slower than what happens."""
    return replace(centre.world, store=Meanwhile(centre.world.store, call, happens))


def test_work_that_was_just_taken_up_does_not_stand_in_its_own_way(centre: MemoryCentre) -> None:
    mine = Order(assigned(centre), "agent:ana", "ana")
    desk.deactivate(centre.world, mine)
    slow = meanwhile(centre, "occupancies", lambda: desk.activate(centre.world, mine))
    centre.clock.pass_seconds(1)
    with pytest.raises(WrongState):
        desk.activate(slow, mine)


def test_an_agent_pulls_nothing_that_has_become_somebody_elses_since_the_index_was_read(centre: MemoryCentre) -> None:
    configured(centre, {"distribution": "manual"})
    engagement_id = centre.start()
    centre.settle()
    centre.ready("ana", "ben")

    def sent_to_ben() -> None:
        desk.pull(centre.world, "ben", "billing", "agent:ben")
        order = Order(engagement_id, "agent:ben", "ben")
        transferring.transfer(centre.world, order, transferring.Target("agent", "ben"))

    slow = meanwhile(centre, "engagement", sent_to_ben)
    assert desk.pull(slow, "ana", "billing", "agent:ana") is None
    assert centre.read(engagement_id).direct_to == "ben"


def test_work_that_is_finished_while_it_is_parked_takes_no_place_from_other_work(centre: MemoryCentre) -> None:
    configured(centre, {"wrap_up_time": 60})
    parked = assigned(centre)
    desk.deactivate(centre.world, Order(parked, "agent:ana", "ana"))
    other = centre.start("CASE-2")
    centre.settle()
    centre.accept(other)
    assert centre.end(parked).state == "wrap_up"
    check(centre, [parked, other])


def test_an_owner_is_no_participant_too_and_cannot_take_over_from_himself(centre: MemoryCentre) -> None:
    mine = Order(assigned(centre), "agent:ana", "ana")
    with pytest.raises(WrongState):
        supervising.observe(centre.world, mine, "ana", "consult")
    with pytest.raises(NotFound):
        supervising.take_over(centre.world, mine, "ana")
    check(centre, [mine.engagement_id])


def test_who_takes_work_over_while_he_is_offline_has_it(centre: MemoryCentre) -> None:
    """A supervisor who takes a call over need not wait for other work. He has it until he leaves, or for a day."""
    mine = Order(assigned(centre), "agent:ana", "ana")
    sessions.set_status(centre.world, "ben", "offline", None, "agent:ben")
    centre.clock.pass_seconds(3600)
    supervising.observe(centre.world, mine, "ben", "barge")
    supervising.take_over(centre.world, Order(mine.engagement_id, "supervisor:ben"), "ben")
    for seconds in (1, 3600, 86_400 - 3602):
        centre.clock.pass_seconds(seconds)
        centre.settle()
        assert (centre.read(mine.engagement_id).state, centre.read(mine.engagement_id).agent_id) == ("assigned", "ben")
    centre.clock.pass_seconds(1)
    centre.settle()
    assert centre.read(mine.engagement_id).agent_id == "ana"


def test_who_has_just_come_back_is_not_signed_out_for_his_silence_before(centre: MemoryCentre) -> None:
    configured(centre, heartbeat_timeout=60)
    centre.ready("ana")
    centre.clock.pass_seconds(61)

    def comes_back() -> None:
        sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")

    timers.sweep(meanwhile(centre, "beats", comes_back))
    assert centre.occupancy("ana").status == "not_ready"
    centre.clock.pass_seconds(61)
    timers.sweep(centre.world)
    assert centre.occupancy("ana").status == "offline"


def test_the_router_goes_by_what_work_is_now_and_not_by_what_it_was_when_it_was_listed(centre: MemoryCentre) -> None:
    configured(centre, agents=with_agents({"user_id": "ana", "capacity": {"work_item": 1}}))
    first, second = centre.start("CASE-1"), centre.start("CASE-2")
    centre.settle()
    centre.ready("ana")

    def made_less_urgent() -> None:
        amending.update(centre.world, Order(first, "integration:crm"), amending.Amendment(priority=0))

    routing.route_everything(meanwhile(centre, "engagements", made_less_urgent))
    assert (centre.read(first).state, centre.read(second).state) == ("queued", "offered"), "I14"


def test_a_pass_goes_on_where_somebody_has_just_taken_over_what_it_would_have_parked(centre: MemoryCentre) -> None:
    people = with_agents({"user_id": "ana", "occupancy_profile_id": "p"}, {"user_id": "ben"})
    configured(centre, agents=people, occupancy_profiles=[PARKS])
    mine = Order(assigned(centre), "agent:ana", "ana")
    supervising.observe(centre.world, mine, "ben", "consult")
    centre.start("CASE-2")
    centre.consume()

    def taken_over() -> None:
        supervising.take_over(centre.world, Order(mine.engagement_id, "agent:ben"), "ben")

    slow = meanwhile(centre, "engagements", lambda: None)
    slow.store._happens = lambda: setattr(slow.store, "_happens", taken_over)  # as what can be parked is read
    routing.route(slow, [Ring(queue_id="billing")])
    assert slow.store._happens is None
    assert centre.read(mine.engagement_id).agent_id == "ben"


@pytest.mark.parametrize("late", [False, True], ids=["before it is chosen", "when it has been"])
def test_work_that_went_on_to_a_closed_queue_meanwhile_is_not_offered_from_there(
    centre: MemoryCentre, late: bool
) -> None:
    """It overflowed while a router was about to offer it: the queue it is in now is none of that router's (I8)."""
    general = {**TENANT["queues"][1], "business_hours_id": "office"}
    configured(centre, queues=[TENANT["queues"][0], general, TENANT["queues"][2]], business_hours=[WEEKDAYS])
    centre.ready("ben")
    engagement_id = centre.start()
    centre.consume()

    def overflows() -> None:
        there, now = centre.read(engagement_id), centre.clock()
        to = destination_of(centre.world.tenant(), Route("general", 1), there.content, now)
        centre.world.store.commit(commands.overflow(there, to, reason="max_wait_time", now=now))

    def at_the_next() -> None:
        slow.store._happens = overflows

    slow = meanwhile(centre, "commit_all", at_the_next if late else overflows)
    routing.route(slow, [Ring(queue_id="billing")])
    assert slow.store._happens is None
    assert (centre.read(engagement_id).queue_id, centre.read(engagement_id).state) == ("general", "queued")


class Hot:
    """A store in which somebody else always comes first at the rows of one agent."""

    def __init__(self, store: Any, agent_id: str) -> None:
        self._store, self._agent_id = store, agent_id

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, change: Change) -> None:
        if self._agent_id in [occupancy.agent_id for occupancy, _ in change.occupancies]:
            raise LostRace("Somebody else changed it at the same moment.")
        self._store.commit(change)


def hot(centre: Centre, agent_id: str) -> World:
    return replace(centre.world, store=Hot(centre.world.store, agent_id))


def both_at_work(centre: Centre) -> tuple[str, str]:
    """What Ana and what Ben has in hand."""
    works = []
    for n, agent_id in enumerate(("ana", "ben")):
        centre.ready(agent_id)
        works.append(centre.start(f"CASE-{n}"))
        centre.settle()
        assert centre.accept(works[-1]).agent_id == agent_id
    return works[0], works[1]


def test_an_agent_whose_row_is_busy_does_not_hold_up_the_work_of_others_who_have_left(centre: MemoryCentre) -> None:
    of_ana, of_ben = both_at_work(centre)
    for agent_id in ("ana", "ben"):
        sessions.set_status(centre.world, agent_id, "offline", None, f"agent:{agent_id}")
    centre.clock.pass_seconds(121)
    timers.sweep(hot(centre, "ana"))
    assert (centre.read(of_ana).state, centre.read(of_ben).state) == ("assigned", "queued")
    timers.sweep(centre.world)
    assert centre.read(of_ana).state == "queued"


def test_an_agent_whose_row_is_busy_does_not_hold_up_the_work_of_others_who_are_gone(centre: MemoryCentre) -> None:
    of_ana, of_ben = both_at_work(centre)
    configured(centre, agents=[])
    timers.sweep(hot(centre, "ana"))
    assert (centre.occupancy("ana").status, centre.occupancy("ben").status) == ("ready", "offline")
    assert (centre.read(of_ana).state, centre.read(of_ben).state) == ("assigned", "queued")
    timers.sweep(centre.world)
    assert (centre.occupancy("ana").status, centre.read(of_ana).state) == ("offline", "queued")


def test_an_agent_who_is_taken_out_while_his_row_is_busy_has_been_taken_out(centre: MemoryCentre) -> None:
    """The version is applied; that what he held could not be taken from him yet is for the sweeper."""
    of_ana, _ = both_at_work(centre)

    def without_ana(document: Document) -> Document:
        left = [each for each in document["agents"] if each["user_id"] != "ana"]
        if len(left) == len(document["agents"]):
            raise NotFound("User does not exist: ana.")
        return {**document, "agents": left}

    configuring.edit(hot(centre, "ana"), without_ana, None, configuring.Terms(release=True))
    assert "ana" not in centre.world.latest_tenant().agent_by_id
    timers.sweep(centre.world)
    assert centre.read(of_ana).state == "queued"


def test_offers_that_one_agent_leaves_unanswered_end_together(centre: MemoryCentre) -> None:
    """Both were made in one pass, so both rings come in one batch."""
    centre.ready("ben")
    works = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.consume()
    centre.ring()
    assert [centre.read(each).agent_id for each in works] == ["ben", "ben"]
    centre.catch_up()
    centre.clock.pass_seconds(30)
    centre.ring()
    assert [centre.read(each).state for each in works] == ["queued", "queued"]


class Behind:
    """A store whose index shows a queue as it was when this was made."""

    def __init__(self, store: Any, queue_id: str) -> None:
        self._store, self._seen = store, store.waiting(queue_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def waiting(self, _: str) -> Any:
        return self._seen


def test_agents_pull_one_after_the_other_while_the_index_still_shows_what_was_taken(centre: MemoryCentre) -> None:
    configured(centre, {"distribution": "manual"}, agents=with_agents({"user_id": "ana", "capacity": {"work_item": 9}}))
    works = []
    for n in range(8):
        works.append(centre.start(f"CASE-{n}"))
        centre.clock.pass_seconds(1)
    centre.ready("ana")
    centre.settle()
    behind = replace(centre.world, store=Behind(centre.world.store, "billing"))
    pulled = [desk.pull(behind, "ana", "billing", "agent:ana") for _ in works]
    assert [each and each.engagement_id for each in pulled] == works
    assert desk.pull(behind, "ana", "billing", "agent:ana") is None


def test_work_that_was_withdrawn_and_started_anew_hides_nothing_from_who_pulls(centre: MemoryCentre) -> None:
    configured(centre, {"distribution": "manual"})
    first = centre.start("CASE-1")
    centre.clock.pass_seconds(1)
    second = centre.start("CASE-2")
    centre.ready("ana")
    centre.settle()
    behind = replace(centre.world, store=Behind(centre.world.store, "billing"))
    desk.cancel(centre.world, Order(first, "integration:crm"))
    centre.start("CASE-1")
    pulled = desk.pull(behind, "ana", "billing", "agent:ana")
    assert pulled is not None
    assert pulled.engagement_id == second


class Rung:
    """A transport that notes how many rings each call brings: for thousands, a call each takes a minute."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.calls: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def ring(self, rings: Any, delay: int = 0) -> None:
        rings = list(rings)
        self.calls.append(len(rings))
        self._transport.ring(rings, delay)


def test_what_enters_its_queue_at_the_same_moment_rings_together(centre: MemoryCentre) -> None:
    works = [centre.start(f"CASE-{n}", not_before=centre.clock() + 3_600_000) for n in range(30)]
    centre.clock.pass_seconds(3600)
    rung = Rung(centre.transport)
    timers.sweep(replace(centre.world, transport=rung))
    assert rung.calls == [30]
    assert {centre.read(each).state for each in works} == {"queued"}


def test_what_leaves_a_queue_in_one_pass_rings_together(centre: MemoryCentre) -> None:
    configured(centre, {"max_engagement_in_queue": 1, "overflow": {"queue_id": "general"}})
    works = [centre.start(f"CASE-{n}") for n in range(31)]
    centre.catch_up()
    rung = Rung(centre.transport)
    routing.route(replace(centre.world, transport=rung), [Ring("billing")])
    assert rung.calls == [30]
    assert sum(centre.read(each).queue_id == "general" for each in works) == 30


def test_a_clock_that_was_taken_away_is_looked_at_once_more_and_no_longer(centre: MemoryCentre) -> None:
    """Else each pass would read everything anew of which the index says that something is due."""
    configured(centre, {"service_level": {"threshold": 100}})
    engagement_id = centre.start()
    centre.settle()
    configured(centre)
    centre.clock.pass_seconds(101)
    centre.route()
    (entry,) = centre.store.waiting("billing")
    assert (entry.due_at, centre.read(engagement_id).version) == (None, 1)
