"""Plays the incidents: a ticketing system that starts them, and the agents who accept and finish them."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from infra.client import Api, Unexpected
from infra.demo.incidents import Incident, start_body

START = "/v2/contact_center/engagement"
ASSIGNMENTS = "/v2/contact_center/users/me/assignments"
SECONDS = 35.0
"""How long the two days of the file take."""
LONGEST_PAUSE = 0.3
"""Nights are skipped: no two incidents are further apart than this (seconds, before scaling)."""
SENT_TWICE_EVERY = 20
RETRIED_EVERY = 33
LONGEST_WORK = 2.0
"""Seconds for the incident that took longest; the others by the logarithm of what they took."""
PATIENCE = 120.0
"""Seconds after the last start within which everything must be closed."""


@dataclass
class Score:
    """What has been seen so far."""

    started: dict[str, str] = field(default_factory=dict)
    """Incident number by engagement id."""
    replayed: int = 0
    duplicates_rejected: int = 0
    offered: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)
    closed: set[str] = field(default_factory=set)
    waiting_by_queue: Counter[str] = field(default_factory=Counter)
    working: Counter[str] = field(default_factory=Counter)
    """Engagements in work, by agent."""
    done: Counter[str] = field(default_factory=Counter)
    """Engagements finished, by agent."""
    began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


async def play(local: dict[str, Any], incidents: list[Incident], score: Score) -> None:
    """Start every incident, work on all of them, and return when the last one is closed."""
    connector = aiohttp.TCPConnector(limit=32)
    async with aiohttp.ClientSession(connector=connector) as session:

        def api(credentials: dict[str, str]) -> Api:
            return Api(session, local["url"], local["account_id"], **credentials)

        work = {incident.number: _work_seconds(incident) for incident in incidents}
        desks = [
            asyncio.create_task(_sit_at_desk(api(credentials), user_id, work, score))
            for user_id, credentials in local["agents"].items()
        ]
        try:
            await _open_tickets(api(local["clients"]["integration"]), incidents, score)
            await _until(lambda: len(score.closed) >= len(score.started), PATIENCE, desks)
        finally:
            for desk in desks:
                desk.cancel()
            await asyncio.gather(*desks, return_exceptions=True)


async def _open_tickets(api: Api, incidents: list[Incident], score: Score) -> None:
    """The ticketing system: in order of time, some of them sent twice by mistake, some of them retried."""
    began = time.monotonic()
    sending: list[asyncio.Task[None]] = []
    for nth, (at, incident) in enumerate(zip(_moments(incidents), incidents, strict=True)):
        await asyncio.sleep(max(0.0, began + at - time.monotonic()))
        sending.append(asyncio.create_task(_open_ticket(api, incident, nth, score)))
    await asyncio.gather(*sending)


async def _open_ticket(api: Api, incident: Incident, nth: int, score: Score) -> None:
    copies = 2 if nth % SENT_TWICE_EVERY == 7 else 1
    keys = [f"{incident.number}-{copy}" for copy in range(copies)]
    await asyncio.gather(*(_start(api, incident, key, score) for key in keys))
    if nth % RETRIED_EVERY == 11:
        await _start(api, incident, keys[0], score)


async def _start(api: Api, incident: Incident, key: str, score: Score) -> None:
    reply = await api.call("POST", START, start_body(incident), **{"Idempotency-Key": key})
    match reply.status:
        case 201 if "Idempotent-Replayed" in reply.headers:
            score.replayed += 1
        case 201:
            score.started[reply.body["engagement_id"]] = incident.number
            score.waiting_by_queue[incident.queue_id] += 1
        case 409:
            score.duplicates_rejected += 1
        case _:
            raise Unexpected(f"Start Engagement answered {reply.status}: {reply.body}")


async def _sit_at_desk(api: Api, user_id: str, work: dict[str, float], score: Score) -> None:
    """An agent: ready, then accept and finish whatever comes, asking as often as the server says."""
    await asyncio.sleep(random.Random(user_id).uniform(0, 2))  # noqa: S311 - not all at the same moment
    await api.expect(204, "PATCH", "/v2/contact_center/users/me/status", {"status_id": "Ready"})
    doing: dict[str, asyncio.Task[None]] = {}
    tag = ""
    while True:
        reply = await api.call("GET", ASSIGNMENTS, **({"If-None-Match": tag} if tag else {}))
        tag = reply.headers.get("ETag", "")
        if reply.status == 200:
            _begin(api, user_id, reply.body["assignments"], doing, work, score)
        for engagement_id in [each for each, task in doing.items() if task.done()]:
            doing.pop(engagement_id).result()
        pause = float(reply.headers.get("Retry-After", "2"))
        if doing:
            await asyncio.wait(doing.values(), timeout=pause, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(pause)


def _begin(
    api: Api,
    user_id: str,
    assignments: list[dict[str, Any]],
    doing: dict[str, asyncio.Task[None]],
    work: dict[str, float],
    score: Score,
) -> None:
    for each in assignments:
        engagement_id = each["engagement_id"]
        if each["state"] == "offered" and engagement_id not in doing:
            score.offered.add(each["offer_id"])
            doing[engagement_id] = asyncio.create_task(_work_on(api, user_id, each, doing, work, score))


async def _work_on(
    api: Api,
    user_id: str,
    offer: dict[str, Any],
    doing: dict[str, asyncio.Task[None]],
    work: dict[str, float],
    score: Score,
) -> None:
    engagement_id = offer["engagement_id"]
    answer = await api.call("POST", f"{ASSIGNMENTS}/{engagement_id}/accept", {"offer_id": offer["offer_id"]})
    if answer.status != 200:
        return  # the offer ended just before; it comes again, to somebody
    score.accepted.add(engagement_id)
    score.waiting_by_queue[offer["queue_id"]] -= 1
    score.working[user_id] += 1
    await asyncio.sleep(work[offer["work_item_variables"]["work_item_id"]])
    reply = await api.call(
        "PATCH",
        f"{START}s/{engagement_id}",
        {"engagement_action": "end", "disposition": "Solved"},
        Prefer="return=representation",
    )
    if reply.status != 200:
        raise Unexpected(f"Ending answered {reply.status}: {reply.body}")
    score.closed.add(engagement_id)
    score.working[user_id] -= 1
    score.done[user_id] += 1
    _begin(api, user_id, reply.body["assignments"], doing, work, score)


def _moments(incidents: list[Incident]) -> list[float]:
    """When each incident is opened, in seconds from the beginning: two days squeezed, nights skipped."""
    span = incidents[-1].opened_at - incidents[0].opened_at
    at = 0.0
    moments = []
    for before, incident in zip([incidents[0], *incidents], incidents, strict=False):
        at += min((incident.opened_at - before.opened_at) / span * SECONDS, LONGEST_PAUSE)
        moments.append(at)
    return [moment / (at or 1.0) * SECONDS for moment in moments]


def _work_seconds(incident: Incident) -> float:
    took = (incident.resolved_at or incident.opened_at) - incident.opened_at
    year = 365 * 86_400.0
    return LONGEST_WORK * math.log1p(max(took, 60.0) / 60) / math.log1p(year / 60)


async def _until(done: Callable[[], bool], patience: float, desks: list[asyncio.Task[None]]) -> None:
    """Wait; an agent's failure is raised at once, patience that runs out is for the final count to judge."""
    ends = time.monotonic() + patience
    while not done() and time.monotonic() < ends:
        for desk in desks:
            if desk.done():
                desk.result()
        await asyncio.sleep(0.05)
