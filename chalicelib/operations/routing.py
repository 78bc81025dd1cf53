"""The router's pass: load what the rings name, ask the core, commit each decision, and enlist what has to wait."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.configuration.tenant import Agent, Tenant
from chalicelib.engagements import commands
from chalicelib.engagements.model import Change, Engagement, Occupancy
from chalicelib.messaging.protocol import Drained, Ring
from chalicelib.operations import timers
from chalicelib.routing.decide import decide
from chalicelib.routing.model import Candidate, Match, QueueRules, Waiting
from chalicelib.world import World

ROUNDS = 50
"""Each round gives every agent at most one engagement, so that one write a round touches his row."""


@dataclass(slots=True)
class Pass:
    """What a pass saw and did."""

    offered: int = 0
    conflicts: int = 0
    waiting: int = 0
    poisoned: int = 0


@dataclass(slots=True)
class _Snapshot:
    """What a pass works on. Heads are read when they are first needed, and kept."""

    tenant: Tenant
    occupancies: dict[str, Occupancy]
    waiting: dict[str, Waiting] = field(default_factory=dict)
    heads: dict[str, Engagement] = field(default_factory=dict)
    enlisted: dict[str, int] = field(default_factory=dict)
    """The version at which each was entered in the index; the index may be behind."""
    drained: dict[str, Drained] = field(default_factory=dict)


def route(world: World, rings: Iterable[Ring]) -> Pass:
    """One pass over the queues and agents that the rings name."""
    rings = list(rings)
    rung = world.store.engagements({ring.engagement_id for ring in rings if ring.engagement_id})
    due = [each for each in rung.values() if timers.is_due(each, world.now())]
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
    rules = {queue_id: QueueRules(queue.distribution) for queue_id, queue in snapshot.tenant.queue_by_id.items()}
    done = Pass(poisoned=sum(drained.poisoned for drained in snapshot.drained.values()))
    for _ in range(ROUNDS):
        candidates = candidates_of(snapshot.tenant, snapshot.occupancies.values())
        matches = _one_each(decide(snapshot.waiting.values(), candidates, world.now(), rules))
        if not matches:
            break
        _commit(world, snapshot, matches, done)
    _enlist(world, snapshot)
    done.waiting = len(snapshot.waiting)
    return done


def _load(world: World, queues: set[str], rung: dict[str, Engagement]) -> _Snapshot:
    """What waits in these queues, and the agents who serve them.

    Their agents' other queues are left alone: what waits there and fits a free agent has a ring of its own on its
    way, so the higher rank is passed over for no longer than that ring takes (I14).
    """
    tenant = world.tenant()
    agents = {agent_id for queue_id in queues for agent_id in tenant.agents_of_queue[queue_id]}
    snapshot = _Snapshot(tenant, world.store.occupancies(agents), heads=dict(rung))
    for queue_id in sorted(queues):
        snapshot.drained[queue_id] = world.transport.drain(queue_id)
        for waiting in world.store.waiting(queue_id):
            snapshot.waiting[waiting.engagement_id] = waiting
            snapshot.enlisted[waiting.engagement_id] = waiting.version
    notices = (notice for drained in snapshot.drained.values() for notice in drained.notices)
    _read_heads(
        world, snapshot, (n.engagement_id for n in notices if snapshot.enlisted.get(n.engagement_id) != n.version)
    )
    for engagement in snapshot.heads.values():
        if engagement.state == "queued" and engagement.queue_id in queues:
            snapshot.waiting[engagement.engagement_id] = waiting_of(engagement)
    return snapshot


def _read_heads(world: World, snapshot: _Snapshot, engagement_ids: Iterable[str]) -> None:
    missing = set(engagement_ids) - set(snapshot.heads)
    if missing:
        snapshot.heads.update(world.store.engagements(missing))


def candidates_of(tenant: Tenant, occupancies: Iterable[Occupancy]) -> list[Candidate]:
    """Agents as the core sees them; who is no longer configured is left out."""
    position = {agent_id: n for n, agent_id in enumerate(tenant.agent_by_id)}
    return [
        _candidate(tenant.agent_by_id[each.agent_id], each, position[each.agent_id])
        for each in occupancies
        if each.agent_id in position
    ]


def _candidate(agent: Agent, occupancy: Occupancy, position: int) -> Candidate:
    return Candidate(
        agent_id=agent.user_id,
        ready=occupancy.status == "ready",
        queues=frozenset(agent.queues),
        idle_since=occupancy.idle_since,
        skills=agent.skills,
        capacity=agent.capacity,
        load={channel: occupancy.load(channel) for channel in agent.capacity},
        position=position,
    )


def waiting_of(engagement: Engagement) -> Waiting:
    """A queued engagement as the core sees it."""
    return Waiting(
        engagement_id=engagement.engagement_id,
        version=engagement.version,
        queue_id=engagement.queue_id,
        channel=engagement.channel,
        priority=engagement.priority,
        queued_at=engagement.queued_at,
        skills=engagement.skills,
        cooling=engagement.cooling,
    )


def _one_each(matches: Iterable[Match]) -> list[Match]:
    """The first match of each agent."""
    first: dict[str, Match] = {}
    for match in matches:
        first.setdefault(match.agent_id, match)
    return list(first.values())


def _commit(world: World, snapshot: _Snapshot, matches: list[Match], done: Pass) -> None:
    """Write the matches; what did not hold is read again before the next round."""
    _read_heads(world, snapshot, (match.waiting.engagement_id for match in matches))
    changes = []
    for match in matches:
        engagement = snapshot.heads.get(match.waiting.engagement_id)
        if engagement is None or engagement.state != "queued":
            del snapshot.waiting[match.waiting.engagement_id]  # the index was behind
        elif engagement.version != match.waiting.version:
            snapshot.waiting[engagement.engagement_id] = waiting_of(engagement)
        else:
            changes.append(_offer(world, snapshot, engagement, snapshot.occupancies[match.agent_id]))
    lost: list[Change] = []
    for change, held in zip(changes, world.store.commit_all(changes), strict=True):
        assert change.engagement is not None
        assert change.occupancy is not None
        if held:
            done.offered += 1
            snapshot.occupancies[change.occupancy.agent_id] = change.occupancy
            del snapshot.waiting[change.engagement.engagement_id]
        else:
            lost.append(change)
    done.conflicts += len(lost)
    _refresh(world, snapshot, lost)


def _offer(world: World, snapshot: _Snapshot, engagement: Engagement, occupancy: Occupancy) -> Change:
    queue = snapshot.tenant.queue_by_id[engagement.queue_id]
    now = world.now()
    offered = commands.offer(
        engagement, occupancy, offer_id=world.new_id(), expires_at=now + queue.offer_timeout * 1000, now=now
    )
    return commands.auto_accept(offered, now) if queue.auto_accept else offered


def _refresh(world: World, snapshot: _Snapshot, lost: list[Change]) -> None:
    """Read again what lost a race. Who is still queued stays in the pass, at the new version."""
    engagements = {change.engagement.engagement_id for change in lost if change.engagement}
    agents = {change.occupancy.agent_id for change in lost if change.occupancy}
    if not lost:
        return
    snapshot.occupancies.update(world.store.occupancies(agents))
    for engagement_id in engagements:
        snapshot.heads.pop(engagement_id, None)
    _read_heads(world, snapshot, engagements)
    for engagement_id in engagements:
        engagement = snapshot.heads.get(engagement_id)
        if engagement is not None and engagement.state == "queued":
            snapshot.waiting[engagement_id] = waiting_of(engagement)
        else:
            del snapshot.waiting[engagement_id]


def _enlist(world: World, snapshot: _Snapshot) -> None:
    """Enter what has to wait in the index; only then may its notice be forgotten (I3)."""
    for engagement_id, waiting in snapshot.waiting.items():
        if snapshot.enlisted.get(engagement_id) != waiting.version:
            world.store.enlist(waiting)
    for queue_id, drained in snapshot.drained.items():
        if drained.receipts:
            world.transport.forget(queue_id, drained.receipts)
