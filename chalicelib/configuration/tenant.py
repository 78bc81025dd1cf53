"""A tenant: everything configured, as one document, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chalicelib.configuration.identity import ConsoleSignIn, IdentityProvider
from chalicelib.configuration.profiles import (
    Agent,
    AgentRoutingProfile,
    ConsumerRoutingProfile,
    Hours,
    OccupancyProfile,
    Overflow,
    Queue,
    Reason,
    SkillCategory,
    Webhook,
)
from chalicelib.configuration.shared import ClosureSet, Supervised, Team
from chalicelib.configuration.vocabulary import Disposition, DispositionSet, Variable, VariableGroup
from chalicelib.engagements.clocks import Targets
from chalicelib.engagements.model import USUAL_RETENTION_DAYS
from chalicelib.flows.conditions import STRICT
from chalicelib.flows.document import Flow
from chalicelib.flows.setting import ConsumerList, Setting, SystemOfRecord
from chalicelib.routing.hours import BusinessHours
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
    identity_providers: tuple[IdentityProvider, ...] = ()
    """Whose tokens let people in, besides those that the tenant gives its machine clients."""
    console: ConsoleSignIn | None = None
    """Where people sign in to the console; without it nobody can."""
    retention_days: Annotated[int, Field(ge=1, le=400)] = USUAL_RETENTION_DAYS
    """How long work that starts from now on can be read once it is closed; then it is gone."""
    teams: tuple[Team, ...] = ()
    closure_sets: tuple[ClosureSet, ...] = ()
    variable_groups: tuple[VariableGroup, ...] = ()
    variables: tuple[Variable, ...] = ()
    dispositions: tuple[Disposition, ...] = ()
    disposition_sets: tuple[DispositionSet, ...] = ()
    moved_queues: Mapping[str, str | None] = field(default_factory=dict)
    """Queues that are gone, and the one that has what still comes to them; null is through its own flow again."""
    systems_of_record: tuple[SystemOfRecord, ...] = ()
    """The only hosts that flows reach."""
    consumer_lists: tuple[ConsumerList, ...] = ()
    requests_per_second: Annotated[int, Field(ge=1, le=10_000)] | None = 50
    """What one caller, a machine client or a person, may ask of the API on an average of ten seconds; null is all."""
    agent_hour_cost: Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)] | None = None
    """What an hour of an agent's work costs, in a currency of its own; reports then tell what an engagement costs."""
    timezone: str = "UTC"
    """On whose clock its days begin in reports that do not say another, as Europe/Paris."""
    heartbeat_timeout: Annotated[int, Field(ge=30, le=3600)] | None = None
    """Seconds after which an agent whose client has gone silent is Offline; by default clients need not beat."""

    @cached_property
    def own_queues(self) -> Mapping[str, Queue]:
        """Those that are there."""
        return {queue.queue_id: queue for queue in self.queues}

    @cached_property
    def queue_by_id(self) -> Mapping[str, Queue]:
        """Also those that are gone: what still comes to one overflows from it at once."""
        gone = {
            queue_id: Queue(queue_id, queue_id, overflow=Overflow(to), when_closed="overflow")
            for queue_id, to in self.moved_queues.items()
        }
        return gone | dict(self.own_queues)

    @cached_property
    def agent_by_id(self) -> Mapping[str, Agent]:
        """Agents with the queues of their teams."""
        return {agent.user_id: self._in_team(agent) for agent in self.agents}

    @cached_property
    def team_by_id(self) -> Mapping[str, Team]:
        return {team.team_id: team for team in self.teams}

    def _in_team(self, agent: Agent) -> Agent:
        queues = [*agent.queues, *(queue_id for team in self._around(agent.team_id) for queue_id in team.queues)]
        return agent if len(queues) == len(agent.queues) else replace(agent, queues=tuple(dict.fromkeys(queues)))

    def _around(self, team_id: str | None) -> list[Team]:
        """A team, and those that it stands within."""
        around: list[Team] = []
        team = self.team_by_id.get(team_id or "")
        while team is not None and team not in around:  # a circle, which the checks refuse, comes to an end here too
            around.append(team)
            team = self.team_by_id.get(team.parent_team_id or "")
        return around

    def supervised_by(self, supervisor_id: str) -> Supervised | None:
        """Whom and what a supervisor looks after, himself included; None is everything, for one whom no team names."""
        around = {team.team_id: self._around(team.team_id) for team in self.teams}
        his = {id_ for id_, teams in around.items() if any(supervisor_id in team.supervisors for team in teams)}
        if not his:
            return None
        agents = (agent.user_id for agent in self.agents if agent.team_id in his)
        queues = (queue_id for id_ in his for team in around[id_] for queue_id in team.queues)
        return Supervised(frozenset([*agents, supervisor_id]), frozenset(queues))

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
            agents={user_id: agent.queues for user_id, agent in self.agent_by_id.items()},
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
        """Business hours with the closures of their sets."""
        shared = {each.closure_set_id: each.closures for each in self.closure_sets}
        return {
            hours.business_hours_id: replace(
                hours,
                closures=(*hours.closures, *(c for each in hours.closure_sets for c in shared.get(each, ()))),
            )
            for hours in self.business_hours
        }

    @cached_property
    def variable_by_name(self) -> Mapping[str, Variable]:
        """Declared variables, by the name that work gives them."""
        groups = {each.variable_group_id: each.variable_group_name for each in self.variable_groups}
        return {f"global_custom.{groups.get(v.variable_group_id)}.{v.variable_name}": v for v in self.variables}

    @cached_property
    def masked(self) -> frozenset[str]:
        """Names of the variables whose values agents do not see."""
        return frozenset(name for name, variable in self.variable_by_name.items() if variable.mask_variable_data)

    @cached_property
    def disposition_by_id(self) -> Mapping[str, Disposition]:
        return {each.disposition_id: each for each in self.dispositions}

    def dispositions_of(self, queue: Queue) -> tuple[Disposition, ...]:
        """How work of a queue may end; none named is anyhow."""
        sets = {each.disposition_set_id: each.dispositions for each in self.disposition_sets}
        own = queue.dispositions
        ids = [*own.dispositions, *(each for name in own.disposition_sets for each in sets[name])]
        return tuple(self.disposition_by_id[each] for each in dict.fromkeys(ids))

    @cached_property
    def agents_of_queue(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the agents who serve each queue."""
        serving: dict[str, list[str]] = {queue_id: [] for queue_id in self.queue_by_id}
        for agent in self.agent_by_id.values():
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
        """Whether an agent's shift has ended since then and has not begun again (epoch milliseconds)."""
        hours = self.shift_of(agent_id)
        return hours is not None and not hours.is_open(now) and hours.open_ms(since, now) > 0

    def shift_of(self, agent_id: str) -> BusinessHours | None:
        """When an agent is to be there, if anything says so."""
        agent = self.agent_by_id.get(agent_id)
        return self.hours_by_id.get(agent.shift_hours_id or "") if agent else None

    def is_open(self, queue_id: str, now: int) -> bool:
        """Whether a queue gives work out at a moment (epoch milliseconds)."""
        if self.is_gone(queue_id):
            return False
        queue = self.queue_by_id.get(queue_id)
        hours = self.hours_by_id.get(queue.business_hours_id or "") if queue else None
        return hours is None or hours.is_open(now)

    def is_gone(self, queue_id: str) -> bool:
        """Whether a queue is there only to pass on what still comes to it."""
        return queue_id in self.moved_queues and queue_id not in self.own_queues
