"""`make bench`: what one engagement costs, how long it waits for its offer, and how heavy the package is.

Prints a table and writes plain numbers to `.interleave/bench.json`.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console
from rich.table import Table

from infra import bench_core, bench_simulation, cost, cost_of_archive, package, weight
from infra.client import Api
from infra.demo.incidents import load, start_body, user_id
from infra.demo.play import START
from infra.local import LocalStack
from infra.tenant import demo_tenant

FILE = Path(".interleave/bench.json")
STARTS_PER_SECOND = 20
SECONDS = 10
WARM_UP = 100
"""Starts that are not measured: until the last of its processes has begun."""
LOOKS_EVERY_SECONDS = 0.5
"""Looking is work for the stack, too; when an offer was made, its event tells."""
MOST_LOOKS = 50

Numbers = dict[str, float]


async def main() -> int:
    console = Console()

    def say(line: str) -> None:
        console.print(line, highlight=False)

    say("Building the package …")
    package.build(say)
    say("Timing imports …")
    numbers: Numbers = {"zip_mb": weight.zip_mb(), **weight.import_ratios(say)}
    say("Deciding 100,000 engagements over 10,000 agents …")
    numbers.update(bench_core.measure())
    say("Simulating 100,000 engagements and 500 agents …")
    numbers.update(bench_simulation.measure())
    async with LocalStack(port=0, say=say) as stack, demo_tenant(stack) as local:
        say("Counting billed operations …")
        numbers.update(cost.of_a_lifecycle(stack.session))
        numbers.update(cost.of_reports(stack.session))
        numbers.update(cost.of_an_idle_month(stack.session))
        numbers.update(cost_of_archive.of_an_archive(stack.session))
        say(f"Starting {STARTS_PER_SECOND} engagements a second for {SECONDS} s …")
        numbers.update(await start_to_offer(local))
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(json.dumps(numbers, indent=2) + "\n")
    table = Table(title="Bench")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in numbers.items():
        table.add_row(name, f"{value:g}")
    console.print(table)
    return 0


async def start_to_offer(local: dict[str, Any]) -> Numbers:
    """Milliseconds between the moments at which an engagement is on record as started and as offered.

    All agents of one queue are ready and everything that is offered is ended at once, so that nobody waits for a
    free agent: what is measured is the way from the API to the router.
    """
    tickets = [ticket for ticket in load() if ticket.group == "Group 70"]
    agents = sorted({ticket.resolver for ticket in tickets})
    run = secrets.token_hex(4)
    async with aiohttp.ClientSession() as session:

        def api(credentials: dict[str, str]) -> Api:
            return Api(session, local["url"], local["account_id"], **credentials)

        supervisor, source = api(local["clients"]["supervisor"]), api(local["clients"]["integration"])
        for resolver in agents:
            path = f"/v2/contact_center/users/{user_id(resolver)}/status"
            await supervisor.expect(204, "PATCH", path, {"status_id": "Ready"})
        following: list[asyncio.Task[float]] = []
        began = time.monotonic()
        for nth in range(STARTS_PER_SECOND * SECONDS + WARM_UP):
            await asyncio.sleep(max(0.0, began + nth / STARTS_PER_SECOND - time.monotonic()))
            body = start_body(tickets[nth % len(tickets)])
            body["work_item_variables"]["work_item_id"] = f"{run}-{nth}"
            following.append(asyncio.create_task(_follow(source, supervisor, body)))
        waits = list(await asyncio.gather(*following))[WARM_UP:]
    ranked = statistics.quantiles(waits, n=100, method="inclusive")
    return {"start_to_offer_p50_ms": ranked[49], "start_to_offer_p99_ms": ranked[98]}


async def _follow(source: Api, supervisor: Api, body: dict[str, Any]) -> float:
    """Start, wait until it was offered, end it; the milliseconds between the two, by the engagement's own events."""
    started = await source.expect(201, "POST", START, body)
    path = f"{START}s/{started['engagement_id']}"
    for _ in range(MOST_LOOKS):
        await asyncio.sleep(LOOKS_EVERY_SECONDS)
        events = (await supervisor.expect(200, "GET", f"{path}/events"))["events"]
        moments = {event["event_name"]: event["event_content"] for event in events}
        if "offer" in moments:
            await supervisor.call("PATCH", path, {"engagement_action": "end"})
            return float(moments["offer"]["waited_ms"])
    raise TimeoutError(f"an engagement was not offered within {MOST_LOOKS * LOOKS_EVERY_SECONDS:g} s")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
