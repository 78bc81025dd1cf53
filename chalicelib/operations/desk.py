"""The agent's desk: what an agent, or somebody on his behalf, does with offers and assignments."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.engagements import commands
from chalicelib.engagements.model import AgentStatus, Change, Engagement, Occupancy
from chalicelib.errors import LostRace, NotFound, VersionMismatch, WrongState
from chalicelib.messaging.protocol import Ring
from chalicelib.world import World

ATTEMPTS = 5
"""A command that loses a race reads again and decides again, this often."""


def assignments(world: World, agent_id: str) -> tuple[Occupancy, list[Engagement]]:
    """The agent's occupancy, and what is offered to or held by him, oldest in the queue first."""
    occupancy = world.store.occupancies([agent_id])[agent_id]
    held = world.store.engagements(occupancy.held).values()
    mine = [each for each in held if each.agent_id == agent_id and each.state != "closed"]
    return occupancy, sorted(mine, key=lambda each: (each.queued_at, each.engagement_id))


def accept(world: World, agent_id: str, engagement_id: str, offer_id: str, actor: str) -> Engagement:
    """Take an offer. Raises `StaleOffer` where it is over."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.accept(engagement, agent_id=agent_id, offer_id=offer_id, actor=actor, now=world.now())

    return _change(world, engagement_id, agent_id, decide)


def decline(
    world: World, agent_id: str, engagement_id: str, offer_id: str, reason: str | None, actor: str
) -> Engagement:
    """Pass an offer by."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        now = world.now()
        return commands.decline(
            engagement,
            occupancy,
            offer_id=offer_id,
            actor=actor,
            reason=reason,
            cool_until=now + cool_down_ms(world, engagement.queue_id),
            now=now,
        )

    return _change(world, engagement_id, agent_id, decide)


def deactivate(world: World, engagement_id: str, actor: str, version: int | None = None) -> Engagement:
    """Park assigned work."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.deactivate(engagement, occupancy, actor=actor, now=world.now())

    return _change(world, engagement_id, None, decide, version)


def activate(world: World, engagement_id: str, actor: str, version: int | None = None) -> Engagement:
    """Take parked work up again. Raises `NoCapacity` where its place is taken."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        agent = world.tenant().agent_by_id.get(occupancy.agent_id)
        capacity = agent.capacity.get(engagement.channel, 0) if agent else 0
        return commands.activate(engagement, occupancy, capacity=capacity, actor=actor, now=world.now())

    return _change(world, engagement_id, None, decide, version)


def release(world: World, engagement_id: str, actor: str, version: int | None = None) -> Engagement:
    """Give assigned work back to its queue."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.release(engagement, occupancy, actor=actor, now=world.now())

    return _change(world, engagement_id, None, decide, version)


def end(
    world: World, engagement_id: str, disposition: str | None, actor: str, version: int | None = None
) -> Engagement:
    """Finish work in an agent's hands, or withdraw work that nobody has taken."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        if engagement.state in ("queued", "offered", "scheduled"):
            offeree = occupancy if engagement.offer else None
            return commands.cancel(engagement, offeree, actor=actor, now=world.now())
        queue = world.tenant().queue_by_id.get(engagement.queue_id)
        return commands.end(
            engagement,
            occupancy,
            wrap_up_ms=queue.wrap_up_time * 1000 if queue else 0,
            disposition=disposition,
            actor=actor,
            now=world.now(),
        )

    return _change(world, engagement_id, None, decide, version)


def wrap_up(world: World, agent_id: str, engagement_id: str, disposition: str | None, actor: str) -> Engagement:
    """End the wrap-up and close."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        if engagement.state != "wrap_up":
            raise commands.wrong_state("wrap_up", engagement)
        return commands.close(engagement, occupancy, disposition=disposition, actor=actor, now=world.now())

    return _change(world, engagement_id, agent_id, decide)


def set_status(world: World, agent_id: str, status: AgentStatus, sub_status: str | None, actor: str) -> Occupancy:
    """Change an agent's status. What is offered to an agent who is no longer ready is offered to others at once."""
    if agent_id not in world.tenant().agent_by_id:
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


def rescind(world: World, agent_id: str, engagement_id: str, actor: str, reason: str) -> Engagement:
    """Take an open offer back from an agent."""

    def decide(engagement: Engagement, occupancy: Occupancy) -> Change:
        return commands.rescind(engagement, occupancy, actor=actor, reason=reason, now=world.now())

    return _change(world, engagement_id, agent_id, decide)


def _rescind_offers(world: World, occupancy: Occupancy, actor: str) -> None:
    """If this is cut short, the sweeper does the rest: it looks for offers to agents who are not ready."""
    for engagement in world.store.engagements(occupancy.held).values():
        if engagement.state == "offered" and engagement.agent_id == occupancy.agent_id:
            try:
                rescind(world, occupancy.agent_id, engagement.engagement_id, actor, occupancy.status)
            except (NotFound, WrongState):
                continue  # it has just been accepted, declined or missed: nothing left to take back


def _change(
    world: World,
    engagement_id: str,
    agent_id: str | None,
    decide: Callable[[Engagement, Occupancy], Change],
    version: int | None = None,
) -> Engagement:
    """Read, decide, commit; again where the race was lost. Without an agent, the engagement's own is meant."""
    for _ in range(ATTEMPTS):
        engagement = world.store.engagement(engagement_id)
        if engagement is None or (agent_id is not None and engagement.agent_id != agent_id):
            raise NotFound("No such engagement.")
        if version is not None and version != engagement.version:
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
