"""What the types of a tenant's document cannot say: unique ids, references that lead somewhere, roads that end.

What is found here refuses a document; what is only worth a look is in `warnings`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import time
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.configuration.identity import IdentityProvider
from chalicelib.configuration.kinds import LISTS
from chalicelib.configuration.naming import free, missing, refers, unique
from chalicelib.configuration.profiles import (
    FOR_EVER,
    AgentRoutingProfile,
    ChannelName,
    Hours,
    OccupancyProfile,
    Queue,
    Webhook,
)
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.configuration.ways import check_ways
from chalicelib.configuration.words import check_queue_dispositions, check_words
from chalicelib.errors import FieldError
from chalicelib.events.catalogue import TYPES
from chalicelib.flows import checks as flows
from chalicelib.flows.addresses import wrong_address, wrong_public_address
from chalicelib.flows.roads import check_circles

CHANNELS = get_args(ChannelName)
NO_ZONE = "Write times such as 17:00, without a zone; `timezone` says whose they are."
TOO_LONG = "Seconds, at most a year."
NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


def check(tenant: Tenant) -> Iterator[FieldError]:
    """Everything that contradicts itself, by place. Where work goes is asked once everything that is named is there."""
    wrong = list(_contradictions(tenant))
    yield from wrong or check_ways(tenant)


def _contradictions(tenant: Tenant) -> Iterator[FieldError]:
    yield from _ids(tenant)
    yield from _lengths(tenant)
    yield from _durations(tenant)
    yield from _agents(tenant)
    yield from _teams(tenant)
    yield from _moved(tenant)
    for q, queue in enumerate(tenant.queues):
        yield from _queue(f"/queues/{q}", queue, tenant)
    yield from _circles(tenant)
    for p, profile in enumerate(tenant.agent_routing_profiles):
        yield from _agent_routing_profile(f"/agent_routing_profiles/{p}", profile, tenant)
    yield from _time_zones(tenant)
    yield from _channels(tenant)
    yield from _units(tenant)
    for h, hours in enumerate(tenant.business_hours):
        yield from _hours(f"/business_hours/{h}", hours, tenant)
    yield from _closure_sets(tenant)
    yield from check_words(tenant)
    for w, webhook in enumerate(tenant.webhooks):
        yield from _webhook(f"/webhooks/{w}", webhook)
    for p, provider in enumerate(tenant.identity_providers):
        yield from _identity_provider(f"/identity_providers/{p}", provider)
    for name in ("authorization_url", "token_url") if tenant.console else ():
        yield from _said(f"/console/{name}", wrong_address(getattr(tenant.console, name)))
    for f, flow in enumerate(tenant.flows):
        yield from unique(f"/flows/{f}/versions", [str(version.flow_version) for version in flow.versions])
        yield from flows.check(f"/flows/{f}", flow, tenant.setting)
    yield from check_circles("/flows", tenant.flows, tenant.setting)
    yield from flows.check_systems("/systems_of_record", tenant.systems_of_record)


def _ids(tenant: Tenant) -> Iterator[FieldError]:
    for kind in LISTS:
        ids = [getattr(each, kind.id_field) for each in getattr(tenant, kind.name)]
        yield from unique(f"/{kind.name}", ids, kind.id_field)
        for n, each in enumerate(ids):
            yield from free(f"/{kind.name}/{n}/{kind.id_field}", each, kind.no_ids)
    seen: set[str] = set()
    for f, flow in enumerate(tenant.flows):
        for p, point in enumerate(flow.entry_points):
            if point.entry_id in seen:
                at = f"/flows/{f}/entry_points/{p}/entry_id"
                yield FieldError(at, f"Entry ID {point.entry_id!r} belongs to another flow too; give this one its own.")
            seen.add(point.entry_id)
    yield from unique("/identity_providers", [each.issuer for each in tenant.identity_providers], "issuer")
    yield from unique("/systems_of_record", [each.system_id for each in tenant.systems_of_record], "system_id")
    yield from unique("/consumer_lists", [each.consumer_list_id for each in tenant.consumer_lists], "consumer_list_id")


def _lengths(tenant: Tenant) -> Iterator[FieldError]:
    """Ids that people choose freely."""
    ids = [(f"/systems_of_record/{n}/system_id", each.system_id) for n, each in enumerate(tenant.systems_of_record)]
    ids += [(f"/consumer_lists/{n}/consumer_list_id", e.consumer_list_id) for n, e in enumerate(tenant.consumer_lists)]
    for f, flow in enumerate(tenant.flows):
        ids += [(f"/flows/{f}/flow_id", flow.flow_id), (f"/flows/{f}/flow_name", flow.flow_name)]
        ids += [(f"/flows/{f}/entry_points/{p}/entry_id", each.entry_id) for p, each in enumerate(flow.entry_points)]
    for at, each in ids:
        if not 1 <= len(each) <= LONGEST_ID:
            yield FieldError(at, f"It has at least one and at most {LONGEST_ID} characters.")


def _durations(tenant: Tenant) -> Iterator[FieldError]:
    """What would be later than any time that can be written."""
    lasting: list[tuple[str, int | None]] = []
    for q, queue in enumerate(tenant.queues):
        at, level = f"/queues/{q}", queue.service_level
        lasting += [
            (f"{at}/max_wait_time", queue.max_wait_time),
            (f"{at}/transfer/return_after", queue.transfer.return_after),
            (f"{at}/service_level/threshold", level.threshold),
            (f"{at}/service_level/due_date_warning", level.due_date_warning),
        ]
    for p, profile in enumerate(tenant.consumer_routing_profiles):
        for name in ("handling_time", "service_level_threshold"):
            lasting.append((f"/consumer_routing_profiles/{p}/{name}", getattr(profile, name)))
    yield from (FieldError(at, TOO_LONG) for at, seconds in lasting if abs(seconds or 0) > flows.YEAR)


def _agents(tenant: Tenant) -> Iterator[FieldError]:
    for a, agent in enumerate(tenant.agents):
        for q, queue_id in enumerate(agent.queues):
            yield from refers(f"/agents/{a}/queues/{q}", "queue", queue_id, tenant.own_queues)
        yield from refers(
            f"/agents/{a}/occupancy_profile_id",
            "occupancy profile",
            agent.occupancy_profile_id,
            tenant.occupancy_profile_by_id,
        )
        yield from refers(f"/agents/{a}/shift_hours_id", "business hours", agent.shift_hours_id, tenant.hours_by_id)
        yield from refers(f"/agents/{a}/team_id", "team", agent.team_id, tenant.team_by_id)


def _teams(tenant: Tenant) -> Iterator[FieldError]:
    for t, team in enumerate(tenant.teams):
        for q, queue_id in enumerate(team.queues):
            yield from refers(f"/teams/{t}/queues/{q}", "queue", queue_id, tenant.own_queues)
        yield from refers(f"/teams/{t}/parent_team_id", "team", team.parent_team_id, tenant.team_by_id)
    above = {team.team_id: team.parent_team_id for team in tenant.teams if team.parent_team_id}
    for team_id, circle in _cycles(above):
        at = f"/teams/{[team.team_id for team in tenant.teams].index(team_id)}/parent_team_id"
        yield FieldError(at, f"Teams stand within one another in a circle: {circle}. Take one of the parents away.")


def _moved(tenant: Tenant) -> Iterator[FieldError]:
    for queue_id, to in tenant.moved_queues.items():
        at = f"/moved_queues/{queue_id}"
        if not NAME.fullmatch(queue_id):
            yield FieldError(at, "This is no queue_id: letters, digits, _ and -, at most 40 of them.")
        if queue_id in tenant.own_queues:
            yield FieldError(at, f"Queue {queue_id!r} is still there; take it out of `queues`, or this line away.")
        yield from refers(at, "queue", to, tenant.own_queues)


def _queue(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    yield from refers(
        f"{at}/agent_routing_profile_id",
        "agent routing profile",
        queue.agent_routing_profile_id,
        tenant.agent_routing_profile_by_id,
    )
    yield from refers(
        f"{at}/consumer_routing_profile_id",
        "consumer routing profile",
        queue.consumer_routing_profile_id,
        tenant.consumer_routing_profile_by_id,
    )
    yield from refers(f"{at}/business_hours_id", "business hours", queue.business_hours_id, tenant.hours_by_id)
    groups = {agent.group_id: None for agent in tenant.agents if agent.group_id}
    for g, group in enumerate(queue.agent_groups):
        yield from refers(f"{at}/agent_groups/{g}/group_id", "agent in a group", group.group_id, groups)
    if queue.auto_accept and queue.distribution in ("simultaneous", "manual"):
        yield FieldError(f"{at}/auto_accept", f"A {queue.distribution} queue leaves it to agents what they accept.")
    yield from _allowed(f"{at}/transfer/queues", "queue", queue.transfer.queues, tenant.own_queues)
    yield from _allowed(f"{at}/transfer/users", "agent", queue.transfer.users, tenant.agent_by_id)
    yield from _allowed(f"{at}/transfer/flows", "Entry ID", queue.transfer.flows, tenant.flow_by_entry_id)
    yield from refers(f"{at}/orphans/queue_id", "queue", queue.orphans.queue_id, tenant.own_queues)
    yield from check_queue_dispositions(f"{at}/dispositions", queue, tenant)
    yield from _overflow(at, queue, tenant)


def _allowed(at: str, kind: str, allowed: str | tuple[str, ...], known: Mapping[str, object]) -> Iterator[FieldError]:
    for n, each in enumerate(allowed if isinstance(allowed, tuple) else ()):
        yield from refers(f"{at}/{n}", kind, each, known)


def _overflow(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    limited = any((queue.max_engagement_in_queue, queue.max_wait_time, queue.max_offers))
    if queue.overflow is None:
        if limited or queue.when_closed == "overflow":
            yield FieldError(f"{at}/overflow", "Say where work goes that the queue does not keep.")
        return
    places = [queue.overflow.queue_id, queue.overflow.flow_entry_id, queue.overflow.end or None]
    if sum(place is not None for place in places) != 1:
        yield FieldError(f"{at}/overflow", "Name one place: `queue_id`, `flow_entry_id` or `end`.")
    yield from refers(f"{at}/overflow/queue_id", "queue", queue.overflow.queue_id, tenant.own_queues)
    yield from refers(f"{at}/overflow/flow_entry_id", "Entry ID", queue.overflow.flow_entry_id, tenant.flow_by_entry_id)


def _circles(tenant: Tenant) -> Iterator[FieldError]:
    """Work that overflows from queue to queue must come to an end."""
    onward = {queue.queue_id: queue.overflow.queue_id for queue in tenant.queues if queue.overflow}
    places = {queue.queue_id: q for q, queue in enumerate(tenant.queues)}
    for queue_id, circle in _cycles({each: to for each, to in onward.items() if to}):
        at = f"/queues/{places[queue_id]}/overflow"
        yield FieldError(at, f"Overflow goes in a circle: {circle}. Let one of them overflow elsewhere, or `end`.")


def _cycles(onward: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Everything that leads back to itself, and the way around."""
    for first in onward:
        seen = {first: None}
        last = first
        while (last := onward.get(last, "")) and last not in seen:
            seen[last] = None
        if last == first:
            yield first, " → ".join([*seen, first])


