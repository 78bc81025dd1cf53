"""What is in agents' hands, and what comes to them besides: parking, caps of offers, and what an explanation says of
both."""

from __future__ import annotations

import random
from typing import Any, get_args

import pytest

from chalicelib.configuration.profiles import ChannelName
from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.engagements import agents, model
from chalicelib.engagements.model import MOST_ELSEWHERE, MOST_PARKED, Held, Occupancy, own_work_key
from chalicelib.errors import NoCapacity
from chalicelib.operations import desk, explaining, sessions
from chalicelib.operations.listing import weight_of
from chalicelib.operations.ordering import Order
from chalicelib.routing.explain import Verdict
from chalicelib.storage import codec
from tests.operations.test_queues import configured, states, with_agents
from tests.support.invariants import check
from tests.support.worlds import NOW, Centre

PARKS: dict[str, Any] = {
    "occupancy_profile_id": "p",
    "capacity": {"work_item": 1},
    "parks": {"work_item": "work_item"},
}


def two_who_park(centre: Centre, queue: dict[str, Any] | None = None) -> None:
    people = with_agents(
        {"user_id": "ana", "occupancy_profile_id": "p"}, {"user_id": "ben", "occupancy_profile_id": "p"}
    )
    configured(centre, queue, occupancy_profiles=[PARKS], agents=people)


def rung_and_in_work(centre: Centre) -> tuple[str, str]:
    """Ana, idle longest, has not answered her offer; Ben works on what he has."""
    two_who_park(centre)
    centre.ready("ana")
    rung = centre.start("CASE-1")
    centre.settle()
    centre.clock.pass_seconds(1)
    centre.ready("ben")
    in_work = centre.start("CASE-2")
    centre.settle()
    centre.accept(in_work)
    return rung, in_work


def test_i14_who_has_nothing_to_park_keeps_nothing_from_who_has(any_centre: Centre) -> None:
    rung, in_work = rung_and_in_work(any_centre)
    newcomer = any_centre.start("CASE-3")
    any_centre.settle()
    assert states(any_centre, [rung, in_work, newcomer]) == ["offered", "inactive", "offered"]
    assert any_centre.read(newcomer).agent_id == "ben"
    check(any_centre, [rung, in_work, newcomer])


def test_what_is_in_its_wrap_up_is_not_parked(any_centre: Centre) -> None:
    two_who_park(any_centre, {"wrap_up_time": 60})
    any_centre.ready("ana")
    wrapped = any_centre.start("CASE-1")
    any_centre.settle()
    any_centre.accept(wrapped)
    any_centre.end(wrapped)
    newcomer = any_centre.start("CASE-2")
    any_centre.settle()
    assert states(any_centre, [wrapped, newcomer]) == ["wrap_up", "queued"]
    why = explaining.explain(any_centre.world, any_centre.read(newcomer))
    assert why is not None
    assert why.verdicts == (Verdict("ana", "no_room"), Verdict("ben", "not_ready"))
    assert explaining.explain_to_agent(any_centre.world, "ana")[0] is None


def test_i5_who_pulls_has_to_park_first_himself(any_centre: Centre) -> None:
    two_who_park(any_centre, {"distribution": "manual"})
    any_centre.ready("ana")
    works = [any_centre.start("CASE-1"), any_centre.start("CASE-2")]
    any_centre.settle()
    assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is not None
    assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is None, "her one place is taken"
    check(any_centre, works)
    desk.deactivate(any_centre.world, Order(works[0], "agent:ana", "ana"))
    assert desk.pull(any_centre.world, "ana", "billing", "agent:ana") is not None


def test_an_explanation_knows_of_the_offers_that_are_open(any_centre: Centre) -> None:
    profile = {"occupancy_profile_id": "one", "capacity": {"work_item": 5}, "most_offers": 1}
    people = with_agents({"user_id": "ana", "occupancy_profile_id": "one"})
    configured(any_centre, occupancy_profiles=[profile], agents=people)
    any_centre.ready("ana")
    _, second = any_centre.start("CASE-1"), any_centre.start("CASE-2")
    any_centre.settle()
    why = explaining.explain(any_centre.world, any_centre.read(second))
    assert why is not None
    assert why.verdicts == (Verdict("ana", "offers_open"),)
    assert explaining.explain_to_agent(any_centre.world, "ana") == (None, (Verdict(second, "offers_open"),))


