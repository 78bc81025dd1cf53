"""The agent's desk: what an agent, or somebody on his behalf, does with offers and assignments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.engagements import commands
from chalicelib.engagements.model import AgentStatus, Change, Engagement, Occupancy
from chalicelib.errors import LostRace, NotFound, VersionMismatch, WrongState
from chalicelib.messaging.protocol import Ring
from chalicelib.world import World

ATTEMPTS = 5
"""A command that loses a race reads again and decides again, this often."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which engagement is meant, and by whom.

    `agent_id` restricts it to work that is in this agent's hands, `version` to the one that was seen; both are checked
    on the very read that the write is conditioned on.
    """

    engagement_id: str
    actor: str
    agent_id: str | None = None
    version: int | None = None


def assignments(world: World, agent_id: str) -> tuple[Occupancy, list[Engagement]]:
    """The agent's occupancy, and what is offered to or held by him, oldest in the queue first."""
    occupancy = world.store.occupancies([agent_id])[agent_id]
    held = world.store.engagements(occupancy.held).values()
    mine = [each for each in held if each.agent_id == agent_id and each.state != "closed"]
    return occupancy, sorted(mine, key=lambda each: (each.queued_at, each.engagement_id))


def accept(world: World, order: Order, offer_id: str) -> Engagement:
    """Take an offer. Raises `StaleOffer` where it is over."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        agent_id = occupancy.agent_id
        return commands.accept(engagement, agent_id=agent_id, offer_id=offer_id, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def decline(world: World, order: Order, offer_id: str, reason: str | None) -> Engagement:
    """Pass an offer by."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        now = world.now()
        return commands.decline(
            engagement,
            occupancy,
            offer_id=offer_id,
            actor=order.actor,
            reason=reason,
            cool_until=now + cool_down_ms(world, engagement.queue_id),
            now=now,
        )

    return _change(world, order, decide)


def deactivate(world: World, order: Order) -> Engagement:
    """Park assigned work."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.deactivate(engagement, occupancy, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def activate(world: World, order: Order) -> Engagement:
    """Take parked work up again. Raises `NoCapacity` where its place is taken."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        agent = world.tenant().agent_by_id.get(occupancy.agent_id)
        capacity = agent.capacity.get(engagement.channel, 0) if agent else 0
        return commands.activate(engagement, occupancy, capacity=capacity, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def release(world: World, order: Order) -> Engagement:
    """Give assigned work back to its queue."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.release(engagement, occupancy, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def end(world: World, order: Order, disposition: str | None) -> Engagement:
    """Finish work: closed at once, or after the wrap-up that its queue allows."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        queue = world.tenant().queue_by_id.get(engagement.queue_id)
        return commands.end(
            engagement,
            occupancy,
            wrap_up_ms=queue.wrap_up_time * 1000 if queue else 0,
            disposition=disposition,
            actor=order.actor,
            now=world.now(),
        )

    return _change(world, order, decide)


def cancel(world: World, order: Order) -> Engagement:
    """Withdraw work, wherever it is."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        holder = occupancy if engagement.agent_id else None
        return commands.cancel(engagement, holder, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def wrap_up(world: World, order: Order, disposition: str | None) -> Engagement:
    """End the wrap-up and close."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        if engagement.state != "wrap_up":
            raise commands.wrong_state("wrap_up", engagement)
        return commands.close(engagement, occupancy, disposition=disposition, actor=order.actor, now=world.now())

    return _change(world, order, decide)


def set_status(world: World, agent_id: str, status: AgentStatus, sub_status: str | None, actor: str) -> Occupancy:
    """Change an agent's status. What is offered to an agent who is no longer ready is offered to others at once."""
    if agent_id not in world.tenant().agent_by_id and agent_id not in world.latest_tenant().agent_by_id:
        raise NotFound(f"User does not exist: {agent_id}.")
    for _ in range(ATTEMPTS):
        occupancy = world.store.occupancies([agent_id])[agent_id]
        change = commands.set_status(occupancy, status, sub_status, world.now())
        try:
            world.store.commit(change)
        except LostRace:
            continue
        assert change.occupancy is not None
        if status == "ready":
            world.transport.ring([Ring(agent_id=agent_id)])
        else:
            _rescind_offers(world, change.occupancy, actor)
        return change.occupancy
    raise LostRace("The agent's status stayed in conflict with other changes; try again.")


def cool_down_ms(world: World, queue_id: str) -> int:
    """How long no offer goes again to an agent who passed it by."""
    queue = world.tenant().queue_by_id.get(queue_id)
    return queue.cool_down * 1000 if queue else 0


def rescind(world: World, order: Order, reason: str) -> Engagement:
    """Take an open offer back from an agent."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.rescind(engagement, occupancy, actor=order.actor, reason=reason, now=world.now())

    return _change(world, order, decide)


def _rescind_offers(world: World, occupancy: Occupancy, actor: str) -> None:
    """If this is cut short, the sweeper does the rest: it looks for offers to agents who are not ready."""
    for engagement in world.store.engagements(occupancy.held).values():
        if engagement.state == "offered" and engagement.agent_id == occupancy.agent_id:
            try:
                rescind(world, Order(engagement.engagement_id, actor, occupancy.agent_id), occupancy.status)
            except (NotFound, WrongState):
                continue  # it has just been accepted, declined or missed: nothing left to take back


def _change(world: World, order: Order, decide: Callable[[Engagement, Occupancy], Change]) -> Engagement:
    """Read, decide, commit; again where the race was lost."""
    for _ in range(ATTEMPTS):
        engagement = world.store.engagement(order.engagement_id)
        if engagement is None or order.agent_id not in (None, engagement.agent_id):
            raise NotFound("No such engagement.")
        if order.version not in (None, engagement.version):
            raise VersionMismatch("The engagement has changed since.", engagement.version)
        owner = engagement.agent_id
        occupancy = world.store.occupancies([owner])[owner] if owner else Occupancy("")
        change = decide(engagement, occupancy)
        try:
            world.store.commit(change)
        except LostRace:
            continue
        assert change.engagement is not None
        ring_for(world, change)
        return change.engagement
    raise LostRace("The engagement stayed in conflict with other changes; try again.")


def ring_for(world: World, change: Change) -> None:
    """Wake the router where a change frees a place or brings an engagement back to its queue."""
    rings: list[Ring] = []
    engagement = change.engagement
    if engagement is not None and engagement.state == "queued":
        rings.append(Ring(queue_id=engagement.queue_id, engagement_id=engagement.engagement_id))
    if change.occupancy is not None:
        rings.append(Ring(agent_id=change.occupancy.agent_id))
    if rings:
        world.transport.ring(rings)
