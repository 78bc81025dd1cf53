"""The router's pass: load what the rings name, move on what queues do not keep, ask the core, commit each decision,
and enlist what has to wait."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import commands
from chalicelib.engagements.model import Change, Engagement
from chalicelib.engagements.step import ROUTER
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import timers
from chalicelib.operations.holding import candidates_now, parkable
from chalicelib.operations.overflowing import overflow
from chalicelib.operations.snapshot import Pass, Snapshot
from chalicelib.operations.translation import as_configured, candidates_of, room, waiting_of
from chalicelib.routing.decide import decide, one_each
from chalicelib.routing.explain import matchable
from chalicelib.routing.model import Candidate, Match
from chalicelib.routing.widen import USUAL, Need, Needs, step_at
from chalicelib.world import World

ROUNDS = 50
"""Each round gives every agent at most one engagement, so that one write a round touches his row."""


def route(world: World, rings: Iterable[Ring]) -> Pass:
    """One pass over the queues and agents that the rings name."""
    rings = list(rings)
    rung = world.store.engagements({ring.engagement_id for ring in rings if ring.engagement_id})
    due = [each for each in rung.values() if timers.is_due(world.tenant(), each, world.now())]
    timers.settle(world, due)
    for engagement in due:
        del rung[engagement.engagement_id]  # it has just changed, and rang for itself
    if not all(_known(world.tenant(), ring) for ring in rings):
        world.latest_tenant()
    return _pass(world, _queues(world.tenant(), rings), rung)


def route_everything(world: World) -> Pass:
    """One pass over every queue: the backstop for rings that never came."""
    return _pass(world, set(world.tenant().queue_by_id), {})


def _known(tenant: Tenant, ring: Ring) -> bool:
    return ring.queue_id in (None, *tenant.queue_by_id) and ring.agent_id in (None, *tenant.agent_by_id)


def _queues(tenant: Tenant, rings: Iterable[Ring]) -> set[str]:
    named = {ring.queue_id for ring in rings if ring.queue_id in tenant.queue_by_id}
    rung = (tenant.agent_by_id.get(ring.agent_id) for ring in rings if ring.agent_id)
    return {queue_id for queue_id in named if queue_id} | {q for agent in rung if agent for q in agent.queues}


def _pass(world: World, queues: set[str], rung: dict[str, Engagement]) -> Pass:
    snapshot = _load(world, queues, rung)
    tenant = snapshot.tenant
    done = Pass(poisoned=sum(drained.poisoned for drained in snapshot.drained.values()))
    _settle(world, snapshot)
    _wake(world, snapshot)
    overflow(world, snapshot, done)
    closed = {queue_id for queue_id in queues if not tenant.is_open(queue_id, world.now())}
    for _ in range(ROUNDS):
        candidates = _candidates(world, snapshot)
        matches = one_each(decide(snapshot.waiting.values(), candidates, world.now(), tenant.rules, closed))
        if not matches or not _commit(world, snapshot, matches, done):
            break
    _enlist(world, snapshot)
    done.waiting = len(snapshot.waiting)
    done.oldest_wait_ms = max((world.now() - each.since for each in snapshot.waiting.values()), default=0)
    done.unmatchable = _unmatchable(snapshot)
    return done


def _load(world: World, queues: set[str], rung: dict[str, Engagement]) -> Snapshot:
    """What waits in these queues, and the agents who serve them.

    Their agents' other queues are left alone: what waits there and fits a free agent has a ring of its own on its
    way, so the higher rank is passed over for no longer than that ring takes (I14).
    """
    tenant = world.tenant()
    agents = {agent_id for queue_id in queues for agent_id in tenant.agents_of_queue[queue_id]}
    snapshot = Snapshot(tenant, world.store.occupancies(agents), heads=dict(rung))
    for queue_id in sorted(queues):
        snapshot.drained[queue_id] = world.transport.drain(queue_id)
        for waiting in world.store.waiting(queue_id):
            snapshot.waiting[waiting.engagement_id] = as_configured(tenant, waiting)
            snapshot.enlisted[waiting.engagement_id] = waiting.version
    notices = [notice for drained in snapshot.drained.values() for notice in drained.notices]
    for notice in notices:
        if notice.engagement_id in rung and rung[notice.engagement_id].version < notice.version:
            snapshot.heads.pop(notice.engagement_id, None)  # it has changed since, and this notice will be forgotten
    snapshot.read_heads(
        world, (n.engagement_id for n in notices if snapshot.enlisted.get(n.engagement_id) != n.version)
    )
    for engagement in snapshot.heads.values():
        if engagement.state == "queued" and engagement.queue_id in queues:
            snapshot.waiting[engagement.engagement_id] = waiting_of(snapshot.tenant, engagement)
    return snapshot


def _settle(world: World, snapshot: Snapshot) -> None:
    """See to what is due on what waits, and take it as it is then."""
    now = world.now()
    due = [each.engagement_id for each in snapshot.waiting.values() if each.due_at is not None and each.due_at <= now]
    if not due:
        return
    timers.settle(world, world.store.engagements(due).values())
    _read_again(world, snapshot, due)
    for engagement_id in due:
        snapshot.enlisted.pop(engagement_id, None)  # its entry says what was due by another configuration


def _wake(world: World, snapshot: Snapshot) -> None:
    """Give ready agents back what they have snoozed, one by one as there is room, before new work takes it."""
    now = world.now()
    due = {
        engagement_id: (held.wake_at, agent_id)
        for agent_id, occupancy in snapshot.occupancies.items()
        for engagement_id, held in occupancy.held.items()
        if held.wake_at is not None and held.wake_at <= now and occupancy.status == "ready"
        if room(snapshot.tenant, occupancy, held.channel) > 0
    }
    heads = world.store.engagements(due) if due else {}
    for engagement_id in sorted(heads, key=lambda each: due[each]):
        timers.settle(world, [heads[engagement_id]])
    if due:
        snapshot.occupancies.update(world.store.occupancies({agent_id for _, agent_id in due.values()}))


def _read_again(world: World, snapshot: Snapshot, engagement_ids: Iterable[str]) -> None:
    """Take what has changed into the pass as it is now."""
    engagement_ids = list(engagement_ids)
    for engagement_id in engagement_ids:
        snapshot.heads.pop(engagement_id, None)
    snapshot.read_heads(world, engagement_ids)
    for engagement_id in engagement_ids:
        _take_head(snapshot, engagement_id)


def _take_head(snapshot: Snapshot, engagement_id: str) -> None:
    """What waits in another queue by now, or no longer, leaves the pass: its new version has a notice of its own."""
    engagement = snapshot.heads.get(engagement_id)
    if engagement is not None and engagement.state == "queued" and engagement.queue_id in snapshot.drained:
        snapshot.waiting[engagement_id] = waiting_of(snapshot.tenant, engagement)
    else:
        del snapshot.waiting[engagement_id]


def _candidates(world: World, snapshot: Snapshot) -> list[Candidate]:
    """The agents as they are by now, none of whom is asked again to park what he cannot."""
    stuck = snapshot.stuck
    found = candidates_now(world, snapshot.tenant, snapshot.occupancies)
    return [each.keeping(stuck[each.agent_id]) if each.agent_id in stuck else each for each in found]


def _commit(world: World, snapshot: Snapshot, matches: list[Match], done: Pass) -> int:
    """Write the matches; what did not hold is read again before the next round. How many came of it, or taught us
    something."""
    snapshot.read_heads(world, (match.waiting.engagement_id for match in matches))
    changes = []
    learnt = 0
    for match in matches:
        engagement = snapshot.heads.get(match.waiting.engagement_id)
        if engagement is None or engagement.version != match.waiting.version:
            _take_head(snapshot, match.waiting.engagement_id)  # the index was behind
            learnt += 1
        elif match.parks is None or _park(world, snapshot, match.agent_id, match.parks):
            changes.append(_offer(world, snapshot, engagement, match))
        else:
            snapshot.stuck.setdefault(match.agent_id, set()).add(match.parks)
            learnt += 1
    lost: list[Change] = []
    for change, held in zip(changes, world.store.commit_all(changes), strict=True):
        assert change.engagement is not None
        if held:
            done.offered += 1
            snapshot.occupancies.update({each.agent_id: each for each, _ in change.occupancies})
            del snapshot.waiting[change.engagement.engagement_id]
        else:
            lost.append(change)
    done.conflicts += len(lost)
    _refresh(world, snapshot, lost)
    return learnt + len(changes)


def _park(world: World, snapshot: Snapshot, agent_id: str, channel: str) -> bool:
    """Make room by parking what the agent works on.

    A write of its own before the offer's: if the process dies in between, the agent has room and work parked.
    """
    occupancy = snapshot.occupancies[agent_id]
    least = parkable(world, occupancy, channel)
    if least is None:
        return False
    change = commands.deactivate(least, occupancy, actor=ROUTER, now=world.now())
    if world.store.commit_all([change]) == [False]:
        return False
    assert change.occupancy is not None
    snapshot.occupancies[agent_id] = change.occupancy
    return True


def _offer(world: World, snapshot: Snapshot, engagement: Engagement, match: Match) -> Change:
    queue = snapshot.tenant.queue_by_id[engagement.queue_id]
    now = world.now()
    offered = commands.offer(
        engagement,
        snapshot.occupancies[match.agent_id],
        others=tuple(snapshot.occupancies[agent_id] for agent_id in match.also),
        offer_id=world.new_id(),
        expires_at=now + 1000 * _patience(snapshot, queue, match),
        now=now,
        search_step=step_at(snapshot.tenant.rules.get(engagement.queue_id, USUAL), now - engagement.queued_at),
    )
    return commands.auto_accept(offered, now) if queue.auto_accept else offered


def _patience(snapshot: Snapshot, queue: Queue, match: Match) -> int:
    """Seconds to accept: the queue's, but for an agent with a time of his own."""
    own = snapshot.tenant.agent_by_id[match.agent_id].offer_timeout
    return own if own is not None and not match.also else queue.offer_timeout


