"""What comes to a simulated contact centre and what is done with it. Times are epoch milliseconds, durations
milliseconds, unless a name says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from chalicelib.engagements.model import Destination
from chalicelib.routing.consumer import Standing


class Answer(NamedTuple):
    """What an agent says to an offer, and after how long. What is answered later than it may be, is missed."""

    says: Literal["accept", "decline", "miss"] = "accept"
    after: int = 0
    agent_id: str | None = None
    """Who takes it, where several have the offer."""


AT_ONCE = Answer()


class Stint(NamedTuple):
    """Work in the hands of one agent, from when he takes it."""

    handled: int
    """Time of work; what it was parked is not in it."""
    wrapped: int = 0
    parked: tuple[tuple[int, int], ...] = ()
    """After how much work it was parked, and for how long; in order."""
    to: Destination | None = None
    """Where it goes next; None is nowhere, it is done."""
    released: Standing | None = None
    """It goes back to the queue where it was, and stands so there from then on."""


@dataclass(frozen=True, slots=True)
class Work:
    """One engagement: when it comes, where it goes, and what it takes."""

    work_id: str
    at: int
    """When it enters its queue."""
    channel: str
    to: Destination
    stints: tuple[Stint, ...]
    """One for each agent who has it in turn; whoever has it after them does what the last did, and is done."""
    answers: tuple[Answer, ...] = (AT_ONCE,)
    """One for each offer in turn; the last of them serves for any further one."""
    patience: int | None = None
    """It leaves when it has waited so long in all; None never."""
    due_at: int | None = None


class Visit(NamedTuple):
    """One stay in a queue that is over, or was not over when the simulation was."""

    work: Work
    queue_id: str
    priority: int
    since: int
    until: int
    end: Literal["taken", "left", "overflowed", "waiting"]


class Offered(NamedTuple):
    """One offer, as it was made."""

    at: int
    work_id: str
    agent_id: str
