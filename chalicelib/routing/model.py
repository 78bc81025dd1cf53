"""The words of the routing core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

Distribution = Literal["longest_idle", "most_available", "best_skilled", "sequential"]
"""Which of the agents who can take an engagement gets it."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A skill that the agent must have, at least at this proficiency (1–5)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    skill: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """An engagement that waits for an agent. Times in epoch milliseconds."""

    engagement_id: str
    version: int
    queue_id: str
    channel: str
    priority: int
    queued_at: int
    skills: tuple[Requirement, ...] = ()
    cooling: tuple[tuple[str, int], ...] = ()
    """Agents who passed an offer by, and until when none goes to them again."""


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

    def room(self, channel: str) -> int:
        """Free places in a channel."""
        return self.capacity.get(channel, 0) - self.load.get(channel, 0)


@dataclass(frozen=True, slots=True)
class Match:
    """A decision: this engagement goes to this agent."""

    waiting: Waiting
    agent_id: str
