"""The agent's desk: what an agent, or somebody on his behalf, does with offers and assignments."""

from __future__ import annotations

from itertools import accumulate

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import amendments, commands
from chalicelib.engagements.model import Change, Disposition, Engagement, Occupancy
from chalicelib.engagements.step import wrong_state
from chalicelib.errors import FieldError, InvalidRequest, LostRace, NotFound
from chalicelib.messaging.protocol import Ring
from chalicelib.operations.listing import MOST_WEIGHT, weight_of
from chalicelib.operations.ordering import ATTEMPTS, Hands, Order, change
from chalicelib.operations.ranking import standing_of
from chalicelib.operations.translation import as_configured, candidate_of, room_for, waiting_of
from chalicelib.operations.wording import disposition_of, named, usual_disposition
from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate
from chalicelib.routing.occupancy import UNLIMITED
from chalicelib.routing.rank import rank
from chalicelib.routing.widen import Needs
from chalicelib.world import World


def assignments(world: World, agent_id: str) -> tuple[Occupancy, list[Engagement]]:
    """The agent's occupancy, and what is offered to or held by him, oldest in the queue first.

    Of parked work no more than an answer has room for; the list of his engagements has all of it.
    """
    occupancy = world.store.occupancies([agent_id])[agent_id]
    held = world.store.engagements(occupancy.held).values()
    mine = [each for each in held if agent_id in each.holders and each.state != "closed"]
    mine.sort(key=lambda each: (each.state == "inactive", each.queued_at, each.engagement_id))
    weights = accumulate(map(weight_of, mine))
    shown = [each for each, weight in zip(mine, weights, strict=True) if weight <= MOST_WEIGHT]
    return occupancy, sorted(shown, key=lambda each: (each.queued_at, each.engagement_id))


def accept(world: World, order: Order, offer_id: str) -> Engagement:
    """Take an offer. Raises `StaleOffer` where it is over."""

    def decide(hands: Hands) -> Change:
        return commands.accept(
            hands.engagement,
            agent_id=hands.occupancy.agent_id,
            offer_id=offer_id,
            actor=order.actor,
            now=world.now(),
            others=hands.others,
        )

    taken = change(world, order, decide)
    tenant = world.tenant()
    agent = tenant.agent_by_id.get(taken.agent_id or "")
    if agent is not None and tenant.places(agent)[1].most_offers < UNLIMITED:
        world.transport.ring([Ring(agent_id=agent.user_id)])  # one offer less that he has not answered
    return taken


def decline(world: World, order: Order, offer_id: str, reason: str | None) -> Engagement:
    """Pass an offer by."""

    def decide(hands: Hands) -> Change:
        now = world.now()
        return commands.decline(
            hands.engagement,
            hands.occupancy,
            offer_id=offer_id,
            actor=order.actor,
            reason=reason,
            cool_until=now + cool_down_ms(world, hands.engagement.queue_id),
            now=now,
        )

    return change(world, order, decide)


def pull(world: World, agent_id: str, queue_id: str, actor: str) -> Engagement | None:
    """Take what is next in a queue for this agent; None where nothing is, or while the queue is closed.

    Raises `InvalidRequest`, `NotFound`.
    """
    tenant = world.tenant()
    agent = tenant.agent_by_id.get(agent_id)
    if agent is None or queue_id not in agent.queues:
        raise NotFound(f"Agent {agent_id} serves no queue {queue_id!r}.")
    if tenant.queue_by_id[queue_id].distribution != "manual":
        wrong = FieldError("/queue_id", "Work of this queue is given out; only from a manual queue agents take it.")
        raise InvalidRequest("The queue is not manual.", [wrong])
    needs = Needs(tenant.rules)
    for _ in range(ATTEMPTS):
        now = world.now()
        if not tenant.is_open(queue_id, now):
            return None
        occupancy = world.store.occupancies([agent_id])[agent_id]
        candidate = candidate_of(tenant, occupancy)
        candidate = candidate.keeping({*candidate.occupancy.parks.values()})  # he parks what he likes before
        enlisted = (as_configured(tenant, each) for each in world.store.waiting(queue_id))
        fitting = [each for each in enlisted if unmet(candidate, needs.of(each, now)) is None]
        fitting.sort(key=lambda waiting: rank(waiting, now))
        found = (world.store.engagement(each.engagement_id) for each in fitting)
        ours = (each for each in found if each is not None and each.queue_id == queue_id)
        engagement = next((each for each in ours if _waits_for(tenant, each, candidate, now)), None)
        if engagement is None:
            return None  # the index may be behind, and show what others have taken
        change = commands.pull(engagement, occupancy, actor=actor, now=now)
        try:
            world.store.commit(change)
        except LostRace:
            continue
        return change.engagement
    raise LostRace("Others keep taking what is next; try again.")


def _waits_for(tenant: Tenant, engagement: Engagement, candidate: Candidate, now: int) -> bool:
    """Whether this agent may have it as it is now (I8)."""
    needs = Needs(tenant.rules).of(waiting_of(tenant, engagement), now)
    return engagement.state == "queued" and unmet(candidate, needs) is None


def deactivate(world: World, order: Order, wake_at: int | None = None) -> Engagement:
    """Park assigned work; at `wake_at` (epoch ms) its agent has it back. Raises `NoCapacity` for too much of it."""

    def decide(hands: Hands) -> Change:
        return commands.deactivate(
            hands.engagement, hands.occupancy, actor=order.actor, now=world.now(), wake_at=wake_at
        )

    return change(world, order, decide)


