"""Agents' sessions: status, queues opted out of, heartbeats, work that other systems gave them, and who has left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from chalicelib.engagements import agents
from chalicelib.engagements.model import AgentStatus, Change, Engagement, Occupancy
from chalicelib.errors import FieldError, InvalidRequest, LostRace, NotFound, WrongState
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import transferring
from chalicelib.operations.desk import release, rescind
from chalicelib.operations.ordering import ATTEMPTS, Order
from chalicelib.world import World

SYSTEM = "system:sweeper"


def status_of(world: World, agent_id: str) -> Occupancy:
    """What an agent says of himself, and what he holds. Raises `NotFound`."""
    _known(world, agent_id)
    return world.store.occupancies([agent_id])[agent_id]


def set_status(world: World, agent_id: str, status: AgentStatus, sub_status: str | None, actor: str) -> Occupancy:
    """Change an agent's status. What is offered to an agent who is no longer ready is offered to others at once."""
    _known(world, agent_id)
    reasons = {reason.sub_status_id for reason in world.tenant().reasons if reason.enabled}
    if sub_status is not None and world.tenant().reasons and sub_status not in reasons:
        message = f"There is no such reason; there are {', '.join(sorted(reasons))}."
        raise InvalidRequest("The reason is unknown.", [FieldError("/sub_status_id", message)])
    known = sub_status if sub_status in reasons else None
    changed = _change(
        world, agent_id, lambda seen: agents.set_status(seen, status, sub_status, world.now(), actor, known)
    )
    if status == "ready":
        world.transport.ring([Ring(agent_id=agent_id)])
    else:
        _rescind_offers(world, changed, actor)
    return changed


def sign_out(world: World, agent_id: str) -> Occupancy:
    """Offline, whether he is still configured or not."""
    return _change(world, agent_id, lambda seen: _offline(world, seen))


def _offline(world: World, seen: Occupancy) -> Change:
    return agents.set_status(seen, "offline", None, world.now(), SYSTEM)


def opt_out(world: World, agent_id: str, queues: Iterable[str]) -> Occupancy:
    """Take nothing from these queues until further notice; an empty list is none of them."""
    _known(world, agent_id)
    out = tuple(sorted(set(queues)))
    serves = world.tenant().agent_by_id[agent_id].queues
    for n, queue_id in enumerate(out):
        if queue_id not in serves:
            raise InvalidRequest("He serves no such queue.", [FieldError(f"/opt_out/{n}", f"Not {queue_id!r}.")])
    changed = _change(world, agent_id, lambda seen: agents.opt_out(seen, out))
    world.transport.ring([Ring(agent_id=agent_id)])
    return changed


def take_elsewhere(world: World, agent_id: str, reference: str, channel: str) -> Occupancy:
    """Another system has given the agent work. Saying it again changes nothing. Raises `NoCapacity`."""
    _known(world, agent_id)
    return _change(world, agent_id, lambda seen: agents.take_elsewhere(seen, reference, channel, world.now()))


def leave_elsewhere(world: World, agent_id: str, reference: str) -> Occupancy:
    """What another system gave the agent is over. Saying it again changes nothing."""
    _known(world, agent_id)
    changed = _change(world, agent_id, lambda seen: agents.leave_elsewhere(seen, reference, world.now()))
    world.transport.ring([Ring(agent_id=agent_id)])
    return changed


def beat(world: World, agent_id: str) -> None:
    """The agent's client is alive."""
    _known(world, agent_id)
    world.store.beat(agent_id, world.now())


def look_after(world: World, present: Iterable[Occupancy]) -> None:
    """Sign out agents whose clients have gone silent or whose shifts are over, and see to the work of the absent."""
    present = list(present)
    known = world.tenant().agent_by_id
    for occupancy in _left(world, [each for each in present if each.status != "offline" and each.agent_id in known]):
        _sign_out_as_seen(world, occupancy)
    gone = {each.agent_id: each for each in present if each.status == "offline" and each.held}
    held = world.store.engagements({each for occupancy in gone.values() for each in occupancy.held})
    for engagement in held.values():
        if engagement.agent_id in gone and engagement.state in ("assigned", "inactive"):
            _rescue(world, engagement, gone[engagement.agent_id])


def _sign_out_as_seen(world: World, occupancy: Occupancy) -> None:
    """Of who has done anything since, the next sweep knows whether he has gone."""
    change = _offline(world, occupancy)
    with suppress(LostRace):
        world.store.commit(change)
        assert change.occupancy is not None
        _rescind_offers(world, change.occupancy, SYSTEM)


def _left(world: World, online: list[Occupancy]) -> list[Occupancy]:
    """Who has gone without saying so. A shift that ended before he came signs nobody out: he works overtime."""
    tenant, now = world.tenant(), world.now()
    since = {each.agent_id: each.status_since for each in online}
    left = {each for each, at in since.items() if tenant.shift_ended_since(each, at, now)}
    if tenant.heartbeat_timeout is not None:
        beats = world.store.beats(since)
        left |= {each for each, at in since.items() if now - max(beats[each], at) > 1000 * tenant.heartbeat_timeout}
    return [each for each in online if each.agent_id in left]


def _rescue(world: World, engagement: Engagement, occupancy: Occupancy) -> None:
    """What becomes of work whose agent has left, by its queue's policy. Who was Offline when he got it has not."""
    queue = world.tenant().queue_by_id.get(engagement.queue_id)
    if queue is None:
        return
    left_at, taken_at = occupancy.status_since, engagement.assigned_at or 0
    patience = queue.orphans.patience if left_at >= taken_at else queue.orphans.held_for
    if world.now() - max(left_at, taken_at) < 1000 * patience:
        return
    order = Order(engagement.engagement_id, SYSTEM, occupancy.agent_id)
    try:
        if queue.orphans.queue_id is None:
            release(world, order)
        else:
            transferring.hand_over(world, order, queue.orphans.queue_id)
    except (NotFound, WrongState, LostRace):
        return  # it has just changed hands, or is in conflict with other changes: the next sweep sees how it is


def _rescind_offers(world: World, occupancy: Occupancy, actor: str) -> None:
    """If this is cut short, the sweeper does the rest: it looks for offers to agents who are not ready."""
    for engagement in world.store.engagements(occupancy.held).values():
        if engagement.state == "offered" and occupancy.agent_id in engagement.holders:
            try:
                rescind(world, Order(engagement.engagement_id, actor, occupancy.agent_id), occupancy.status)
            except (NotFound, WrongState, LostRace):
                continue  # it has just been accepted, declined or missed; or it stays in conflict: see above


def _known(world: World, agent_id: str) -> None:
    if agent_id not in world.tenant().agent_by_id and agent_id not in world.latest_tenant().agent_by_id:
        raise NotFound(f"User does not exist: {agent_id}.")


def _change(world: World, agent_id: str, decide: Callable[[Occupancy], Change]) -> Occupancy:
    for _ in range(ATTEMPTS):
        change = decide(world.store.occupancies([agent_id])[agent_id])
        try:
            world.store.commit(change)
        except LostRace:
            continue
        assert change.occupancy is not None
        return change.occupancy
    raise LostRace("The agent stayed in conflict with other changes; try again.")
