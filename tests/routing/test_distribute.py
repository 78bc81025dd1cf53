"""The books of what agents have in hand: held against a recount, whatever has happened; and the order of asking."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import parks
from chalicelib.routing.model import Candidate, Distribution
from chalicelib.routing.occupancy import PLAIN, OccupancyRules
from chalicelib.routing.widen import Need
from tests.routing.worlds import CHANNELS, agent, candidates, channels
from tests.support.size import examples

NEED = Need("billing", "work_item")


@dataclass
class Books:
    """The same by number, counted anew each time it is asked."""

    agents: dict[int, Candidate] = field(default_factory=dict)
    out: set[int] = field(default_factory=set)
    """Who has parked something, and gets nothing more in this pass."""
    given: list[tuple[int, str]] = field(default_factory=list)
    """What may be taken back."""

    def free(self, channel: str) -> set[int]:
        return {n for n, each in self.agents.items() if n not in self.out and each.room(channel) > 0}

    def parking(self, channel: str) -> set[int]:
        return {n for n, each in self.agents.items() if n not in self.out and parks(each, channel)}

    def change(self, number: int, channel: str, by: int) -> None:
        before = self.agents[number]
        load = {**before.load, channel: before.load.get(channel, 0) + by}
        self.agents[number] = replace(before, load=load, offers=before.offers + by)


def check(distributor: Distributor, books: Books) -> None:
    assert {n: distributor.candidate(n) for n in distributor.agents} == books.agents
    assert {each.agent_id for each in distributor.candidates()} == {each.agent_id for each in books.agents.values()}
    taking = set[int]()
    for channel in CHANNELS:
        free, parking = books.free(channel), books.parking(channel)
        taking |= free | parking
        assert {n for n in range(99) if distributor.free.get(channel, 0) >> n & 1} == free
        assert {n for n in books.agents if distributor.takes(n, channel)} == free | parking
        for n in free | parking:
            wanted = None if n in free else books.agents[n].occupancy.parks[channel]
            assert distributor.parks(n, channel) == wanted
        chosen = distributor.choose(-1, Need("billing", channel), "longest_idle")
        assert chosen in (free or parking or {None})
    assert {n for n in range(99) if distributor.anybody() >> n & 1} == taking
    assert {n for n in books.agents if distributor.has_room(n)} == taking


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "add", "remove", "replace", "move", "give", "give", "give", "back"]),
        candidates,
        channels,
        st.integers(0, 5),
    ),
    max_size=20,
)


@settings(max_examples=examples(300, 10_000))
@given(steps)
def test_the_books_are_what_a_recount_says(steps: list[tuple[str, Candidate, str, int]]) -> None:
    distributor, books = Distributor(), Books()
    distributor.begin()
    for number, (kind, candidate, channel, which) in enumerate(steps):
        there = sorted(books.agents)
        one = there[which % len(there)] if there else None
        if kind == "add" or one is None:
            distributor.add(number, candidate)
            books.agents[number] = candidate
        elif kind == "remove":
            distributor.remove(one)
            del books.agents[one]
            books.given = [each for each in books.given if each[0] != one]
        elif kind == "replace":
            distributor.replace(one, candidate)
            books.agents[one] = candidate
            books.out.discard(one)
            books.given = [each for each in books.given if each[0] != one]
        elif kind == "move":
            distributor.move(one, number)
            books.agents[number] = books.agents.pop(one)
            books.given = [each for each in books.given if each[0] != one]
            if one in books.out:
                books.out.add(number)
        elif kind == "back" and books.given:
            back = books.given.pop()
            distributor.take_back(*back)
            books.change(*back, -1)
        elif kind == "give" and one in books.free(channel):
            distributor.give(one, channel)
            books.change(one, channel, 1)
            books.given.append((one, channel))
        elif kind == "give" and one in books.parking(channel):
            parked = books.agents[one].occupancy.parks[channel]
            distributor.give(one, channel, parked)
            books.change(one, channel, 1)
            load = books.agents[one].load
            books.agents[one] = replace(books.agents[one], load={**load, parked: load[parked] - 1})
            books.out.add(one)
            books.given = [each for each in books.given if each[0] != one]
        check(distributor, books)


ORDERS: tuple[Distribution, ...] = ("longest_idle", "most_available", "best_skilled", "best_worker", "rotating")


@pytest.mark.parametrize("order", ORDERS)
def test_who_has_been_given_less_is_asked_first_and_what_is_taken_back_counts_no_longer(order: Distribution) -> None:
    distributor = Distributor()
    for number in range(3):
        distributor.add(number, agent(f"a{number}", capacity={"work_item": 9}))
    distributor.begin()

    def asked(often: int) -> list[int | None]:
        given = []
        for _ in range(often):
            number = distributor.choose(0b111, NEED, order)
            assert number is not None
            distributor.give(number, "work_item")
            given.append(number)
        return given

    assert asked(8) == [0, 1, 2, 0, 1, 2, 0, 1]
    distributor.take_back(1, "work_item")
    distributor.take_back(1, "work_item")
    assert asked(5) == [1, 1, 2, 0, 1]
    distributor.take_back(2, "work_item")
    assert asked(3) == [2, 2, 0]


def test_a_new_pass_forgets_who_was_given_what() -> None:
    distributor = Distributor()
    for number in range(3):
        distributor.add(number, agent(f"a{number}", capacity={"work_item": 9}))
    distributor.give(0, "work_item")
    assert distributor.choose(0b111, NEED, "longest_idle") == 1
    distributor.begin()
    assert [distributor.choose(able, NEED, "longest_idle") for able in (0b111, 0b110, 0b100, 0)] == [0, 1, 2, None]


def test_the_preferred_one_is_asked_if_he_can_take_it() -> None:
    distributor = Distributor()
    distributor.add(0, agent("a"))
    distributor.add(1, agent("b"))
    distributor.add(2, agent("c", load={"work_item": 1}))
    distributor.begin()
    assert [distributor.choose(0b111, NEED, "longest_idle", preferred) for preferred in (0b010, 0b100)] == [1, 0]


def test_others_have_the_same_up_to_so_many_idle_longest_first_and_nobody_parks_for_it() -> None:
    parks_for_it = OccupancyRules(parks={"work_item": "work_item"})
    distributor = Distributor()
    distributor.add(0, agent("a"))
    distributor.add(1, agent("b", capacity={"work_item": 2}))
    distributor.add(2, agent("c", load={"work_item": 1}, occupancy=parks_for_it))
    distributor.add(3, agent("d"))
    distributor.add(4, agent("e"))
    distributor.begin()
    distributor.give(1, "work_item")
    assert distributor.give_others(0b11111, NEED, 1, 1) == ()
    assert distributor.give_others(0b01111, NEED, 1, 3) == (0, 3)
    assert distributor.free["work_item"] == 0b10010


def test_who_goes_or_gets_another_number_leaves_nothing_of_his_behind() -> None:
    """One with room, one who would have to park something, and one who is full, in two channels."""
    both = {"work_item": 1, "voice": 1}
    rules = OccupancyRules(parks={"work_item": "work_item"})
    team = [
        agent("a", capacity=both),
        agent("b", capacity=both, load={"work_item": 1}, occupancy=rules),
        agent("c", capacity=both, load=both),
    ]
    for gone in range(3):
        distributor, books = Distributor(), Books(dict(enumerate(team)))
        for number, each in books.agents.items():
            distributor.add(number, each)
        distributor.begin()
        check(distributor, books)
        distributor.move(gone, 5)
        books.agents[5] = books.agents.pop(gone)
        check(distributor, books)
        distributor.begin()
        assert distributor.choose(-1, Need("billing", "voice"), "longest_idle") == min(books.free("voice"))
        distributor.remove(5)
        del books.agents[5]
        check(distributor, books)


def test_a_place_that_is_taken_back_is_free_again() -> None:
    for rules in (PLAIN, OccupancyRules(most_offers=1)):
        distributor = Distributor()
        distributor.add(0, agent("a", occupancy=rules))
        distributor.begin()
        distributor.give(0, "work_item")
        assert (distributor.takes(0, "work_item"), distributor.has_room(0)) == (False, False)
        assert (distributor.candidate(0).load, distributor.candidate(0).offers) == ({"work_item": 1}, 1)
        distributor.take_back(0, "work_item")
        assert (distributor.takes(0, "work_item"), distributor.has_room(0)) == (True, True)
        assert (distributor.candidate(0).load, distributor.candidate(0).offers) == ({"work_item": 0}, 0)
