"""Everything that anybody can do to an engagement, each as one operation that a search can interleave with others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.messaging.protocol import Ring
from chalicelib.operations import (
    amending,
    desk,
    privacy,
    recording,
    routing,
    sessions,
    supervising,
    timers,
    transferring,
)
from chalicelib.operations.ordering import Order
from tests.simulation.scenes import CALLER, Scene
from tests.support.calls import STREAM
from tests.support.schedules import pause
from tests.support.worlds import Centre

Act = Callable[[Centre, Scene], Any]
"""Somebody's own process, and the scene that it is part of."""


@dataclass(frozen=True)
class Operation:
    """What somebody does, where `Scene.it` is the engagement in question and Ana its agent."""

    run: Act
    commands: tuple[str, ...] = ()
    """Of the state machine: what it can bring about."""
    late: bool = False
    """Done by somebody whose clock shows that every deadline is past."""
    one_write: bool = True
    """It is one change of what it has read, so that it happens at one moment: before the other operation or after it.

    A pull is none: it reads an index, which may be behind."""


def _order(scene: Scene, agent_id: str = "ana") -> Order:
    return Order(scene.it, f"agent:{agent_id}", agent_id)


_SUE = "supervisor:sue"


def _desk(act: Callable[..., Any], *args: Any, agent_id: str = "ana") -> Act:
    return lambda me, scene: act(me.world, _order(scene, agent_id), *args)


def _from_above(act: Callable[..., Any], *args: Any) -> Act:
    return lambda me, scene: act(me.world, Order(scene.it, _SUE), *args)


def _answer_offer(act: Callable[..., Any], agent_id: str, *args: Any) -> Act:
    return lambda me, scene: act(me.world, _order(scene, agent_id), scene.offer_id, *args)


def _of_ana(act: Callable[..., Any], *args: Any) -> Act:
    return lambda me, _: act(me.world, "ana", *args)


def _snooze(me: Centre, scene: Scene) -> Any:
    return desk.deactivate(me.world, _order(scene), wake_at=me.clock() + 20_000)


def _note(me: Centre, scene: Scene) -> Any:
    found = me.world.store.engagement(scene.it)
    return found and supervising.add_note(me.world, found, "ana", "Called back.")


def _ring(me: Centre, scene: Scene) -> Any:
    return routing.route(me.world, [Ring("billing", scene.it), Ring(agent_id="ana")])


def _consume(me: Centre, scene: Scene) -> None:
    """The stream's consumer takes what has come since the scene began. It will come again."""
    pause(STREAM)
    writes, changes = scene.undelivered()
    recording.record(me.world, writes)
    recording.record_status(me.world, changes)


_OFFERS = ("offer", "accept", "deactivate")
_TIMERS = ("enqueue", "overflow", "overflow_out", "miss", "give_back", "activate", "release", "close", "flag")

OPERATIONS: dict[str, Operation] = {
    "start": Operation(lambda me, _: me.start(consumer=CALLER), ("start",)),
    "start with a key": Operation(lambda me, _: me.start(consumer=CALLER, key="k"), ("start",)),
    "start or find": Operation(lambda me, _: me.start(consumer=CALLER, use_existing=True), ("start",)),
    "accept": Operation(_answer_offer(desk.accept, "ana"), ("accept",)),
    "accept, Ben": Operation(_answer_offer(desk.accept, "ben"), ("accept",)),
    "decline": Operation(_answer_offer(desk.decline, "ana", "busy"), ("decline", "pass")),
    "decline, Ben": Operation(_answer_offer(desk.decline, "ben", "busy"), ("pass",)),
    "pull": Operation(_of_ana(desk.pull, "billing", "agent:ana"), ("pull",), one_write=False),
    "park": Operation(_desk(desk.deactivate), ("deactivate",)),
    "snooze": Operation(_snooze, ("deactivate",)),
    "take up": Operation(_desk(desk.activate), ("activate",)),
    "release": Operation(_desk(desk.release), ("release",)),
    "transfer to a queue": Operation(
        _desk(transferring.transfer, transferring.Target("queue", "general")), ("transfer",)
    ),
    "transfer to an agent": Operation(_desk(transferring.transfer, transferring.Target("agent", "ben")), ("transfer",)),
    "transfer to a flow": Operation(
        _from_above(transferring.transfer, transferring.Target("flow", "entry-tickets")), ("transfer",)
    ),
    "transfer to herself": Operation(
        _desk(transferring.transfer, transferring.Target("agent", "ana")), ("refuse_transfer",)
    ),
    "barge": Operation(_from_above(supervising.observe, "sue", "barge"), ("observe",)),
    "consult": Operation(_desk(supervising.observe, "ben", "consult"), ("observe",)),
    "leave": Operation(_from_above(supervising.leave, "ben"), ("leave",)),
    "take over": Operation(
        lambda me, scene: supervising.take_over(me.world, Order(scene.it, "agent:ben"), "ben"), ("take_over",)
    ),
    "switch": Operation(_desk(amending.switch, "voice"), ("switch",)),
    "update": Operation(
        lambda me, scene: amending.update(
            me.world, Order(scene.it, "integration:crm"), amending.Amendment({"note": "vip"}, priority=9)
        ),
        ("update",),
    ),
    "end": Operation(_desk(desk.end, "Solved"), ("finish", "close")),
    "end from above": Operation(_from_above(desk.end, None), ("finish", "close")),
    "extend": Operation(_desk(desk.extend, 60), ("extend",)),
    "wrap up": Operation(_desk(desk.wrap_up, "Solved"), ("close",)),
    "cancel": Operation(lambda me, scene: desk.cancel(me.world, Order(scene.it, "integration:crm")), ("cancel",)),
    "hang up": Operation(
        lambda me, scene: desk.consumer_left(me.world, Order(scene.it, "integration:crm"), None),
        ("abandon", "finish"),
    ),
    "note": Operation(_note),
    "erase": Operation(lambda me, _: privacy.erase(me.world, CALLER, "admin:ada"), ("erase",), one_write=False),
    "ready": Operation(_of_ana(sessions.set_status, "ready", None, "agent:ana")),
    "not ready": Operation(
        _of_ana(sessions.set_status, "not_ready", None, "agent:ana"), ("rescind", "pass"), one_write=False
    ),
    "sign out": Operation(
        _of_ana(sessions.set_status, "offline", None, "agent:ana"), ("rescind", "pass"), one_write=False
    ),
    "opt out": Operation(_of_ana(sessions.opt_out, ["billing"])),
    "take elsewhere": Operation(_of_ana(sessions.take_elsewhere, "chat-1", "work_item")),
    "leave elsewhere": Operation(_of_ana(sessions.leave_elsewhere, "chat-1")),
    "beat": Operation(_of_ana(sessions.beat)),
    "route": Operation(lambda me, _: routing.route_everything(me.world), _OFFERS, one_write=False),
    "ring": Operation(_ring, _OFFERS, one_write=False),
    "ring late": Operation(_ring, (*_OFFERS, *_TIMERS), late=True, one_write=False),
    "sweep": Operation(lambda me, _: timers.sweep(me.world), ("rescind", "pass"), one_write=False),
    "sweep late": Operation(
        lambda me, _: timers.sweep(me.world),
        ("enqueue", "miss", "activate", "close", "release", "transfer"),
        late=True,
        one_write=False,
    ),
    "consume": Operation(_consume, one_write=False),
}