def _refresh(world: World, snapshot: Snapshot, lost: list[Change]) -> None:
    """Read again what lost a race."""
    engagements = {change.engagement.engagement_id for change in lost if change.engagement}
    agents = {occupancy.agent_id for change in lost for occupancy, _ in change.occupancies}
    if not lost:
        return
    snapshot.occupancies.update(world.store.occupancies(agents))
    _read_again(world, snapshot, engagements)


def _enlist(world: World, snapshot: Snapshot) -> None:
    """Enter what has to wait in the index; only then may its notice be forgotten (I3)."""
    for engagement_id, waiting in snapshot.waiting.items():
        if snapshot.enlisted.get(engagement_id) != waiting.version:
            world.store.enlist(waiting)
    for queue_id, drained in snapshot.drained.items():
        if drained.receipts:
            world.transport.forget(queue_id, drained.receipts)


def _unmatchable(snapshot: Snapshot) -> tuple[str, ...]:
    """What no registered agent can take, ready or not, at the least that it will ever ask for."""
    needs = Needs(snapshot.tenant.rules)
    everybody = candidates_of(snapshot.tenant, snapshot.occupancies.values())
    known: dict[Need, bool] = {}
    never = []
    for engagement_id, waiting in snapshot.waiting.items():
        least = needs.relaxed(waiting)
        if least not in known:
            known[least] = matchable(waiting, everybody, needs)
        if not known[least]:
            never.append(engagement_id)
    return tuple(never)
