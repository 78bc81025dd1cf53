"""What the types of a tenant's document cannot say: unique ids, references that lead somewhere, roads that end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.configuration.profiles import FOR_EVER, AgentRoutingProfile, Queue, Webhook
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import FieldError
from chalicelib.events.catalogue import TYPES
from chalicelib.flows import checks as flows
from chalicelib.flows.roads import check_circles


def check(tenant: Tenant) -> Iterator[FieldError]:
    """Everything that contradicts itself, by place."""
    yield from _ids(tenant)
    yield from _agents(tenant)
    for q, queue in enumerate(tenant.queues):
        yield from _queue(f"/queues/{q}", queue, tenant)
    yield from _circles(tenant)
    for p, profile in enumerate(tenant.agent_routing_profiles):
        yield from _agent_routing_profile(f"/agent_routing_profiles/{p}", profile, tenant)
    yield from _time_zones(tenant)
    for w, webhook in enumerate(tenant.webhooks):
        yield from _webhook(f"/webhooks/{w}", webhook)
    for f, flow in enumerate(tenant.flows):
        yield from _unique(f"/flows/{f}/versions", [str(version.flow_version) for version in flow.versions])
        yield from flows.check(f"/flows/{f}", flow, tenant.setting)
    yield from check_circles("/flows", tenant.flows, tenant.setting)
    yield from flows.check_systems("/systems_of_record", tenant.systems_of_record)


def _ids(tenant: Tenant) -> Iterator[FieldError]:
    yield from _unique("/queues", [queue.queue_id for queue in tenant.queues])
    yield from _unique("/agents", [agent.user_id for agent in tenant.agents])
    yield from _unique("/flows", [flow.flow_id for flow in tenant.flows])
    yield from _unique("/flows/entry_points", [p.entry_id for flow in tenant.flows for p in flow.entry_points])
    yield from _unique("/skill_categories", [each.skill_category_id for each in tenant.skill_categories])
    yield from _unique(
        "/agent_routing_profiles", [each.agent_routing_profile_id for each in tenant.agent_routing_profiles]
    )
    yield from _unique(
        "/consumer_routing_profiles", [each.consumer_routing_profile_id for each in tenant.consumer_routing_profiles]
    )
    yield from _unique("/occupancy_profiles", [each.occupancy_profile_id for each in tenant.occupancy_profiles])
    yield from _unique("/webhooks", [each.webhook_id for each in tenant.webhooks])
    yield from _unique("/systems_of_record", [each.system_id for each in tenant.systems_of_record])
    yield from _unique("/consumer_lists", [each.consumer_list_id for each in tenant.consumer_lists])
    yield from _unique("/business_hours", [each.business_hours_id for each in tenant.business_hours])


def _agents(tenant: Tenant) -> Iterator[FieldError]:
    for a, agent in enumerate(tenant.agents):
        for q, queue_id in enumerate(agent.queues):
            yield from _refers(f"/agents/{a}/queues/{q}", "queue", queue_id, tenant.queue_by_id)
        yield from _refers(
            f"/agents/{a}/occupancy_profile_id",
            "occupancy profile",
            agent.occupancy_profile_id,
            tenant.occupancy_profile_by_id,
        )
        yield from _refers(f"/agents/{a}/shift_hours_id", "business hours", agent.shift_hours_id, tenant.hours_by_id)


def _queue(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    yield from _refers(
        f"{at}/agent_routing_profile_id",
        "agent routing profile",
        queue.agent_routing_profile_id,
        tenant.agent_routing_profile_by_id,
    )
    yield from _refers(
        f"{at}/consumer_routing_profile_id",
        "consumer routing profile",
        queue.consumer_routing_profile_id,
        tenant.consumer_routing_profile_by_id,
    )
    yield from _refers(f"{at}/business_hours_id", "business hours", queue.business_hours_id, tenant.hours_by_id)
    groups = {agent.group_id: None for agent in tenant.agents if agent.group_id}
    for g, group in enumerate(queue.agent_groups):
        yield from _refers(f"{at}/agent_groups/{g}/group_id", "agent in a group", group.group_id, groups)
    if queue.auto_accept and queue.distribution in ("simultaneous", "manual"):
        yield FieldError(f"{at}/auto_accept", f"A {queue.distribution} queue leaves it to agents what they accept.")
    yield from _allowed(f"{at}/transfer/queues", "queue", queue.transfer.queues, tenant.queue_by_id)
    yield from _allowed(f"{at}/transfer/users", "agent", queue.transfer.users, tenant.agent_by_id)
    yield from _allowed(f"{at}/transfer/flows", "Entry ID", queue.transfer.flows, tenant.flow_by_entry_id)
    yield from _refers(f"{at}/orphans/queue_id", "queue", queue.orphans.queue_id, tenant.queue_by_id)
    yield from _overflow(at, queue, tenant)


def _allowed(at: str, kind: str, allowed: str | tuple[str, ...], known: Mapping[str, object]) -> Iterator[FieldError]:
    for n, each in enumerate(allowed if isinstance(allowed, tuple) else ()):
        yield from _refers(f"{at}/{n}", kind, each, known)


def _overflow(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    limited = any((queue.max_engagement_in_queue, queue.max_wait_time, queue.max_offers))
    if queue.overflow is None:
        if limited or queue.when_closed == "overflow":
            yield FieldError(f"{at}/overflow", "Say where work goes that the queue does not keep.")
        return
    places = [queue.overflow.queue_id, queue.overflow.flow_entry_id, queue.overflow.end or None]
    if sum(place is not None for place in places) != 1:
        yield FieldError(f"{at}/overflow", "Name one place: `queue_id`, `flow_entry_id` or `end`.")
    yield from _refers(f"{at}/overflow/queue_id", "queue", queue.overflow.queue_id, tenant.queue_by_id)
    yield from _refers(
        f"{at}/overflow/flow_entry_id", "Entry ID", queue.overflow.flow_entry_id, tenant.flow_by_entry_id
    )


def _circles(tenant: Tenant) -> Iterator[FieldError]:
    """Work that overflows from queue to queue must come to an end."""
    onward = {queue.queue_id: queue.overflow.queue_id for queue in tenant.queues if queue.overflow}
    for q, queue in enumerate(tenant.queues):
        seen = [queue.queue_id]
        while (following := onward.get(seen[-1])) is not None and following not in seen:
            seen.append(following)
        if following == queue.queue_id:
            yield FieldError(f"/queues/{q}/overflow", f"Overflow goes in a circle: {' → '.join([*seen, following])}.")


def _agent_routing_profile(at: str, profile: AgentRoutingProfile, tenant: Tenant) -> Iterator[FieldError]:
    *steps, last = profile.time_steps or (0,)
    if last != FOR_EVER or any(step < 1 for step in steps):
        yield FieldError(f"{at}/time_steps", "Seconds that each step lasts (1 or more), and -1 at the end.")
    yield from _unique(f"{at}/priorities", [line.skill_category_id for line in profile.priorities])
    for p, line in enumerate(profile.priorities):
        yield from _refers(
            f"{at}/priorities/{p}/skill_category_id",
            "skill category",
            line.skill_category_id,
            tenant.skill_category_by_id,
        )


def _webhook(at: str, webhook: Webhook) -> Iterator[FieldError]:
    host = urlsplit(webhook.url).hostname or ""
    try:
        private = not ip_address(host).is_global
    except ValueError:
        private = host == "localhost" or host.endswith((".localhost", ".internal", ".local"))
    if private:
        yield FieldError(f"{at}/url", "Its address must be a public one.")
    for e, name in enumerate(webhook.events):
        if name not in TYPES:
            yield FieldError(f"{at}/events/{e}", f"There is no event {name!r}.")


def _time_zones(tenant: Tenant) -> Iterator[FieldError]:
    for h, hours in enumerate(tenant.business_hours):
        yield from _time_zone(f"/business_hours/{h}/timezone", hours.timezone)
    for p, profile in enumerate(tenant.consumer_routing_profiles):
        attributes = [*profile.top_priorities, *(each.attribute for each in profile.accumulated_priorities)]
        for attribute in attributes:
            yield from _time_zone(f"/consumer_routing_profiles/{p}", attribute.timezone)


def _time_zone(at: str, name: str) -> Iterator[FieldError]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        yield FieldError(at, f"{name!r} is no time zone; use a name such as Europe/Paris.")


def _refers(at: str, kind: str, to: str | None, known: Mapping[str, object]) -> Iterator[FieldError]:
    if to is not None and to not in known:
        yield FieldError(at, f"There is no {kind} {to!r}.")


def _unique(at: str, ids: Iterable[str]) -> Iterator[FieldError]:
    listed = list(ids)
    for duplicate in sorted({each for each in listed if listed.count(each) > 1}):
        yield FieldError(at, f"{duplicate!r} stands here more than once.")
