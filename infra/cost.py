"""What one engagement costs: billed operations, counted from the calls of one life, and their price."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from chalicelib.configuration.document import read, write
from chalicelib.engagements.model import Engagement
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.poster import HttpPoster
from chalicelib.messaging.protocol import Ring
from chalicelib.messaging.sqs import SqsTransport
from chalicelib.operations import desk, intake, recording, rolling, routing, sessions, timers
from chalicelib.operations.ordering import Order
from chalicelib.reporting.coverage import Coverage, interval_at
from chalicelib.reporting.facts import facts_of
from chalicelib.reporting.intervals import DAY_MS, quarter_of
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.memory import MemoryStore
from chalicelib.world import World
from infra.billing import Meter
from infra.demo.incidents import Incident, load, start, start_body, tenant, user_id

PRICES = json.loads(Path(__file__).with_name("prices.json").read_text())
TEMPLATE = json.loads(Path(__file__).with_name("template.json").read_text())

Deliver = Callable[[World, Meter, str, Engagement | None], Engagement]
"""Hands over an engagement's newest version, whose version before is given; the newest."""
LIVES = 250
RECORDS_PER_BATCH = 100
"""As `app.py` asks for; a life has four."""


def of_a_lifecycle(session: Any) -> dict[str, float]:
    """Start → offer → accept → close with reports, on a table of its own; and the same with a key, and with a wait."""
    plain = _measure(session)
    keyed = _measure(session, with_key=True)
    waited = _measure(session, wait=True)
    return {
        "write_units_per_lifecycle": plain["write_units"],
        "write_units_per_lifecycle_with_key": keyed["write_units"],
        "write_units_per_lifecycle_after_waiting": waited["write_units"],
        "read_units_per_lifecycle": plain["read_units"],
        "sqs_requests_per_lifecycle": plain["sqs_requests"],
        "usd_per_million": round(_usd(plain) * 1e6, 2),
        "usd_per_million_naive": round(_usd_naive() * 1e6, 2),
        "usd_per_million_connect_tasks": PRICES["usd"]["connect_task"] * 1e6,
    }


def of_reports(session: Any) -> dict[str, float]:
    """What reports write for each of many engagements, in batches as a stream's consumer takes them, rolled up too."""
    writes = _many_lives()
    meter = Meter()
    world = counted_world(session, meter)
    record(world, writes)
    today, _ = interval_at("day", writes[0][1].started_at, "UTC")
    whole = Coverage(today, today + 2 * DAY_MS)
    rolling.roll_quarters(world, whole, {quarter_of(new.trail[-1].at) for _, new in writes})
    return {"report_write_units_per_engagement": round(meter.billed["write_units"] / LIVES, 3)}


def record(world: World, writes: Sequence[tuple[Engagement | None, Engagement]]) -> None:
    """Keep the facts of a stream's records, in batches as its consumer takes them."""
    for first in range(0, len(writes), RECORDS_PER_BATCH):
        batch = writes[first : first + RECORDS_PER_BATCH]
        world.store.record([fact for old, new in batch for fact in facts_of(new, old.version if old else 0)])


def _many_lives() -> list[tuple[Engagement | None, Engagement]]:
    """The stream's records of lives one after another."""
    store = MemoryStore()
    world = World(store, MemoryTransport(_now), _now, secrets.token_bytes, "bench", HttpPoster())
    tickets = [ticket for ticket in load() if ticket.group == "Group 70"]
    prepare(world, tickets[0])
    for nth in range(LIVES):
        life(world, tickets[nth % len(tickets)], Meter(), None, wait=False)
    return store.stream


def _usd(billed: dict[str, float]) -> float:
    """The price of one engagement: what was counted, and what `prices.json` assumes of requests and compute."""
    usd, assumed = PRICES["usd"], PRICES["assumed"]
    milliseconds = (
        assumed["api_requests"] * assumed["lambda_ms_per_api_request"]
        + assumed["event_batches"] * assumed["lambda_ms_per_event_batch"]
    )
    return float(
        billed["write_units"] * usd["dynamodb_write_unit"]
        + billed["read_units"] * usd["dynamodb_read_unit"]
        + billed["sqs_requests"] * usd["sqs_request"]
        + assumed["api_requests"] * (usd["http_api_request"] + usd["lambda_request"])
        + assumed["event_batches"] * usd["lambda_request"]
        + milliseconds / 1000 * assumed["lambda_memory_gb"] * usd["lambda_gb_second_x86_64"]
    )


def _usd_naive() -> float:
    """The price of one engagement where agents poll a REST API, every state is a row, and every report a counter."""
    usd, assumed, naive = PRICES["usd"], PRICES["assumed"], PRICES["naive"]
    seconds = naive["rest_api_requests"] * assumed["lambda_ms_per_api_request"] / 1000
    return float(
        naive["write_units"] * usd["dynamodb_write_unit"]
        + naive["read_units"] * usd["dynamodb_read_unit"]
        + naive["sqs_requests"] * usd["sqs_request"]
        + naive["rest_api_requests"] * (usd["rest_api_request"] + usd["lambda_request"])
        + seconds * assumed["lambda_memory_gb"] * usd["lambda_gb_second_x86_64"]
    )


