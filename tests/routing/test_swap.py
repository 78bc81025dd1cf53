"""When work that has been given moves on, so that blocked work finds an agent: chains of moves, case by case."""

from __future__ import annotations

import pytest

from chalicelib.routing.engine import Engine
from chalicelib.routing.model import QueueRules, Requirement
from tests.routing.worlds import NOW, agent, work

CASES: list[tuple[str, list[str], list[str], str]] = [
    ("what another can do moves to him", ["a:x", "b:"], ["1:", "2:x"], "1b 2a"),
    ("over one who is busy with what a third can do", ["a:xz", "b:xy", "c:y"], ["1:x", "2:y", "3:z"], "1b 2c 3a"),
    ("whichever of it was given first", ["b:xy", "a:xz", "c:y"], ["1:y", "2:x", "3:z"], "1c 2b 3a"),
    ("but nobody is freed for what he cannot do", ["a:x", "b:", "c:"], ["1:x", "2:", "3:x"], "1a 2b"),
    ("nor does any of it move for nothing", ["a:x", "b:y"], ["1:", "2:", "3:x"], "1a 2b"),
    ("all that one holds can move", ["a:x", "a", "b:", "b"], ["1:", "2:", "3:x", "4:x"], "1b 2b 3a 4a"),
    ("what has moved can move on", ["a:x", "b:y", "c:"], ["1:", "2:x", "3:y"], "1c 2a 3b"),
    ("and so can what has not", ["a:x", "b:y", "c:", "d:"], ["1:", "2:", "3:x", "4:y"], "1c 2d 3a 4b"),
    ("what has moved away frees nobody again", ["a:z", "b:x", "c:", "d:"], ["0:z", "1:", "2:x", "3:x"], "0a 1c 2b"),
]
"""In a queue that asks in the order of the list: who has which skills (named twice: two places), and what asks for
which; then, by rank, who has what in the end."""


@pytest.mark.parametrize(("team", "asked", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_what_is_given_moves_on(team: list[str], asked: list[str], expected: str) -> None:
    names = [each[0] for each in team]
    agents = [
        agent(name, position=n, skills=dict.fromkeys(skills, 1), capacity={"work_item": names.count(name)})
        for n, (name, _, skills) in enumerate(each.partition(":") for each in team)
        if names.index(name) == n
    ]
    works = [work(each[0], skills=tuple(Requirement(skill) for skill in each[2:])) for each in asked]
    matches = Engine(agents, works, NOW, {"billing": QueueRules("sequential")}).decide(NOW)
    assert " ".join(match.waiting.engagement_id + match.agent_id for match in matches) == expected
