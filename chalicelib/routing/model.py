"""The words of the routing core. Times are epoch milliseconds, durations milliseconds, unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, NamedTuple

from chalicelib.routing.occupancy import PLAIN, OccupancyRules, room

Distribution = Literal[
    "longest_idle",
    "most_available",
    "best_skilled",
    "best_worker",
    "sequential",
    "rotating",
    "simultaneous",
    "manual",
]
"""Which of the agents who can take an engagement gets it; `manual` waits for an agent to take it himself."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A skill that the agent must have, at least at this proficiency (1–5), or one of those that do instead."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    skill: str
    level: int = 1
    instead: tuple[tuple[str, int], ...] = ()
    """Backup skills, each with its own least proficiency."""

    def __hash__(self) -> int:
        return hash(self.skill)  # the core looks needs up by the hundred thousand; a name tells most of them apart


@dataclass(frozen=True, slots=True)
class Waiting:
    """An engagement that waits for an agent."""

    engagement_id: str
    version: int
    queue_id: str
    channel: str
    priority: int
    queued_at: int
    """What its age counts from."""
    skills: tuple[Requirement, ...] = ()
    cooling: tuple[tuple[str, int], ...] = ()
    """Agents who passed an offer by, and until when none goes to them again."""
    top: bool = False
    """Goes before everything that is not."""
    rate: int = 0
    """Points of priority gained for each hour of waiting."""
    target_at: int | None = None
    """When it should be taken at the latest: by due date or service level. Equal priorities go by it; else by age."""
    direct_to: str | None = None
    """The only agent who may have it."""
    preferred: str | None = None
    """The agent it is held for until `preferred_until`, and who is asked first from then on."""
    preferred_until: int = 0
    since: int = 0
    """When it came into this queue."""
    offers: int = 0
    """How often it has been offered from this queue."""
    due_at: int | None = None
    """When something else is due, such as a service level's breach; the core does not look at it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How an agent's group serves a queue: lower levels first, and only work that has waited for `delay`."""

    level: int = 1
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """One line of an agent routing profile: a category of skills, and how far the search insists on it."""

    members: frozenset[str]
    minimum: int = 1
    required: bool = False
    default: str | None = None
    """The skill that is asked for where the engagement names none of the category."""
    instead: tuple[tuple[str, int], ...] = ()
    gives_way: int | None = None
    """From which step on; by default the last line gives way first, one line a step."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue is routed."""

    distribution: Distribution = "longest_idle"
    at_once: int = 3
    """To how many agents at most a `simultaneous` queue offers the same engagement."""
    profile: tuple[Category, ...] = ()
    steps: tuple[int, ...] = ()
    """The ages at which the search widens, rising."""
    delays: tuple[int, ...] = ()
    """Every delay in the terms of the queue's agents, rising."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An agent as the core sees him."""

    agent_id: str
    ready: bool
    queues: frozenset[str]
    idle_since: int
    skills: Mapping[str, int] = field(default_factory=dict)
    capacity: Mapping[str, int] = field(default_factory=dict)
    """Places by channel; a channel that is not named has none."""
    load: Mapping[str, int] = field(default_factory=dict)
    """Places taken, by channel."""
    position: int = 0
    """Where he stands in the tenant's list, for the queues that are served in that order."""
    offered_at: int = 0
    """When he was last offered work, for the queues that go round."""
    offers: int = 0
    """Offers that he has not answered yet."""
    terms: Mapping[str, Terms] = field(default_factory=dict)
    """By queue, where they are not the usual ones."""
    occupancy: OccupancyRules = PLAIN

    def room(self, channel: str) -> int:
        """How many more engagements of a channel he may have now."""
        return room(self.occupancy, self.capacity, self.load, channel, self.offers)

    def keeping(self, channels: Set[str]) -> Candidate:
        """The same agent, of whose work in these channels none is parked."""
        parks = {newcomer: other for newcomer, other in self.occupancy.parks.items() if other not in channels}
        return replace(self, occupancy=replace(self.occupancy, parks=parks))


class Match(NamedTuple):
    """A decision: this engagement goes to this agent."""

    waiting: Waiting
    agent_id: str
    also: tuple[str, ...] = ()
    """The others it is offered to at the same time."""
    parks: str | None = None
    """The channel of which the agent parks one engagement to make room for it."""
