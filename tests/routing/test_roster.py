"""Who is ready, numbered by idle time, whoever comes, goes and changes."""

from __future__ import annotations

import pytest

from chalicelib.routing.model import Terms
from chalicelib.routing.roster import MOST_NUMBERS, SPARE_NUMBERS, Roster, alike
from tests.routing.worlds import agent


def in_order(roster: Roster, bits: int = -1) -> list[str]:
    """The agents in the order of their numbers, which the sets and the books agree on; of these, if any are named."""
    agents = roster.distributor.agents
    assert {each.agent_id: roster.filter.bit(each.agent_id) for each in agents.values()} == {
        each.agent_id: 1 << number for number, each in agents.items()
    }
    return [agents[number].agent_id for number in sorted(agents) if bits >> number & 1]


def test_numbers_tell_who_is_idle_longest_whoever_comes_goes_and_changes() -> None:
    """Also once numbers run out and all are given out anew, with those kept in mind who have changed."""
    roster = Roster([agent(f"a{n}", idle_since=n) for n in (2, 0, 1)])
    assert in_order(roster) == in_order(roster, roster.changed) == ["a0", "a1", "a2"]
    highest = []
    for later in range(200):
        roster.changed = 0
        roster.update(agent(f"a{later % 3}", idle_since=10 + later))
        for _ in range(2):
            roster.settle()
            assert in_order(roster, roster.changed) == [f"a{later % 3}"]
            assert in_order(roster) == [f"a{n % 3}" for n in (later + 1, later + 2, later)]
        highest.append(max(roster.distributor.agents))
    most = MOST_NUMBERS * 3 + SPARE_NUMBERS
    assert highest[: 2 * most - 4] == [*range(3, most + 1), *range(2, most)]


def test_who_has_been_idle_longer_than_some_who_came_before_gets_a_number_below_theirs() -> None:
    roster = Roster([agent("a", idle_since=4), agent("b", idle_since=5), agent("c", idle_since=8)])
    roster.changed = 0
    roster.update(agent("late", idle_since=6))
    assert (in_order(roster), in_order(roster, roster.changed)) == (["a", "b", "late", "c"], ["late"])
    roster.update(agent("b", idle_since=3))
    roster.update(agent("late", idle_since=7))
    roster.settle()
    assert (in_order(roster), in_order(roster, roster.changed)) == (["b", "a", "late", "c"], ["b", "late"])
    roster.update(agent("b", ready=False))
    assert (in_order(roster), in_order(roster, roster.changed)) == (["a", "late", "c"], ["late"])


def test_who_is_full_keeps_his_number_until_he_is_free() -> None:
    roster = Roster([agent("a", idle_since=1), agent("b", idle_since=2), agent("c", idle_since=3)])
    roster.update(agent("a", idle_since=9, load={"work_item": 1}))
    roster.update(agent("b", idle_since=10))
    roster.settle()
    assert in_order(roster) == ["a", "c", "b"]
    roster.update(agent("a", idle_since=9))
    roster.settle()
    assert in_order(roster) == ["c", "a", "b"]


@pytest.mark.parametrize(
    "changes",
    [{"queues": frozenset({"general"})}, {"skills": {"french": 4}}, {"terms": {"billing": Terms(delay=5)}}],
    ids=["other queues", "other skills", "other terms"],
)
def test_who_can_take_other_work_than_before_is_another(changes: dict[str, object]) -> None:
    before = agent("a", skills={"french": 3})
    assert not alike(before, agent("a", **{"skills": {"french": 3}, **changes}))
    assert alike(before, agent("a", skills={"french": 3}, idle_since=9, load={"work_item": 1}, offers=1, position=2))
