"""The in-memory twin of the DynamoDB store, with the same conditions. It also keeps the stream of its writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import RLock
from typing import Any

from chalicelib.engagements.model import Change, Engagement, Event, Note, Occupancy, work_key_of
from chalicelib.errors import LostRace
from chalicelib.events.catalogue import PublicEvent
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.facts import Dataset, Fact, identity, once
from chalicelib.reporting.history import Night
from chalicelib.reporting.intervals import QUARTER_MS
from chalicelib.reporting.rollup import Cell
from chalicelib.routing.model import Waiting
from chalicelib.routing.rank import rank
from chalicelib.storage.protocol import (
    NOTHING,
    Archiving,
    Attempt,
    Client,
    Configuration,
    History,
    Receipt,
    Refused,
    Replayed,
    SigningKeys,
    Stamp,
    Started,
    Versioned,
    Visit,
)


class MemoryStore:
    """`Store` in dictionaries; each call is atomic, across threads too."""

    def __init__(self) -> None:
        self.stream: list[tuple[Engagement | None, Engagement]] = []
        """Every write of an engagement, as (before, after), in order."""
        self.agent_stream: list[tuple[Occupancy | None, Occupancy]] = []
        """Every write of an occupancy, likewise."""
        self._lock = RLock()
        self._heads: dict[str, Engagement] = {}
        self._receipts: dict[str, Receipt] = {}
        self._enlisted: dict[str, Waiting] = {}
        self._agents: dict[str, Occupancy] = {}
        self._history: dict[tuple[str, int], tuple[Engagement, list[Event]]] = {}
        self._facts: dict[tuple[str, str, int], Fact] = {}
        self._rollups: dict[tuple[str, str, int], list[Cell]] = {}
        self._coverage = Coverage()
        self._night = Night()
        self._archiving = Archiving()
        self._late: dict[int, str] = {}
        self._configurations: list[Configuration] = [Configuration()]
        self._stamps: dict[int, Stamp] = {}
        self._claims: dict[tuple[str, int], int] = {}
        self._beats: dict[str, int] = {}
        self._notes: dict[str, tuple[Note, int]] = {}
        self._forgotten: dict[str, int] = {}
        self._visits: dict[tuple[str, int, str], Visit] = {}
        self._clients: dict[str, Client] = {}
        self._signing_keys = SigningKeys()
        self._secrets: dict[str, str] = {}
        self._events: dict[str, PublicEvent] = {}
        self._attempts: list[Attempt] = []

    def start(self, engagement: Engagement, receipt: Receipt | None) -> Started | Replayed | Refused:
        with self._lock:
            if receipt is not None:
                known = self.receipt(receipt.key, receipt.started_at // 1000)
                if known is not None:
                    return Started() if known.engagement_id == receipt.engagement_id else Replayed(known)
            existing = self._heads.get(engagement.work_key)
            if existing is not None and existing.state != "closed":
                same = existing.engagement_id == engagement.engagement_id
                return Started() if same else Refused(existing)
            if receipt is not None:
                self._receipts[receipt.key] = receipt
            self._write(engagement)
            return Started()

    def commit(self, change: Change) -> None:
        with self._lock:
            if self._committed(change):
                return
            if not self._may_commit(change):
                raise LostRace("Somebody else changed it at the same moment.")
            if change.engagement is not None:
                self._write(change.engagement)
            for occupancy, _ in change.occupancies:
                self.agent_stream.append((self._agents.get(occupancy.agent_id), occupancy))
                self._agents[occupancy.agent_id] = occupancy

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        return [self._commits(change) for change in changes]

    def enlist(self, waiting: Waiting) -> bool:
        with self._lock:
            found = self.engagement(waiting.engagement_id)
            if found is None or found.version != waiting.version:
                return False
            self._enlisted[found.work_key] = waiting
            return True

    def engagement(self, engagement_id: str) -> Engagement | None:
        found = self._heads.get(work_key_of(engagement_id) or "")
        return found if found and found.engagement_id == engagement_id else None

    def engagements(self, engagement_ids: Iterable[str]) -> dict[str, Engagement]:
        found = (self.engagement(each) for each in engagement_ids)
        return {each.engagement_id: each for each in found if each is not None}

    def last_of_work(self, work_key: str) -> Engagement | None:
        return self._heads.get(work_key)

    def receipt(self, key: str, now: int) -> Receipt | None:
        known = self._receipts.get(key)
        return known if known is not None and known.expires_at >= now else None

    def waiting(self, queue_id: str, most: int | None = None) -> list[Waiting]:
        with self._lock:
            return sorted((w for w in self._enlisted.values() if w.queue_id == queue_id), key=rank)[:most]

    def due(self, now: int) -> list[Engagement]:
        with self._lock:
            return [each for each in self._heads.values() if each.due_at is not None and each.due_at <= now]

    def occupancies(self, agent_ids: Iterable[str]) -> dict[str, Occupancy]:
        with self._lock:
            return {each: self._agents.get(each, Occupancy(each)) for each in agent_ids}

    def present(self) -> list[str]:
        with self._lock:
            return sorted(a.agent_id for a in self._agents.values() if a.status != "offline" or a.held)

    def beat(self, agent_id: str, at: int) -> None:
        self._beats[agent_id] = at

    def claim(self, key: str, window: int, most: int, until: int) -> bool:  # noqa: ARG002 - nothing expires here
        with self._lock:
            taken = self._claims.get((key, window), 0)
            if taken < most:
                self._claims[key, window] = taken + 1
            return taken < most

    def beats(self, agent_ids: Iterable[str]) -> dict[str, int]:
        return {each: self._beats.get(each, 0) for each in agent_ids}

    def add_note(self, note: Note, until: int) -> None:
        with self._lock:
            self._notes[note.note_id] = (note, until)

    def notes(self, engagement_id: str) -> list[Note]:
        with self._lock:
            found = [note for note, _ in self._notes.values() if note.engagement_id == engagement_id]
        return sorted(found, key=lambda note: (note.at, note.note_id))

    def end_notes(self, engagement: Engagement) -> None:
        assert engagement.expires_at is not None
        with self._lock:
            for note in self.notes(engagement.engagement_id):
                self._notes[note.note_id] = (note, engagement.expires_at)

    def archive(self, engagement: Engagement, events: Sequence[Event]) -> None:
        with self._lock:
            is_forgotten = engagement.engagement_id in self._forgotten
            kept = engagement if engagement.closed_at and not is_forgotten else engagement.without_content()
            told = [each.bare for each in events] if is_forgotten else list(events)
            self._history[engagement.engagement_id, events[0].version] = (kept, told)

    def archived(self, engagement_id: str) -> tuple[Engagement | None, list[Event]]:
        with self._lock:
            rows = [row for key, row in sorted(self._history.items()) if key[0] == engagement_id]
        return (rows[-1][0] if rows else None), [event for _, events in rows for event in events]

    def histories(self, after: str, most: int) -> tuple[list[History], str | None]:
        with self._lock:
            keys = sorted({*self._heads, *(work_key_of(key[0]) or "" for key in self._history)})
            chunk = [key for key in keys if f"WORK#{key}\tHEAD" > after][:most]
            of = {key[0] for key in self._history} | {head.engagement_id for head in self._heads.values()}
            found: list[History] = []
            for engagement_id in sorted(each for each in of if work_key_of(each) in chunk):
                last, events = self.archived(engagement_id)
                engagement = self.engagement(engagement_id) or last
                if engagement is not None:
                    found.append((engagement, events))
            return found, f"WORK#{chunk[-1]}\tHEAD" if chunk and chunk[-1] != keys[-1] else None

    def forget(self, engagement_id: str, at: int) -> None:
        with self._lock:
            self._forgotten[engagement_id] = at
            for key, (engagement, events) in self._history.items():
                if key[0] == engagement_id:
                    self._history[key] = (engagement.without_content(), [each.bare for each in events])
            for note in self.notes(engagement_id):
                del self._notes[note.note_id]

    def record(self, facts: Sequence[Fact], visits: Sequence[Visit] = ()) -> None:
        with self._lock:
            for fact in facts:
                self._facts[identity(fact)] = fact
            for visit in visits:
                self._visits[visit.consumer, visit.at, visit.engagement_id] = visit

    def visits(self, consumer: str) -> list[Visit]:
        with self._lock:
            return [visit for key, visit in sorted(self._visits.items()) if key[0] == consumer]

    def last_visit(self, consumer: str, before: int) -> int | None:
        return max((visit.at for visit in self.visits(consumer) if visit.at < before), default=None)

    def forget_visits(self, visits: Sequence[Visit]) -> None:
        with self._lock:
            for visit in visits:
                self._visits.pop((visit.consumer, visit.at, visit.engagement_id), None)

    def facts(self, dataset: Dataset | None, start: int, end: int) -> list[Fact]:
        with self._lock:
            return once(f for f in self._facts.values() if dataset in (None, f.dataset) and start <= f.at < end)

    def rewrite_facts(self, quarter: int, anew: Callable[[list[Fact]], list[Fact]]) -> None:
        kept = self.facts(None, quarter, quarter + QUARTER_MS)
        facts = anew(kept)
        with self._lock:
            for fact in kept:
                self._facts.pop(identity(fact), None)
            self.record(facts)

    def keep_rollup(self, dataset: Dataset, series: str, start: int, cells: Sequence[Cell]) -> None:
        with self._lock:
            self._rollups[dataset, series, start] = list(cells)

    def rollups(self, dataset: Dataset, series: str, start: int, end: int) -> list[Cell]:
        with self._lock:
            found = sorted(each for each in self._rollups if each[:2] == (dataset, series) and start <= each[2] < end)
            return [cell for each in found for cell in self._rollups[each]]

    def coverage(self) -> Coverage:
        return self._coverage

    def put_coverage(self, coverage: Coverage) -> Coverage:
        with self._lock:
            self._coverage = _next(self._coverage, coverage)
            return self._coverage

    def night(self) -> Night:
        return self._night

    def put_night(self, night: Night) -> Night:
        with self._lock:
            self._night = _next(self._night, night)
            return self._night

    def archiving(self) -> Archiving:
        return self._archiving

    def put_archiving(self, archiving: Archiving) -> Archiving:
        with self._lock:
            self._archiving = _next(self._archiving, archiving)
            return self._archiving

    def late(self) -> dict[int, str]:
        with self._lock:
            return dict(sorted(self._late.items()))

    def mark(self, quarter: int, mark: str) -> None:
        with self._lock:
            self._late[quarter] = mark

    def unmark(self, quarter: int, mark: str) -> None:
        with self._lock:
            if self._late.get(quarter) == mark:
                del self._late[quarter]

    def configuration_version(self) -> int:
        return self._configurations[-1].version

    def configuration(self, version: int) -> Configuration:
        return self._configurations[version] if 0 <= version < len(self._configurations) else Configuration()

    def apply(
        self,
        document: Mapping[str, Any],
        seen: int,
        stamp: Stamp = Stamp(),  # noqa: B008 - frozen
        removed: Mapping[str, int] = NOTHING,
    ) -> int:
        with self._lock:
            if seen != self.configuration_version():
                raise LostRace("Another configuration was applied at the same moment.")
            self._configurations.append(Configuration(seen + 1, document, removed))
            self._stamps[seen + 1] = stamp
            return seen + 1

    def stamps(self, versions: Iterable[int]) -> dict[int, Stamp]:
        return {version: self._stamps[version] for version in versions if version in self._stamps}

    def client(self, client_id: str) -> Client | None:
        return self._clients.get(client_id)

    def clients(self) -> list[Client]:
        with self._lock:
            return [client for _, client in sorted(self._clients.items())]

    def put_client(self, client: Client) -> Client:
        with self._lock:
            kept = self._clients[client.client_id] = _next(self._clients.get(client.client_id), client)
            return kept

    def signing_keys(self) -> SigningKeys:
        return self._signing_keys

    def put_signing_keys(self, keys: SigningKeys) -> SigningKeys:
        with self._lock:
            self._signing_keys = _next(self._signing_keys, keys)
            return self._signing_keys

    def webhook_secret(self, webhook_id: str, candidate: str) -> str:
        with self._lock:
            return self._secrets.setdefault(webhook_id, candidate)

    def put_webhook_secret(self, webhook_id: str, secret: str) -> None:
        with self._lock:
            self._secrets[webhook_id] = secret

    def keep_events(self, events: Sequence[PublicEvent]) -> None:
        with self._lock:
            self._events.update({event.event_id: event for event in events})

    def events(self, start: int, end: int, most: int) -> list[PublicEvent]:
        with self._lock:
            found = [event for event in self._events.values() if start <= event.at < end]
        return sorted(found, key=lambda event: (event.at, event.event_id))[:most]

    def keep_attempt(self, attempt: Attempt) -> None:
        with self._lock:
            self._attempts.append(attempt)

    def attempts(self, webhook_id: str, start: int, end: int, most: int) -> list[Attempt]:
        with self._lock:
            return [a for a in self._attempts if a.webhook_id == webhook_id and start <= a.at < end][:most]

    def _write(self, engagement: Engagement) -> None:
        """Like a put of the whole row: whatever was enlisted is no longer."""
        self.stream.append((self._heads.get(engagement.work_key), engagement))
        self._heads[engagement.work_key] = engagement
        self._enlisted.pop(engagement.work_key, None)

    def _committed(self, change: Change) -> bool:
        """Whether exactly this change is what stands there: its first answer was lost."""
        engagement = change.engagement
        return (engagement is None or self.engagement(engagement.engagement_id) == engagement) and all(
            self._agents.get(occupancy.agent_id) == occupancy for occupancy, _ in change.occupancies
        )

    def _may_commit(self, change: Change) -> bool:
        if change.engagement is not None:
            found = self.engagement(change.engagement.engagement_id)
            if found is None or found.version != change.engagement_seen:
                return False
        return all(
            self._agents.get(occupancy.agent_id, Occupancy(occupancy.agent_id)).version == seen
            for occupancy, seen in change.occupancies
        )

    def _commits(self, change: Change) -> bool:
        try:
            self.commit(change)
        except LostRace:
            return False
        return True


def _next(there: Versioned | None, seen: Versioned) -> Versioned:
    """What was made of the version that was seen, as the next one, if it may stand in place of the one that is there:
    that is the one seen, or it is this one already."""
    kept = replace(seen, version=seen.version + 1)
    if there != kept and (there.version if there else 0) != seen.version:
        raise LostRace("Somebody else changed it at the same moment.")
    return kept
