"""What a flow asks the world while it runs, and what it is answered. Whoever runs it answers as he likes."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.flows.document import Route


@dataclass(frozen=True, slots=True)
class Asked:
    """What every question has: the name or place of the step that asks."""

    step: str


@dataclass(frozen=True, slots=True)
class Draw(Asked):
    """A number, at least 0 and below 100, that is always the same for this engagement and step."""


@dataclass(frozen=True, slots=True)
class Counts(Asked):
    """How a queue is doing; answered with `Counted`."""

    queue_id: str


@dataclass(frozen=True, slots=True)
class LastSeen(Asked):
    """When an earlier engagement of this consumer began (epoch milliseconds), or None."""

    consumer: Mapping[str, Any]
    """External id, e-mail address and number, as far as they are known."""


@dataclass(frozen=True, slots=True)
class HttpCall(Asked):
    """A POST of JSON; answered with `Answered` or `NotAnswered`."""

    system_id: str
    path: str
    body: Mapping[str, Any]
    timeout: int
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class Counted:
    """How a queue is doing now."""

    waiting: int = 0
    oldest_seconds: int = 0
    agents_ready: int = 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A 2xx answer and its JSON."""

    body: Any


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """No answer, in time or at all, or none that could be read."""


Question = Draw | Counts | LastSeen | HttpCall
Answer = float | Counted | int | None | Answered | NotAnswered


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a flow made of an engagement."""

    route: Route = field(default_factory=Route)
    variables: Mapping[str, str] = field(default_factory=dict)
    """To be kept with the engagement, as text."""
    due_at: int | None = None
    """Epoch milliseconds."""
    ends: bool = False
    """It is closed at once."""
    trace: tuple[str, ...] = ()
    """The decisions, in order, as `step:exit`."""


Running = Generator[Question, Answer, Outcome]
"""A flow that runs: yields questions, is sent answers, returns the outcome."""
