"""Clients of the local stack that note every try of every call in a history, and what can be read in the end."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from infra.client import TOO_MANY, Api, Reply
from tests.support.history import Found, Happened, History, Outcome, calls_of, faults

BASE = "/v2/contact_center"
BRINGS: dict[str, tuple[str, ...]] = {
    "accept": ("accept",),
    "decline": ("decline", "pass"),
    "wrap_up": ("close",),
    "end": ("finish", "close", "abandon"),
    "deactivate": ("deactivate",),
    "activate": ("activate",),
    "release": ("release",),
    "transfer to queue": ("transfer",),
    "transfer to agent": ("transfer",),
    "monitor": ("observe",),
    "whisper": ("observe",),
    "barge": ("observe",),
    "leave": ("leave",),
    "take_over": ("take_over",),
}
"""By what is asked of an engagement, the events of which one comes of it."""
SETTLES = 3.0
"""Seconds."""
ANSWER = re.compile(rf"{BASE}/users/me/assignments/([^/]+)/(\w+)")
ENGAGEMENT = re.compile(rf"{BASE}/engagements/([^/?]+)(/monitor)?")


@dataclass(frozen=True)
class Asked:
    """What a request asks for."""

    operation: str
    about: str


def asked(method: str, path: str, body: Any) -> Asked | None:
    """None: nothing that a history is about."""
    if (method, path) == ("POST", f"{BASE}/engagement"):
        return Asked("start", work_of(body["work_item_variables"]))
    if method == "POST" and (found := ANSWER.fullmatch(path)):
        return Asked(found[2], found[1])
    found = ENGAGEMENT.fullmatch(path)
    if found is None:
        return None
    match method:
        case "GET":
            return Asked("read", found[1])
        case "PATCH" if "engagement_action" in body:
            return Asked(body["engagement_action"], found[1])
        case "POST":
            return Asked(body["mode"], found[1])
    return None


def work_of(variables: Mapping[str, Any]) -> str:
    return f"{variables['work_item_id']}/{variables['work_item_name']}"


class NotedApi(Api):
    """A client whose calls are noted. `process`: as the events of an engagement name it."""

    def __init__(self, history: History, process: str, session: aiohttp.ClientSession, *more: str) -> None:
        super().__init__(session, *more)
        self._history, self._process = history, process

    async def attempt(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        about = asked(method, path, body)
        if about is None:
            return await super().attempt(method, path, body, headers)
        key = {"key": headers["Idempotency-Key"]} if "Idempotency-Key" in headers else {}
        brings = BRINGS.get(about.operation, ())
        number = self._history.invoked(
            self._process, about.operation, about.about, _now(), brings=brings, **key
        )  # whatever is raised now, its end is unknown
        reply = await super().attempt(method, path, body, headers)
        self._history.ended(number, _outcome(reply.status), _now(), **_answered(about, reply))
        return reply


def _outcome(status: int) -> Outcome:
    if status < 400:
        return "ok"
    return "unknown" if status >= 500 or status == TOO_MANY else "failed"  # a table may be too busy half-way


def _answered(about: Asked, reply: Reply) -> dict[str, Any]:
    if about.operation == "start" and reply.status in (200, 201):
        return {"engagement_id": reply.body["engagement_id"], "new": reply.status == 201}
    if about.operation == "read" and reply.status == 200:
        return {"version": reply.body["version"]}
    return {}


async def everything(admin: Api) -> dict[str, Found]:
    """Every engagement that the tenant lists, with its events. What has just been closed is listed a moment later:
    so it is listed again until nothing is added."""
    works: dict[str, str] = {}
    while (listed := await _listed(admin)).keys() != works.keys():
        works = listed
        await asyncio.sleep(SETTLES)
    found = {}
    for engagement_id, work in works.items():
        events = (await admin.expect(200, "GET", f"{BASE}/engagements/{engagement_id}/events"))["events"]
        found[engagement_id] = Found(work, [_happened(event) for event in events])
    return found


async def _listed(admin: Api) -> dict[str, str]:
    """The work of each engagement in the list."""
    works: dict[str, str] = {}
    page = ""
    while True:
        answer = await admin.expect(200, "GET", f"{BASE}/engagements?page_size=100{page}")
        works |= {each["engagement_id"]: work_of(each["work_item_variables"]) for each in answer["engagements"]}
        if not answer.get("next_page_token"):
            return works
        page = f"&next_page_token={answer['next_page_token']}"


def _happened(event: Mapping[str, Any]) -> Happened:
    at = round(datetime.fromisoformat(event["start_time"]).timestamp() * 1000)
    taken_back = event.get("event_content", {}).get("rescinded")
    return Happened(event["version"], at, "rescind" if taken_back else event["event_name"], event["actor"])


def wrong(history: History, found: Mapping[str, Found]) -> list[str]:
    """What cannot be true of it. Everybody reads the same clock."""
    return faults(calls_of(history.text()), found, skew_ms=1)


def _now() -> int:
    return time.time_ns() // 1_000_000
