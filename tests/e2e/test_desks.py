"""Many desks at once: cheap to the stack, and never more than three seconds behind what is on record."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients
from infra.client import Api
from infra.local import LocalStack
from tests.e2e.desks import ENGAGEMENTS, Desk, behind
from tests.e2e.noted import NotedApi, everything, wrong
from tests.support.figures import Figure
from tests.support.history import Found, History
from tests.support.size import LONG, PATIENCE

pytestmark = pytest.mark.e2e
DESKS, SECONDS = (200, 300) if LONG else (20, 10)
STARTS = 0.015
"""Engagements a desk and second."""
INTERFERENCES = 0.015
"""What supervisors do, a desk and second."""
OPENS_EVERY = 0.05
"""Desks open one after another; when all are open, work begins (seconds)."""
SETTLES = 6.0
UNCHANGED = 0.9
"""The least share of polls that are answered with 304."""
BEHIND = 3.0 * PATIENCE
"""Seconds."""
BASE = "/v2/contact_center"


def document(names: list[str]) -> dict[str, Any]:
    """Two queues; every agent serves the cases, every second one the invoices too."""
    return {
        "queues": [
            {"queue_id": "cases", "queue_name": "Cases", "offer_timeout": 60},
            {"queue_id": "invoices", "queue_name": "Invoices", "offer_timeout": 60},
        ],
        "agents": [
            {
                "user_id": each,
                "display_name": each,
                "queues": ["cases", "invoices"][: 1 + n % 2],
                "capacity": {"work_item": 2},
            }
            for n, each in enumerate(names)
        ],
        "flows": [
            {
                "flow_id": "cases",
                "flow_name": "Cases",
                "entry_points": [{"entry_id": "cases", "entry_name": "Cases"}],
                "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "cases"}}]}],
            }
        ],
    }


@dataclass
class Scene:
    """The desks, who gives them work, and who interferes."""

    source: Api
    supervisor: Api
    desks: list[Desk]
    started: list[str] = field(default_factory=list)
    forced: list[tuple[Desk, int, str]] = field(default_factory=list)
    """Statuses that a supervisor set: whose, from when on (epoch ms), which."""
    history: History = field(default_factory=History)
    found: dict[str, Found] = field(default_factory=dict)
    """What there is in the end, by engagement."""
    judged_until: int = 0
    """Epoch ms: what happens later, the desks may close before they show it."""

    async def start_work(self) -> None:
        for n in itertools.count():
            body = {
                "channels": [{"channel": "work_item", "channel_source": "API"}],
                "flow": {"flow_entry_id": "cases"},
                "work_item_variables": {"work_item_id": f"CASE-{n}", "work_item_name": "A case"},
            }
            made = await self.source.expect(201, "POST", f"{BASE}/engagement", body)
            self.started.append(made["engagement_id"])
            await asyncio.sleep(1 / (STARTS * DESKS))

    async def interfere(self, dice: random.Random) -> None:
        """In turn: set the status of somebody, barge into work, give it to another."""
        for act in itertools.cycle((self._force, self._barge, self._reassign)):
            await asyncio.sleep(1 / (INTERFERENCES * DESKS))
            await act(dice)

    async def _force(self, dice: random.Random) -> None:
        lately = {desk.user_id for desk, _, _ in self.forced[-5:]}
        open_ones = [each for each in self.desks if each.shown and each.user_id not in lately]
        if not open_ones:
            return  # the first answers are still on their way
        desk = dice.choice(open_ones)
        status = "2" if desk.shown[-1].status == "3" else "3"
        self.forced.append((desk, time.time_ns() // 1_000_000, status))
        await self.supervisor.expect(204, "PATCH", f"{BASE}/users/{desk.user_id}/status", {"status_id": status})

    async def _barge(self, dice: random.Random) -> None:
        await self._on_held(dice, "POST", "/monitor", {"mode": "barge"})

    async def _reassign(self, dice: random.Random) -> None:
        to = dice.choice(self.desks).user_id
        body = {"engagement_action": "transfer to agent", "target_agent_id": to}
        await self._on_held(dice, "PATCH", "", body)

    async def _on_held(self, dice: random.Random, method: str, path: str, body: dict[str, Any]) -> None:
        """Whatever is still on somebody's desk; that its agent was faster is no failure."""
        held = [each for desk in self.desks if desk.shown for each in desk.shown[-1].versions]
        if held:
            await self.supervisor.call(method, f"{ENGAGEMENTS}/{dice.choice(held)}{path}", body)


