"""However an engine comes to know of agents, of work and of the time, it decides by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.routing import engine as core
from chalicelib.routing.engine import Engine
from chalicelib.routing.model import Candidate, Category, Match, QueueRules, Requirement, Terms, Waiting
from chalicelib.routing.occupancy import Closing, Criterion, OccupancyRules
from chalicelib.routing.rank import HOUR
from tests.routing.worlds import FRENCH, NOW, agent, work

Rules = Mapping[str, QueueRules]


def at_once(agents: list[Candidate], works: list[Waiting], rules: Rules) -> list[Match]:
    return Engine(agents, works, NOW, rules).decide(NOW, {"closed"})


def agents_come(agents: list[Candidate], works: list[Waiting], rules: Rules) -> list[Match]:
    engine = Engine([], works, NOW, rules)
    assert engine.decide(NOW, {"closed"}) == []
    engine.update(agents)
    return engine.decide(NOW, {"closed"})


def many_agents_come(agents: list[Candidate], works: list[Waiting], rules: Rules) -> list[Match]:
    with patch.object(core, "FEW", 0):
        return agents_come(agents, works, rules)


def work_comes(agents: list[Candidate], works: list[Waiting], rules: Rules) -> list[Match]:
    engine = Engine(agents, [], NOW, rules)
    assert engine.decide(NOW, {"closed"}) == []
    for each in works:
        engine.arrive(each, NOW)
    return engine.decide(NOW, {"closed"})


HOW: list[Callable[[list[Candidate], list[Waiting], Rules], list[Match]]] = [
    at_once,
    agents_come,
    many_agents_come,
    work_comes,
]
EVERY_QUEUE = frozenset({"billing", "general", "closed", "manual", "ring", "skill", "share"})
RULES = {
    "manual": QueueRules("manual"),
    "ring": QueueRules("simultaneous", at_once=3),
    "skill": QueueRules("best_skilled"),
    "share": QueueRules("most_available"),
}
TWO = {"work_item": 2}
SPEAKS = {"french": 3}
SECOND = Terms(level=2)
NO_CALL_BESIDE = (Closing((Criterion("work_item"),), ("voice",)),)
MAKES_WAY = OccupancyRules(closings=NO_CALL_BESIDE, parks={"voice": "work_item"})
ONE_OFFER = replace(MAKES_WAY, most_offers=1)
POOL = OccupancyRules(units={"all": 6}, costs={"voice": (("all", 2),), "work_item": (("all", 1),)})
NO_POOL = OccupancyRules(costs={"work_item": (("none", 0),)})


def serves(agent_id: str, **changes: Any) -> Candidate:
    """An agent of every queue with a place in both channels."""
    return agent(agent_id, **{"queues": EVERY_QUEUE, "capacity": {"work_item": 1, "voice": 2}, **changes})


SHARED_OUT: list[tuple[str, list[Candidate], list[Waiting], list[str]]] = [
    ("to one all that he has room for", [serves("a", capacity=TWO)], [work("1"), work("2"), work("3")], ["1 a", "2 a"]),
    ("in turn to those with room", [serves("a", capacity=TWO), serves("b")], [work("1"), work("2")], ["1 a", "2 b"]),
    (
        "to each what he can do",
        [serves("a"), serves("b", skills=SPEAKS)],
        [work("1", skills=FRENCH), work("2")],
        ["1 b", "2 a"],
    ),
    (
        "of several kinds the one of higher rank",
        [serves("a", skills=SPEAKS)],
        [work("1", priority=1), work("2", skills=FRENCH, priority=2)],
        ["2 a"],
    ),
    (
        "to him who serves at the first level before him of the second",
        [serves("a", terms={"billing": SECOND}), serves("b", idle_since=5)],
        [work("1"), work("2")],
        ["1 b", "2 a"],
    ),
    (
        "of the first level all before the second",
        [serves("a", capacity={"work_item": 3}, terms={"general": SECOND})],
        [work("1", queue_id="general", priority=9), work("2"), work("3", priority=1)],
        ["3 a", "2 a", "1 a"],
    ),
    ("nothing of a closed queue", [serves("a", capacity=TWO)], [work("1", queue_id="closed"), work("2")], ["2 a"]),
    ("nothing that is taken by hand", [serves("a", capacity=TWO)], [work("1", queue_id="manual"), work("2")], ["2 a"]),
    ("to one nothing that is another's", [serves("a", capacity=TWO)], [work("1", direct_to="b"), work("2")], ["2 a"]),
    ("nor to two", [serves("a", capacity=TWO), serves("b")], [work("1", direct_to="c"), work("2")], ["2 a"]),
    ("not what he passed by", [serves("a", capacity=TWO)], [work("1", cooling=(("a", 101),)), work("2")], ["2 a"]),
    (
        "a call for which he parks something, and then no more",
        [serves("a", load={"work_item": 1}, occupancy=MAKES_WAY)],
        [work("1", channel="voice"), work("2", channel="voice")],
        ["1 a parks work_item"],
    ),
    (
        "a call rather to him who parks nothing for it",
        [serves("a", load={"work_item": 1}, occupancy=MAKES_WAY), serves("b", idle_since=5, occupancy=MAKES_WAY)],
        [work("1", channel="voice")],
        ["1 b"],
    ),
    (
        "a call to him who has room beside what he could park",
        [serves("a", load={"work_item": 1}, occupancy=replace(MAKES_WAY, closings=()))],
        [work("1", channel="voice")],
        ["1 a"],
    ),
    (
        "no call to him who would park something, if he had answered his offers",
        [serves("a", load={"work_item": 1}, offers=1, occupancy=ONE_OFFER)],
        [work("1", channel="voice")],
        [],
    ),
    (
        "the same to several at once",
        [serves(name) for name in "abcde"],
        [work("1", queue_id="ring"), work("2", queue_id="ring")],
        ["1 a, b, c", "2 d, e"],
    ),
    (
        "to the best skilled, backups aside",
        [serves("a", skills={"german": 5}), serves("b", idle_since=5, skills={"french": 1})],
        [work("1", queue_id="skill", skills=(Requirement("french", 1, (("german", 5),)),))],
        ["1 b"],
    ),
    (
        "to him who has the least in hand",
        [serves("a", capacity=TWO, load={"work_item": 1}), serves("b", idle_since=5, capacity=TWO)],
        [work("1", queue_id="share")],
        ["1 b"],
    ),
    (
        "to him who has the least in hand, counted in the units that all his channels share",
        [
            serves("a", capacity={"work_item": 2, "voice": 2}, load={"voice": 1}, occupancy=POOL),
            serves("b", capacity={"work_item": 2, "voice": 2}, load={"work_item": 1}, idle_since=5, occupancy=POOL),
        ],
        [work("1", queue_id="share")],
        ["1 b"],
    ),
    (
        "to him who has the least in hand, counted in places where it takes no units",
        [
            serves("a", capacity=TWO, load={"work_item": 1}, occupancy=NO_POOL),
            serves("b", capacity=TWO, idle_since=5, occupancy=NO_POOL),
        ],
        [work("1", queue_id="share")],
        ["1 b"],
    ),
]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("agents", "works", "given"), [s[1:] for s in SHARED_OUT], ids=[s[0] for s in SHARED_OUT])
def test_what_is_given_to_whom(
    agents: list[Candidate],
    works: list[Waiting],
    given: list[str],
    how: Callable[[list[Candidate], list[Waiting], Rules], list[Match]],
) -> None:
    assert [_said(match) for match in how(agents, works, RULES)] == given


def _said(match: Match) -> str:
    to = ", ".join((match.agent_id, *match.also))
    return f"{match.waiting.engagement_id} {to}" + (f" parks {match.parks}" if match.parks else "")


@pytest.mark.parametrize("few", [0, core.FEW])
def test_all_who_come_free_together_are_given_something(few: int) -> None:
    busy = [agent(name, idle_since=n, load={"work_item": 1}) for n, name in enumerate("abc")]
    engine = Engine(busy, [work("1"), work("2", cooling=(("z", 999),)), work("3"), work("4")], NOW)
    assert engine.decide(NOW) == []
    engine.update(replace(each, load={}) for each in busy[:2])
    with patch.object(core, "FEW", few):
        assert [_said(match) for match in engine.decide(NOW)] == ["1 a", "2 b"]
    assert engine.decide(NOW) == []
    engine.update(replace(each, load={}) for each in busy)
    assert [_said(match) for match in engine.decide(NOW)] == ["3 a", "4 b"]
    assert [each.load for each in engine.candidates()] == [{"work_item": 1}, {"work_item": 1}, {}]


def test_what_is_new_is_given_out_also_where_it_does_not_suit_who_has_changed() -> None:
    engine = Engine([agent("a", capacity=TWO, skills=SPEAKS)], [], NOW)
    engine.decide(NOW)
    engine.update([agent("b", load={"work_item": 1})])
    engine.arrive(work("1"), NOW)
    engine.arrive(work("2", skills=FRENCH), NOW)
    assert [_said(match) for match in engine.decide(NOW)] == ["1 a", "2 a"]


def test_what_is_new_goes_after_what_has_waited_for_an_agent_to_come() -> None:
    engine = Engine([], [work("1")], NOW)
    engine.decide(NOW)
    engine.update([agent("a", skills=SPEAKS)])
    engine.arrive(work("2", skills=FRENCH), NOW)
    assert [_said(match) for match in engine.decide(NOW)] == ["1 a"]


def test_who_has_changed_and_gone_since_is_given_nothing() -> None:
    engine = Engine([agent("a"), agent("b")], [], NOW)
    engine.decide(NOW)
    engine.update([agent("b", idle_since=5), agent("b", ready=False)])
    assert engine.decide(NOW) == []
    engine.arrive(work("1"), NOW)
    engine.arrive(work("2"), NOW)
    assert [_said(match) for match in engine.decide(NOW)] == ["1 a"]


WIDENS = QueueRules(profile=(Category(frozenset({"french"})),), steps=(5,))
IN_FIVE: list[tuple[str, Candidate, Waiting, Rules]] = [
    ("who passed it by is asked again", agent("a"), work(cooling=(("a", NOW + 5),)), {}),
    ("it is held for another no longer", agent("a"), work(preferred="b", preferred_until=NOW + 5), {}),
    ("its search widens", agent("a"), work(queued_at=NOW, skills=FRENCH), {"billing": WIDENS}),
    (
        "it has waited long enough for the group",
        agent("a", terms={"billing": Terms(delay=5)}),
        work(queued_at=NOW),
        {"billing": QueueRules(delays=(5,))},
    ),
]


@pytest.mark.parametrize(("who", "waiting", "rules"), [i[1:] for i in IN_FIVE], ids=[i[0] for i in IN_FIVE])
def test_it_is_given_out_at_the_moment_when_it_asks_for_less(who: Candidate, waiting: Waiting, rules: Rules) -> None:
    there, came = Engine([who], [waiting], NOW, rules), Engine([who], [], NOW, rules)
    came.arrive(waiting, NOW)
    for engine in (there, came):
        assert [len(engine.decide(NOW + later)) for later in (0, 4, 5)] == [0, 0, 1]


@pytest.mark.parametrize(("hours", "first"), [(1, "slow"), (2, "fast")])
def test_what_gains_faster_overtakes_while_both_wait(hours: int, first: str) -> None:
    both = [work("slow", priority=3, queued_at=NOW, rate=1), work("fast", priority=2, queued_at=NOW, rate=2)]
    both = [replace(each, target_at=0) if each.engagement_id == "slow" else each for each in both]
    there, came = Engine([], both, NOW), Engine([], [], NOW)
    for each in both:
        came.arrive(each, NOW)
    for engine in (there, came):
        assert engine.decide(NOW) == []
        engine.update([agent("a")])
        assert [match.waiting.engagement_id for match in engine.decide(NOW + hours * HOUR)] == [first]


def test_what_waits_is_found_also_once_lines_that_have_run_empty_are_forgotten() -> None:
    with patch.object(core, "EMPTY_LINES", 0):
        engine = Engine([], [work("stays")], NOW)
        for n in range(4):
            engine.arrive(work("goes", skills=(Requirement(f"skill {n}"),)), NOW)
            engine.leave("goes")
        engine.decide(NOW)
        engine.update([agent("a")])
        assert [_said(match) for match in engine.decide(NOW)] == ["stays a"]
