"""Why an engagement waits, and why nothing comes to an agent: the first rule that stands against it."""

from __future__ import annotations

from hypothesis import given

from chalicelib.routing.decide import decide
from chalicelib.routing.explain import REASONS, Verdict, explain_agent, explain_waiting, matchable
from chalicelib.routing.model import Category, QueueRules, Terms
from chalicelib.routing.occupancy import Closing, Criterion, OccupancyRules
from chalicelib.routing.widen import Needs
from tests.routing.worlds import FRENCH, NOW, World, agent, work, worlds

SPEAKS = {"french": 4}
ON_CALL = OccupancyRules(closings=(Closing((Criterion("voice"),)),))
AGENTS = [
    agent("ana"),
    agent("ben", queues=frozenset({"general"}), ready=False),
    agent("cy", ready=False),
    agent("dee", skills={"french": 1}),
    agent("eve", skills=SPEAKS),
    agent("fay", skills=SPEAKS, load={"work_item": 1}),
    agent("gus", skills=SPEAKS, terms={"billing": Terms(delay=500)}),
    agent("hal", skills=SPEAKS, capacity={"voice": 1}),
    agent("ida", skills=SPEAKS, capacity={"voice": 1, "work_item": 1}, load={"voice": 1}, occupancy=ON_CALL),
    agent("joe", skills=SPEAKS, offers=1, occupancy=OccupancyRules(most_offers=1)),
]


def test_each_agent_has_a_verdict_with_the_first_reason() -> None:
    found = explain_waiting(work(skills=FRENCH, cooling=(("eve", 101),)), [], AGENTS, NOW)
    assert found.verdicts == (
        Verdict("ana", "skill_missing"),
        Verdict("ben", "other_queue"),
        Verdict("cy", "not_ready"),
        Verdict("dee", "skill_missing"),
        Verdict("eve", "cooling_down"),
        Verdict("fay", "no_room"),
        Verdict("gus", "group_waits"),
        Verdict("hal", "no_channel"),
        Verdict("ida", "occupied"),
        Verdict("joe", "offers_open"),
    )
    held = explain_waiting(work(direct_to="zoe"), [], AGENTS[:1], NOW)
    assert {verdict.reason for verdict in (*found.verdicts, *held.verdicts)} == set(REASONS)


def test_it_says_so_in_words() -> None:
    waiting = work("mine", queued_at=5, skills=FRENCH)
    others = [work("older", queued_at=1), work("younger", queued_at=9), work("elsewhere", queue_id="general")]
    assert explain_waiting(waiting, others, AGENTS[:4], NOW).text() == (
        "It is number 2 in its queue; nobody can take it now. Of 4 agents: 1 not serving the queue; "
        "1 not ready; 2 without a required skill at the required proficiency. "
        "No agent will ever meet what it asks for: change its skills or its queue."
    )
    assert (
        explain_waiting(waiting, [], AGENTS[:5], NOW).text()
        == "It is next in its queue; 1 of 5 agents can take it now."
    )
    closed = explain_waiting(waiting, [], AGENTS, NOW, closed={"billing"})
    assert closed.text() == "It is next in its queue; the queue is closed, so nothing is offered from it."


def test_it_tells_the_step_and_when_the_next_one_comes() -> None:
    rules = {"billing": QueueRules(profile=(Category(frozenset({"french"})),), steps=(50, 150))}
    found = explain_waiting(work(skills=FRENCH), [], AGENTS, NOW, rules)
    assert (found.step, found.next_change_at) == (1, 150)


def test_what_fits_nobody_at_its_most_relaxed_is_never_matchable() -> None:
    german = work(skills=(FRENCH[0].__class__("german"),))
    relaxing = {"billing": QueueRules(profile=(Category(frozenset({"german"})),), steps=(10,))}
    insisting = {"billing": QueueRules(profile=(Category(frozenset({"german"}), required=True),), steps=(10,))}
    assert not matchable(german, AGENTS, Needs({}))
    assert matchable(german, AGENTS, Needs(relaxing))
    assert not matchable(german, AGENTS, Needs(insisting))
    assert matchable(work(), [agent("a", ready=False, load={"work_item": 1})], Needs({})), "no false alarm"
    small = OccupancyRules(units={"all": 1}, costs={"work_item": (("all", 2),)})
    assert not matchable(work(), [agent("a", occupancy=small)], Needs({})), "it takes more than he has at his emptiest"
    assert matchable(work(), [agent("a", offers=1, occupancy=OccupancyRules(most_offers=1))], Needs({}))


@given(worlds)
def test_what_is_offered_was_never_called_unmatchable(world: World) -> None:
    needs = Needs(world.rules)
    for match in decide(world.waiting, world.candidates, NOW, world.rules):
        assert matchable(match.waiting, world.candidates, needs)


@given(worlds)
def test_an_agent_asked_alone_gets_what_the_explanation_says_comes_next(world: World) -> None:
    for candidate in world.candidates:
        if candidate.ready:
            coming, verdicts = explain_agent(candidate, world.waiting, NOW, world.rules, world.closed)
            matches = decide(world.waiting, [candidate], NOW, world.rules, world.closed, swap=False)
            assert coming == (matches[0].waiting if matches else None)
            assert len(verdicts) == len(world.waiting)
