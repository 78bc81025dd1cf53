"""What an engagement and an agent's occupancy are. All times are epoch milliseconds, UTC."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from chalicelib.engagements.course import Course
from chalicelib.routing.consumer import USUAL, Standing
from chalicelib.routing.model import Requirement

State = Literal["scheduled", "queued", "offered", "assigned", "inactive", "wrap_up", "closed"]
OPEN: tuple[State, ...] = ("scheduled", "queued", "offered", "assigned", "inactive")
"""Where there is still something to decide about it."""
AgentStatus = Literal["offline", "ready", "not_ready"]
EndReason = Literal["completed", "abandoned", "cancelled", "overflowed"]
"""By an agent; by a consumer who left before anybody took it; by its source; by its queue."""

Mode = Literal["monitor", "whisper", "barge", "consult"]
"""How somebody takes part besides the owner: sees it; comments to the owner; works on it too; was asked for advice."""
Flag = Literal["service_level_at_risk", "service_level_breached", "due_date_at_risk", "due_date_breached"]

IDENTITIES = ("consumer_external_id", "consumer_email", "consumer_number")
"""What tells one consumer from another: the first of these that is given."""
DAY_MS = 86_400_000
USUAL_RETENTION_DAYS = 30
WORK_KEY_BYTES = 16
ENGAGEMENT_ID_BYTES = 24
MOST_PARKED = 200
"""Engagements that an agent may have parked: they are in his row, of which DynamoDB takes up to 400 KB."""
MOST_ELSEWHERE = 200
"""Works that other systems may have given an agent, for the same reason."""
WORDS = "words"
"""In an event's detail: what somebody wrote himself. It may hold personal data, like the content."""
TRAIL_LENGTH = 16
"""Newest events kept in the engagement itself; older ones are in its history rows."""


def work_key(work_item_id: str, work_item_name: str) -> str:
    """The key of a work: two starts with the same id and name are the same work (Zoom's rule)."""
    text = f"{len(work_item_id)}:{work_item_id}{work_item_name}".encode()
    return as_id(hashlib.sha256(text).digest()[:WORK_KEY_BYTES])


def own_work_key(token: bytes) -> str:
    """The key of a work that has no id: its own, made of 16 random bytes."""
    return as_id(token[:WORK_KEY_BYTES])


def new_engagement_id(key: str, token: bytes) -> str:
    """An id from which the work's key can be read, so that its row is found without an index."""
    return _text(_bytes(key) + token[: ENGAGEMENT_ID_BYTES - WORK_KEY_BYTES])


def work_key_of(engagement_id: str) -> str | None:
    """The key of the engagement's work, or None where the id is none of ours."""
    try:
        raw = _bytes(engagement_id)
    except ValueError:
        return None
    return _text(raw[:WORK_KEY_BYTES]) if len(raw) == ENGAGEMENT_ID_BYTES else None


def consumer_key(consumer: Mapping[str, Any]) -> str | None:
    """Under what a consumer's engagements are found: a digest of his identity, or None where none was given."""
    given = next(((name, consumer[name]) for name in IDENTITIES if consumer.get(name)), None)
    return None if given is None else _text(hashlib.sha256(repr(given).encode()).digest()[:WORK_KEY_BYTES])


def as_id(raw: bytes) -> str:
    """The bytes as an id that does not begin with `-`, which is a formula to a spreadsheet and an option to a shell."""
    text = _text(raw)
    return f"0{text[1:]}" if text.startswith("-") else text


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


class Event(NamedTuple):
    """One version of an engagement: what happened, by whom, and the durations that ended with it."""

    version: int
    at: int
    command: str
    state: State
    actor: str
    queue_id: str
    agent_id: str | None = None
    detail: dict[str, Any] = {}  # noqa: RUF012 - never changed in place; a NamedTuple has no default factory

    @property
    def bare(self) -> Event:
        """The same without anybody's own words."""
        return self._replace(detail={name: said for name, said in self.detail.items() if name != WORDS})


