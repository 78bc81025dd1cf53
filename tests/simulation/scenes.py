"""Where an engagement can stand when things begin to happen to it, to be played from again and again."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from chalicelib.engagements import agents
from chalicelib.engagements.model import Occupancy
from chalicelib.operations import desk, recording, routing, supervising, timers, transferring
from chalicelib.operations.ordering import Order
from chalicelib.operations.recording import Write
from chalicelib.world import World
from tests.support.calls import StoppingStore, StoppingTransport
from tests.support.worlds import TENANT, Centre, Clock, MemoryCentre, memory_centre, tokens

LATE = 31
"""Seconds after which every deadline of every scene is past."""
CALLER = {"consumer_external_id": "c-1"}
"""Whose work it is all about."""
NEVER = 10**15

Adapter = TypeVar("Adapter")


@dataclass
class Scene(MemoryCentre):
    """A contact centre in which something happens to one engagement."""

    it: str = ""
    offer_id: str = "none"

    def somebody(self, number: int, late: bool) -> Centre:
        """One of those who act at the same time: a process of its own, with its own tokens and its own clock.

        No two clocks show the same millisecond: two changes that are the same to the last byte count as one.
        """
        store: Any = StoppingStore(self.store)
        transport: Any = StoppingTransport(self.transport)
        clock = Clock(self.clock.at + number + (1000 * LATE if late else 0))
        world = World(store, transport, clock, tokens(number + 2), "account", self.posts)
        return Centre(_configured(world, self.world), clock, self.posts)

    def undelivered(self) -> tuple[list[Write], list[tuple[Occupancy | None, Occupancy]]]:
        """What has come in the stream."""
        heads, agents = self.taken
        return self.store.stream[heads:], self.store.agent_stream[agents:]

    def consume(self) -> None:
        writes, changes = self.undelivered()
        self.taken = (len(self.store.stream), len(self.store.agent_stream))
        recording.record(self.world, writes)
        recording.record_status(self.world, changes)

    def settle(self) -> None:
        """What happens by itself: the stream and the rings come, once, and the schedule."""
        for _ in range(2):
            self.consume()
            self.ring()
            timers.sweep(self.world)
            routing.route_everything(self.world)
        self.consume()

    def versions(self) -> tuple[tuple[str, int], ...]:
        """What has been written so far, in short."""
        heads = [(after.engagement_id, after.version) for _, after in self.store.stream]
        return (*heads, *((after.agent_id, after.version) for _, after in self.store.agent_stream))

    def started(self) -> set[str]:
        """Every engagement that there has been."""
        return {engagement.engagement_id for _, engagement in self.store.stream}


@dataclass(frozen=True)
class Opening:
    """The beginning of a scene, kept."""

    scene: Scene

    def play(self) -> Scene:
        """The scene from its beginning; what happens in it does not touch the next one."""
        kept = self.scene
        clock, store, transport = Clock(kept.clock.at), _copied(kept.store), _copied(kept.transport)
        transport._now = clock
        transport._queues = {queue_id: dict(held) for queue_id, held in transport._queues.items()}
        world = _configured(World(store, transport, clock, tokens(1), "account", kept.posts), kept.world)
        return Scene(world, clock, kept.posts, store, transport, kept.taken, kept.it, kept.offer_id)


def _copied(adapter: Adapter) -> Adapter:
    """What an adapter holds is never changed in place: only its dictionaries and lists are."""
    twin = copy(adapter)
    twin.__dict__.update({name: copy(value) for name, value in vars(adapter).items() if isinstance(value, dict | list)})
    return twin


def _configured(world: World, like: World) -> World:
    """A process that knows the configuration already, and for as long as the scene lasts."""
    world._tenant, world._tenant_version, world._tenant_checked_at = like.tenant(), like._tenant_version, NEVER
    return world


def centre_with(ana_also: dict[str, Any] | None = None, more: dict[str, Any] | None = None, **billing: Any) -> Scene:
    """Ana and Ben, of whom only Ana is there, and the queue in which it all happens, with these settings."""
    _, general, _ = TENANT["queues"]
    ana, ben = TENANT["agents"]
    queue = {
        "queue_id": "billing",
        "queue_name": "Billing",
        "wrap_up_time": 20,
        "orphans": {"grace": 10},
        "transfer": {"return_after": 20, "users": ["ben"]},
        **billing,
    }
    document = {
        **TENANT,
        "queues": [queue, {**general, "distribution": "manual"}],
        "agents": [
            {**ana, "queues": ["billing"], "capacity": {"work_item": 1, "voice": 1}, **(ana_also or {})},
            {**ben, "queues": ["billing", "general"], "capacity": {"work_item": 2}},
        ],
        "flows": [_to_billing(TENANT["flows"][0])],
        **(more or {}),
    }
    centre = memory_centre(configured=False)
    centre.configure(document)
    return Scene(centre.world, centre.clock, centre.posts, centre.store, centre.transport)


def _to_billing(flow: dict[str, Any]) -> dict[str, Any]:
    version = {"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "billing", "priority": 1}}]}
    return {**flow, "versions": [version]}


def _scheduled() -> Scene:
    scene = centre_with()
    scene.ready("ana")
    scene.it = scene.start(consumer=CALLER, not_before=scene.clock() + 20_000)
    scene.consume()
    return scene


def _started() -> Scene:
    """The stream's consumer has not heard of it yet."""
    scene = centre_with()
    scene.ready("ana")
    scene.consume()
    scene.it = scene.start(consumer=CALLER)
    return scene


