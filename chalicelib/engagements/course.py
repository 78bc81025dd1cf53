"""What an engagement's life adds up to, kept beside it so that its end tells the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

SPENT = ("handled_ms", "parked_ms", "wrapped_ms")


@dataclass(frozen=True, slots=True)
class Course:
    """The life so far, in milliseconds; what is still going on is not in it."""

    first_offer_ms: int | None = None
    """From its start to its first offer."""
    first_accept_ms: int | None = None
    """From its start until an agent first had it."""
    waited_ms: int = 0
    """In queues, the ringing of accepted offers included."""
    handled_ms: int = 0
    parked_ms: int = 0
    wrapped_ms: int = 0
    queues: tuple[str, ...] = ()
    """The queues that it left for another one, in order."""
    agents: tuple[str, ...] = ()
    """The agents who had it and no longer have it, in order."""

    def after(self, command: str, detail: Mapping[str, Any], age_ms: int) -> Course:
        """With what one event adds; `age_ms` is how long ago the engagement started."""
        course = self
        if command == "offer" and self.first_offer_ms is None:
            course = replace(course, first_offer_ms=age_ms)
        if command in ("accept", "pull") and self.first_accept_ms is None:
            course = replace(course, first_accept_ms=age_ms)
        if "waited_ms" in detail and command != "offer":
            course = replace(course, waited_ms=course.waited_ms + detail["waited_ms"] + detail.get("rang_ms", 0))
        if "handled_ms" in detail:
            course = replace(course, **{name: getattr(course, name) + detail[name] for name in SPENT})
        return course

    def left(self, queue_id: str | None = None, agent_id: str | None = None) -> Course:
        """With a queue, or an agent, that it has left. Who had it twice is named once."""
        queues, agents = self.queues, self.agents
        if queue_id and queue_id not in queues:
            queues = (*queues, queue_id)
        if agent_id and agent_id not in agents:
            agents = (*agents, agent_id)
        return replace(self, queues=queues, agents=agents)
