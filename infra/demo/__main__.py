"""`make demo`: start the local stack, play 500 real incidents, show the report, and count what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from typing import Any

import aiohttp
from rich.console import Console

from infra.client import Api
from infra.demo import incidents, show
from infra.demo.play import START, Score, play
from infra.local import LocalStack
from infra.tenant import demo_tenant

REPORT = "/v2/contact_center/analytics/dataset/historical"
REPORT_PATIENCE = 30.0
"""Seconds within which the stream's consumer must have caught up."""
AT_ONCE = 8


async def main() -> int:
    console = Console()
    tickets = incidents.load()
    async with (
        LocalStack(port=0, say=lambda line: console.print(line, highlight=False)) as stack,
        demo_tenant(stack) as local,
    ):
        console.print(f"{len(tickets)} incidents, {len(local['agents'])} agents, at {stack.url}", highlight=False)
        score = Score()
        watching = asyncio.create_task(show.watch(console, score, len(tickets)))
        try:
            await play(local, tickets, score)
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
        played = score.seconds
        result = await _count(local, score, console)
    result["seconds"] = round(played, 1)
    print(json.dumps(result), flush=True)
    ok = result["lost"] == 0 and result["waiting"] == 0 and result["closed"] == result["started"] == len(tickets)
    return 0 if ok else 1


async def _count(local: dict[str, Any], score: Score, console: Console) -> dict[str, Any]:
    """What became of each accepted start, by the API's own word and not by what the agents believe."""
    async with aiohttp.ClientSession() as session:
        supervisor = Api(session, local["url"], local["account_id"], **local["clients"]["supervisor"])
        limit = asyncio.Semaphore(AT_ONCE)

        async def state(engagement_id: str) -> str:
            async with limit:
                reply = await supervisor.call("GET", f"{START}s/{engagement_id}")
                return str(reply.body["state"]) if reply.status == 200 else "lost"

        states = await asyncio.gather(*(state(each) for each in score.started))
        closed = states.count("closed")
        queues, agents = await _reports(supervisor, closed)
    show.report(console, queues, agents)
    handled = sum(row["handled_count"] for row in agents)
    if handled != closed:
        console.print(f"The report counts {handled} closed engagements, the engagements say {closed}.")
    waiting = sum(1 for each in states if each not in ("closed", "lost"))
    return {
        "started": len(score.started),
        "duplicates_rejected": score.duplicates_rejected,
        "offered": len(score.offered),
        "accepted": len(score.accepted),
        "closed": closed if handled == closed else min(handled, closed),
        "waiting": waiting,
        "lost": len(states) - closed - waiting,
    }


async def _reports(api: Api, expected: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The two datasets, as soon as they hold everything that was closed."""
    ends = time.monotonic() + REPORT_PATIENCE
    while True:
        queues = await api.expect(200, "GET", f"{REPORT}/queue_performance?interval=15m")
        agents = await api.expect(200, "GET", f"{REPORT}/agent_performance?interval=15m")
        rows: list[dict[str, Any]] = agents["agent_performance"]
        if sum(row["handled_count"] for row in rows) >= expected or time.monotonic() > ends:
            return queues["queue_performance"], rows
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
