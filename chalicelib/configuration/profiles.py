"""How work is ranked, who may have it and how much of it, in Zoom's terms; and the routing core's words for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from chalicelib.configuration.vocabulary import STRICT, Identifier, LaunchUrl, QueueDispositions
from chalicelib.events.signatures import Scheme
from chalicelib.routing.consumer import ConsumerProfile
from chalicelib.routing.hours import BusinessHours
from chalicelib.routing.limits import Limits
from chalicelib.routing.model import Category, Distribution, QueueRules
from chalicelib.routing.occupancy import OccupancyRules

FOR_EVER = -1
ChannelName = Literal["work_item", "voice", "video", "messaging", "email"]
Proficiency = Annotated[int, Field(ge=1, le=5)]
Places = Annotated[int, Field(ge=0, le=100)]


@dataclass(frozen=True, slots=True)
class SkillCategory:
    """Skills of a kind, such as languages."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    skill_category_id: Identifier
    skill_category_name: str = ""
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupSkill:
    """A skill that does instead, once the search widens."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    backup_skill_id: str
    minimum_proficiency_level: Proficiency = 1


@dataclass(frozen=True, slots=True)
class Priority:
    """One line of an agent routing profile."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    skill_category_id: str
    minimum_proficiency_level: Proficiency = 1
    skill_category_required: bool = False
    """Never dropped, however long it takes."""
    default_skill_id: str | None = None
    """Asked for where the work names no skill of the category."""
    time_step: Annotated[int, Field(ge=1)] | None = None
    """The step at which the line gives way; by default the last line gives way first, one line a step."""
    backup_skills: tuple[BackupSkill, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentRoutingProfile:
    """Which agent: what the search insists on, and when it gives way."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    agent_routing_profile_id: Identifier
    agent_routing_profile_name: str = ""
    time_steps: tuple[int, ...] = (FOR_EVER,)
    """Seconds that each step lasts; the last one, -1, lasts for ever."""
    priorities: tuple[Priority, ...] = ()

    def ages(self) -> tuple[int, ...]:
        """The ages (milliseconds) at which the search widens."""
        return tuple(accumulate(1000 * step for step in self.time_steps[:-1]))

    def lines(self, categories: Mapping[str, SkillCategory]) -> tuple[Category, ...]:
        """The lines in the core's words."""
        return tuple(
            Category(
                members=frozenset(categories[line.skill_category_id].skills),
                minimum=line.minimum_proficiency_level,
                required=line.skill_category_required,
                default=line.default_skill_id,
                instead=tuple((b.backup_skill_id, b.minimum_proficiency_level) for b in line.backup_skills),
                gives_way=line.time_step,
            )
            for line in self.priorities
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerRoutingProfile(ConsumerProfile):
    """Who is next."""

    consumer_routing_profile_id: Identifier
    consumer_routing_profile_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OccupancyProfile(OccupancyRules):
    """How much at once: places by channel, and the rules beyond them."""

    occupancy_profile_id: Identifier
    occupancy_profile_name: str = ""
    capacity: Mapping[str, Places]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours(BusinessHours):
    """Business hours that queues refer to."""

    business_hours_id: Identifier
    business_hours_name: str = ""
    closure_sets: tuple[str, ...] = ()
    """Closed on their days too."""


@dataclass(frozen=True, slots=True)
class ServingGroup:
    """How a group of agents serves a queue: lower levels are asked first, after `delay` seconds of waiting."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    group_id: Identifier
    level: Annotated[int, Field(ge=1, le=99)] = 1
    delay: Annotated[int, Field(ge=0, le=86_400)] = 0


@dataclass(frozen=True, slots=True)
class Overflow:
    """Where work goes that a queue does not keep: exactly one of these."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: str | None = None
    flow_entry_id: str | None = None
    end: bool = False


Allowed = Literal["none", "all"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TransferPolicy:
    """Where work of a queue may be transferred: `none`, `all`, or the ids of those that may have it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queues: Allowed = "all"
    users: Allowed = "all"
    flows: Allowed = "all"
    """By Entry ID."""
    most: Annotated[int, Field(ge=0, le=100)] = 10
    """How often the same engagement may be transferred."""
    return_after: Annotated[int, Field(ge=1)] | None = None
    """Seconds after which its sender has back what nobody took; by default it stays where it was sent."""


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """How soon work should be taken, and when it counts as at risk. Durations in seconds."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    threshold: Annotated[int, Field(ge=1)] | None = None
    target_percentage: Annotated[int, Field(ge=1, le=100)] | None = None
    """How much of the work should be taken within the threshold; reports say how much was."""
    at_risk_percent: Annotated[int, Field(ge=1, le=100)] = 80
    due_date_warning: Annotated[int, Field(ge=0)] = 3600
    """How long before its due date work is at risk."""


@dataclass(frozen=True, slots=True)
class Orphans:
    """What becomes of work whose agent has left: back to the queue where it keeps its age, or to another queue; at
    once, or only after it was held for him. Durations in seconds."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    policy: Literal["requeue", "hold"] = "requeue"
    queue_id: str | None = None
    """Goes there instead."""
    grace: Annotated[int, Field(ge=0, le=86_400)] = 120
    """How long he may be away, with `requeue`."""
    held_for: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400
    """How long it waits for him, with `hold`, and what he took over while he was Offline with both; nothing waits for
    ever for somebody who does not come back."""

    @property
    def patience(self) -> int:
        """How long his work stays his."""
        return self.held_for if self.policy == "hold" else self.grace


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of one channel. Durations in seconds."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: Identifier
    queue_name: Annotated[str, Field(max_length=150)]
    queue_description: Annotated[str, Field(max_length=200)] = ""
    """Shown where work may be transferred to."""
    channel: str = "work_item"
    offer_timeout: Annotated[int, Field(ge=1, le=900)] = 30
    """How long an agent may take to accept. At most 900: the longest delay of an SQS message."""
    auto_accept: bool = False
    distribution: Distribution = "longest_idle"
    offered_at_once: Annotated[int, Field(ge=2, le=20)] = 3
    """To how many agents a `simultaneous` queue offers the same engagement."""
    wrap_up_time: Annotated[int, Field(ge=0, le=300)] = 0
    cool_down: Annotated[int, Field(ge=0, le=3600)] = 60
    """How long no offer of the same engagement goes to an agent who declined or missed it."""
    agent_routing_profile_id: str | None = None
    consumer_routing_profile_id: str | None = None
    business_hours_id: str | None = None
    agent_groups: tuple[ServingGroup, ...] = ()
    """Agents of no group that is named here serve the queue first, at once."""
    max_engagement_in_queue: Annotated[int, Field(ge=1, le=100_000)] | None = None
    max_wait_time: Annotated[int, Field(ge=1)] | None = None
    max_offers: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How often an engagement is offered from this queue before it overflows."""
    transfer: TransferPolicy = TransferPolicy()
    service_level: ServiceLevel = ServiceLevel()
    orphans: Orphans = Orphans()
    max_wrap_up_time: Annotated[int, Field(ge=0, le=86_400)] = 900
    """Up to how long an agent may extend a wrap-up."""
    short_abandon: Annotated[int, Field(ge=1, le=255)] | None = None
    """What its consumer withdraws sooner than this, reports count apart."""
    dispositions: QueueDispositions = field(default_factory=QueueDispositions)
    launch_urls: tuple[LaunchUrl, ...] = ()
    when_closed: Literal["wait", "overflow"] = "wait"
    overflow: Overflow | None = None

    def limits(self, is_open: bool) -> Limits:
        """What the queue does not keep. Without a place to go to, everything stays."""
        if self.overflow is None:
            return Limits()
        return Limits(
            most_waiting=self.max_engagement_in_queue,
            longest_wait=None if self.max_wait_time is None else self.max_wait_time * 1000,
            most_offers=self.max_offers,
            closed=not is_open and self.when_closed == "overflow",
        )

    def rules(self, profiles: Mapping[str, AgentRoutingProfile], categories: Mapping[str, SkillCategory]) -> QueueRules:
        """How the queue is routed, in the core's words."""
        profile = profiles.get(self.agent_routing_profile_id or "")
        return QueueRules(
            distribution=self.distribution,
            at_once=self.offered_at_once,
            profile=profile.lines(categories) if profile else (),
            steps=profile.ages() if profile else (),
            delays=tuple(sorted({1000 * group.delay for group in self.agent_groups if group.delay})),
        )


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent: the queues served, skills with proficiency 1–5, and places by channel."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    user_id: Identifier
    display_name: str
    queues: tuple[str, ...] = ()
    team_id: str | None = None
    """Its queues are his too."""
    skills: Mapping[str, Proficiency] = field(default_factory=dict)
    capacity: Mapping[str, Places] = field(default_factory=lambda: {"work_item": 1})
    """Where no occupancy profile says otherwise."""
    occupancy_profile_id: str | None = None
    group_id: Identifier | None = None
    shift_hours_id: str | None = None
    """The business hours that are his shift: when they end, he is signed out. By default he signs out himself."""
    offer_timeout: Annotated[int, Field(ge=1, le=900)] | None = None
    """Where the queue's is not his: an automatic worker answers at once or not at all."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Where to connect him, by channel, such as a SIP address; a live channel's adapter is told."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for being Not Ready."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    sub_status_id: Identifier
    sub_status_name: str = ""
    enabled: bool = True
    """Whether an agent may give it from now on."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where public events are delivered. Its secret is made when it is first needed, and read through the API."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    webhook_id: Identifier
    url: Annotated[str, Field(pattern=r"^https://[^\s@/?#]+([/?#][^\s]*)?$", max_length=2048)]
    events: tuple[str, ...] = ()
    """Types; none named is all."""
    signature: Scheme = "standard"

    def wants(self, event_type: str) -> bool:
        """Whether events of this type are delivered."""
        return not self.events or event_type in self.events
