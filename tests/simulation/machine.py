"""How the state machine plays: it asks the model, calls the product, learns what was written, and compares."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from chalicelib.engagements.model import Change, Engagement, Event
from chalicelib.errors import InterleaveError
from chalicelib.handlers import schedule
from chalicelib.operations import amending, recording, routing, sessions
from chalicelib.operations.ordering import Order
from tests.simulation.faults import Fault, Faults, FaultyStore, FaultyTransport, Write
from tests.simulation.model import QUEUE, Model, Refused, Work, is_open, rank
from tests.simulation.tenant import AGENTS, DOCUMENT, QUEUES
from tests.simulation.watch import happened, said_of, seen_in, signed_out
from tests.support import invariants
from tests.support.worlds import memory_centre

NUMBER = st.integers(0, 503)
"""Picks a work, a part in it and a version, by its remainders."""
UNKNOWN = "unknown"
OVERTAKER = "overtaker"
"""What another system says of an agent just before he is written; it takes no place that anything else needs."""

MOVES: list[st.SearchStrategy[tuple[str, dict[str, Any]]]] = []


def move(weight: int, **given: st.SearchStrategy[Any]) -> Callable[[Any], Any]:
    """One of the things that may happen next, this much as likely as another. Rules of Hypothesis's own are switched
    off at random for whole examples; then most examples hardly get anywhere."""

    def added(method: Any) -> Any:
        MOVES.extend(st.tuples(st.just(method.__name__), st.fixed_dictionaries(given)) for _ in range(weight))
        return method

    return added


class Machine(RuleBasedStateMachine):
    """A contact centre in memory, with faults, beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.centre = memory_centre(configured=False)
        self.centre.configure(DOCUMENT)
        self.store, self.transport, self.clock = self.centre.store, self.centre.transport, self.centre.clock
        self.world = self.centre.world
        self.faults = Faults(self._overtake)
        self.world.store = FaultyStore(self.store, self.faults)  # type: ignore[assignment]
        self.world.transport = FaultyTransport(self.transport, self.faults)  # type: ignore[assignment]
        self.model = Model()
        self.old_offers = ["no such offer"]
        self.offered: list[tuple[Work, tuple[str, ...]]] = []
        self.delivered = 0
        self.told: set[tuple[str, int]] = set()
        """The versions that the stream's consumer has taken in."""
        self.events: dict[str, Any] = {}
        self._published = 0
        self._streamed = 0
        self._seen: dict[str, Engagement] = {}
        self._history: dict[tuple[str, int], tuple[Engagement, Event]] = {}

    # Commands.

    def play(
        self,
        operation: Callable[[], Any],
        expect: Callable[[Model], None],
        commands: Collection[str] = (),
        about: str | None = None,
    ) -> None:
        """Carry out a command and hold its answer to the model's. `commands`: how its write may be called."""
        wanted, writes, after = "done", True, self.model.copy()
        try:
            expect(after)
        except Refused as refused:
            wanted, writes = str(refused), refused.on_record
        got, answer = self.call(operation)
        written = self.learn(after if writes else None, commands, about)
        if got == UNKNOWN:
            return
        assert got == wanted, f"answered {got}, and not {wanted}"
        assert written or not writes or not (commands or about), "answered before it was written"
        if isinstance(answer, Engagement):
            assert answer == self.store.engagement(answer.engagement_id), "the answer is not what stands there"

    def call(self, operation: Callable[[], Any]) -> tuple[str, Any]:
        """The name of the answer's error, `done`, or unknown where a fault hides it."""
        try:
            return "done", operation()
        except Fault:
            return UNKNOWN, None
        except InterleaveError as error:
            name = type(error).__name__
            return UNKNOWN if name == "LostRace" and self.faults.fired else name, None

    def learn(self, after: Model | None = None, commands: Collection[str] = (), about: str | None = None) -> bool:
        """Take in what was written. The first write that is the command's own leads to `after`; all else happened by
        itself. Whether the command's own was among it."""
        writes, self.faults.written = self.faults.written, []
        done = False
        for write in writes:
            if write.overtaking:
                self._overtaken(write, None if done else after)
            elif after is not None and not done and _is(write, commands, about):
                done, self.model = True, after
            elif write.change.engagement is None:
                for occupancy, _ in write.change.occupancies:
                    if occupancy.status != self.model.people[occupancy.agent_id].status:
                        signed_out(self.model, occupancy, self.clock())
            else:
                self._happened(write.change.engagement)
        return done

    def _happened(self, engagement: Engagement) -> None:
        for event in engagement.trail:
            before = self.model.works[engagement.engagement_id]
            if event.version > before.version:
                happened(self.model, event, engagement, self.clock())
                if event.command == "offer":
                    now = self.model.works[engagement.engagement_id]
                    self.offered.append((before, now.hands))
                    self.old_offers.append(now.offer or "")

    def _overtake(self, change: Change) -> None:
        """Somebody writes to the row that is about to be written, and changes nothing that matters to it."""
        if change.engagement is None:
            for occupancy, _ in change.occupancies:  # what is written twice at one moment is one write
                there = OVERTAKER in self.store.occupancies([occupancy.agent_id])[occupancy.agent_id].elsewhere
                if there:
                    sessions.leave_elsewhere(self.world, occupancy.agent_id, OVERTAKER)
                else:
                    sessions.take_elsewhere(self.world, occupancy.agent_id, OVERTAKER, "chat")
            return
        found = self.store.engagement(change.engagement.engagement_id)
        if found is not None and found.state not in ("wrap_up", "closed"):
            order = Order(found.engagement_id, "integration:crm")
            amending.update(self.world, order, amending.Amendment({"work_item_desc": f"at {found.version}"}))

    def _overtaken(self, write: Write, after: Model | None) -> None:
        if write.change.engagement is None:
            return
        id_ = write.change.engagement.engagement_id
        for model in (self.model, *((after,) if after else ())):
            model.works[id_] = replace(model.works[id_], version=model.works[id_].version + 1)

    # What happens by itself.

    def passing(self, operation: Callable[[], Any], visible: set[str], everywhere: bool) -> None:
        """A pass of the router; of what it could see, nothing is passed over by something ranked lower (I14)."""
        before, self.offered = self.model.copy(), []
        untouched_before = {each.id: each.version for each in before.works.values()}
        got, _ = self.call(operation)
        self.learn()
        assert got == "done" or (got == UNKNOWN and self.faults.fired), got
        if self.faults.fired:
            return
        now = self.clock()
        waited = [
            work
            for queue in QUEUES
            if QUEUE[queue].get("distribution") != "manual"
            for work in self.model.waiting(queue)
            if work.id in visible and untouched_before.get(work.id) == work.version
        ]
        for offered, agents in self.offered:
            for work in waited:
                if (everywhere or work.queue == offered.queue) and work.channel == offered.channel:
                    over = [each for each in agents if self.model.can_take(each, work, now, room=False)]
                    assert not over or rank(offered, now) < rank(work, now), f"I14: {offered} went before {work}"

    def visible(self) -> set[str]:
        """What the router sees: what is enlisted or noticed."""
        enlisted = {each.engagement_id for queue in QUEUES for each in self.store.waiting(queue)}
        return enlisted | {each.engagement_id for queue in QUEUES for each in self.transport.drain(queue).notices}

    def route(self, run: Callable[[Any], Any]) -> None:
        self.passing(lambda: run(self.world), self.visible(), everywhere=True)

    def ring(self) -> None:
        rings = self.transport.due_rings()
        if rings:
            rung = {each.engagement_id for each in rings if each.engagement_id}
            self.passing(lambda: routing.route(self.world, rings), self.visible() | rung, everywhere=False)

    def consume(self, start: int, end: int) -> None:
        """Deliver a part of the stream; it never leaves a gap."""
        start, end = min(start, self.delivered), max(end, start)
        got, _ = self.call(lambda: recording.record(self.world, self.store.stream[start:end]))
        self.learn()
        assert got == "done" or self.faults.fired
        if got == "done":
            self.delivered = max(self.delivered, min(end, len(self.store.stream)))
            self.told |= {(new.engagement_id, new.version) for _, new in self.store.stream[start:end]}
            if start == 0 and end >= len(self.store.stream) and not self.faults.fired:
                self.faults.noticed = True
        call = self.call(lambda: recording.record_status(self.world, self.store.agent_stream))
        assert call[0] == "done" or self.faults.fired
        self._take_note()
        invariants.i11_reports_equal_a_fold(self.store, self._history, self._written(self.delivered))

    def settle(self) -> None:
        self.consume(0, len(self.store.stream))
        self.ring()
        self.route(schedule.run)

    def _written(self, upto: int) -> set[tuple[str, int]]:
        return {(new.engagement_id, event.version) for _, new in self.store.stream[:upto] for event in new.trail}

    # What must hold.

    @invariant()
    def the_model_agrees_and_the_invariants_hold(self) -> None:
        self.faults.disarm_if_fired()
        self._take_note()
        heads = {id_: self.store.engagement(id_) for id_ in self.model.newest.values()}
        for id_, head in heads.items():
            assert head is not None, f"I3: {id_} is lost"
            if self._seen.get(id_) is not head:
                self._seen[id_] = head
                seen, said = seen_in(head, self.clock()), said_of(self.model.works[id_], self.clock())
                assert seen == said, f"the model says {said}, and the store {seen}"
                invariants.i6_only_listed_transitions(head)
        assert all(w.state == "closed" for w in self.model.works.values() if w.id not in heads), "I1"
        if self.faults.noticed:
            waiting = {
                w.id for w in self.model.works.values() if w.state == "queued" and (w.id, w.version) in self.told
            }
            assert waiting <= self.visible(), "I3: what waits is neither enlisted nor noticed"
        open_ = [head for head in heads.values() if head is not None]
        occupancies = self.store.occupancies(AGENTS)
        invariants.i1_one_active_of_each_work(open_)
        invariants.i4_one_owner(open_)
        invariants.i5_load_equals_a_recount(open_, occupancies)
        invariants.i10_closed_holds_nothing(open_, occupancies)
        for agent, person in self.model.people.items():
            found = occupancies[agent]
            invariants.i5_within_the_places(
                found, self.world.tenant().places(self.world.tenant().agent_by_id[agent])[0]
            )
            elsewhere = {ref: channel for ref, channel in found.elsewhere.items() if ref != OVERTAKER}
            assert (found.status, found.opted_out, elsewhere) == (person.status, person.out, dict(person.elsewhere))

    def _take_note(self) -> None:
        """Every write since, for the history (I9, I12), and every event that went out (I13)."""
        for old, new in self.store.stream[self._streamed :]:
            invariants.i9_nothing_older_overwrites(old, new)
            for event in new.trail:
                known = self._history.setdefault((new.engagement_id, event.version), (new, event))
                assert known[1] == event, "I9: the past has changed"
                invariants.i12_by_whom_it_may(event)
        self._streamed = len(self.store.stream)
        for _, event in self.transport.published[self._published :]:
            invariants.i13_an_event_is_always_the_same(event, self.events)
        self._published = len(self.transport.published)

    def teardown(self) -> None:
        """Faults are over, time passes, all is delivered: nothing waits in vain, and everything has been told."""
        self.faults.disarm()
        for _ in range(3):
            self.clock.pass_seconds(61)
            self.beat_everybody()
            self.settle()
        self.settle()
        self.the_model_agrees_and_the_invariants_hold()
        now = self.clock()
        for work in self.model.works.values():
            assert work.state != "offered" or (work.deadline or 0) > now, "L2: an offer was forgotten"
            if (
                work.state == "queued"
                and QUEUE[work.queue].get("distribution") != "manual"
                and is_open(work.queue, now)
            ):
                able = [agent for agent in AGENTS if self.model.can_take(agent, work, now)]
                assert not able, f"L1: {work} waits, and {able} are free"
        assert not any(self.transport.drain(queue).notices for queue in QUEUES), "L3: notices are left"
        self.consume(0, len(self.store.stream))
        assert set(self._history) == self._written(len(self.store.stream))
        versions = {id_: work.version for id_, work in self.model.works.items()}
        invariants.i6_history_is_dense(self.world, versions)
        invariants.i13_every_version_is_an_event(self.events, versions)

    def beat_everybody(self) -> None:
        for agent in AGENTS:
            self.world.store.beat(agent, self.clock())
            self.model.people[agent] = replace(self.model.people[agent], beat=self.clock())

    # Short words for the rules.

    def pick(self, n: int, *states: str) -> Work | None:
        """A work, most often one in these states."""
        works = [self.model.works[id_] for id_ in self.model.newest.values()]
        wanted = [work for work in works if work.state in states]
        if n % 8 and wanted:
            works = wanted
        return works[n % len(works)] if works else None

    def order(self, work: Work, who: str, n: int) -> Order:
        """The order of its owner, of another agent, of a supervisor or of the source; sometimes at a version."""
        actor, agent = {"supervisor": "supervisor:sue", "crm": "integration:crm"}.get(who), None
        if actor is None:
            agent = work.hands[n % len(work.hands)] if who == "holder" and work.hands else AGENTS[n % len(AGENTS)]
            actor = f"agent:{agent}"
        version = {0: work.version, 1: work.version - 1}.get(n % 21) if self.faults.kind != "overtaken" else None
        return Order(work.id, actor, agent, version)


def _is(write: Write, commands: Collection[str], about: str | None) -> bool:
    engagement = write.change.engagement
    if engagement is None:
        return not commands
    return engagement.engagement_id == about and engagement.trail[-1].command in commands
