"""What queues do not keep goes elsewhere: to another queue, through another flow, or out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from chalicelib.configuration.profiles import Overflow
from chalicelib.engagements import commands
from chalicelib.engagements.model import Change, Engagement
from chalicelib.flows.document import Route
from chalicelib.operations.flowing import Run, pass_through
from chalicelib.operations.ordering import ring_for
from chalicelib.operations.ranking import seen_before
from chalicelib.operations.snapshot import Pass, Snapshot
from chalicelib.operations.translation import destination_of, waiting_of
from chalicelib.routing.limits import overflowing
from chalicelib.routing.model import Waiting
from chalicelib.world import World

MOST_OVERFLOWS = 10
"""A flow may lead back to where the work came from; after so many turns the work stays where it is."""


def overflow(world: World, snapshot: Snapshot, done: Pass) -> None:
    """Move on what the queues of a pass do not keep. What lost a race stays in the pass as it was: it is entered in the
    index, unless it has changed, and then its new version has a notice of its own (I3)."""
    leaving = _leaving(world, snapshot)
    snapshot.read_heads(world, leaving)
    changes = []
    for engagement_id, reason in leaving.items():
        engagement = snapshot.heads.get(engagement_id)
        waiting = snapshot.waiting[engagement_id]
        if engagement is None or engagement.version != waiting.version:
            continue
        if engagement.overflows >= MOST_OVERFLOWS and not snapshot.tenant.is_gone(engagement.queue_id):
            continue
        change = _moved(world, snapshot, engagement, reason)
        if change is not None:
            changes.append(change)
    away: list[Change] = []
    for change, held in zip(changes, world.store.commit_all(changes), strict=True):
        assert change.engagement is not None
        moved = change.engagement
        snapshot.heads.pop(moved.engagement_id)
        if held:
            del snapshot.waiting[moved.engagement_id]
            done.overflowed += 1
            if moved.state == "queued" and moved.queue_id in snapshot.drained:
                snapshot.heads[moved.engagement_id] = moved
                snapshot.waiting[moved.engagement_id] = waiting_of(snapshot.tenant, moved)
            elif moved.state == "queued":
                away.append(change)
    ring_for(world, *away)  # somebody may be free there


def _leaving(world: World, snapshot: Snapshot) -> Mapping[str, str]:
    by_queue: dict[str, list[Waiting]] = defaultdict(list)
    for waiting in snapshot.waiting.values():
        by_queue[waiting.queue_id].append(waiting)
    leaving: dict[str, str] = {}
    now, tenant = world.now(), snapshot.tenant
    for queue_id, queued in by_queue.items():
        limits = tenant.queue_by_id[queue_id].limits(tenant.is_open(queue_id, now))
        leaving |= overflowing(queued, now, limits)
    return leaving


def _moved(world: World, snapshot: Snapshot, engagement: Engagement, reason: str) -> Change | None:
    """The change that takes it out of its queue; None where the place it should go to is no longer there.

    To a queue it goes with the priority and the skills it has. A flow decides anew; it makes no calls on the way,
    since the router waits for nobody.
    """
    tenant, now = snapshot.tenant, world.now()
    place = tenant.queue_by_id[engagement.queue_id].overflow
    assert place is not None
    if place == Overflow():
        place = Overflow(flow_entry_id=engagement.flow.flow_entry_id)  # its queue is gone
    if place.end:
        return commands.overflow_out(engagement, reason=reason, now=now)
    if place.queue_id is not None:
        route = Route(
            place.queue_id, engagement.priority, engagement.skills, engagement.direct_to, engagement.preferred
        )
        to = destination_of(tenant, route, engagement.content, now, seen_before(world, engagement.started_at))
        return commands.overflow(engagement, to, reason=reason, now=now)
    flow = tenant.flow_by_entry_id.get(place.flow_entry_id or "")
    version = flow.published() if flow else None
    if flow is None or version is None:
        return None
    who = Run(engagement.engagement_id, engagement.started_at)
    passed = pass_through(world, tenant, flow, version, engagement.content, who)
    if passed.outcome.ends:
        return commands.overflow_out(engagement, reason=reason, now=now, passage=passed.passage)
    if passed.outcome.route.queue_id is None:
        return None
    to = passed.destination(tenant, now)
    return commands.overflow(engagement, to, reason=reason, now=now, passage=passed.passage)