@dataclass(frozen=True, slots=True)
class Offer:
    """One agent, one engagement, one deadline."""

    offer_id: str
    agent_id: str
    offered_at: int
    expires_at: int
    others: tuple[str, ...] = ()
    """The others to whom the same is offered at the same time; the first to accept has it."""


@dataclass(frozen=True, slots=True)
class FlowReference:
    """The flow version that an engagement started with, and keeps."""

    flow_id: str
    flow_name: str
    flow_version: int
    flow_entry_id: str


class Disposition(NamedTuple):
    """How work ended: a disposition of the configuration, or free text where it names none."""

    text: str
    disposition_id: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What the system of record said. The one place that may hold personal data."""

    work_item_variables: Mapping[str, Any] = field(default_factory=dict)
    consumers: tuple[Mapping[str, Any], ...] = ()
    variables: tuple[Mapping[str, str], ...] = ()
    language_code: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where work goes, what it asks for there and how it stands there."""

    queue_id: str
    priority: int = 0
    skills: tuple[Requirement, ...] = ()
    standing: Standing = USUAL
    direct_to: str | None = None
    """The only agent who may have it."""
    preferred: str | None = None
    """The agent it is held for until `preferred_until`, and who is asked first from then on."""
    preferred_until: int = 0


@dataclass(frozen=True, slots=True)
class Passage:
    """Work that went through a flow on its way: through which version, what was decided, and what it says since."""

    flow: str
    """As `flow_id@version`."""
    trace: tuple[str, ...]
    """The decisions, in order, as `step:exit`."""
    content: Content

    @property
    def detail(self) -> dict[str, Any]:
        """What an event tells of it."""
        return {"flow": self.flow, "trace": list(self.trace)}


@dataclass(frozen=True, slots=True)
class Engagement:
    """A work on its way through the contact centre."""

    engagement_id: str
    version: int
    state: State
    channel: str
    queue_id: str
    flow: FlowReference
    started_at: int
    queued_at: int
    """What its age is counted from; work that comes back keeps it."""
    waiting_since: int
    """When this visit of the queue began."""
    started_by: str
    priority: int = 0
    skills: tuple[Requirement, ...] = ()
    standing: Standing = USUAL
    direct_to: str | None = None
    preferred: str | None = None
    preferred_until: int = 0
    not_before: int | None = None
    """While it is scheduled: when it enters its queue."""
    speaks_at: int | None = None
    """While it is scheduled: when its clocks have something to say next."""
    offers: int = 0
    """How often it has been offered from this queue."""
    transfers: int = 0
    return_to: str | None = None
    """After a transfer: the sender, who has it back at `return_at` if nobody takes it."""
    return_queue_id: str | None = None
    """The queue in which he has it back."""
    return_priority: int = 0
    return_skills: tuple[Requirement, ...] | None = None
    """What it asks for there, as it did before; None where an older version of Interleave sent it on."""
    return_at: int | None = None
    participants: Mapping[str, Mode] = field(default_factory=dict)
    """Who takes part besides the owner."""
    flags: tuple[Flag, ...] = ()
    """What its clocks have said so far; each says it once."""
    overflows: int = 0
    """How often it has overflowed into another queue."""
    offer: Offer | None = None
    cooling: tuple[tuple[str, int], ...] = ()
    """Agents who passed an offer by, and until when none goes to them again."""
    agent_id: str | None = None
    assigned_at: int | None = None
    parked_at: int | None = None
    parked_ms: int = 0
    wake_at: int | None = None
    """While it is parked: when its agent has it back."""
    wrap_up_at: int | None = None
    wrap_up_ends_at: int | None = None
    closed_at: int | None = None
    end_reason: EndReason | None = None
    disposition: str | None = None
    disposition_id: str | None = None
    """Which one of the configuration it was when it was said; None where it is free text."""
    kept_days: int = USUAL_RETENTION_DAYS
    """How long it can be read once it is closed: as it was configured when it started."""
    content: Content = field(default_factory=Content)
    trail: tuple[Event, ...] = ()
    chain: str = ""
    """The digest of all its events (`engagements.chain`); an older version of Interleave kept none."""
    course: Course = field(default_factory=Course)

    @property
    def work_key(self) -> str:
        return _text(_bytes(self.engagement_id)[:WORK_KEY_BYTES])

    @property
    def holders(self) -> tuple[str, ...]:
        """In whose hands it is, or to whom it is offered."""
        if self.agent_id is None:
            return ()
        return (self.agent_id, *(self.offer.others if self.offer else ()))

    @property
    def expires_at(self) -> int | None:
        """When it is gone. Open work stays."""
        return None if self.closed_at is None else self.closed_at + self.kept_days * DAY_MS

    def without_content(self) -> Engagement:
        """The same, without what the system of record said, and without anybody's own words of what happened."""
        disposition = self.disposition if self.disposition_id else None
        return replace(self, content=Content(), disposition=disposition, trail=tuple(each.bare for each in self.trail))

    @property
    def due_at(self) -> int | None:
        """When something happens to it that no agent's row tells of: it is scheduled or snoozed until then, or its
        clocks have something to say before."""
        if self.state == "scheduled":
            return min((at for at in (self.not_before, self.speaks_at) if at is not None), default=None)
        return self.wake_at if self.state == "inactive" else None


