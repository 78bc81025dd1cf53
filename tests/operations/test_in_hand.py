"""What is in agents' hands, and what comes to them besides: parking, caps of offers, and what an explanation says of
both."""

from __future__ import annotations

from typing import Any

from chalicelib.operations import desk, explaining
from chalicelib.operations.ordering import Order
from chalicelib.routing.explain import Verdict
from tests.operations.test_queues import configured, states, with_agents
from tests.support.invariants import check
from tests.support.worlds import Centre

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
