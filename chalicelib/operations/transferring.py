"""Transfers: to a queue, an agent or through a flow, as the policy of the engagement's queue allows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.configuration.profiles import Allowed, Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import transfers
from chalicelib.engagements.model import Change, Destination, Engagement, Passage
from chalicelib.errors import FieldError, InvalidRequest, TransferRefused
from chalicelib.flows.document import Route
from chalicelib.operations.flowing import Run, pass_through
from chalicelib.operations.ordering import Hands, Order, change
from chalicelib.operations.ranking import seen_before
from chalicelib.operations.translation import could_take, destination_of, waiting_of
from chalicelib.routing.occupancy import room
from chalicelib.world import World

Kind = Literal["queue", "agent", "flow"]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: a queue's id, an agent's, or a flow's Entry ID."""

    kind: Kind
    id: str
    keep_skills: bool = True


def transfer(world: World, order: Order, target: Target) -> Engagement:
    """Send work on. Raises `TransferRefused`, and puts on record, what the policy does not allow; `InvalidRequest`."""
    refused: list[TransferRefused] = []

    def decide(hands: Hands) -> Change:
        refused.clear()
        try:
            return _sent(world, hands, target, order.actor)
        except TransferRefused as error:
            refused.append(error)
            return transfers.refuse(
                hands.engagement,
                hands.occupancy.agent_id,
                kind=target.kind,
                wanted=target.id,
                reason=error.detail,
                actor=order.actor,
                now=world.now(),
            )

    changed = change(world, order, decide)
    if refused:
        raise refused[0]
    return changed


def _sent(world: World, hands: Hands, target: Target, actor: str) -> Change:
    engagement, tenant, now = hands.engagement, world.tenant(), world.now()
    _must_be_there(tenant, target)
    queue = tenant.queue_by_id.get(engagement.queue_id)
    if queue is None or not _allows(queue, target):
        raise TransferRefused(f"The queue's policy does not allow a transfer to this {target.kind}.")
    channel = _channel_of(tenant, target)
    if channel not in (None, engagement.channel):
        raise TransferRefused(f"This {target.kind} is for {channel}, and the work is {engagement.channel}.")
    transfers.may_go_on(engagement, hands.occupancy.agent_id, queue.transfer.most)  # before a flow asks anybody
    to, passage = _destination(world, engagement, target, now)
    back = queue.transfer.return_after
    return transfers.transfer(
        engagement,
        hands.occupancy,
        to,
        kind=target.kind,
        most=queue.transfer.most,
        return_at=None if back is None else now + 1000 * back,
        actor=actor,
        now=now,
        passage=passage,
    )


def hand_over(world: World, order: Order, queue_id: str) -> Engagement:
    """Send work whose agent has left to the queue that is there for it; no policy and no cap stand in the way."""

    def decide(hands: Hands) -> Change:
        engagement, now = hands.engagement, world.now()
        to, _ = _destination(world, engagement, Target("queue", queue_id), now)
        most = engagement.transfers + 1
        return transfers.transfer(
            engagement, hands.occupancy, to, kind="queue", most=most, return_at=None, actor=order.actor, now=now
        )

    return change(world, order, decide)


def give_back(world: World, engagement: Engagement) -> Change:
    """What nobody took in time goes back to its sender's queue as it came from there: for a minute to him alone, then
    to anybody. Where that queue is gone it stays."""
    now, origin = world.now(), engagement.return_queue_id
    queue_id, priority, skills = engagement.queue_id, engagement.priority, engagement.skills
    if origin is not None and origin in world.tenant().queue_by_id:
        queue_id = origin
        if engagement.return_skills is not None:
            priority, skills = engagement.return_priority, engagement.return_skills
    route = Route(queue_id, priority, skills, None, engagement.return_to, 60)
    return transfers.give_back(engagement, _destined(world, engagement, route, now), now=now)


