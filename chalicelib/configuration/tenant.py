"""A tenant: everything configured, as one document, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chalicelib.configuration.profiles import (
    Agent,
    AgentRoutingProfile,
    ConsumerRoutingProfile,
    Hours,
    OccupancyProfile,
    Queue,
    Reason,
    SkillCategory,
    Webhook,
)
from chalicelib.engagements.clocks import Targets
from chalicelib.engagements.model import USUAL_RETENTION_DAYS
from chalicelib.flows.conditions import STRICT
from chalicelib.flows.document import Flow
from chalicelib.flows.setting import ConsumerList, Setting, SystemOfRecord
from chalicelib.routing.model import QueueRules, Terms
from chalicelib.routing.occupancy import PLAIN, OccupancyRules


@dataclass(frozen=True)
class Tenant:
    """The document. What an id refers to is found through the `…_by_id` views."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    flows: tuple[Flow, ...] = ()
    skill_categories: tuple[SkillCategory, ...] = ()
    agent_routing_profiles: tuple[AgentRoutingProfile, ...] = ()
    consumer_routing_profiles: tuple[ConsumerRoutingProfile, ...] = ()
    occupancy_profiles: tuple[OccupancyProfile, ...] = ()
    business_hours: tuple[Hours, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Where there are any, no other reason is taken for being Not Ready."""
    webhooks: tuple[Webhook, ...] = ()
    retention_days: Annotated[int, Field(ge=1, le=400)] = USUAL_RETENTION_DAYS
    """How long work that starts from now on can be read once it is closed; then it is gone."""
    systems_of_record: tuple[SystemOfRecord, ...] = ()
    """The only hosts that flows reach."""
    consumer_lists: tuple[ConsumerList, ...] = ()
    heartbeat_timeout: Annotated[int, Field(ge=30, le=3600)] | None = None
    """Seconds after which an agent whose client has gone silent is Offline; by default clients need not beat."""

    @cached_property
    def queue_by_id(self) -> Mapping[str, Queue]:
        return {queue.queue_id: queue for queue in self.queues}

    @cached_property
    def agent_by_id(self) -> Mapping[str, Agent]:
        return {agent.user_id: agent for agent in self.agents}

    @cached_property
    def flow_by_entry_id(self) -> Mapping[str, Flow]:
        return {point.entry_id: flow for flow in self.flows for point in flow.entry_points}

    @cached_property
    def setting(self) -> Setting:
        """What flows can refer to."""
        named = {skill for category in self.skill_categories for skill in category.skills}
        had = {skill for agent in self.agents for skill in agent.skills}
        return Setting(
            flows=self.flow_by_entry_id,
            overflows={queue.queue_id: queue.overflow for queue in self.queues},
            hours=self.hours_by_id,
            lists={each.consumer_list_id: frozenset(each.consumers) for each in self.consumer_lists},
            agents={agent.user_id: agent.queues for agent in self.agents},
            skills=named | had if named else None,
            systems={system.system_id: system for system in self.systems_of_record},
        )

    @cached_property
    def skill_category_by_id(self) -> Mapping[str, SkillCategory]:
        return {category.skill_category_id: category for category in self.skill_categories}

    @cached_property
    def agent_routing_profile_by_id(self) -> Mapping[str, AgentRoutingProfile]:
        return {profile.agent_routing_profile_id: profile for profile in self.agent_routing_profiles}

    @cached_property
    def consumer_routing_profile_by_id(self) -> Mapping[str, ConsumerRoutingProfile]:
        return {profile.consumer_routing_profile_id: profile for profile in self.consumer_routing_profiles}

    @cached_property
    def occupancy_profile_by_id(self) -> Mapping[str, OccupancyProfile]:
        return {profile.occupancy_profile_id: profile for profile in self.occupancy_profiles}

    @cached_property
    def hours_by_id(self) -> Mapping[str, Hours]:
        return {hours.business_hours_id: hours for hours in self.business_hours}

    @cached_property
    def agents_of_queue(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the agents who serve each queue."""
        serving: dict[str, list[str]] = {queue.queue_id: [] for queue in self.queues}
        for agent in self.agents:
            for queue_id in agent.queues:
                serving[queue_id].append(agent.user_id)
        return {queue_id: tuple(ids) for queue_id, ids in serving.items()}

    @cached_property
    def rules(self) -> Mapping[str, QueueRules]:
        """How each queue is routed; one that is routed as usual is left out."""
        rules = {
            queue.queue_id: queue.rules(self.agent_routing_profile_by_id, self.skill_category_by_id)
            for queue in self.queues
        }
        return {queue_id: each for queue_id, each in rules.items() if each != QueueRules()}

    def terms(self, agent: Agent) -> Mapping[str, Terms]:
        """By queue, how the agent's group serves it, where that is not as usual."""
        return {
            queue_id: Terms(group.level, 1000 * group.delay)
            for queue_id in agent.queues
            for group in self.queue_by_id[queue_id].agent_groups
            if group.group_id == agent.group_id
        }

    def places(self, agent: Agent) -> tuple[Mapping[str, int], OccupancyRules]:
        """The agent's places by channel, and the rules beyond them."""
        if agent.occupancy_profile_id is None:
            return agent.capacity, PLAIN
        profile = self.occupancy_profile_by_id[agent.occupancy_profile_id]
        return profile.capacity, profile

    def targets(self, queue_id: str, due_at: int | None) -> Targets:
        """When work of a queue should be taken, and done."""
        queue = self.queue_by_id.get(queue_id)
        if queue is None:
            return Targets()
        level = queue.service_level
        threshold = None if level.threshold is None else 1000 * level.threshold
        return Targets(threshold, level.at_risk_percent, due_at, 1000 * level.due_date_warning)

    def shift_ended_since(self, agent_id: str, since: int, now: int) -> bool:
        """Whether an agent was in his shift at `since`, and is not now (epoch milliseconds)."""
        agent = self.agent_by_id.get(agent_id)
        hours = self.hours_by_id.get(agent.shift_hours_id or "") if agent else None
        return hours is not None and hours.is_open(since) and not hours.is_open(now)

    def is_open(self, queue_id: str, now: int) -> bool:
        """Whether a queue gives work out at a moment (epoch milliseconds)."""
        queue = self.queue_by_id.get(queue_id)
        hours = self.hours_by_id.get(queue.business_hours_id or "") if queue else None
        return hours is None or hours.is_open(now)