def _agent_routing_profile(at: str, profile: AgentRoutingProfile, tenant: Tenant) -> Iterator[FieldError]:
    *steps, last = profile.time_steps or (0,)
    if last != FOR_EVER or any(not 1 <= step <= flows.YEAR for step in steps):
        message = "Seconds that each step lasts (1 or more, at most a year), and -1 at the end."
        yield FieldError(f"{at}/time_steps", message)
    yield from unique(f"{at}/priorities", [line.skill_category_id for line in profile.priorities])
    for p, line in enumerate(profile.priorities):
        yield from refers(
            f"{at}/priorities/{p}/skill_category_id",
            "skill category",
            line.skill_category_id,
            tenant.skill_category_by_id,
        )
        category = tenant.skill_category_by_id.get(line.skill_category_id)
        if category is not None and line.default_skill_id is not None:
            known = dict.fromkeys(category.skills)
            yield from refers(f"{at}/priorities/{p}/default_skill_id", "skill", line.default_skill_id, known)


def _hours(at: str, hours: Hours, tenant: Tenant) -> Iterator[FieldError]:
    known = {each.closure_set_id: each for each in tenant.closure_sets}
    for n, name in enumerate(hours.closure_sets):
        yield from refers(f"{at}/closure_sets/{n}", "closure set", name, known)
    for day, intervals in hours.weekly.items():
        for n, interval in enumerate(intervals):
            if interval.start.tzinfo or interval.end.tzinfo:
                yield FieldError(f"{at}/weekly/{day}/{n}", NO_ZONE)
            elif interval.end != time.min and interval.end <= interval.start:
                message = "An interval ends after it starts, on the same day; cut in two what passes midnight."
                yield FieldError(f"{at}/weekly/{day}/{n}", message)
    for c, closure in enumerate(hours.closures):
        if closure.last < closure.first:
            yield FieldError(f"{at}/closures/{c}", "`last` is before `first`; swap them.")


