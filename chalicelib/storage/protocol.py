"""What the rest of Interleave asks of its storage.

Every write carries the condition that makes it safe to run twice, late or beside another; none of them reads first.
Losing a race is an answer (`False`, or `LostRace`), never a silent overwrite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from chalicelib.engagements.model import Change, Engagement, Event, FlowReference, Note, Occupancy
from chalicelib.events.catalogue import PublicEvent
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.reporting.history import Night
from chalicelib.reporting.rollup import Cell
from chalicelib.routing.model import Waiting

FACT_RETENTION_DAYS = 400
History = tuple[Engagement, list[Event]]
"""An engagement as it was last, and the events that are kept of it beside its trail."""
NOTHING: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is remembered under an Idempotency-Key: the request's fingerprint and what the first answer said."""

    key: str
    fingerprint: str
    engagement_id: str
    started_at: int
    flow: FlowReference
    expires_at: int
    """Epoch seconds."""


@dataclass(frozen=True, slots=True)
class Started:
    """The engagement is on record, and this call put it there."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The Idempotency-Key is known; nothing was written."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Refused:
    """The same work is active; nothing was written."""

    existing: Engagement


@dataclass(frozen=True, slots=True)
class Secret:
    """A client's secret, as it is kept: nobody can read it back."""

    hash: str
    created_at: int = 0
    """Epoch milliseconds."""

    @property
    def secret_id(self) -> str:
        """What it is called by."""
        return self.hash[:12]


@dataclass(frozen=True, slots=True)
class Client:
    """A machine client's credentials, and who it acts as."""

    client_id: str
    secrets: tuple[Secret, ...]
    """Oldest first: two while one takes the other's place, none while the client is disabled."""
    role: str
    subject: str
    """The user id of an agent; for every other role the client itself."""
    scopes: tuple[str, ...] = ()
    version: int = 0
    """0 is one that is not kept yet."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs the tenant's tokens."""

    key_id: str
    secret: str
    created_at: int
    """Epoch milliseconds."""


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The one that signs, and after it the one that signed before and is still believed."""

    keys: tuple[SigningKey, ...] = ()
    version: int = 0
    """0 is no keys yet."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver an event to a webhook."""

    webhook_id: str
    event_id: str
    type: str
    at: int
    number: int
    problem: str | None
    """Why it failed, or None."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One engagement of a consumer."""

    consumer: str
    """His key (`consumer_key`)."""
    engagement_id: str
    at: int
    """When it started (epoch ms)."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a version was applied (epoch milliseconds), by whom and why."""

    at: int = 0
    by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One applied version of the tenant's document. Version 0 is no configuration at all."""

    version: int = 0
    document: Mapping[str, Any] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    """Queues that were taken out lately, and when (epoch milliseconds): something may still be on its way to them."""


@dataclass(frozen=True, slots=True)
class Archiving:
    """Which hours of facts are in the archive."""

    where: str = ""
    """The name of the archive; nothing where there never was one."""
    upto: int = 0
    """All hours before it (epoch ms) have been written."""
    again: tuple[int, ...] = ()
    """When the hours begin (epoch ms) that have changed since."""
    version: int = 0
    """0 is nothing yet."""


Versioned = TypeVar("Versioned", Archiving, Client, Coverage, Night, SigningKeys)
"""What is kept only in place of the version that was seen."""


