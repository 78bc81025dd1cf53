"""Two operations on the same engagement and agent, in every order of their calls. Whatever the order, all is well.

A pair's orders are searched to the end, retries after lost races included; only the order of neighbouring calls that
commute is left out (`tests/support/schedules.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement, permutations
from typing import Any

import pytest

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.operations.intake import Intake
from tests.simulation.commands import OPERATIONS, Operation
from tests.simulation.scenes import LATE, SCENES, Opening, Scene, opening
from tests.support.figures import Figure
from tests.support.invariants import check, check_what_waits, i6_history_is_dense
from tests.support.schedules import Actor, explore
from tests.support.size import LONG

Outcome = tuple[Any, ...]

TRIPLES = {
    "two starts and a close": ("wrap-up", ("start", "start with a key", "wrap up"), 18),
    "accept, time-out and the router": ("offered", ("accept", "ring late", "route"), 800),
    "two routers and a sign-out": ("queued", ("route", "ring", "sign out"), 850),
    "transfer, close and barge": ("assigned", ("transfer to a queue", "end", "barge"), 100),
    "two who accept, and one signs out": ("offered to both", ("accept", "accept, Ben", "sign out"), 2250),
    "two who pull, and a cancel": ("to be pulled", ("pull", "pull", "cancel"), 100),
    "close, start again and the stream": ("wrap-up", ("wrap up", "start", "consume"), 11),
    "cancel, start again and the stream": ("queued", ("cancel", "start with a key", "consume"), 11),
}
"""Where three meet, by what they do: the scene, the operations, and how many orders there are at the least."""

ORDERS = {
    "scheduled": 1250,
    "started": 1300,
    "queued": 3450,
    "queued, taken at once": 1450,
    "enlisted": 1350,
    "to overflow": 1400,
    "to overflow out": 1400,
    "to be pulled": 1250,
    "sent on": 1200,
    "offered": 3300,
    "offered to both": 4050,
    "offered to the absent": 3250,
    "offered to the absent and Ben": 4150,
    "assigned": 2350,
    "advised": 2400,
    "to be interrupted": 3450,
    "of the silent": 2500,
    "deserted": 2400,
    "inactive": 2200,
    "snoozed": 3200,
    "snoozed by the absent": 2550,
    "wrap-up": 2450,
    "closed": 1250,
}
"""How many orders there are at the least, of all pairs in each scene; there is no call fewer by accident."""

VARIED = {
    "queued, taken at once",
    "to overflow out",
    "offered to both",
    "offered to the absent",
    "offered to the absent and Ben",
    "advised",
    "of the silent",
    "deserted",
    "snoozed by the absent",
    "snoozed",
    "to be interrupted",
    "inactive",
}
"""Scenes that are another one with others in it, or large: `make test-long` only."""


@dataclass
class Search:
    """Some operations in one scene, all at the same time."""

    opening: Opening
    names: tuple[str, ...]
    scene: Scene = field(init=False)
    actors: list[Actor] = field(init=False)

    def begin(self) -> Sequence[Actor]:
        self.scene = self.opening.play()
        self.actors = [Actor(_acted(self.scene, n, OPERATIONS[name])) for n, name in enumerate(self.names)]
        return self.actors

    def one_after_the_other(self, order: Sequence[int]) -> Outcome:
        """What comes out if each waits for the one before it."""
        self.begin()
        for n in order:
            while self.actors[n].next is not None:
                self.actors[n].step()
        return self.outcome()

    def answers(self) -> list[Any]:
        return [actor.answer for actor in self.actors]

    def outcome(self) -> Outcome:
        """The answers, and the rows that are left behind."""
        store = self.scene.store
        return self.answers(), store._heads, store._agents, store._notes

    def rows(self) -> Outcome:
        """All that decides what happens next, as it is now."""
        store, queues = self.scene.store, self.scene.transport._queues
        notices = {queue_id: dict(held) for queue_id, held in queues.items()}
        return [*store.stream], [*store.agent_stream], {**store._enlisted}, notices, {**store._history}

    @property
    def at_one_moment(self) -> bool:
        """Whether each operation is one write of its own: the same change made by two counts as one for both."""
        changed = [answer for answer in self.answers() if isinstance(answer, Engagement | Occupancy)]
        twins = any(some == other for some, other in combinations(changed, 2))
        return all(OPERATIONS[name].one_write for name in self.names) and not twins


def _acted(scene: Scene, number: int, operation: Operation) -> Callable[[], Any]:
    return lambda: operation.run(scene.somebody(number, operation.late), scene)


@dataclass
class Judge:
    """Says whether all is well after an order. What it has seen before, it does not look at again."""

    seen: dict[Hashable, list[Any]] = field(default_factory=lambda: defaultdict(list))

    def check(self, search: Search) -> None:
        for answer in search.answers():
            _check_has_happened(search.scene, answer)
        rows, bucket = search.rows(), self.seen[search.scene.versions()]
        if rows not in bucket:
            bucket.append(rows)
            _check(search)


@pytest.mark.parametrize("name", [name for name in SCENES if LONG or name not in VARIED])
def test_two_operations_in_any_order_of_their_calls(name: str, figure: Figure) -> None:
    begin, judge = opening(name), Judge()
    orders = sum(play(Search(begin, pair), judge) for pair in combinations_with_replacement(OPERATIONS, 2))
    assert orders >= ORDERS[name], "fewer than there were: does an operation no longer stop before each of its calls?"
    figure("orders of two operations", orders)


@pytest.mark.parametrize("name", [name for name in TRIPLES if LONG or TRIPLES[name][0] not in VARIED])
def test_three_operations_in_any_order_of_their_calls(name: str, figure: Figure) -> None:
    scene, three, fewest = TRIPLES[name]
    orders = play(Search(opening(scene), three), Judge())
    assert orders >= fewest
    figure("orders of three operations", orders)


def play(search: Search, judge: Judge) -> int:
    """Play every order, and judge each; how many they were."""
    serial = [search.one_after_the_other(order) for order in permutations(range(len(search.names)))]
    orders = 0
    for order in explore(search.begin):
        orders += 1
        try:
            if search.at_one_moment:
                assert search.outcome() in serial, "it is not as if one had waited for the other"
            judge.check(search)
        except Exception as error:
            calls = [actor.calls for actor in search.actors]
            error.add_note(f"{search.names} in the order {order} of the calls {calls}")
            raise
    return orders


def _check(search: Search) -> None:
    """All is well: at once, once everything has happened that happens by itself, and when all deadlines are past."""
    scene = search.scene
    started = scene.started()
    _check_each_write(scene)
    check(scene, [each for each in started if scene.store.engagement(each)])
    for seconds in (0, LATE):
        scene.clock.pass_seconds(seconds)
        scene.settle()
        check(scene, started)
        check_what_waits(scene, started)
    i6_history_is_dense(scene.world, {new.engagement_id: new.version for _, new in scene.store.stream})


def _check_each_write(scene: Scene) -> None:
    """Each write of a row goes on from what stood there (I6, I9)."""
    for before, after in scene.store.stream:
        if before is not None and before.engagement_id == after.engagement_id:
            assert after.trail[: len(before.trail)] == before.trail, "I9: what had happened is overwritten"
            assert after.version > before.version, "I6: a version was written twice"
    for seen, occupancy in scene.store.agent_stream:
        seen = seen or Occupancy(occupancy.agent_id)
        assert occupancy.version == seen.version + 1, "I9: an agent's row is overwritten"
        if occupancy.elsewhere == seen.elsewhere:
            _check_places(scene, seen, occupancy)


def _check_places(scene: Scene, seen: Occupancy, occupancy: Occupancy) -> None:
    """Nobody is given more than he has places for, also beside what other systems have given him (I5)."""
    tenant = scene.world.tenant()
    places, _ = tenant.places(tenant.agent_by_id[occupancy.agent_id])
    for channel, load in occupancy.loads().items():
        assert load <= max(seen.load(channel), places.get(channel, 0)), "I5: there was no place for it"


def _check_has_happened(scene: Scene, answer: Any) -> None:
    """What was answered is the history of what stands there now, up to then (I3, I9)."""
    if isinstance(answer, Intake):
        assert answer.engagement_id in scene.started(), "I3: what was accepted is not on record"
    if isinstance(answer, Engagement):
        last = [new for _, new in scene.store.stream if new.engagement_id == answer.engagement_id][-1]
        assert last.trail[: len(answer.trail)] == answer.trail, "I9: what was answered is not what has happened"


def test_every_command_of_the_state_machine_is_among_the_operations() -> None:
    brought_about: dict[str, set[str]] = {name: set() for name in OPERATIONS}
    for scene in SCENES:
        begin = opening(scene)
        for name in OPERATIONS:
            search = Search(begin, (name,))
            search.one_after_the_other([0])
            brought_about[name] |= _commands(search.scene, begin.scene)
    assert brought_about == {name: set(operation.commands) for name, operation in OPERATIONS.items()}
    assert set().union(*brought_about.values()) == {"start", *TRANSITIONS}


def _commands(scene: Scene, before: Scene) -> set[str]:
    """What has been done since the scene began."""
    known = {(e.engagement_id, event.version) for _, e in before.store.stream for event in e.trail}
    return {
        event.command
        for _, e in scene.store.stream
        for event in e.trail
        if (e.engagement_id, event.version) not in known
    }
