"""Who gets what next: the rules by example, in the order of a decision: rank, filter, widen, distribute."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.routing.decide import decide, one_each
from chalicelib.routing.engine import Engine
from chalicelib.routing.model import Candidate, Category, Distribution, Match, QueueRules, Requirement, Terms, Waiting
from chalicelib.routing.occupancy import PLAIN, OccupancyRules
from tests.routing.worlds import FRENCH, NOW, agent, work

WHO_GETS_IT: list[tuple[str, Distribution, list[Candidate], Waiting, str | None]] = [
    ("the one idle longest", "longest_idle", [agent("a", idle_since=5), agent("b", idle_since=1)], work(), "b"),
    ("equally idle: by id", "longest_idle", [agent("b"), agent("a")], work(), "a"),
    ("nobody who is not ready", "longest_idle", [agent("a", ready=False)], work(), None),
    ("nobody of another queue", "longest_idle", [agent("a", queues=frozenset({"general"}))], work(), None),
    ("nobody without room", "longest_idle", [agent("a", load={"work_item": 1})], work(), None),
    ("nobody over his places", "longest_idle", [agent("a", load={"work_item": 2})], work(), None),
    ("nobody without the channel", "longest_idle", [agent("a")], work(channel="voice"), None),
    ("nobody without the skill", "longest_idle", [agent("a", skills={"french": 2})], work(skills=FRENCH), None),
    ("whoever has the skill", "longest_idle", [agent("a"), agent("b", skills={"french": 3})], work(skills=FRENCH), "b"),
    ("not who has just declined", "longest_idle", [agent("a"), agent("b")], work(cooling=(("a", 101),)), "b"),
    ("who declined long ago", "longest_idle", [agent("a"), agent("b")], work(cooling=(("a", 100),)), "a"),
    (
        "the one with the lowest load ratio",
        "most_available",
        [
            agent("a", capacity={"work_item": 2}, load={"work_item": 1}),
            agent("b", capacity={"work_item": 4}, load={"work_item": 1}, idle_since=9),
        ],
        work(),
        "b",
    ),
    (
        "the best skilled",
        "best_skilled",
        [agent("a", skills={"french": 3}), agent("b", skills={"french": 5}, idle_since=9)],
        work(skills=FRENCH),
        "b",
    ),
    (
        "the first in the list",
        "sequential",
        [agent("a", position=1), agent("b", position=0, idle_since=9)],
        work(),
        "b",
    ),
    (
        "the one whose turn it is",
        "rotating",
        [agent("a", offered_at=7), agent("b", offered_at=3, idle_since=9)],
        work(),
        "b",
    ),
    (
        "the one who exceeds what is asked the most",
        "best_worker",
        [agent("a", skills={"french": 3}), agent("b", skills={"french": 4}, idle_since=9)],
        work(skills=FRENCH),
        "b",
    ),
    ("nobody: they take it themselves", "manual", [agent("a")], work(), None),
    ("the only one who may", "longest_idle", [agent("a"), agent("b")], work(direct_to="b"), "b"),
    ("nobody while it is held", "longest_idle", [agent("a")], work(preferred="b", preferred_until=101), None),
    (
        "the preferred one first",
        "longest_idle",
        [agent("a"), agent("b")],
        work(preferred="b", preferred_until=100),
        "b",
    ),
    ("else another", "longest_idle", [agent("a")], work(preferred="b", preferred_until=100), "a"),
    (
        "the group of the first level",
        "longest_idle",
        [agent("a", terms={"billing": Terms(level=2)}), agent("b", idle_since=9)],
        work(),
        "b",
    ),
    (
        "the second level, if the first has no room",
        "longest_idle",
        [agent("a", terms={"billing": Terms(level=2)}), agent("b", load={"work_item": 1})],
        work(),
        "a",
    ),
]


@pytest.mark.parametrize(
    ("kind", "candidates", "waiting", "expected"), [w[1:] for w in WHO_GETS_IT], ids=[w[0] for w in WHO_GETS_IT]
)
def test_who_gets_it(kind: Distribution, candidates: list[Candidate], waiting: Waiting, expected: str | None) -> None:
    matches = list(decide([waiting], candidates, NOW, {"billing": QueueRules(kind)}))
    assert [match.agent_id for match in matches] == ([expected] if expected else [])


WHO_IS_NEXT = [
    ("the older", [work("new", queued_at=9), work("old", queued_at=1)], "old"),
    (
        "the higher priority before the older",
        [work("old", queued_at=1), work("urgent", priority=9, queued_at=9)],
        "urgent",
    ),
    ("equal in all: by id", [work("b"), work("a")], "a"),
    ("who can be taken, if the first cannot", [work("first", priority=9, skills=FRENCH), work("second")], "second"),
]


@pytest.mark.parametrize(("waiting", "expected"), [w[1:] for w in WHO_IS_NEXT], ids=[w[0] for w in WHO_IS_NEXT])
def test_who_is_next(waiting: list[Waiting], expected: str) -> None:
    assert [match.waiting.engagement_id for match in decide(waiting, [agent("a")], NOW)] == [expected]


def test_who_has_just_been_given_work_is_asked_after_the_others() -> None:
    two = [agent("a", capacity={"work_item": 2}), agent("b", idle_since=9, capacity={"work_item": 2})]
    matches = decide([work(f"e{n}", queued_at=n) for n in range(4)], two, NOW)
    assert [match.agent_id for match in matches] == ["a", "b", "a", "b"]


def test_however_deep_the_backlog_who_fits_is_found() -> None:
    backlog = [work(f"e{n:05d}", priority=9, skills=FRENCH) for n in range(5000)]
    (match,) = decide([*backlog, work("fits")], [agent("a")], NOW)
    assert match.waiting.engagement_id == "fits"


def test_a_simultaneous_queue_offers_to_several() -> None:
    rules = {"billing": QueueRules("simultaneous", at_once=2)}
    three = [agent("a"), agent("b", idle_since=1), agent("c", idle_since=2)]
    first, second = decide([work("e1"), work("e2", queued_at=1)], three, NOW, rules)
    assert (first.agent_id, first.also) == ("a", ("b",))
    assert (second.agent_id, second.also) == ("c", ())


def test_a_rotating_queue_goes_round_in_the_order_of_the_list() -> None:
    team = [agent("a", position=2, capacity={"work_item": 9}), agent("b", position=1, capacity={"work_item": 9})]
    works = [work(f"e{n}", queued_at=n) for n in range(4)]
    assert [m.agent_id for m in decide(works, team, NOW, {"billing": QueueRules("rotating")})] == ["b", "a", "b", "a"]


@pytest.mark.parametrize(("age", "expected"), [(29, ["near"]), (30, ["near", "far"])])
def test_a_group_with_a_delay_takes_only_what_has_waited(age: int, expected: list[str]) -> None:
    rules = {"billing": QueueRules(delays=(30,))}
    far = agent("far", terms={"billing": Terms(level=2, delay=30)})
    matches = decide([work("e1"), work("e2")], [agent("near"), far], age, rules)
    assert [match.agent_id for match in matches] == expected


def test_an_agent_takes_from_his_first_level_whatever_ranks_higher_in_the_second() -> None:
    both = agent("a", queues=frozenset({"billing", "general"}), terms={"general": Terms(level=2)})
    (match,) = decide([work("mine"), work("high", queue_id="general", priority=9)], [both], NOW)
    assert match.waiting.engagement_id == "mine"


LANGUAGE = frozenset({"english", "french"})
PRODUCT = frozenset({"warranty", "repairs"})
PROFILE = (
    Category(LANGUAGE, minimum=3, gives_way=1),
    Category(LANGUAGE, minimum=2, required=True),
    Category(PRODUCT, default="warranty", instead=(("repairs", 4),), gives_way=2),
)
"""English at 3, after 10 s at 2; warranty, after 20 s repairs at 4 instead, after 30 s neither."""
STEPS = QueueRules(profile=PROFILE, steps=(10, 20, 30))
WIDENS = [
    ("all there is", {"english": 3, "warranty": 1}, 0),
    ("English at 2", {"english": 2, "warranty": 1}, 10),
    ("repairs instead of warranty", {"english": 3, "repairs": 4}, 20),
    ("repairs, but too little", {"english": 3, "repairs": 3}, 30),
    ("no product at all", {"english": 2}, 30),
    ("a required line never gives way", {"english": 1, "warranty": 5}, None),
    ("nor does it take another language", {"french": 5, "warranty": 5}, None),
]


@pytest.mark.parametrize(("skills", "since"), [w[1:] for w in WIDENS], ids=[w[0] for w in WIDENS])
def test_the_search_widens_step_by_step(skills: dict[str, int], since: int | None) -> None:
    asked = work(skills=(Requirement("english"),))
    found = [age for age in range(0, 40, 5) if decide([asked], [agent("a", skills=skills)], age, {"billing": STEPS})]
    assert found == ([] if since is None else list(range(since, 40, 5)))


def test_by_default_the_last_line_gives_way_first() -> None:
    profile = (Category(LANGUAGE), Category(PRODUCT))
    rules = {"billing": QueueRules(profile=profile, steps=(10, 20))}
    asked = work(skills=(Requirement("english"), Requirement("warranty"), Requirement("driving")))
    agents = [agent("e", skills={"english": 1, "driving": 1}), agent("d", skills={"driving": 1}, idle_since=9)]
    assert [[m.agent_id for m in decide([asked], agents[n:], age, rules)] for age in (0, 10, 20) for n in (0, 1)] == [
        [],
        [],
        ["e"],
        [],
        ["e"],
        ["d"],
    ]


def test_who_comes_free_and_has_room_for_more_is_named_by_his_own_name() -> None:
    busy = agent("ana", idle_since=1, capacity={"work_item": 2}, load={"work_item": 2})
    engine = Engine([busy, replace(busy, agent_id="ben", idle_since=2)], [work("e")], NOW)
    assert engine.decide(NOW) == []
    engine.update([replace(busy, idle_since=NOW + 1, load={})])
    assert [match.agent_id for match in engine.decide(NOW + 1)] == ["ana"]


def test_a_scarce_specialist_is_not_wasted() -> None:
    specialist, other = agent("specialist", skills={"french": 5}), agent("other", idle_since=9)
    matches = decide([work("easy", priority=1), work("hard", skills=FRENCH)], [specialist, other], NOW)
    assert {m.waiting.engagement_id: m.agent_id for m in matches} == {"easy": "other", "hard": "specialist"}


def test_who_parks_no_longer_is_given_nothing_that_he_would_have_to_park_for() -> None:
    parks = OccupancyRules(parks={"work_item": "work_item"})
    busy = agent("a", load={"work_item": 1}, occupancy=parks)
    engine = Engine([busy], [], NOW)
    engine.decide(NOW)
    engine.update([replace(busy, occupancy=PLAIN)])
    engine.arrive(work(), NOW)
    assert engine.decide(NOW) == []
    engine.update([busy])
    assert [match.parks for match in engine.decide(NOW)] == ["work_item"]


def test_without_swaps_the_specialist_keeps_what_came_first() -> None:
    specialist, other = agent("specialist", skills={"french": 5}), agent("other", idle_since=9)
    matches = decide([work("easy", priority=1), work("hard", skills=FRENCH)], [specialist, other], NOW, swap=False)
    assert {m.waiting.engagement_id: m.agent_id for m in matches} == {"easy": "specialist"}


ONE_EACH: list[tuple[str, list[tuple[str, tuple[str, ...]]], list[int]]] = [
    ("nothing of nothing", [], []),
    ("each agent's first", [("ana", ()), ("ben", ()), ("ana", ()), ("ben", ())], [0, 1]),
    ("not what is offered to one who has something too", [("ana", ()), ("ben", ("ana",))], [0]),
    ("nor to one whom an earlier one is offered too", [("ana", ("ben",)), ("ben", ())], [0]),
    ("who waits for another's turn gets nothing of lower rank", [("ana", ()), ("ben", ("ana",)), ("ben", ())], [0]),
    ("all of it where nobody is named twice", [("ana", ("ben",)), ("cem", ("dee",))], [0, 1]),
]


@pytest.mark.parametrize(("given", "kept"), [o[1:] for o in ONE_EACH], ids=[o[0] for o in ONE_EACH])
def test_of_what_is_decided_a_round_commits_one_for_each_agent(
    given: list[tuple[str, tuple[str, ...]]], kept: list[int]
) -> None:
    matches = [Match(work(f"e{n}"), agent_id, also) for n, (agent_id, also) in enumerate(given)]
    assert one_each(matches) == [matches[n] for n in kept]