def of_an_idle_month(session: Any) -> dict[str, float]:
    """A tenant to whom nothing happens: its sweeps, counted, its queues' pollers, its alarms and its dashboard."""
    meter = Meter()
    world = counted_world(session, meter)
    world.store.apply(write(read({})), 0)
    with meter.paused():
        _sweep(world)
    before = dict(meter.billed)
    _sweep(world)
    sweep = {kind: units - before.get(kind, 0) for kind, units in meter.billed.items()}
    kinds = [each["Type"] for each in TEMPLATE["Resources"].values() if "Type" in each]
    pollers = [each for each in TEMPLATE["Resources"].values() if "ScalingConfig" in json.dumps(each)]
    alarms, dashboards = kinds.count("AWS::CloudWatch::Alarm"), kinds.count("AWS::CloudWatch::Dashboard")
    keys = kinds.count("AWS::KMS::Key")
    return {"usd_per_idle_month": round(usd_of_an_idle_month(sweep, len(pollers), alarms, dashboards, keys), 2)}


def usd_of_an_idle_month(sweep: dict[str, float], polled: int, alarms: int, dashboards: int, keys: int) -> float:
    """The price of a month of sweeps that bill this each, with so many polled queues, alarms, dashboards and keys."""
    usd, assumed = PRICES["usd"], PRICES["assumed"]
    each = (
        sweep.get("write_units", 0) * usd["dynamodb_write_unit"]
        + sweep.get("read_units", 0) * usd["dynamodb_read_unit"]
        + sweep.get("sqs_requests", 0) * usd["sqs_request"]
        + usd["lambda_request"]
        + assumed["lambda_ms_per_sweep"] / 1000 * assumed["lambda_memory_gb"] * usd["lambda_gb_second_x86_64"]
    )
    return float(
        assumed["sweeps_a_month"] * each
        + polled * assumed["pollers"] * assumed["receives_of_a_poller_a_month"] * usd["sqs_request"]
        + alarms * usd["cloudwatch_alarm_month"]
        + dashboards * usd["cloudwatch_dashboard_month"]
        + keys * usd["kms_key_month"]
        + assumed["idle_metrics"] * usd["cloudwatch_metric_month"]
    )


def _sweep(world: World) -> None:
    timers.sweep(world)
    routing.route_everything(world)


def _measure(session: Any, with_key: bool = False, wait: bool = False) -> dict[str, float]:
    """What one life bills, in a world that has been warmed up by another."""
    meter = Meter()
    world = counted_world(session, meter)
    first, second = [ticket for ticket in load() if ticket.group == "Group 70"][:2]
    with meter.paused():
        prepare(world, first)
        life(world, first, Meter(), None, wait)
    life(world, second, meter, secrets.token_hex(8) if with_key else None, wait)
    return meter.billed


def prepare(world: World, ticket: Incident) -> None:
    """The queue of a ticket, and its agent ready for one at a time."""
    small = tenant([ticket])
    for queue in small["queues"]:
        world.transport.create_queue(queue["queue_id"])
    world.store.apply(write(read({**small, "agents": [{**small["agents"][0], "capacity": {"work_item": 1}}]})), 0)
    sessions.set_status(world, user_id(ticket.resolver), "ready", None, "bench")


def counted_world(session: Any, meter: Meter) -> World:
    """A world on a table of its own, whose calls are counted."""
    dynamodb, sqs = session.client("dynamodb"), session.client("sqs")
    name = f"bench-{secrets.token_hex(4)}"
    create_table(dynamodb, name)
    doorbell = sqs.create_queue(QueueName=f"{name}-doorbell")["QueueUrl"]
    meter.watch(dynamodb)
    meter.watch(sqs)
    return World(
        store=DynamoStore(dynamodb, name),
        transport=SqsTransport(sqs, doorbell, f"{name}-queue-"),
        now=_now,
        token=secrets.token_bytes,
        account_id="bench",
        poster=HttpPoster(),
    )


def newest(world: World, meter: Meter, engagement_id: str) -> Engagement:
    """The newest version, by a read that is not billed: it stands for the stream, which bills none."""
    with meter.paused():
        now = world.store.engagement(engagement_id)
    assert now is not None
    return now


def _deliver(world: World, meter: Meter, engagement_id: str, before: Engagement | None) -> Engagement:
    """Hand the newest version to the stream's consumer."""
    now = newest(world, meter, engagement_id)
    recording.record(world, [(before, now)])
    return now


def life(
    world: World, ticket: Incident, meter: Meter, key: str | None, wait: bool, deliver: Deliver = _deliver
) -> None:
    """One engagement from its start to its close, each version delivered, by default to the stream's consumer."""
    body = start_body(ticket)
    agent_id = next(iter(world.tenant().agent_by_id))
    if wait:
        with meter.paused():
            sessions.set_status(world, agent_id, "not_ready", None, "bench")
    idempotency = intake.IdempotencyKey(key, "fingerprint") if key else None
    engagement_id = start(world, body, "integration:bench", idempotency)
    seen = deliver(world, meter, engagement_id, None)
    routing.route(world, [Ring(queue_id=ticket.queue_id, engagement_id=engagement_id)])
    if wait:
        with meter.paused():
            sessions.set_status(world, agent_id, "ready", None, "bench")
        routing.route(world, [Ring(agent_id=agent_id)])
    seen = deliver(world, meter, engagement_id, seen)
    assert seen.offer is not None
    agent_id = seen.offer.agent_id
    order = Order(engagement_id, f"agent:{agent_id}", agent_id)
    desk.accept(world, order, seen.offer.offer_id)
    seen = deliver(world, meter, engagement_id, seen)
    desk.end(world, order, None)
    deliver(world, meter, engagement_id, seen)
    routing.route(world, [Ring(agent_id=agent_id)])


def _now() -> int:
    return time.time_ns() // 1_000_000


def create_table(dynamodb: Any, name: str) -> None:
    properties = TEMPLATE["Resources"]["Table"]["Properties"]
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode")
    dynamodb.create_table(TableName=name, **{each: properties[each] for each in wanted})
    dynamodb.get_waiter("table_exists").wait(TableName=name)
