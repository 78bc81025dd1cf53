"""A day as it is played: workers that serve several calls at once, call by call, and the machinery between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any
from zlib import crc32

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.errors import InterleaveError
from chalicelib.operations.intake import Intake
from chalicelib.world import World
from tests.simulation.days import acts, machinery
from tests.simulation.days.acts import Errand
from tests.simulation.days.story import Moment, Story
from tests.simulation.faults import Fault, Faults, FaultyStore, FaultyTransport
from tests.simulation.tenant import AGENTS, DOCUMENT
from tests.support.calls import STORE, TRANSPORT, StoppingArchive, StoppingStore, StoppingTransport
from tests.support.history import History, Outcome
from tests.support.schedules import Actor
from tests.support.worlds import MemoryCentre, memory_centre, tokens

MORNING = 1_763_971_200_000
"""Monday, 2025-11-24T08:00:00Z: what is closed at weekends opens."""
SPANS_S = (0.2, 1, 1, 1, 2, 2, 2, 5, 5, 5, 5, 10, 10, 20, 20, 31, 31, 61, 130, 301, 900, 3600)
PATIENCE_S = 10
"""Whoever is at it has finished before more time than this passes."""
LANES = 3
"""Shards of the stream: what is written of one item comes by one of them, in order."""

Record = tuple[Any, Any]
"""One write, of an engagement or of an occupancy: before and after."""


@dataclass
class Worker:
    """A process: its own clock, its own idea of the configuration, and what it is at."""

    number: int
    world: World
    errand: Errand | None = None
    actor: Actor | None = None
    call: int = 0


@dataclass
class Lane:
    """One shard, and how much of it has been delivered."""

    records: list[Record] = field(default_factory=list)
    taken: int = 0


MOMENTS: dict[str, Callable[[Day, Random], Errand | None]] = {
    "start": acts.start,
    "sends again": acts.send_again,
    "accept": acts.accept,
    "something with what is held": acts.desk_work,
    "source": acts.source_work,
    "supervisor": acts.supervisor_work,
    "pull": acts.pull,
    "agent": acts.status,
    "doorbell": machinery.doorbell,
    "stream": machinery.stream,
    "schedule": machinery.sweep,
    "lost messages": machinery.lost_messages,
    "late write": machinery.late_write,
    "deployment": machinery.deployment,
}
"""By what a moment is called, what begins in it."""


class Day:
    """A contact centre from the morning on, and everything that is known of its day."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.centre: MemoryCentre = memory_centre(configured=False)
        self.centre.clock.at = MORNING
        self.centre.configure(DOCUMENT)
        self.centre.ready(*AGENTS)
        self.store, self.transport = self.centre.store, self.centre.transport
        self.now = self.centre.clock
        self.faults = Faults(lambda _: None, {*STORE, *TRANSPORT})
        self.archive: dict[str, bytes] = {}
        """Files of facts."""
        self._begun = 0
        self.workers = [self._worker(n) for n in range(len(story.skews))]
        self.lanes = [Lane() for _ in range(LANES)]
        self.history = History()
        self.sent: list[tuple[str, str | None, dict[str, Any]]] = []
        """Starts with a key, which can be sent again."""
        self.offers: list[str] = []
        """Those that were open lately."""
        self.answered: list[tuple[str, int, str]] = []
        """By engagement and version, the offer whose answer brought it about."""
        self.untold: set[str] = set()
        """Engagements of which the router may never have been told, since a message was lost."""
        self.told: list[str] = []
        """What happened, as it can be read."""
        self.struck: Counter[str] = Counter()
        """How often each fault has happened."""
        self._streamed = [0, 0]

    def text(self) -> str:
        """All that happened, to the byte."""
        return "\n".join([*self.told, self.history.text()])

    def happens(self, moment: Moment) -> None:
        """A moment of the story."""
        dice = Random(moment.dice)
        if moment.what == "time passes":
            self._time_passes(dice)
        else:
            errand = MOMENTS[moment.what](self, dice)
            if errand is not None:
                self.begin(errand, dice.randrange(len(self.workers)))
        calls = dice.choice((0, 1, 4, 10, 40))
        if moment.fault:
            calls = max(calls, 1)
        strikes = dice.randrange(calls) if calls else 0
        for n in range(calls):
            busy = [worker for worker in self.workers if worker.actor]
            if not busy:
                return
            self.step(dice.choice(busy), moment.fault if n == strikes else "")

    def begin(self, errand: Errand, number: int) -> None:
        """A worker takes it, as far as its first call. A worker that is at something ends that before."""
        free = [worker for worker in self.workers if worker.actor is None]
        worker = self.workers[number] if self.workers[number] in free or not free else free[0]
        while worker.actor is not None:
            self.step(worker)
        if errand.operation == "start" or errand.brings:
            more: dict[str, Any] = {"key": errand.key} if errand.key else {}
            worker.call = self.history.invoked(
                errand.process, errand.operation, errand.about, self.now(), brings=errand.brings, **more
            )
        worker.errand = errand
        worker.actor = Actor(lambda: errand.run(worker.world))
        self._tell(worker, "begins")
        if worker.actor.next is None:
            self._ended(worker)

    def step(self, worker: Worker, fault: str = "") -> None:
        """It makes its next call, which may go wrong."""
        actor = worker.actor
        assert actor is not None
        assert actor.next is not None
        call = actor.next.name
        if fault == "dies":
            self._struck(worker, call, fault)
            actor.die()
            self._end(worker, "unknown", {})
            return
        self.faults.arm(fault, 0)
        lost = False
        try:
            actor.step()
        except Fault:
            lost = True
        if self.faults.fired:
            self._struck(worker, call, fault)
        self.faults.disarm()
        if lost:
            self._end(worker, "unknown", {})
        elif actor.next is None:
            self._ended(worker)

    def finish(self) -> None:
        """Everybody ends what he is at, a call each in turn."""
        while busy := [worker for worker in self.workers if worker.actor]:
            for worker in busy:
                self.step(worker)

    def works(self, *states: str) -> list[Engagement]:
        """The newest engagement of each work, those in these states only."""
        heads = self.store._heads.values()
        return [each for each in heads if not states or each.state in states]

    def beat(self) -> None:
        """All agents' clients are alive."""
        for agent in AGENTS:
            self.store.beat(agent, self.now())

    def take_note(self) -> None:
        """Bring what was written since into the lanes, and keep ids of offers."""
        for n, stream in enumerate((self.store.stream, self.store.agent_stream)):
            fresh: list[Record] = stream[self._streamed[n] :]
            self._streamed[n] = len(stream)
            for before, after in fresh:
                item = after.agent_id if isinstance(after, Occupancy) else after.work_key
                self.lanes[crc32(item.encode()) % LANES].records.append((before, after))
                if isinstance(after, Engagement) and after.offer:
                    self.offers = [*self.offers[-7:], after.offer.offer_id]

    # Inside

    def _worker(self, number: int) -> Worker:
        skew = self.story.skews[number]
        self._begun += 1
        store: Any = StoppingStore(FaultyStore(self.store, self.faults))  # type: ignore[arg-type]
        transport: Any = StoppingTransport(FaultyTransport(self.transport, self.faults))  # type: ignore[arg-type]
        world = World(store, transport, lambda: self.now() + skew, tokens(self._begun), "account", self.centre.posts)
        world.archive = StoppingArchive(self.archive)
        return Worker(number, world)

    def _time_passes(self, dice: Random) -> None:
        seconds = dice.choice(SPANS_S)
        if seconds > PATIENCE_S:
            self.finish()
        self.now.pass_seconds(seconds)
        if dice.random() < 0.8:
            self.beat()
        self.told.append(f"{seconds} s pass")

    def _ended(self, worker: Worker) -> None:
        assert worker.actor is not None
        answer = worker.actor.answer
        answered: dict[str, Any] = {}
        if isinstance(answer, InterleaveError):
            self._end(worker, "failed", answered)
            return
        if isinstance(answer, Intake):
            answered = {"engagement_id": answer.engagement_id, "new": answer.outcome != "existing"}
        elif isinstance(answer, Engagement):
            answered = {"version": answer.version}
        self._end(worker, "ok", answered)

    def _end(self, worker: Worker, outcome: Outcome, answered: dict[str, Any]) -> None:
        errand = worker.errand
        assert errand is not None
        if worker.call:
            self.history.ended(worker.call, outcome, self.now(), **answered)
        self._tell(worker, f"{outcome} {worker.actor.answer if worker.actor and outcome == 'failed' else answered}")
        worker.errand = worker.actor = None
        worker.call = 0
        errand.ended(outcome)

    def _struck(self, worker: Worker, call: str, fault: str) -> None:
        assert worker.errand is not None
        self.struck[fault] += 1
        if (call, fault) == ("announce", "message lost"):
            self.untold |= worker.errand.tells
        self._tell(worker, f"{call}: {fault}")

    def _tell(self, worker: Worker, what: str) -> None:
        assert worker.errand is not None
        errand = worker.errand
        about = f" {errand.about}" if errand.about else ""
        self.told.append(f"{self.now()} [{worker.number}] {errand.process} {errand.operation}{about}: {what}")