def _queued(**billing: Any) -> Scene:
    scene = centre_with(**billing)
    scene.it = scene.start(consumer=CALLER)
    scene.ready("ana")
    scene.consume()
    return scene


def _enlisted(**billing: Any) -> Scene:
    scene = centre_with(**billing)
    scene.it = scene.start(consumer=CALLER)
    scene.settle()
    scene.ready("ana")
    scene.consume()
    return scene


def _offered() -> Scene:
    scene = _queued()
    scene.settle()
    scene.start("CASE-2")
    scene.consume()
    return scene


def _offered_to_both() -> Scene:
    scene = centre_with(distribution="simultaneous")
    scene.ready("ana", "ben")
    scene.it = scene.start(consumer=CALLER)
    scene.settle()
    return scene


def _assigned(more: dict[str, Any] | None = None, **billing: Any) -> Scene:
    scene = centre_with(more=more, **billing)
    scene.it = scene.start(consumer=CALLER)
    scene.ready("ana")
    scene.settle()
    scene.accept(scene.it)
    scene.consume()
    return scene


def _assigned_beside_waiting() -> Scene:
    scene = _assigned()
    scene.start("CASE-2")
    scene.consume()
    return scene


def _advised() -> Scene:
    """Ben has been asked for advice, and has room."""
    scene = _assigned()
    scene.ready("ben")
    supervising.observe(scene.world, Order(scene.it, "agent:ana"), "ben", "consult")
    scene.consume()
    return scene


def _to_be_interrupted() -> Scene:
    """Ana works on all that she has room for; what waits may interrupt her."""
    profile = {"occupancy_profile_id": "p", "capacity": {"work_item": 1}, "parks": {"work_item": "work_item"}}
    scene = centre_with({"occupancy_profile_id": "p"}, {"occupancy_profiles": [profile]})
    scene.it = scene.start(consumer=CALLER)
    scene.ready("ana")
    scene.settle()
    scene.accept(scene.it)
    scene.start("CASE-2")
    scene.consume()
    return scene


def _deserted() -> Scene:
    return _absent(_assigned(orphans={"grace": 10, "queue_id": "general"}))


def _sent_on() -> Scene:
    """Ana has sent it to a queue that nobody serves now; late, it comes back to her."""
    scene = _assigned()
    transferring.transfer(scene.world, Order(scene.it, "agent:ana", "ana"), transferring.Target("queue", "general"))
    scene.settle()
    return scene


def _absent(scene: Scene) -> Scene:
    """Ana has left, and whoever recorded it died before he had seen to her work."""
    change = agents.set_status(scene.occupancy("ana"), "offline", None, scene.clock())
    scene.store.commit(change)
    scene.consume()
    return scene


def _inactive(wake_after: int | None = None) -> Scene:
    scene = _assigned()
    wake_at = None if wake_after is None else scene.clock() + 1000 * wake_after
    desk.deactivate(scene.world, Order(scene.it, "agent:ana", "ana"), wake_at)
    scene.start("CASE-2")
    scene.consume()
    return scene


def _wrapping_up() -> Scene:
    scene = _assigned_beside_waiting()
    scene.end(scene.it)
    scene.consume()
    return scene


def _closed() -> Scene:
    scene = _assigned(wrap_up_time=0)
    scene.end(scene.it)
    scene.consume()
    return scene


SCENES: dict[str, Callable[[], Scene]] = {
    "scheduled": _scheduled,
    "started": _started,
    "queued": lambda: _queued(service_level={"threshold": 25}),
    "queued, taken at once": lambda: _queued(auto_accept=True),
    "enlisted": _enlisted,
    "to overflow": lambda: _queued(max_wait_time=20, overflow={"queue_id": "general"}),
    "to overflow out": lambda: _queued(max_wait_time=20, overflow={"end": True}),
    "to be pulled": lambda: _enlisted(distribution="manual"),
    "sent on": _sent_on,
    "offered": _offered,
    "offered to both": _offered_to_both,
    "offered to the absent": lambda: _absent(_offered()),
    "offered to the absent and Ben": lambda: _absent(_offered_to_both()),
    "assigned": _assigned_beside_waiting,
    "advised": _advised,
    "to be interrupted": _to_be_interrupted,
    "of the silent": lambda: _assigned({"heartbeat_timeout": 30}),
    "deserted": _deserted,
    "inactive": _inactive,
    "snoozed": lambda: _inactive(wake_after=20),
    "snoozed by the absent": lambda: _absent(_inactive(wake_after=20)),
    "wrap-up": _wrapping_up,
    "closed": _closed,
}


def opening(name: str) -> Opening:
    """The beginning of one of the scenes."""
    scene = SCENES[name]()
    offer = scene.read(scene.it).offer
    scene.offer_id = offer.offer_id if offer else "none"
    return Opening(scene)