def _closure_sets(tenant: Tenant) -> Iterator[FieldError]:
    for n, each in enumerate(tenant.closure_sets):
        if each.holidays is not None:
            message = "Holidays become closures where a file is applied; through the API, name the days in `closures`."
            yield FieldError(f"/closure_sets/{n}/holidays", message)
        for c, closure in enumerate(each.closures):
            if closure.last < closure.first:
                yield FieldError(f"/closure_sets/{n}/closures/{c}", "`last` is before `first`; swap them.")


def _webhook(at: str, webhook: Webhook) -> Iterator[FieldError]:
    yield from _said(f"{at}/url", wrong_public_address(webhook.url))
    for e, name in enumerate(webhook.events):
        if name not in TYPES:
            yield FieldError(f"{at}/events/{e}", missing("event", name, TYPES))


def _identity_provider(at: str, provider: IdentityProvider) -> Iterator[FieldError]:
    yield from _said(f"{at}/jwks_url", wrong_public_address(provider.jwks_url))
    if (provider.role_claim is None) != (not provider.roles):
        yield FieldError(f"{at}/roles", "Say which claim gives roles, and which role for which value; or neither.")


def _said(at: str, wrong: str | None) -> Iterator[FieldError]:
    if wrong is not None:
        yield FieldError(at, wrong)