@dataclass(frozen=True, slots=True)
class Note:
    """Something written beside an engagement. May hold personal data, like its content."""

    note_id: str
    engagement_id: str
    at: int
    user_id: str
    kind: str
    """How its author took part: `note` is the owner's or a supervisor's, else the mode."""
    text: str
    to: str | None = None
    """For whom alone, of all agents, it was whispered: the owner at that time."""


@dataclass(frozen=True, slots=True)
class Held:
    """One engagement in an agent's hands. Offers count as held until they end."""

    channel: str
    offer_expires_at: int
    """The deadline of the offer it came by; past it, the engagement itself tells whether it was accepted."""
    parked: bool = False
    wake_at: int | None = None
    """While it is parked: when he has it back, as soon as he has room."""


@dataclass(frozen=True, slots=True)
class Occupancy:
    """What an agent does now: status and everything held. Version 0 is an agent never seen before."""

    agent_id: str
    version: int = 0
    status: AgentStatus = "offline"
    sub_status: str | None = None
    """The reason as it was said."""
    sub_status_id: str | None = None
    """Which one of the configuration it was when it was said; None where it is free text."""
    status_since: int = 0
    status_by: str = ""
    """Who set it, as `role:id`: himself, a supervisor, or Interleave."""
    idle_since: int = 0
    offered_at: int = 0
    """When work was last offered to him."""
    busy_since: int | None = None
    """While at least one of his places is taken: since when, or since his status changed."""
    busy_ms: int = 0
    """How long before that at least one was taken in this status."""
    held: Mapping[str, Held] = field(default_factory=dict)
    opted_out: tuple[str, ...] = ()
    """Queues that he serves, but not now."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Work that another system gave him: by its reference there, the channel."""

    @property
    def is_busy(self) -> bool:
        """Whether at least one of his places is taken."""
        return bool(self.elsewhere) or any(not held.parked for held in self.held.values())

    @property
    def may_park(self) -> bool:
        """Whether he may have one more engagement parked."""
        return sum(held.parked for held in self.held.values()) < MOST_PARKED

    def load(self, channel: str) -> int:
        """How many of a channel's places are taken. Parked engagements take none."""
        return self.loads().get(channel, 0)

    def loads(self) -> dict[str, int]:
        """How many places are taken, by channel."""
        taken = [held.channel for held in self.held.values() if not held.parked]
        return dict(Counter([*taken, *self.elsewhere.values()]))


@dataclass(frozen=True, slots=True)
class Change:
    """What one command changes, to be committed in one write. The versions seen are one below these."""

    engagement: Engagement | None
    occupancy: Occupancy | None
    engagement_seen: int = 0
    occupancy_seen: int = 0
    others: tuple[Occupancy, ...] = ()
    """Further agents whose places change with it."""

    @property
    def occupancies(self) -> tuple[tuple[Occupancy, int], ...]:
        """Every occupancy that it changes, with the version seen."""
        own = ((self.occupancy, self.occupancy_seen),) if self.occupancy else ()
        return own + tuple((other, other.version - 1) for other in self.others)
