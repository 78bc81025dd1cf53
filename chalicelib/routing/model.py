"""The words of the routing core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar


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
    room: Mapping[str, int] = field(default_factory=dict)
    """Free places by channel; a channel that is not named has none."""


@dataclass(frozen=True, slots=True)
class Match:
    """A decision: this engagement goes to this agent."""

    waiting: Waiting
    agent_id: str
