"""The stream consumer's work: from each version of an engagement the facts, the history and the messages out.

The stream is the outbox: whatever must follow a write is done from here, as often as it is delivered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import ceil

from chalicelib.engagements.model import Engagement, Event, Occupancy, consumer_key
from chalicelib.events.catalogue import events_of, status_event
from chalicelib.messaging.protocol import Notice, Ring
from chalicelib.operations import rolling
from chalicelib.operations.delivering import announce
from chalicelib.operations.translation import deadlines, waiting_of
from chalicelib.reporting.facts import facts_of, repeat_of
from chalicelib.reporting.statuses import status_fact
from chalicelib.routing.limits import next_overflow
from chalicelib.routing.widen import Needs
from chalicelib.storage.protocol import Visit
from chalicelib.world import World

EVENTS_PER_ROW = 8
"""A history row holds this many events, so that a short life costs no row of its own while its head is there."""
LONGEST_DELAY = 900

Write = tuple[Engagement | None, Engagement]
"""One write of a head row: before and after."""


def record(world: World, writes: Iterable[Write]) -> list[Event]:
    """Take in writes in the order of the stream; the events that they brought. Doing it again changes nothing but
    messages, which are hints."""
    steps = [(_version_before(old, new), old, new) for old, new in writes]
    facts = [fact for before, old, new in steps for fact in (*facts_of(new, before), *repeat_of(old, new))]
    visits = [visit for before, _, new in steps if before == 0 for visit in _visits(new)]
    rolling.keep(world, facts, visits)
    for before, old, new in steps:
        for engagement, events in _history(before, old, new):
            world.store.archive(engagement, events)
        if new.state == "closed":
            world.store.end_notes(new)
        if old is not None and new.trail[-1].command == "erase":
            world.store.forget_visits(_visits(old))
    _send(world, [new for before, _, new in steps if new.version > before])
    announce(world, [event for before, _, new in steps for event in events_of(new, before)])
    return [event for before, _, new in steps for event in new.trail if event.version > before]


def record_status(world: World, changes: Iterable[tuple[Occupancy | None, Occupancy]]) -> None:
    """Keep how long agents had which status, and tell of the changes."""
    changes, tenant = list(changes), world.tenant()
    ended = (status_fact(before, after, tenant.shift_of(after.agent_id)) for before, after in changes)
    facts = [fact for fact in ended if fact is not None]
    rolling.keep(world, facts)
    events = [status_event(before, after) for before, after in changes]
    announce(world, [event for event in events if event is not None])


def _visits(engagement: Engagement) -> list[Visit]:
    keys = {consumer_key(consumer) for consumer in engagement.content.consumers}
    return [Visit(key, engagement.engagement_id, engagement.started_at) for key in sorted(filter(None, keys))]


def _send(world: World, changed: list[Engagement]) -> None:
    """Into its queue what is queued, and a ring for each moment at which something will be due."""
    queued = [each for each in changed if each.state == "queued"]
    if queued:
        world.transport.announce([Notice(e.queue_id, e.engagement_id, e.version) for e in queued])
    for each in changed:
        for moment in _moments(world, each):
            delay = ceil((moment - world.now()) / 1000)
            if delay <= LONGEST_DELAY:  # what is later, the schedule sees to
                ring = Ring(queue_id=each.queue_id, engagement_id=each.engagement_id)
                world.transport.ring([ring], max(delay, 0))


def _version_before(old: Engagement | None, new: Engagement) -> int:
    """The version before this write; 0 where another engagement of the same work was there, or none."""
    return old.version if old is not None and old.engagement_id == new.engagement_id else 0


def _history(before: int, old: Engagement | None, new: Engagement) -> Iterator[tuple[Engagement, list[Event]]]:
    """Full rows of events as they fill up, and the rest of an engagement whose head row another one takes."""
    for row in range(before // EVENTS_PER_ROW, new.version // EVENTS_PER_ROW):
        yield new, _between(new, row * EVENTS_PER_ROW, (row + 1) * EVENTS_PER_ROW)
    if before == 0 and old is not None:
        rest = _between(old, old.version - old.version % EVENTS_PER_ROW, old.version)
        if rest:
            yield old, rest


def _between(engagement: Engagement, after: int, upto: int) -> list[Event]:
    return [event for event in engagement.trail if after < event.version <= upto]


def _moments(world: World, engagement: Engagement) -> set[int]:
    """When the router should look at it again: something is due, what it asks for changes, it has waited too long."""
    tenant = world.tenant()
    moments = deadlines(tenant, engagement)
    if engagement.state == "queued":
        waiting = waiting_of(tenant, engagement)
        queue = tenant.queue_by_id.get(engagement.queue_id)
        overflows_at = next_overflow(waiting, queue.limits(is_open=True)) if queue else None
        moments |= {*Needs(tenant.rules).changes(waiting), *(() if overflows_at is None else (overflows_at,))}
    return {moment for moment in moments if moment > engagement.trail[-1].at}
