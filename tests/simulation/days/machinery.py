"""What works between people: the doorbell, the stream, the schedule; and what else happens to a contact centre."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.errors import LostRace
from chalicelib.handlers import schedule
from chalicelib.operations import configuring, recording, routing
from chalicelib.world import World
from tests.simulation.days.acts import Errand
from tests.simulation.tenant import DOCUMENT, QUEUES
from tests.support.calls import STREAM
from tests.support.history import Outcome
from tests.support.schedules import pause

if TYPE_CHECKING:
    from tests.simulation.days.day import Day, Lane

VISIBILITY_S = 30
"""Rings that nobody has answered come again after so long."""


def doorbell(day: Day, dice: Random) -> Errand | None:
    """Some of the rings that are there, in any order; sometimes they will come again."""
    rings = day.transport.due_rings()
    dice.shuffle(rings)
    batch = rings[: dice.choice((1, 3, 10, 10))]
    day.transport.ring(rings[len(batch) :])
    if not batch:
        return None
    if dice.random() < 0.1:
        day.transport.ring(batch, dice.choice((0, 1, VISIBILITY_S)))

    def ended(outcome: Outcome) -> None:
        if outcome != "ok":
            day.transport.ring(batch, VISIBILITY_S)

    return Errand("system", "doorbell", lambda world: routing.route(world, batch), ended=ended)


def stream(day: Day, dice: Random) -> Errand | None:
    """A batch of one lane: what is new, as much as happens to come, and what came before perhaps again."""
    day.take_note()
    lane = dice.choice(day.lanes)
    first = max(0, lane.taken - dice.choice((0, 0, 0, 1, 10)))
    return batch(lane, first, lane.taken + dice.choice((1, 3, 10, 100)))


def batch(lane: Lane, first: int, last: int) -> Errand | None:
    records = lane.records[first:last]
    if not records:
        return None
    writes = [record for record in records if isinstance(record[1], Engagement)]
    statuses = [record for record in records if isinstance(record[1], Occupancy)]

    def run(world: World) -> None:
        pause(STREAM)
        recording.record(world, writes)
        recording.record_status(world, statuses)

    def ended(outcome: Outcome) -> None:
        if outcome == "ok":
            lane.taken = max(lane.taken, first + len(records))

    tells = frozenset(after.engagement_id for _, after in writes)
    return Errand("system", "stream", run, tells=tells, ended=ended)


def lost_messages(day: Day, _: Random) -> None:
    """Whatever is in a queue is lost: purged, or received too often by passes that died."""
    day.transport.due_rings()
    for queue_id in QUEUES:
        drained = day.transport.drain(queue_id)
        day.untold |= {each.engagement_id for each in drained.notices}
        day.transport.forget(queue_id, drained.receipts)


def late_write(day: Day, dice: Random) -> None:
    """A write that has taken effect arrives once more; nothing comes of it (I9)."""
    if day.faults.late:
        before = (len(day.store.stream), len(day.store.agent_stream))
        with suppress(LostRace):
            day.store.commit(dice.choice(day.faults.late))
        assert before == (len(day.store.stream), len(day.store.agent_stream)), "I9: an old write took effect"


def deployment(day: Day, dice: Random) -> Errand:
    """Processes begin anew, one after the other, and the configuration becomes another one."""
    document = deepcopy(DOCUMENT)
    tickets, express = document["queues"][:2]
    change = dice.choice(("none", "quick", "no wrap-up", "no dee", "no express"))
    if change == "quick":
        tickets["offer_timeout"] = 5
    elif change == "no wrap-up":
        tickets["wrap_up_time"] = 0
    elif change == "no dee":
        document["agents"] = [each for each in document["agents"] if each["user_id"] != "dee"]
        document["flows"] = [each for each in document["flows"] if each["flow_id"] != "for-dee"]
    elif change == "no express":
        express["auto_accept"] = False
    for n, worker in enumerate(day.workers):
        if worker.actor is None:
            day.workers[n] = day._worker(n)
    terms = configuring.Terms(release=True)
    return Errand("admin:ada", f"deploy: {change}", lambda world: configuring.apply(world, document, None, terms))


def sweep(*_: object) -> Errand:
    """What the schedule does once a minute; here, now and then."""
    return Errand("system", "schedule", schedule.run)