def targets(tenant: Tenant, engagement: Engagement, kind: Kind) -> list[str]:
    """The ids of everything that the engagement may be transferred to."""
    queue = tenant.queue_by_id.get(engagement.queue_id)
    if queue is None or engagement.transfers >= queue.transfer.most:
        return []
    known: dict[Kind, list[str]] = {
        "queue": list(tenant.own_queues),
        "agent": [
            each
            for each in tenant.agent_by_id
            if each != engagement.agent_id and _never_takes(tenant, each, engagement) is None
        ],
        "flow": [entry_id for entry_id, flow in tenant.flow_by_entry_id.items() if flow.published() is not None],
    }
    found = (Target(kind, each) for each in known[kind])
    ours = (None, engagement.channel)
    return [each.id for each in found if _allows(queue, each) and _channel_of(tenant, each) in ours]


def _channel_of(tenant: Tenant, target: Target) -> str | None:
    """The one channel that work may be of there; None for an agent, and for a queue that only passes it on."""
    match target.kind:
        case "queue":
            queue = tenant.own_queues.get(target.id)
            return queue.channel if queue else None
        case "flow":
            return tenant.flow_by_entry_id[target.id].channel
        case _:
            return None


def _allows(queue: Queue, target: Target) -> bool:
    policy: dict[Kind, Allowed] = {
        "queue": queue.transfer.queues,
        "agent": queue.transfer.users,
        "flow": queue.transfer.flows,
    }
    allowed = policy[target.kind]
    return allowed == "all" or (allowed != "none" and target.id in allowed)


def _never_takes(tenant: Tenant, agent_id: str, engagement: Engagement) -> str | None:
    """Why an agent could not be offered it even with nothing else in his hands; None where he could."""
    agent = tenant.agent_by_id[agent_id]
    if engagement.queue_id not in agent.queues:
        return f"Agent {agent_id} does not serve the queue {engagement.queue_id!r}."
    capacity, rules = tenant.places(agent)
    if room(rules, capacity, {}, engagement.channel) < 1:
        return f"Agent {agent_id} has no place for {engagement.channel}; GET …/transfer/users lists who has."
    if not could_take(tenant, agent_id, waiting_of(tenant, replace(engagement, skills=()))):
        return f"Agent {agent_id} has not the skills that the queue {engagement.queue_id!r} always asks for."
    return None


def _must_be_there(tenant: Tenant, target: Target) -> None:
    """Raises `InvalidRequest` that names the field. Only what is known comes on record, allowed or not."""
    match target.kind:
        case "queue" if target.id not in tenant.queue_by_id:
            raise _unknown("target_queue_id", "queue", target.id)
        case "agent" if target.id not in tenant.agent_by_id:
            raise _unknown("target_agent_id", "agent", target.id)
        case "flow":
            flow = tenant.flow_by_entry_id.get(target.id)
            if flow is None or flow.published() is None:
                raise _unknown("target_flow_id", "published flow with the Entry ID", target.id)


def _destination(world: World, engagement: Engagement, target: Target, now: int) -> tuple[Destination, Passage | None]:
    """Where it goes, which is there; and, where it goes through a flow, what became of it there."""
    tenant, skills = world.tenant(), engagement.skills if target.keep_skills else ()
    match target.kind:
        case "queue":
            route = Route(target.id, engagement.priority, skills)
        case "agent":
            why_not = _never_takes(tenant, target.id, engagement)
            if why_not is not None:
                raise TransferRefused(why_not)
            route = Route(engagement.queue_id, engagement.priority, (), target.id)
        case "flow":
            flow = tenant.flow_by_entry_id[target.id]
            version = flow.published()
            assert version is not None
            call_id = f"{engagement.engagement_id}.{engagement.version}"
            who = Run(engagement.engagement_id, engagement.started_at, call_id)
            passed = pass_through(world, tenant, flow, version, engagement.content, who)
            if passed.outcome.ends:
                raise TransferRefused("This flow ends the work; end it yourself.")
            return passed.destination(tenant, now), passed.passage
    return _destined(world, engagement, route, now), None


def _destined(world: World, engagement: Engagement, route: Route, now: int) -> Destination:
    return destination_of(world.tenant(), route, engagement.content, now, seen_before(world, engagement.started_at))


def _unknown(field: str, what: str, wanted: str) -> InvalidRequest:
    return InvalidRequest("There is no such target.", [FieldError(f"/{field}", f"There is no {what} {wanted!r}.")])