def activate(world: World, order: Order) -> Engagement:
    """Take parked work up again. Raises `NoCapacity` where its place is taken."""

    def decide(hands: Hands) -> Change:
        places = room_for(world.tenant(), hands.occupancy, hands.engagement, hands.engagement.channel)
        return commands.activate(hands.engagement, hands.occupancy, room=places, actor=order.actor, now=world.now())

    return change(world, order, decide)


def release(world: World, order: Order) -> Engagement:
    """Give assigned work back to its queue."""

    def decide(hands: Hands) -> Change:
        return released(world, hands.engagement, hands.occupancy, order.actor)

    return change(world, order, decide)


def released(world: World, engagement: Engagement, occupancy: Occupancy, actor: str) -> Change:
    """Back to its queue, where it is ranked as work that was released."""
    now = world.now()
    standing = standing_of(world, engagement, engagement.content, now, released=True)
    return commands.release(engagement, occupancy, actor=actor, now=now, standing=standing)


def end(world: World, order: Order, disposition: str | None) -> Engagement:
    """Finish work: closed at once, or after the wrap-up that its queue allows."""

    def decide(hands: Hands) -> Change:
        return _ended(world, hands, _how_it_ended(world, hands.engagement, disposition), order.actor)

    return change(world, order, decide)


def _how_it_ended(world: World, engagement: Engagement, said: str | None) -> Disposition | None:
    """What is said, and due where nobody is asked again: without a wrap-up, or at its end if nobody said before."""
    wraps_up = engagement.state == "wrap_up"
    closes = engagement.disposition is None if wraps_up else _wrap_up_ms(world, engagement.queue_id) == 0
    return disposition_of(world.tenant(), engagement.queue_id, said, closes)


def _wrap_up_ms(world: World, queue_id: str) -> int:
    queue = world.tenant().queue_by_id.get(queue_id)
    return queue.wrap_up_time * 1000 if queue else 0


def _ended(world: World, hands: Hands, disposition: Disposition | None, actor: str) -> Change:
    return commands.end(
        hands.engagement,
        hands.occupancy,
        wrap_up_ms=_wrap_up_ms(world, hands.engagement.queue_id),
        disposition=disposition,
        actor=actor,
        now=world.now(),
    )


def consumer_left(world: World, order: Order, disposition: str | None) -> Engagement:
    """The consumer has left: what waits is abandoned, what an agent has goes on to its wrap-up, or is closed.

    Raises `WrongState` where the conversation was over before.
    """

    def decide(hands: Hands) -> Change:
        engagement, actor, now = hands.engagement, order.actor, world.now()
        said = named(world.tenant(), disposition) if disposition else None
        if engagement.state in ("assigned", "inactive"):
            if said is None and _wrap_up_ms(world, engagement.queue_id) == 0:
                said = usual_disposition(world.tenant(), engagement.queue_id)
            return _ended(world, hands, said, actor)
        holder = hands.occupancy if engagement.agent_id else None
        return commands.abandon(engagement, holder, actor=actor, now=now, others=hands.others, disposition=said)

    return change(world, order, decide)


def cancel(world: World, order: Order, disposition: str | None = None) -> Engagement:
    """Withdraw work, wherever it is."""

    def decide(hands: Hands) -> Change:
        holder = hands.occupancy if hands.engagement.agent_id else None
        return commands.cancel(
            hands.engagement,
            holder,
            actor=order.actor,
            now=world.now(),
            others=hands.others,
            disposition=named(world.tenant(), disposition) if disposition else None,
        )

    return change(world, order, decide)


def wrap_up(world: World, order: Order, disposition: str | None) -> Engagement:
    """End the wrap-up and close."""

    def decide(hands: Hands) -> Change:
        engagement = hands.engagement
        if engagement.state != "wrap_up":
            raise wrong_state("wrap_up", engagement)
        said = _how_it_ended(world, engagement, disposition)
        return commands.close(engagement, hands.occupancy, disposition=said, actor=order.actor, now=world.now())

    return change(world, order, decide)


def extend(world: World, order: Order, seconds: int) -> Engagement:
    """More time for the wrap-up, up to what the queue allows."""

    def decide(hands: Hands) -> Change:
        engagement, now = hands.engagement, world.now()
        queue = world.tenant().queue_by_id.get(engagement.queue_id)
        latest = (engagement.wrap_up_at or now) + 1000 * (queue.max_wrap_up_time if queue else 0)
        until = min(now + 1000 * seconds, latest)
        return amendments.extend(engagement, hands.occupancy, until=until, actor=order.actor, now=now)

    return change(world, order, decide)


def cool_down_ms(world: World, queue_id: str) -> int:
    """How long no offer goes again to an agent who passed it by."""
    queue = world.tenant().queue_by_id.get(queue_id)
    return queue.cool_down * 1000 if queue else 0


def rescind(world: World, order: Order, reason: str) -> Engagement:
    """Take an open offer back from an agent."""

    def decide(hands: Hands) -> Change:
        return commands.rescind(hands.engagement, hands.occupancy, actor=order.actor, reason=reason, now=world.now())

    return change(world, order, decide)
