"""The in-memory store and transport, stopping before every call that is one of AWS, and naming the rows it touches.

What AWS does row by row stops row by row: a batch read is no snapshot, a batch of commits no transaction. A write to an
index is part of the write to its row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.engagements.model import Change, Engagement, Occupancy, work_key_of
from chalicelib.errors import LostRace
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.storage.memory import MemoryStore
from tests.support.schedules import Call, Row, pause


def _head(engagement_id: str) -> Row:
    return ("head", work_key_of(engagement_id))


def _agent(agent_id: str) -> Row:
    return ("agent", agent_id)


def _rows(change: Change) -> tuple[Row, ...]:
    own = (_head(change.engagement.engagement_id),) if change.engagement else ()
    return (*own, *(_agent(each.agent_id) for each, _ in change.occupancies))


STORE: dict[str, Any] = {
    "start": lambda engagement, receipt: Call(
        "start", writes=(_head(engagement.engagement_id), *([("receipt", receipt.key)] if receipt else []))
    ),
    "receipt": lambda key, *_: Call("receipt", reads=(("receipt", key),)),
    "commit": lambda change: Call("commit", writes=_rows(change)),
    "enlist": lambda waiting: Call("enlist", writes=(_head(waiting.engagement_id),)),
    "engagement": lambda engagement_id: Call("engagement", reads=(_head(engagement_id),)),
    "last_of_work": lambda work_key: Call("last_of_work", reads=(("head", work_key),)),
    "waiting": lambda *_: Call("waiting", reads=(("head", None),)),
    "due": lambda *_: Call("due", reads=(("head", None),)),
    "present": lambda: Call("present", reads=(("agent", None),)),
    "beat": lambda agent_id, *_: Call("beat", writes=(("beat", agent_id),)),
    "beats": lambda *_: Call("beats", reads=(("beat", None),)),
    "add_note": lambda note, *_: Call("add_note", writes=(("note", note.note_id),)),
    "notes": lambda *_: Call("notes", reads=(("note", None),)),
    "archive": lambda engagement, *_: Call("archive", writes=(("history", engagement.engagement_id),)),
    "archived": lambda engagement_id: Call("archived", reads=(("history", engagement_id),)),
    "record": lambda *_, **__: Call("record", writes=(("facts", None), ("visit", None))),
    "end_notes": lambda *_: Call("end_notes", writes=(("note", None),)),
    "forget": lambda engagement_id, *_: Call("forget", writes=(("history", engagement_id), ("note", None))),
    "visits": lambda *_: Call("visits", reads=(("visit", None),)),
    "forget_visits": lambda *_: Call("forget_visits", writes=(("visit", None),)),
    "keep_events": lambda *_: Call("keep_events", writes=(("event", None),)),
    "configuration_version": lambda: Call("configuration_version", reads=(("configuration", None),)),
    "configuration": lambda *_: Call("configuration", reads=(("configuration", None),)),
    "apply": lambda *_: Call("apply", writes=(("configuration", None),)),
    "facts": lambda *_: Call("facts", reads=(("facts", None),)),
    "coverage": lambda: Call("coverage", reads=(("roll-up", None),)),
    "put_coverage": lambda *_: Call("put_coverage", writes=(("roll-up", None),)),
    "late": lambda: Call("late", reads=(("facts", None),)),
    "mark": lambda *_: Call("mark", writes=(("facts", None),)),
    "unmark": lambda *_: Call("unmark", writes=(("facts", None),)),
    "rollups": lambda *_: Call("rollups", reads=(("roll-up", None),)),
    "keep_rollup": lambda *_: Call("keep_rollup", writes=(("roll-up", None),)),
    "night": lambda: Call("night", reads=(("night", None),)),
    "put_night": lambda *_: Call("put_night", writes=(("night", None),)),
    "archiving": lambda: Call("archiving", reads=(("archiving", None),)),
    "put_archiving": lambda *_: Call("put_archiving", writes=(("archiving", None),)),
    "histories": lambda *_: Call("histories", reads=(("head", None), ("history", None))),
}
TRANSPORT: dict[str, Any] = {
    "create_queue": lambda queue_id: Call("create_queue", writes=(("queue", queue_id),)),
    # Rings come in any order, whatever we do.
    "ring": lambda *_: Call("ring"),
    "announce": lambda notices: Call("announce", writes=tuple(("queue", each.queue_id) for each in notices)),
    "drain": lambda queue_id: Call("drain", reads=(("queue", queue_id),)),
    "forget": lambda queue_id, *_: Call("forget", writes=(("queue", queue_id),)),
    "publish": lambda *_: Call("publish", writes=(("event", None),)),
}
"""What is not named in either is no part of these operations, and fails."""

STREAM = Call("stream", reads=(("head", None), ("agent", None)))
"""A batch is taken off the stream."""


class _Stopping:
    """An adapter that stops before each of its calls."""

    def __init__(self, adapter: Any, calls: dict[str, Any]) -> None:
        self._adapter, self._calls = adapter, calls

    def __getattr__(self, name: str) -> Any:
        describe, make = self._calls[name], getattr(self._adapter, name)

        def stop_and_make(*args: Any, **named: Any) -> Any:
            pause(describe(*args, **named))
            return make(*args, **named)

        self.__dict__[name] = stop_and_make
        return stop_and_make


class StoppingTransport(_Stopping):
    """The in-memory transport, call by call."""

    def __init__(self, transport: MemoryTransport) -> None:
        super().__init__(transport, TRANSPORT)


class StoppingStore(_Stopping):
    """The in-memory store, call by call and row by row."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store, STORE)

    def engagements(self, engagement_ids: Iterable[str]) -> dict[str, Engagement]:
        found = [self.engagement(each) for each in sorted(engagement_ids)]
        return {each.engagement_id: each for each in found if each is not None}

    def occupancies(self, agent_ids: Iterable[str]) -> dict[str, Occupancy]:
        found: dict[str, Occupancy] = {}
        for each in sorted(agent_ids):
            pause(Call("occupancy", reads=(_agent(each),)))
            found |= self._adapter.occupancies([each])
        return found

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        return [self._commits(each) for each in changes]

    def _commits(self, change: Change) -> bool:
        try:
            self.commit(change)
        except LostRace:
            return False
        return True


class StoppingArchive:
    """An archive in memory, call by call."""

    name = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def seen(self, key: str) -> str | None:
        pause(Call("seen", reads=(("file", key),)))
        return self._mark(key)

    def put(self, key: str, content: bytes, seen: str | None) -> None:
        pause(Call("put", writes=(("file", key),)))
        if self._mark(key) != seen:
            raise LostRace("Another sweep wrote the same hour at the same moment.")
        self._files[key] = content

    def _mark(self, key: str) -> str | None:
        return hashlib.sha256(self._files[key]).hexdigest() if key in self._files else None