def test_desks_are_mostly_told_that_nothing_changed_and_are_never_far_behind(figure: Figure) -> None:
    scene, histories = asyncio.run(played())
    polls = sum((each.polls for each in scene.desks), Counter[int]())
    assert set(polls) <= {200, 304}
    assert polls[304] / polls.total() >= UNCHANGED, polls
    lags = [lag for desk in scene.desks for lag in behind(desk, histories, scene.judged_until)]
    shown = [
        next(each.at for each in desk.shown if each.at >= at and each.status == to) - at
        for desk, at, to in scene.forced
    ]
    oldest = max(each.oldest for each in scene.desks)
    figure(
        f"{DESKS} desks for {SECONDS} s",
        f"{polls.total():,} polls, {polls[304] / polls.total():.1%} of them 304; "
        f"{len(scene.started)} engagements, {len(lags)} versions shown after {max(lags):.2f} s at most, "
        f"{len(shown)} statuses after {max(shown) / 1000:.2f} s; what was shown was never older than {oldest:.2f} s",
    )
    assert len(lags) > len(scene.started) > 0 < len(shown)
    assert wrong(scene.history, scene.found) == []
    assert max(lags) < BEHIND
    assert max(shown) < 1000 * BEHIND
    assert oldest < BEHIND


async def played() -> tuple[Scene, dict[str, list[dict[str, Any]]]]:
    """The desks after their time, and the history of each engagement."""
    names = [f"agent-{n:03}" for n in range(DESKS)]
    connector = aiohttp.TCPConnector(limit=0)
    async with LocalStack(port=0, say=lambda _: None) as stack, aiohttp.ClientSession(connector=connector) as session:
        store = DynamoStore(stack.session.client("dynamodb"), stack.outputs["TableName"])
        history = History()

        def api(name: str, role: Any) -> Api:
            made = clients.create(store, name, role)
            return NotedApi(
                history,
                f"{role}:{name}",
                session,
                stack.url,
                stack.account_id,
                made["client_id"],
                made["client_secret"],
            )

        admin, supervisor = api("admin", "admin"), api("supervisor", "supervisor")
        await admin.expect(200, "PUT", f"{BASE}/configuration", document(names))
        desks = [Desk(api(each, "agent"), each, random.Random(each)) for each in names]
        for desk in desks[: -DESKS // 10]:
            await supervisor.expect(204, "PATCH", f"{BASE}/users/{desk.user_id}/status", {"status_id": "3"})
        scene = Scene(api("crm", "integration"), supervisor, desks, history=history)
        sitting = [asyncio.create_task(desk.sit(n * OPENS_EVERY)) for n, desk in enumerate(desks)]
        await asyncio.sleep(len(desks) * OPENS_EVERY)
        working = [asyncio.create_task(scene.start_work()), asyncio.create_task(scene.interfere(random.Random(1)))]
        try:
            await asyncio.wait(working, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
            await stopped(working)
            scene.judged_until = time.time_ns() // 1_000_000
            await asyncio.sleep(SETTLES)  # what was done last is to be seen too
        finally:
            await stopped(sitting)
        scene.found = await everything(admin)
        return scene, {each: await _events(admin, each) for each in scene.started}


async def stopped(tasks: list[asyncio.Task[None]]) -> None:
    """Stop them; what one of them failed with is raised."""
    for each in tasks:
        each.cancel()
    for each in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(each, asyncio.CancelledError):
            raise each or AssertionError("it ended by itself")


async def _events(admin: Api, engagement_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await admin.expect(200, "GET", f"{ENGAGEMENTS}/{engagement_id}/events"))["events"]
    return found
