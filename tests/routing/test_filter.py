"""Who can take what, one agent at a time and as sets of all agents."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing.filter import Bits, Filter, best, level_of, lowest, meets, meets_need, numbers, parks, unmet
from chalicelib.routing.fits import Fits
from chalicelib.routing.model import Candidate, Requirement, Terms
from chalicelib.routing.occupancy import OccupancyRules
from chalicelib.routing.widen import Need
from tests.routing.worlds import DELAYS, FRENCH, agent, agent_ids, candidates, queues, requirements
from tests.support.size import examples

MEETS: list[tuple[str, dict[str, int], Requirement, bool]] = [
    ("at the proficiency that is asked for", {"french": 3}, Requirement("french", 3), True),
    ("just below it", {"french": 2}, Requirement("french", 3), False),
    ("not at all", {}, Requirement("french"), False),
    ("by a backup at its own proficiency", {"german": 4}, Requirement("french", 1, (("german", 4),)), True),
    ("by a backup just below it", {"german": 3}, Requirement("french", 1, (("german", 4),)), False),
    ("by the second backup", {"refunds": 1}, Requirement("french", 5, (("german", 4), ("refunds", 1))), True),
]


@pytest.mark.parametrize(("skills", "asked", "expected"), [m[1:] for m in MEETS], ids=[m[0] for m in MEETS])
def test_who_has_a_skill(skills: dict[str, int], asked: Requirement, expected: bool) -> None:
    assert meets(agent("a", skills=skills), asked) is expected


LATE = agent("a", skills={"french": 3}, terms={"billing": Terms(level=2, delay=50), "general": Terms(level=3)})


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        (Need("billing", "work_item", patience=50), None),
        (Need("billing", "work_item", patience=49), "group_waits"),
        (Need("general", "work_item", patience=50), "other_queue"),
        (Need("billing", "work_item", FRENCH, patience=50), None),
        (Need("billing", "work_item", (Requirement("german"), *FRENCH), patience=50), "skill_missing"),
    ],
)
def test_what_seldom_changes_about_an_agent(need: Need, reason: str | None) -> None:
    assert unmet(LATE, need) == reason
    assert meets_need(LATE, need) is (reason is None)


def test_at_which_level_an_agent_serves_a_queue() -> None:
    assert [level_of(LATE, queue_id) for queue_id in ("billing", "general", "other")] == [2, 3, 1]


def test_who_would_have_to_park_something_can_take_it() -> None:
    rules = OccupancyRules(parks={"voice": "work_item"})
    full = agent("a", capacity={"voice": 1, "work_item": 1}, load={"voice": 1, "work_item": 1}, occupancy=rules)
    assert parks(full, "voice") is None
    assert unmet(full, Need("billing", "voice")) == "no_room"
    pools = OccupancyRules(
        units={"all": 1}, costs=dict.fromkeys(("voice", "work_item"), (("all", 1),)), parks=rules.parks
    )
    busy = agent("a", capacity={"voice": 1, "work_item": 2}, load={"work_item": 1}, occupancy=pools)
    assert parks(busy, "voice") == "work_item"
    assert unmet(busy, Need("billing", "voice")) is None
    assert unmet(busy, Need("billing", "work_item")) == "no_room"
    assert unmet(busy.keeping({"work_item"}), Need("billing", "voice")) == "no_room"
    assert unmet(busy.keeping({"voice"}), Need("billing", "voice")) is None


def set_of(some: Iterable[int]) -> Bits:
    return sum(1 << number for number in set(some))


@given(st.sets(st.integers(0, 80), min_size=1), st.integers(0, 3))
def test_a_set_gives_its_numbers_lowest_first(some: set[int], modulus: int) -> None:
    assert list(numbers(set_of(some))) == sorted(some)
    assert lowest(set_of(some)) == min(some)
    assert best(set_of(some), lambda n: (n % (modulus + 1),)) == min(some, key=lambda n: (n % (modulus + 1), n))


needs = st.builds(
    Need,
    queue_id=queues,
    channel=st.just("work_item"),
    skills=st.lists(requirements, max_size=2).map(tuple),
    not_to=st.lists(agent_ids, max_size=2).map(tuple),
    only=st.none() | st.none() | agent_ids,
    patience=st.sampled_from([0, 1, *DELAYS]),
)
steps = st.lists(st.tuples(st.sampled_from(["add", "add", "remove", "move"]), candidates), max_size=12)


@settings(max_examples=examples(300, 10_000))
@given(steps, st.lists(needs, min_size=1, max_size=4))
def test_the_sets_hold_whoever_meets_a_need_however_they_came_and_went(
    steps: list[tuple[str, Candidate]], asked: list[Need]
) -> None:
    filter_, there = Filter(), dict[str, tuple[int, Candidate]]()
    for number, (kind, candidate) in enumerate(steps):
        known = there.get(candidate.agent_id)
        if known is None:
            filter_.add(number, candidate)
            there[candidate.agent_id] = (number, candidate)
        elif kind == "move":
            filter_.move(known[0], number, known[1])
            there[candidate.agent_id] = (number, known[1])
        else:
            filter_.remove(*known)
            del there[candidate.agent_id]
    for need in asked:
        able = {
            (level_of(candidate, need.queue_id), number)
            for number, candidate in there.values()
            if meets_need(candidate, need)
            and need.only in (None, candidate.agent_id)
            and candidate.agent_id not in need.not_to
        }
        levels = filter_.levels()
        assert levels == sorted({1, *levels, *(level for level, _ in able)})
        for level in (1, 2, 3):
            assert filter_.able(need, level) == set_of(number for at, number in able if at == level)
    for agent_id in ("a0", "a1", "a2", "a3", "a4", "a5"):
        assert filter_.bit(agent_id) == (1 << there[agent_id][0] if agent_id in there else 0)


class Line:
    def __init__(self, need: Need) -> None:
        self.need, self.number = need, -1


@settings(max_examples=examples(300, 10_000))
@given(
    st.lists(needs, max_size=6),
    st.lists(candidates, max_size=4),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=12),
)
def test_the_lines_an_agent_can_take_from_are_those_with_something_in_them_whose_need_he_meets(
    asked: list[Need], agents: list[Candidate], notes: list[tuple[int, bool]]
) -> None:
    """What is remembered of his kind holds for lines that come later, and for him when he has changed."""
    fits, lines, filled = Fits[Line](), list[Line](), set[int]()
    for n, need in enumerate(asked):
        line = Line(need)
        fits.add(line)
        lines.append(line)
        assert line.number == n
        for at, full in notes:
            if at == n:
                fits.note(line, full)
                (filled.add if full else filled.discard)(n)
        for candidate in agents:
            expected = [each for each in lines if each.number in filled and meets_need(candidate, each.need)]
            assert fits.of(candidate) == expected


def test_agents_of_a_level_a_delay_or_a_skill_are_told_apart_also_once_they_have_another_number() -> None:
    second, late = Terms(level=2), Terms(level=2, delay=50)
    team = {
        1: agent("a", skills={"french": 3}),
        2: agent("b", skills={"french": 4}, terms={"billing": second}),
        3: agent("c", skills={"french": 3}, terms={"billing": late}),
        4: agent("d", skills={"french": 2}, terms={"general": second}),
    }
    sets = Filter()
    for number, candidate in team.items():
        sets.add(number, candidate)

    def able(level: int, patience: int = 50) -> list[int]:
        return list(numbers(sets.able(Need("billing", "work_item", FRENCH, patience=patience), level)))

    assert [able(1), able(2), able(3)] == [[1], [2, 3], []]
    assert able(2, patience=49) == [2]
    assert list(numbers(sets.able(Need("billing", "work_item")))) == [1, 4]
    sets.move(2, 7, team[2])
    assert [able(1), able(2)] == [[1], [3, 7]]
    assert (sets.bit("b"), sets.bit("zoe"), sets.levels()) == (1 << 7, 0, [1, 2])
    sets.remove(3, team[3])
    sets.remove(7, team[2])
    assert [able(1), able(2)] == [[1], []]


def test_who_has_too_many_open_offers_parks_nothing_for_another() -> None:
    rules = OccupancyRules(parks={"work_item": "work_item"}, most_offers=1)
    ringing = agent("a", load={"work_item": 1}, offers=1, occupancy=rules)
    assert parks(ringing, "work_item") is None
    assert unmet(ringing, Need("billing", "work_item")) == "offers_open"