def _channels(tenant: Tenant) -> Iterator[FieldError]:
    named = [(f"/queues/{n}/channel", queue.channel) for n, queue in enumerate(tenant.queues)]
    named += [(f"/flows/{n}/channel", flow.channel) for n, flow in enumerate(tenant.flows)]
    for n, agent in enumerate(tenant.agents):
        named += [(f"/agents/{n}/capacity/{channel}", channel) for channel in agent.capacity]
    for n, profile in enumerate(tenant.occupancy_profiles):
        named += _occupied(f"/occupancy_profiles/{n}", profile)
    for at, channel in named:
        yield from refers(at, "channel", channel, CHANNELS)


def _occupied(at: str, profile: OccupancyProfile) -> Iterator[tuple[str, str]]:
    """The channels that an occupancy profile names, by place."""
    for name in ("capacity", "costs", "parks"):
        yield from ((f"{at}/{name}/{channel}", channel) for channel in getattr(profile, name))
    yield from ((f"{at}/parks/{channel}", other) for channel, other in profile.parks.items())
    for c, closing in enumerate(profile.closings):
        yield from ((f"{at}/closings/{c}/when/{n}/channel", each.channel) for n, each in enumerate(closing.when))
        yield from ((f"{at}/closings/{c}/to/{n}", channel) for n, channel in enumerate(closing.to or ()))


def _units(tenant: Tenant) -> Iterator[FieldError]:
    """What draws on a pool that is not there has no place at all."""
    for n, profile in enumerate(tenant.occupancy_profiles):
        for channel, costs in profile.costs.items():
            for c, (pool, _) in enumerate(costs):
                at = f"/occupancy_profiles/{n}/costs/{channel}/{c}/0"
                yield from refers(at, "pool of units", pool, profile.units)


def _time_zones(tenant: Tenant) -> Iterator[FieldError]:
    yield from _time_zone("/timezone", tenant.timezone)
    for h, hours in enumerate(tenant.business_hours):
        yield from _time_zone(f"/business_hours/{h}/timezone", hours.timezone)
    for p, profile in enumerate(tenant.consumer_routing_profiles):
        attributes = [*profile.top_priorities, *(each.attribute for each in profile.accumulated_priorities)]
        for attribute in attributes:
            yield from _time_zone(f"/consumer_routing_profiles/{p}", attribute.timezone)
            for each in (attribute.enter_queue_start_time, attribute.enter_queue_end_time):
                if each is not None and each.tzinfo:
                    yield FieldError(f"/consumer_routing_profiles/{p}", NO_ZONE)


def _time_zone(at: str, name: str) -> Iterator[FieldError]:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of zones, or no name of a file at all
        yield FieldError(at, f"{name!r} is no time zone; use a name such as Europe/Paris.")
