"""All commands, time and faults, in any order: the answers are the model's, and I1–I14 hold after each step."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from chalicelib.handlers import schedule
from chalicelib.operations import routing, timers
from tests.simulation.desks import Desks
from tests.simulation.faults import KINDS
from tests.simulation.machine import MOVES, NUMBER, move
from tests.simulation.sources import Sources
from tests.simulation.tenant import AGENTS, QUEUES
from tests.support.size import examples

SPANS = st.sampled_from([1, 1, 1, 5, 5, 5, 10, 10, 20, 31, 31, 61, 61, 100, 130, 301, 601, 900, 54_000])
MACHINERY = ["part of the stream", "the stream", "bell", "router", "sweeper", "schedule", "all", "all", "all", "all"]


class Play(Sources, Desks):
    """What anybody may do next, and what happens by itself."""

    @initialize(kinds=st.lists(st.sampled_from(QUEUES), min_size=2, max_size=6))
    def a_day_begins(self, kinds: list[str]) -> None:
        """Agents are there, and so is work."""
        for agent in AGENTS:
            self.set_status(agent, "ready", None)
        for item, kind in enumerate(kinds):
            self.start(item, kind, "en", "entry-kind", None, None, None, False)
        self.everything_that_is_offered_is_accepted()

    @move(2)
    def everything_that_is_offered_is_accepted(self) -> None:
        """A short way to where most happens."""
        self.settle()
        for work in [each for each in self.model.works.values() if each.state == "offered"]:
            self._answer("accept", work.id, work.hands[-1], str(work.offer), None)

    @move(1, n=NUMBER, kind=st.sampled_from(QUEUES))
    def something_is_parked_and_taken_up_again(self, n: int, kind: str) -> None:
        """Its place may have been taken meanwhile."""
        self.handle("deactivate", "holder", n, None, "work_item")
        self.start(7 + n % 3, kind, "en", "entry-kind", None, None, None, True)
        self.everything_that_is_offered_is_accepted()
        self.handle("activate", "holder", n, None, "work_item")

    @move(2, seconds=SPANS, alive=st.sampled_from([True, True, True, True, False]))
    def time_passes(self, seconds: int, alive: bool) -> None:
        """`alive`: their clients beat."""
        self.clock.pass_seconds(seconds)
        if alive:
            self.beat_everybody()

    @move(4, what=st.sampled_from(MACHINERY), start=NUMBER, end=NUMBER)
    def the_machinery_runs(self, what: str, start: int, end: int) -> None:
        length = len(self.store.stream) + 1
        match what:
            case "part of the stream":
                self.consume(start % length, end % length)
            case "the stream":
                self.consume(0, length)
            case "bell":
                self.ring()
            case "router":
                self.route(routing.route_everything)
            case "sweeper":
                self.passing(lambda: timers.sweep(self.world), set(), everywhere=False)
            case "schedule":
                self.route(schedule.run)
            case _:
                self.settle()

    @move(2, kind=st.sampled_from(KINDS), after=st.integers(0, 6))
    def something_will_go_wrong(self, kind: str, after: int) -> None:
        self.faults.arm(kind, after)

    @move(1, n=st.integers(0, 5))
    def an_old_write_arrives_once_more(self, n: int) -> None:
        """I9: whether it is refused or known, nothing comes of it."""
        if self.faults.late:
            before = (len(self.store.stream), len(self.store.agent_stream))
            self.call(lambda: self.store.commit(self.faults.late[n % len(self.faults.late)]))
            assert before == (len(self.store.stream), len(self.store.agent_stream)), "I9: an old write took effect"

    @rule(chosen=st.deferred(lambda: st.one_of(MOVES)))
    def step(self, chosen: tuple[str, dict[str, Any]]) -> None:
        name, given = chosen
        getattr(self, name)(**given)


TestMachine = Play.TestCase
TestMachine.settings = settings(max_examples=examples(60, 5_000), stateful_step_count=50)