def test_work_is_parked_up_to_a_limit_and_what_ends_makes_room_again(
    any_centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "MOST_PARKED", 1)
    first, second = in_work(any_centre), in_work(any_centre, "CASE-2")
    desk.deactivate(any_centre.world, Order(first, "agent:ben", "ben"))
    with pytest.raises(NoCapacity, match="parked"):
        desk.deactivate(any_centre.world, Order(second, "agent:ben", "ben"))
    any_centre.end(first)
    assert desk.deactivate(any_centre.world, Order(second, "agent:ben", "ben")).state == "inactive"


def in_work(centre: Centre, work_item_id: str = "CASE-1") -> str:
    """Ben works on it."""
    centre.ready("ben")
    work = centre.start(work_item_id)
    centre.settle()
    centre.accept(work)
    return work


def test_nobody_is_made_to_park_more_than_he_may(any_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "MOST_PARKED", 0)
    _, in_work = rung_and_in_work(any_centre)
    waits = any_centre.start("CASE-3")
    any_centre.settle()
    assert states(any_centre, [in_work, waits]) == ["assigned", "queued"]


def test_works_elsewhere_are_told_up_to_a_limit(any_centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agents, "MOST_ELSEWHERE", 1)
    for _ in range(2):
        sessions.take_elsewhere(any_centre.world, "ana", "call-1", "voice")
    with pytest.raises(NoCapacity, match="elsewhere"):
        sessions.take_elsewhere(any_centre.world, "ana", "call-2", "voice")
    sessions.leave_elsewhere(any_centre.world, "ana", "call-1")
    assert sessions.take_elsewhere(any_centre.world, "ana", "call-2", "voice").elsewhere == {"call-2": "voice"}


def test_what_is_said_to_be_over_twice_costs_nobody_his_turn(any_centre: Centre) -> None:
    any_centre.ready("ana")
    sessions.take_elsewhere(any_centre.world, "ana", "call-1", "voice")
    over = sessions.leave_elsewhere(any_centre.world, "ana", "call-1")
    any_centre.clock.pass_seconds(10)
    assert sessions.leave_elsewhere(any_centre.world, "ana", "call-1").idle_since == over.idle_since


def test_the_row_of_an_agent_who_has_all_that_he_may_is_taken() -> None:
    """At the longest that ids and references can be; what is random does not become smaller."""
    dice = random.Random(1)
    places = 100 * len(get_args(ChannelName))
    held = [own_work_key(dice.randbytes(16)) + own_work_key(dice.randbytes(8)) for _ in range(places + MOST_PARKED)]
    references = [
        "".join(map(chr, dice.choices(range(0x10000, 0x110000), k=LONGEST_ID))) for _ in range(MOST_ELSEWHERE)
    ]
    occupancy = Occupancy(
        "ana",
        held={each: Held("work_item", NOW + n, parked=True, wake_at=NOW + n) for n, each in enumerate(held)},
        elsewhere=dict.fromkeys(references, "voice"),
    )
    assert len(codec.OCCUPANCY.dump(occupancy)) < codec.LARGEST_PART


def test_a_desk_shows_what_is_in_hand_and_of_what_is_parked_as_much_as_an_answer_holds(
    any_centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    parked, active = in_work(any_centre), in_work(any_centre, "CASE-2")
    desk.deactivate(any_centre.world, Order(parked, "agent:ben", "ben"))
    assert [each.engagement_id for each in desk.assignments(any_centre.world, "ben")[1]] == [parked, active]
    monkeypatch.setattr(desk, "MOST_WEIGHT", 1.5 * weight_of(any_centre.read(active)))
    assert [each.engagement_id for each in desk.assignments(any_centre.world, "ben")[1]] == [active]
