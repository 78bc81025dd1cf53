"""Half an hour of load: sources that start and repeat, agents who work, a source that floods. `make test-long` only.

Every try of every call is held against what can be read in the end. Who is told to wait is told for how long, and
loses nothing; what takes part in the load grows no further once it is warm.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients
from infra.client import TOO_MANY, Reply
from infra.local import LocalStack
from tests.e2e.desks import Desk
from tests.e2e.noted import BASE, NotedApi, everything, wrong
from tests.e2e.test_desks import OPENS_EVERY, document, stopped
from tests.support.figures import Figure
from tests.support.history import Found, History, calls_of
from tests.support.size import LONG

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not LONG, reason="half an hour: make test-long")]
SECONDS = 1800
SOURCES, AGENTS = 3, 30
RATE = 0.4
"""Starts a second and source; the agents get through about as many as all of them make."""
SHARE = 5
"""Requests a second that a caller has."""
FLOOD = 300
"""Starts that one source sends all at once, in the middle: more than it has in a window."""
AT_ONCE = 64
REPEATED = 0.1
"""Of the starts, what is sent again though it was answered."""
DRAINS = 600.0
"""Seconds within which all that was started is in the hands of somebody, or closed."""
GROWTH = 1.1
WARM = 1 / 3
"""Of the time, after which nothing should grow."""


@dataclass
class Load:
    """What was done, and what was seen of it."""

    history: History = field(default_factory=History)
    found: dict[str, Found] = field(default_factory=dict)
    told_to_wait: Counter[str] = field(default_factory=Counter)
    """Answers 429, by what their Retry-After says."""
    resident: list[int] = field(default_factory=list)
    """Memory of the functions' processes (KiB), from time to time."""

    async def source(self, api: NotedApi, name: str, dice: random.Random) -> None:
        for n in itertools.count():
            await self.start(api, f"{name}-{n}")
            if dice.random() < REPEATED:
                await self.start(api, f"{name}-{n}")
            await asyncio.sleep(dice.uniform(0.5, 1.5) / RATE)

    async def start(self, api: NotedApi, work: str) -> None:
        """Start it, and again whenever the answer is to wait, for as long as it says."""
        while True:
            reply = await self._sent(api, work)
            if reply.status != TOO_MANY:
                assert reply.status == 201, reply
                return
            after = next(value for name, value in reply.headers.items() if name.lower() == "retry-after")
            self.told_to_wait[after] += 1
            await asyncio.sleep(float(after))

    async def _sent(self, api: NotedApi, work: str) -> Reply:
        body = {
            "channels": [{"channel": "work_item", "channel_source": "API"}],
            "flow": {"flow_entry_id": "cases"},
            "work_item_variables": {"work_item_id": work, "work_item_name": "A case"},
        }
        while True:
            reply = await api.attempt("POST", f"{BASE}/engagement", body, {"Idempotency-Key": work})
            if reply.status < 500:
                return reply
            await asyncio.sleep(0.5)

    async def flood(self, api: NotedApi, starts: int) -> None:
        at_once = asyncio.Semaphore(AT_ONCE)

        async def one(n: int) -> None:
            async with at_once:
                await self.start(api, f"flood-{n}")

        await asyncio.gather(*(one(n) for n in range(starts)))

    async def watch(self, every: float) -> None:
        while True:
            self.resident.append(sum(_resident_of_functions()))
            await asyncio.sleep(every)


def test_under_load_nothing_is_lost_or_doubled_and_nothing_grows(figure: Figure) -> None:
    load = asyncio.run(played())
    calls = calls_of(load.history.text())
    ended = Counter(call.outcome for call in calls)
    starts = {call.about for call in calls if call.operation == "start"}
    waits = [offered_at(each) - each.events[0].at for each in load.found.values() if not each.work.startswith("flood")]
    ranked = statistics.quantiles(waits, n=100, method="inclusive")
    warm = load.resident[int(len(load.resident) * WARM)]
    figure(
        f"load for {SECONDS:,} s",
        f"{len(starts):,} works started; {len(calls):,} calls, of which "
        f"{', '.join(f'{count:,} {outcome}' for outcome, count in sorted(ended.items()))}; "
        f"{load.told_to_wait.total()} told to wait; "
        f"start to offer {ranked[49]:.0f} ms (p50), {ranked[98]:.0f} ms (p99); "
        f"functions {warm // 1024} MiB when warm, {load.resident[-1] // 1024} MiB in the end",
    )
    assert wrong(load.history, load.found) == []
    assert {found.work.split("/")[0] + "/A case" for found in load.found.values()} == starts
    assert load.told_to_wait
    assert load.resident[-1] < GROWTH * warm


def offered_at(found: Found) -> int:
    return next(event.at for event in found.events if event.command == "offer")


async def played() -> Load:
    names = [f"agent-{n:03}" for n in range(AGENTS)]
    load = Load()
    connector = aiohttp.TCPConnector(limit=0)
    async with LocalStack(port=0, say=lambda _: None) as stack, aiohttp.ClientSession(connector=connector) as session:
        store = DynamoStore(stack.session.client("dynamodb"), stack.outputs["TableName"])

        def api(name: str, role: Any) -> NotedApi:
            made = clients.create(store, name, role)
            where = (stack.url, stack.account_id, made["client_id"], made["client_secret"])
            return NotedApi(load.history, f"{role}:{name}", session, *where)

        admin = api("admin", "admin")
        configured = {**document(names), "requests_per_second": SHARE}
        await admin.expect(200, "PUT", f"{BASE}/configuration", configured)
        desks = [Desk(api(each, "agent"), each, random.Random(each)) for each in names]
        for each in names:
            await admin.expect(204, "PATCH", f"{BASE}/users/{each}/status", {"status_id": "3"})
        sitting = [asyncio.create_task(desk.sit(n * OPENS_EVERY)) for n, desk in enumerate(desks)]
        sources = [
            asyncio.create_task(load.source(api(f"crm-{n}", "integration"), f"crm-{n}", random.Random(n)))
            for n in range(SOURCES)
        ]
        sources.append(asyncio.create_task(load.watch(max(1.0, SECONDS / 100))))
        try:
            await asyncio.wait(sources, timeout=SECONDS / 2, return_when=asyncio.FIRST_COMPLETED)
            await load.flood(api("flood", "integration"), FLOOD)
            await asyncio.wait(sources, timeout=SECONDS / 2, return_when=asyncio.FIRST_COMPLETED)
            await stopped(sources)
            await admin.expect(200, "PUT", f"{BASE}/configuration", {**configured, "requests_per_second": None})
            await _drained(admin)
        finally:
            await stopped(sitting)  # whatever they were at may have happened or not
        load.found = await everything(admin)
    return load


async def _drained(admin: NotedApi) -> None:
    """Until nothing waits any more."""
    until = time.monotonic() + DRAINS
    while time.monotonic() < until:
        rows = (await admin.expect(200, "GET", f"{BASE}/statistics/queues"))["queues"]
        if not any(each["waiting"] or each["offers"] for each in rows):
            return
        await asyncio.sleep(2)
    raise AssertionError("L1: what was started still waits")


def _resident_of_functions() -> Iterator[int]:
    """KiB of each process of a function, of those that this one has begun."""
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and b"awslambdaric" in (folder / "cmdline").read_bytes():
                said = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
                if int(said["PPid"]) == os.getpid():
                    yield int(said.get("VmRSS", "0 kB").split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
