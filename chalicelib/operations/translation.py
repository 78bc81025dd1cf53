"""The product's rows and documents in the routing core's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.clocks import Targets, speaks_at, watched
from chalicelib.engagements.model import Change, Content, Destination, Engagement, Occupancy
from chalicelib.flows.document import Route
from chalicelib.routing.consumer import ConsumerProfile, Facts, Standing, asks_who_comes_back, standing_of
from chalicelib.routing.explain import matchable
from chalicelib.routing.model import Candidate, Requirement, Waiting
from chalicelib.routing.widen import Needs

Seen = Callable[[Content], int | None]
"""When the consumer's engagement before this one began (epoch milliseconds), if he had any: asked if it matters."""


def never(_: Content) -> int | None:
    """Nobody has been here before."""
    return None


def variables_of(content: Content) -> dict[str, Any]:
    """What conditions and profiles can name: the work item's fields, the consumer's, and the custom variables."""
    consumer: Mapping[str, Any] = content.consumers[0] if content.consumers else {}
    custom = {variable["name"]: variable["value"] for variable in content.variables}
    return {**custom, **consumer, **content.work_item_variables, "language_code": content.language_code}


def destination_of(tenant: Tenant, route: Route, content: Content, now: int, seen: Seen = never) -> Destination:
    """Where a flow's route leads."""
    queue_id, skills = route.queue_id or "", route.skills or ()
    return Destination(
        queue_id=queue_id,
        priority=route.priority or 0,
        skills=skills,
        standing=standing_in(tenant, queue_id, content, skills, now, seen),
        direct_to=route.user_id,
        preferred=route.preferred_user_id,
        preferred_until=now + 1000 * (route.preferred_seconds or 0) if route.preferred_user_id else 0,
    )


def standing_in(
    tenant: Tenant,
    queue_id: str,
    content: Content,
    skills: tuple[Requirement, ...],
    now: int,
    seen: Seen = never,
    released: bool = False,
) -> Standing:
    """What the queue's consumer routing profile makes of work that enters it now."""
    queue = tenant.queue_by_id.get(queue_id)
    profile: ConsumerProfile | None = None
    if queue is not None and queue.consumer_routing_profile_id is not None:
        profile = tenant.consumer_routing_profile_by_id[queue.consumer_routing_profile_id]
    if profile is None:
        return Standing()
    facts = Facts(
        entered_at=now,
        due_at=due_at_of(content),
        skills=frozenset(requirement.skill for requirement in skills),
        variables=variables_of(content),
        released=released,
        last_seen_at=seen(content) if asks_who_comes_back(profile) else None,
    )
    return standing_of(profile, facts)


def waiting_of(tenant: Tenant, engagement: Engagement) -> Waiting:
    """A queued engagement as the core sees it."""
    waiting = Waiting(
        engagement_id=engagement.engagement_id,
        version=engagement.version,
        queue_id=engagement.queue_id,
        channel=engagement.channel,
        priority=engagement.priority,
        queued_at=engagement.queued_at,
        skills=engagement.skills,
        cooling=engagement.cooling,
        top=engagement.standing.top,
        rate=engagement.standing.rate,
        target_at=engagement.standing.target_at,
        direct_to=engagement.direct_to,
        preferred=engagement.preferred,
        preferred_until=engagement.preferred_until,
        since=engagement.waiting_since,
        offers=engagement.offers,
        due_at=min(deadlines(tenant, engagement), default=None),
    )
    return as_configured(tenant, waiting)


def as_configured(tenant: Tenant, waiting: Waiting) -> Waiting:
    """An entry of the index by today's agents: what is for one who could never take it is anybody's."""
    if waiting.direct_to is None and waiting.preferred is None:
        return waiting
    direct_to, preferred = (
        each if each is not None and could_take(tenant, each, waiting) else None
        for each in (waiting.direct_to, waiting.preferred)
    )
    return replace(waiting, direct_to=direct_to, preferred=preferred)


def could_take(tenant: Tenant, agent_id: str, waiting: Waiting) -> bool:
    """Whether an agent could ever take it: he may be gone, the work in a queue that is not his, or too much for him."""
    if agent_id not in tenant.agent_by_id:
        return False
    anybodys = replace(waiting, direct_to=None)
    return matchable(anybodys, [candidate_of(tenant, Occupancy(agent_id))], Needs(tenant.rules))


def deadlines(tenant: Tenant, engagement: Engagement) -> set[int]:
    """When something happens to it by itself (epoch milliseconds), other than by its queue's rules."""
    moments = {own_deadline(engagement), speaks_at(engagement, targets_of(tenant, engagement))}
    return {moment for moment in moments if moment is not None}


def own_deadline(engagement: Engagement) -> int | None:
    """The deadline of its state."""
    match engagement.state:
        case "scheduled":
            return engagement.not_before
        case "queued":
            return engagement.return_at
        case "offered":
            return engagement.offer.expires_at if engagement.offer else None
        case "wrap_up":
            return engagement.wrap_up_ends_at
        case _:
            return engagement.wake_at


def targets_of(tenant: Tenant, engagement: Engagement) -> Targets:
    """What the engagement's clocks go by."""
    return tenant.targets(engagement.queue_id, due_at_of(engagement.content))


def watching(tenant: Tenant, change: Change) -> Change:
    """A change of what the clocks of scheduled work go by, or of what they have said."""
    if change.engagement is None:
        return change
    return replace(change, engagement=watched(change.engagement, targets_of(tenant, change.engagement)))


def candidates_of(
    tenant: Tenant, occupancies: Iterable[Occupancy], open_offers: Mapping[str, int] | None = None
) -> list[Candidate]:
    """Agents as the core sees them; who is no longer configured is left out. `open_offers`: unanswered, by agent."""
    position = {agent_id: n for n, agent_id in enumerate(tenant.agent_by_id)}
    return [
        candidate_of(tenant, each, position[each.agent_id], (open_offers or {}).get(each.agent_id, 0))
        for each in occupancies
        if each.agent_id in position
    ]


def candidate_of(tenant: Tenant, occupancy: Occupancy, position: int = 0, offers: int = 0) -> Candidate:
    """One configured agent as the core sees him."""
    agent = tenant.agent_by_id[occupancy.agent_id]
    capacity, rules = tenant.places(agent)
    return Candidate(
        agent_id=agent.user_id,
        ready=occupancy.status == "ready",
        queues=frozenset(agent.queues) - set(occupancy.opted_out),
        idle_since=occupancy.idle_since,
        skills=agent.skills,
        capacity=capacity,
        load=occupancy.loads(),
        position=position,
        offered_at=occupancy.offered_at,
        offers=offers,
        terms=tenant.terms(agent),
        occupancy=rules,
    )


def room(tenant: Tenant, occupancy: Occupancy, channel: str) -> int:
    """How many more engagements of a channel the agent may have now; none where he is not configured."""
    if occupancy.agent_id not in tenant.agent_by_id:
        return 0
    return candidate_of(tenant, occupancy).room(channel)


def room_for(tenant: Tenant, occupancy: Occupancy, engagement: Engagement, channel: str) -> int:
    """The same beside his other work: the place that the engagement itself may have by now takes none from it."""
    rest = {key: held for key, held in occupancy.held.items() if key != engagement.engagement_id}
    return room(tenant, replace(occupancy, held=rest), channel)


def due_at_of(content: Content) -> int | None:
    """The due date of the work as epoch milliseconds; without a zone it is UTC."""
    text = content.work_item_variables.get("work_item_due_date")
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
