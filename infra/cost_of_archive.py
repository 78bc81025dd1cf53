"""What `archive: true` costs: counted from what a sweep asks of S3 and of the table, and multiplied by prices."""

from __future__ import annotations

import random
import secrets
from dataclasses import dataclass, field, replace
from typing import Any

from chalicelib.archive.s3 import S3Archive
from chalicelib.configuration.document import read, write
from chalicelib.engagements.model import Engagement
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.poster import HttpPoster
from chalicelib.operations import archiving, sessions
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.intervals import HOUR_MS
from chalicelib.storage.memory import MemoryStore
from chalicelib.world import World
from infra import archive, cost
from infra.billing import Meter
from infra.demo.incidents import load, tenant

LIVES = 250
NOON = 1_772_452_800_000
"""2026-03-02, 12:00 UTC."""
ANSWERED_MS, HANDLED_MS = 5_000, 120_000
"""How long an offer waits, and work takes, on average."""


def of_an_archive(session: Any) -> dict[str, float]:
    """What `archive: true` adds: to a month in which every hour has something to write, to a million engagements once,
    and to every month for which a million engagements are kept. The key is paid for already."""
    meter, clock = Meter(), _Clock()
    writes = _varied_lives(clock)
    world = replace(cost.counted_world(session, meter), now=lambda: clock.at, archive=_bucket(session, meter))
    clock.at += HOUR_MS
    with meter.paused():
        cost.record(world, writes)
        began = NOON // HOUR_MS * HOUR_MS
        world.store.put_coverage(Coverage(began - HOUR_MS, began))
        archiving.archive(world)
    empty, _ = _archived(world, meter)
    with meter.paused():
        world.store.put_coverage(replace(world.store.coverage(), upto=clock.at // HOUR_MS * HOUR_MS))
    full, hours = _archived(world, meter)
    nothing, _ = _archived(world, meter)
    of_it: dict[str, Any] = {"Resources": {}}
    archive.add_to(of_it)
    listed = sum(each["Type"].startswith("AWS::Glue::") for each in of_it["Resources"].values())
    return {
        "archive_bytes_per_engagement": round(full["s3_bytes"] / LIVES),
        **usd_of_an_archive(empty, full, nothing, hours, listed),
    }


def usd_of_an_archive(
    empty: dict[str, float], full: dict[str, float], nothing: dict[str, float], hours: int, listed: int
) -> dict[str, float]:
    """The price where a sweep bills this that finds an hour without facts, so many hours with those of `LIVES` lives,
    and nothing to write; and where so many things stand in Glue's catalogue."""
    usd, assumed = cost.PRICES["usd"], cost.PRICES["assumed"]

    def of_rows(billed: dict[str, float]) -> float:
        return float(
            billed.get("write_units", 0) * usd["dynamodb_write_unit"]
            + billed.get("read_units", 0) * usd["dynamodb_read_unit"]
        )

    requests = full["s3_requests"] / hours
    hour = of_rows(empty) - of_rows(nothing) + requests * usd["s3_request"] + usd["kms_request"]
    month = assumed["sweeps_a_month"] * of_rows(nothing) + assumed["hours_a_month"] * hour
    facts_read = full["read_units"] - nothing["read_units"] - hours * (empty["read_units"] - nothing["read_units"])
    return {
        "archive_requests_a_month": assumed["hours_a_month"] * requests,
        "usd_per_month_of_an_archive": round(month + listed * usd["glue_object_month"], 3),
        "usd_per_million_archived": round(facts_read / LIVES * 1e6 * usd["dynamodb_read_unit"], 4),
        "usd_per_million_in_the_archive_a_month": round(full["s3_bytes"] / LIVES / 1e3 * usd["s3_gigabyte_month"], 4),
    }


def _archived(world: World, meter: Meter) -> tuple[dict[str, float], int]:
    """What a sweep's look at the archive bills, and how many hours it wrote."""
    before = dict(meter.billed)
    hours = archiving.archive(world)
    return {kind: units - before.get(kind, 0) for kind, units in meter.billed.items()}, hours


@dataclass
class _Clock:
    """Moments of lives that differ: an offer is answered within seconds, work takes minutes, the next comes then."""

    at: int = NOON
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - the same in every run

    def deliver(self, world: World, meter: Meter, engagement_id: str, _: Engagement | None) -> Engagement:
        now = cost.newest(world, meter, engagement_id)
        mean = HANDLED_MS if now.state == "assigned" else ANSWERED_MS
        self.at += round(min(self.chance.expovariate(1 / mean), 4 * mean))
        return now


def _varied_lives(clock: _Clock) -> list[tuple[Engagement | None, Engagement]]:
    """The stream's records of lives of all queues and agents, which differ in what they took."""
    store = MemoryStore()
    world = World(
        store, MemoryTransport(lambda: clock.at), lambda: clock.at, clock.chance.randbytes, "bench", HttpPoster()
    )
    tickets = load()[:LIVES]
    document = tenant(tickets)
    for queue in document["queues"]:
        world.transport.create_queue(queue["queue_id"])
    store.apply(write(read(document)), 0)
    for agent in document["agents"]:
        sessions.set_status(world, agent["user_id"], "ready", None, "bench")
    for ticket in tickets:
        cost.life(world, ticket, Meter(), None, wait=False, deliver=clock.deliver)
    return store.stream


def _bucket(session: Any, meter: Meter) -> S3Archive:
    """A bucket of its own, whose calls are counted."""
    s3, name = session.client("s3"), f"bench-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=name)
    meter.watch(s3)
    return S3Archive(s3, name)
