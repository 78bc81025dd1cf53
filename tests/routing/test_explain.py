"""Why an engagement waits: the first rule that excludes each agent, and what stands before it."""

from __future__ import annotations

from chalicelib.routing.explain import REASONS, Verdict, explain_waiting
from tests.routing.test_decide import FRENCH, NOW, agent, work

AGENTS = [
    agent("ana"),
    agent("ben", queues=frozenset({"general"}), ready=False),
    agent("cy", ready=False),
    agent("dee", skills={"french": 1}),
    agent("eve", skills={"french": 4}),
    agent("fay", skills={"french": 4}, load={"work_item": 1}),
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
    )
    assert {verdict.reason for verdict in found.verdicts} == set(REASONS)


def test_it_says_so_in_words() -> None:
    waiting = work("mine", queued_at=5, skills=FRENCH)
    others = [work("older", queued_at=1), work("younger", queued_at=9), work("elsewhere", queue_id="general")]
    assert explain_waiting(waiting, others, AGENTS[:4], NOW).text() == (
        "It is 1 before it in its queue; nobody can take it now. Of 4 agents: 1 does not serve the queue; "
        "1 is not ready; 2 lacks a required skill at the required proficiency."
    )
    assert explain_waiting(waiting, [], AGENTS, NOW).text() == "It is next in its queue; 1 of 6 agents can take it now."
