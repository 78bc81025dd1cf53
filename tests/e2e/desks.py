"""Agents' desks as chalicelib/console has them: the same calls, tags and pauses, without a browser."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.http.held import ASSIGNMENTS
from infra.client import Api, Reply

ENGAGEMENTS = "/v2/contact_center/engagements"
USUAL_PAUSE = 2.0
SHORTEST_PAUSE = 0.5
AFTER_A_FAILURE = 5.0
ANSWERS_AFTER = (0.5, 2.0)
"""Between how many seconds an agent answers an offer."""
WORKS_FOR = (3.0, 20.0)
SNOOZE = 10.0
HELD = ("offered", "assigned", "inactive", "wrap_up")
NEVER = 3_600_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What a desk shows from a moment on: the version of each engagement, and the agent's status."""

    at: int
    versions: Mapping[str, int]
    status: str


@dataclass
class Desk:
    """An agent who takes what is offered, works on it, and then closes it, parks it or passes it on."""

    api: Api
    user_id: str
    dice: random.Random
    shown: list[Shown] = field(default_factory=list)
    polls: Counter[int] = field(default_factory=Counter)
    """Answers to polls by status, without the first: a desk that opens has to be told."""
    oldest: float = 0.0
    """How long ago the record had been read that the desk showed, when that was longest (seconds)."""
    _tag: str | None = None
    _chosen: str | None = None
    _read_at: float = 0.0
    _next_at: float = 0.0
    _sent: int = 0
    _taken: int = 0
    _handled: dict[str, str] = field(default_factory=dict)
    """In which state an engagement was when the agent turned to it."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    async def sit(self, opens_after: float) -> None:
        """Sign in, then poll as api.js does, from question to question, until cancelled."""
        await asyncio.sleep(opens_after)
        await self.api.token()  # whoever polls has signed in
        try:
            while True:
                while (left := self._next_at - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                await self._poll()
        finally:
            for each in self._tasks:
                each.cancel()

    async def _poll(self) -> None:
        self._sent += 1
        mine, asked = self._sent, time.monotonic()
        reply = await self.api.call("GET", ASSIGNMENTS, **({"If-None-Match": self._tag} if self._tag else {}))
        self._next_at = max(time.monotonic() + SHORTEST_PAUSE, asked + float(_headers(reply).get("retry-after", 0)))
        if reply.status not in (200, 304):
            self._next_at = time.monotonic() + AFTER_A_FAILURE
        self.polls.update([reply.status] if self._taken else [])
        if reply.status in (200, 304) and mine > self._taken:
            self._taken = mine
            self._show(reply, asked)

    async def _act(self, method: str, path: str, body: dict[str, Any]) -> None:
        """As desk.js does: the answer is shown at once; a refusal has everything read again."""
        asked = time.monotonic()
        reply = await self.api.call(method, path, body, Prefer="return=representation")
        if reply.status == 200:
            self._sent += 1
            self._taken = self._sent
            self._next_at = time.monotonic() + USUAL_PAUSE
            self._show(reply, asked)
        else:
            self._next_at = 0

    def _show(self, reply: Reply, asked: float) -> None:
        """Show an answer, and turn to what is new in it."""
        if self._read_at:
            self.oldest = max(self.oldest, time.monotonic() - self._read_at)
        self._read_at, self._tag = asked, _headers(reply).get("etag")
        if reply.status == 304:
            return
        held = {each["engagement_id"]: each for each in reply.body["assignments"]}
        versions = {engagement_id: each["version"] for engagement_id, each in held.items()}
        if self._chosen and (not self.shown or self.shown[-1].versions.get(self._chosen) != versions.get(self._chosen)):
            for part in ("", "/notes", "/events"):  # as work.js reads whatever is open
                self._begin(self.api.call("GET", f"{ENGAGEMENTS}/{self._chosen}{part}"))
        self.shown.append(Shown(_now(), versions, reply.body["status"]["status_id"]))
        before, self._handled = self._handled, {engagement_id: each["state"] for engagement_id, each in held.items()}
        for engagement_id, state in self._handled.items():
            if before.get(engagement_id) != state:
                self._begin(self._turn_to(held[engagement_id]))

    def _begin(self, doing: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _turn_to(self, work: dict[str, Any]) -> None:
        engagement_id = work["engagement_id"]
        if work["state"] == "offered":
            await asyncio.sleep(self.dice.uniform(*ANSWERS_AFTER))
            self._chosen = engagement_id
            await self._act("POST", f"{ASSIGNMENTS}/{engagement_id}/accept", {"offer_id": work["offer_id"]})
        elif work["state"] == "assigned":
            await asyncio.sleep(self.dice.uniform(*WORKS_FOR))
            await self._act("PATCH", f"{ENGAGEMENTS}/{engagement_id}", self._decision())

    def _decision(self) -> dict[str, Any]:
        chance = self.dice.random()
        if chance < 0.1:
            wakes = datetime.now(UTC) + timedelta(seconds=SNOOZE)
            return {"engagement_action": "deactivate", "wake_at": wakes.isoformat(timespec="seconds")}
        if chance < 0.2:
            return {"engagement_action": "transfer to queue", "target_queue_id": "invoices"}
        return {"engagement_action": "end", "disposition": "done"}


def behind(desk: Desk, histories: Mapping[str, list[dict[str, Any]]], until: int) -> Iterator[float]:
    """After how many seconds the desk showed each version of what came to its agent, was with him or went from him.

    Of what was on record at `until` (epoch ms): a desk that closed just after had no chance to show more.
    """
    for engagement_id, events in histories.items():
        holders = [each.get("user_id") if each["state"] in HELD else None for each in events]
        for n, each in enumerate(events):
            if desk.user_id in holders[max(0, n - 1) : n + 1] and _at(each) <= until:
                at, gone = _at(each), [_at(events[m]) for m in range(n, len(events)) if holders[m] != desk.user_id]
                reflects = (
                    shown.at - at
                    for shown in desk.shown
                    if shown.at >= at and _reflects(shown, engagement_id, each["version"], gone)
                )
                yield next(reflects, NEVER) / 1000


def _reflects(shown: Shown, engagement_id: str, version: int, gone: list[int]) -> bool:
    """Whether that version is there, or a later one, or it is away after it went."""
    if engagement_id in shown.versions:
        return shown.versions[engagement_id] >= version
    return any(at <= shown.at for at in gone)


def _headers(reply: Reply) -> dict[str, str]:
    return {name.lower(): value for name, value in reply.headers.items()}


def _at(event: dict[str, Any]) -> int:
    return round(datetime.fromisoformat(event["start_time"]).timestamp() * 1000)


def _now() -> int:
    return time.time_ns() // 1_000_000