class Store(Protocol):
    """The port. Reads are strongly consistent but for `waiting` and `present`, which read an index."""

    def start(self, engagement: Engagement, receipt: Receipt | None) -> Started | Replayed | Refused:
        """Put a new engagement on record if its work is not active and the Idempotency-Key is new (I1, I2)."""

    def commit(self, change: Change) -> None:
        """Write what one command changed, all of it or nothing, at the versions seen. Raises `LostRace`."""

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        """Commit each change, in as few calls as possible; which of them held."""

    def enlist(self, waiting: Waiting) -> bool:
        """Enter an engagement that has to wait in the index, if it still waits at that version."""

    def engagement(self, engagement_id: str) -> Engagement | None:
        """An engagement whose row has not been taken by a later one of the same work."""

    def engagements(self, engagement_ids: Iterable[str]) -> dict[str, Engagement]:
        """Several of them by id; the missing ones are left out."""

    def last_of_work(self, work_key: str) -> Engagement | None:
        """The active, or else the last, engagement of a work."""

    def receipt(self, key: str, now: int) -> Receipt | None:
        """What is remembered under an Idempotency-Key at a moment (epoch seconds)."""

    def waiting(self, queue_id: str, most: int | None = None) -> list[Waiting]:
        """What is enlisted in a queue, in order of rank. May hold engagements offered or taken meanwhile.

        With `most`, no more than that is read.
        """

    def due(self, now: int) -> list[Engagement]:
        """Scheduled and snoozed engagements whose time has come. May miss what was written just now."""

    def occupancies(self, agent_ids: Iterable[str]) -> dict[str, Occupancy]:
        """The occupancy of each agent; one never seen has version 0."""

    def present(self) -> list[str]:
        """Ids of the agents who are not offline, or hold something."""

    def beat(self, agent_id: str, at: int) -> None:
        """Remember that an agent's client was alive."""

    def beats(self, agent_ids: Iterable[str]) -> dict[str, int]:
        """When each agent's client was last heard of; 0 where it never was."""

    def claim(self, key: str, window: int, most: int, until: int) -> bool:
        """Take one of the so many blocks of a window, if one is left; remembered until then (epoch seconds).

        A claim whose answer is lost is a block that nobody uses.
        """

    def add_note(self, note: Note, until: int) -> None:
        """Keep a note until then (epoch ms). Adding it again changes nothing."""

    def notes(self, engagement_id: str) -> list[Note]:
        """The notes on an engagement, oldest first."""

    def end_notes(self, engagement: Engagement) -> None:
        """The engagement is closed: its notes are kept for as long as itself, and no longer."""

    def archive(self, engagement: Engagement, events: Sequence[Event]) -> None:
        """Keep events, and the engagement as it was after them, in the history. Writing it again changes nothing.

        What it said is kept with it only once it is closed, and never again after it was forgotten.
        """

    def archived(self, engagement_id: str) -> tuple[Engagement | None, list[Event]]:
        """The newest engagement kept in the history, and all of its events kept there, oldest first."""

    def histories(self, after: str, most: int) -> tuple[list[History], str | None]:
        """All engagements that are kept, and the events kept of them, some works at a time in no order that matters.

        `after` is where the last call said to go on, at first the empty text; at the end it says None. So many rows are
        read, whatever they are of.
        """

    def forget(self, engagement_id: str, at: int) -> None:
        """Forget, from now (epoch ms) on, what an engagement said: in its history and its notes.

        Its row is another matter. Doing it again changes nothing.
        """

    def record(self, facts: Sequence[Fact], visits: Sequence[Visit] = ()) -> None:
        """Keep facts, and whose engagements there are. Writing one again changes nothing (I11)."""

    def visits(self, consumer: str) -> list[Visit]:
        """A consumer's engagements, oldest first."""

    def last_visit(self, consumer: str, before: int) -> int | None:
        """When the newest engagement of a consumer started of those that did before a moment (epoch milliseconds)."""

    def forget_visits(self, visits: Sequence[Visit]) -> None:
        """Whose these engagements were is known no longer."""

    def facts(self, dataset: Dataset | None, start: int, end: int) -> list[Fact]:
        """The facts of a dataset, or of all, with start <= at < end (epoch ms)."""

    def rewrite_facts(self, quarter: int, anew: Callable[[list[Fact]], list[Fact]]) -> None:
        """Put others in the place of the facts of a quarter of an hour. What comes while `anew` is at it stays."""

    def keep_rollup(self, dataset: Dataset, series: str, start: int, cells: Sequence[Cell]) -> None:
        """Keep what an interval adds up to, in place of what was kept of it before."""

    def rollups(self, dataset: Dataset, series: str, start: int, end: int) -> list[Cell]:
        """The cells of the intervals that begin at start <= … < end (epoch ms), oldest first."""

    def coverage(self) -> Coverage:
        """What is rolled up."""

    def put_coverage(self, coverage: Coverage) -> Coverage:
        """Keep it as the next version, if it is still at the one seen. Raises `LostRace`."""

    def night(self) -> Night:
        """How far the reconciliation is."""

    def put_night(self, night: Night) -> Night:
        """Keep it as the next version, if it is still at the one seen. Raises `LostRace`."""

    def archiving(self) -> Archiving:
        """Which facts are in the archive."""

    def put_archiving(self, archiving: Archiving) -> Archiving:
        """Keep it as the next version, if it is still at the one seen. Raises `LostRace`."""

    def late(self) -> dict[int, str]:
        """The quarters of an hour that were marked, oldest first, and the mark of each."""

    def mark(self, quarter: int, mark: str) -> None:
        """Mark a quarter of an hour whose facts change, under a mark that nobody has used before."""

    def unmark(self, quarter: int, mark: str) -> None:
        """Take a mark away, if it has not been renewed since it was seen."""

    def configuration_version(self) -> int:
        """The version that is applied now."""

    def configuration(self, version: int) -> Configuration:
        """One version of the tenant's document."""

    def apply(
        self,
        document: Mapping[str, Any],
        seen: int,
        stamp: Stamp = Stamp(),
        removed: Mapping[str, int] = NOTHING,
    ) -> int:
        """Keep a new version and switch to it in one write, if `seen` is still applied. Raises `LostRace`."""

    def stamps(self, versions: Iterable[int]) -> dict[int, Stamp]:
        """When, by whom and why each of these versions was applied; those that never were are left out."""

    def client(self, client_id: str) -> Client | None:
        """A machine client."""

    def clients(self) -> list[Client]:
        """All machine clients, by id."""

    def put_client(self, client: Client) -> Client:
        """Keep a machine client as its next version, if it is still at the one seen. Raises `LostRace`."""

    def signing_keys(self) -> SigningKeys:
        """The keys of the tenant's tokens."""

    def put_signing_keys(self, keys: SigningKeys) -> SigningKeys:
        """Keep them as their next version, if they are still at the one seen. Raises `LostRace`."""

    def webhook_secret(self, webhook_id: str, candidate: str) -> str:
        """The secret of a webhook; the candidate becomes it where there is none yet."""

    def put_webhook_secret(self, webhook_id: str, secret: str) -> None:
        """Keep a secret that was made elsewhere, replacing the one that is there."""

    def keep_events(self, events: Sequence[PublicEvent]) -> None:
        """Keep public events for a week. Keeping one again changes nothing."""

    def events(self, start: int, end: int, most: int) -> list[PublicEvent]:
        """The first so many public events with start <= at < end (epoch ms), oldest first."""

    def keep_attempt(self, attempt: Attempt) -> None:
        """Remember an attempt for a week."""

    def attempts(self, webhook_id: str, start: int, end: int, most: int) -> list[Attempt]:
        """The first so many attempts on a webhook with start <= at < end (epoch ms), oldest first."""
