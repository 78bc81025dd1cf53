"""What is worth a look in a document that is valid: nothing is wrong yet, but work will wait there for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from chalicelib.configuration.profiles import AgentRoutingProfile, Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import FieldError
from chalicelib.routing.model import Requirement


def warnings(tenant: Tenant) -> Iterator[FieldError]:
    """Everything of the kind, by place."""
    for q, queue in enumerate(tenant.queues):
        yield from _queue(f"/queues/{q}", queue, tenant)
    for a, agent in enumerate(tenant.agents):
        yield from _agent(f"/agents/{a}", agent.user_id, tenant)
    used = {queue.business_hours_id for queue in tenant.queues}
    for h, hours in enumerate(tenant.business_hours):
        if hours.business_hours_id in used and not any(hours.weekly.values()):
            yield FieldError(f"/business_hours/{h}/weekly", "These hours never open; name a day with an interval.")
    best = _best(tenant, [agent.user_id for agent in tenant.agents])
    for at, need in _requirements("/flows", tenant.flows):
        if not _has(best, need):
            message = f"Nobody has the skill {need.skill!r} at level {need.level}: what asks for it waits for ever."
            yield FieldError(at, message)
    for f, flow in enumerate(tenant.flows):
        if flow.entry_points and flow.published() is None:
            yield FieldError(f"/flows/{f}/versions", "No version is published: its Entry IDs are refused until one is.")


def _queue(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    agents = tenant.agents_of_queue[queue.queue_id]
    if not agents:
        yield FieldError(at, f"Nobody serves the queue {queue.queue_id!r} yet: name it in the `queues` of an agent.")
        return
    profile = tenant.agent_routing_profile_by_id.get(queue.agent_routing_profile_id or "")
    if profile is not None:
        yield from _required(f"{at}/agent_routing_profile_id", profile, _best(tenant, agents), tenant)


def _required(at: str, profile: AgentRoutingProfile, best: dict[str, int], tenant: Tenant) -> Iterator[FieldError]:
    for line in profile.priorities:
        members = tenant.skill_category_by_id[line.skill_category_id].skills
        levels = [best.get(skill, 0) for skill in members]
        if line.skill_category_required and max(levels, default=0) < line.minimum_proficiency_level:
            message = (
                f"Nobody who serves the queue has a skill of {line.skill_category_id!r} at level "
                f"{line.minimum_proficiency_level}, which its profile requires: give one to an agent."
            )
            yield FieldError(at, message)


def _agent(at: str, user_id: str, tenant: Tenant) -> Iterator[FieldError]:
    agent = tenant.agent_by_id[user_id]
    if not agent.queues:
        yield FieldError(f"{at}/queues", f"Agent {user_id!r} serves no queue: name one here or in his team.")
    capacity, _ = tenant.places(agent)
    needed: dict[str, str] = {}
    for queue_id in agent.queues:
        needed.setdefault(tenant.own_queues[queue_id].channel, queue_id)
    for channel, queue_id in needed.items():
        if capacity.get(channel, 0) < 1:
            message = f"Agent {user_id!r} serves {queue_id!r} but has no place for {channel}: add it to his capacity."
            yield FieldError(f"{at}/capacity", message)


def _best(tenant: Tenant, agents: Iterator[str] | list[str] | tuple[str, ...]) -> dict[str, int]:
    """The highest proficiency in each skill among agents."""
    best: dict[str, int] = {}
    for user_id in agents:
        for skill, level in tenant.agent_by_id[user_id].skills.items():
            best[skill] = max(best.get(skill, 0), level)
    return best


def _has(best: dict[str, int], need: Requirement) -> bool:
    return any(best.get(skill, 0) >= level for skill, level in ((need.skill, need.level), *need.instead))


def _requirements(at: str, value: object) -> Iterator[tuple[str, Requirement]]:
    """Every skill that is asked for within a value, however deep."""
    if isinstance(value, Requirement):
        yield at, value
    elif isinstance(value, tuple):
        for n, each in enumerate(value):
            yield from _requirements(f"{at}/{n}", each)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _requirements(f"{at}/{each.name.rstrip('_')}", getattr(value, each.name))
