"""The search for violations, put to the test: it finds what is there to be found, and tries all there is to try."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb

import pytest

from chalicelib.engagements.model import Change
from chalicelib.storage.memory import MemoryStore
from tests.simulation.scenes import opening
from tests.simulation.test_interleavings import Judge, Search, play
from tests.support.schedules import Actor, Call, explore, pause

READ, WRITE = Call("read", reads=(("row", "a"),)), Call("write", writes=(("row", "a"),))


class Place:
    """One place, which only one may have."""

    def __init__(self) -> None:
        self.owners: list[str] = []

    def take_unsafely(self, who: str) -> Callable[[], None]:
        """Looks first, and then takes it whatever has happened since."""

        def operation() -> None:
            pause(READ)
            free = not self.owners
            pause(WRITE)
            if free:
                self.owners.append(who)

        return operation

    def take(self, who: str) -> Callable[[], None]:
        def operation() -> None:
            pause(WRITE)
            if not self.owners:
                self.owners.append(who)

        return operation


def owners(unsafe: bool) -> set[tuple[str, ...]]:
    """Who can come to own the place, in any order."""
    places: list[Place] = []

    def begin() -> Sequence[Actor]:
        places.append(Place())
        take = places[-1].take_unsafely if unsafe else places[-1].take
        return [Actor(take("ana")), Actor(take("ben"))]

    return {tuple(places[-1].owners) for _ in explore(begin)}


def test_who_looks_before_he_takes_is_caught() -> None:
    assert owners(unsafe=False) == {("ana",), ("ben",)}
    assert owners(unsafe=True) == {("ana",), ("ben",), ("ana", "ben"), ("ben", "ana")}


def calls(*made: Call) -> Callable[[], None]:
    def operation() -> None:
        for call in made:
            pause(call)

    return operation


@pytest.mark.parametrize("first", [1, 3, 5])
@pytest.mark.parametrize("second", [1, 4])
def test_every_order_of_calls_that_do_not_commute_is_tried_once(first: int, second: int) -> None:
    def begin() -> Sequence[Actor]:
        return [Actor(calls(*[WRITE] * first)), Actor(calls(*[WRITE] * second))]

    orders = list(explore(begin))
    assert len(orders) == len(set(orders)) == comb(first + second, first)


def test_of_orders_of_calls_that_commute_one_is_tried() -> None:
    other = Call("write", writes=(("row", "b"),))

    def begin() -> Sequence[Actor]:
        return [Actor(calls(WRITE, READ)), Actor(calls(other, other, other)), Actor(calls(Call("ring")))]

    assert len(list(explore(begin))) == 1
    assert len(list(explore(begin, reduce=False))) == 60


def test_a_row_of_a_kind_is_touched_by_whatever_touches_every_one_of_the_kind() -> None:
    assert not WRITE.commutes_with(Call("query", reads=(("row", None),)))
    assert READ.commutes_with(Call("query", reads=(("row", None),)))
    assert WRITE.commutes_with(Call("write", writes=(("row", "b"),)))


@pytest.mark.parametrize(
    ("scene", "pair"),
    [
        ("offered", ("accept", "decline")),
        ("offered", ("accept", "not ready")),
        ("offered to both", ("accept", "accept, Ben")),
        ("offered to both", ("decline", "accept, Ben")),
        ("advised", ("take over", "end")),
        ("closed", ("start", "start with a key")),
        ("to be pulled", ("pull", "cancel")),
    ],
)
def test_what_can_come_out_is_the_same_with_and_without_the_reduction(scene: str, pair: tuple[str, str]) -> None:
    search = Search(opening(scene), pair)
    outcomes = {
        reduce: {repr(sorted(map(repr, search.outcome()))) for _ in explore(search.begin, reduce)}
        for reduce in (True, False)
    }
    assert outcomes[True] == outcomes[False]


class Careless(MemoryStore):
    """A store that writes without its conditions."""

    def _may_commit(self, _: Change) -> bool:
        return True


class Forgetful(MemoryStore):
    """A store that writes the engagement, and then dies."""

    def commit(self, change: Change) -> None:
        super().commit(change if change.engagement is None else Change(change.engagement, None, change.engagement_seen))


@pytest.mark.parametrize("broken", [Careless, Forgetful])
@pytest.mark.parametrize(
    ("scene", "pair"),
    [
        ("offered", ("accept", "decline")),
        ("assigned", ("end", "transfer to a queue")),
        ("inactive", ("take up", "route")),
        ("queued", ("route", "route")),
    ],
)
def test_a_store_that_is_careless_is_found_out(broken: type[MemoryStore], scene: str, pair: tuple[str, str]) -> None:
    begin = opening(scene)
    play(Search(begin, pair), Judge())
    begin.scene.store.__class__ = broken
    with pytest.raises(AssertionError):
        play(Search(begin, pair), Judge())
