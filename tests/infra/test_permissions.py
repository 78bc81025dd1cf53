"""Every AWS call that a function makes is allowed to its role, and nothing else is: no permission is spare."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3
import pytest

from chalicelib.engagements.model import Content, work_key
from chalicelib.errors import DuplicateWork, TransferRefused
from chalicelib.handlers import schedule
from chalicelib.messaging.eventbridge import EventBus
from chalicelib.messaging.protocol import Delivery, Ring
from chalicelib.messaging.sqs import SqsTransport
from chalicelib.operations import (
    configuring,
    credentials,
    delivering,
    desk,
    explaining,
    intake,
    listing,
    privacy,
    reading,
    reconciling,
    routing,
    supervising,
    watching,
)
from chalicelib.operations.ordering import Order
from chalicelib.reporting.history import Night
from chalicelib.storage import codec
from chalicelib.storage.protocol import Client
from tests.flows.support import document_with
from tests.simulation.stories import STORIES
from tests.support.poster import out_of_order
from tests.support.worlds import NOW, TENANT, AwsCentre, Clients, aws, aws_centre

Calls = dict[str, set[tuple[str, str]]]
"""By function, the calls as (action, resource)."""
BATCHES = {"sqs:SendMessageBatch": "sqs:SendMessage", "sqs:DeleteMessageBatch": "sqs:DeleteMessage"}
"""What IAM calls a batch."""
OF_THE_PLATFORM = {
    ("Router", "sqs:GetQueueAttributes"),
    ("Router", "sqs:DeleteMessage"),
    ("Router", "sqs:ReceiveMessage"),
    ("Recorder", "dynamodb:GetRecords"),
    ("Recorder", "dynamodb:GetShardIterator"),
    ("Recorder", "dynamodb:DescribeStream"),
    ("Recorder", "dynamodb:ListStreams"),
    ("Deliverer", "sqs:GetQueueAttributes"),
    ("Deliverer", "sqs:DeleteMessage"),
    ("Deliverer", "sqs:ReceiveMessage"),
}
"""What Lambda does in the function's name, on its event source."""
PLAIN = {
    **TENANT,
    "flows": [{**flow, "versions": [{**flow["versions"][0], "flow_version": 9}]} for flow in TENANT["flows"]],
}
"""The usual tenant again, after a story that had flows of its own: under the same number they could not come back."""
HOOK = {"webhook_id": "crm", "url": "https://crm.example.com/hook"}
QUEUES = {"doorbell": "doorbell", "deliveries": "deliveries", "dead": "dead deliveries"}
"""The tests' queues; every other one is a work-item queue's."""


class Watch:
    """Notes who calls what."""

    def __init__(self) -> None:
        self.calls: Calls = defaultdict(set)
        self.function = "APIHandler"

    @contextmanager
    def inside(self, function: str) -> Iterator[None]:
        before, self.function = self.function, function
        self.calls[function].add(("dynamodb:GetItem", "table"))  # each function reads the configuration for itself
        try:
            yield
        finally:
            self.function = before

    def note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service = model.service_model.service_name
        if service == "dynamodb":
            for action, index in _of_dynamodb(model.name, params):
                self.calls[self.function].add((f"dynamodb:{action}", "index" if index else "table"))
        elif service == "sqs":
            action = f"sqs:{model.name}"
            name = params.get("QueueUrl") or params.get("QueueName") or ""
            where = QUEUES.get(name.rsplit("/", 1)[-1], "queues")
            if action != "sqs:GetQueueUrl":
                self.calls[self.function].add((BATCHES.get(action, action), where))
        elif service == "events" and model.name == "PutEvents":
            self.calls[self.function].add(("events:PutEvents", "bus"))


def _of_dynamodb(name: str, params: dict[str, Any]) -> Iterator[tuple[str, bool]]:
    """A transaction asks for the permissions of what is in it."""
    if name == "TransactWriteItems":
        for each in params["TransactItems"]:
            yield from ((f"{kind}Item", False) for kind in each)
    elif name != "DescribeTable":  # asked by the tests, to find the stream
        yield name, "IndexName" in params


class WatchedCentre(AwsCentre):
    """Knows which function does what in AWS."""

    watch: Watch

    def late(self, works: list[str]) -> None:
        """Rings for what is offered, past its deadline."""
        self.clock.pass_seconds(40)
        with self.watch.inside("Router"):
            routing.route(self.world, [Ring(engagement_id=each) for each in works])

    def deliver(self) -> None:
        with self.watch.inside("Deliverer"):
            super().deliver()

    def catch_up(self) -> bool:
        with self.watch.inside("Recorder"):
            return super().catch_up()

    def ring(self) -> None:
        with self.watch.inside("Router"):
            super().ring()

    def route(self) -> Any:
        with self.watch.inside("Sweeper"):
            return super().route()

    def sweep(self) -> None:
        with self.watch.inside("Sweeper"):
            super().sweep()

    def settle(self) -> None:
        for _ in range(2):
            self.catch_up()
            self.ring()
            with self.watch.inside("Sweeper"):
                schedule.run(self.world)


@cache
def event_client() -> Any:
    """Made once: it costs far more than a world does."""
    return boto3.client("events")


def watched(clients: Clients, watch: Watch) -> WatchedCentre:
    plain = aws_centre(clients)
    events = event_client()
    events.create_event_bus(Name="interleave")
    urls = (clients.doorbell_url, "interleave-queue-", clients.deliveries_url, clients.dead_url)
    plain.world.transport = SqsTransport(clients.sqs, *urls, EventBus(events, "interleave"))
    centre = WatchedCentre(plain.world, plain.clock, plain.posts, plain.clients)
    centre.watch = watch
    return centre


def reads(centre: AwsCentre) -> None:
    """What the API does besides the stories."""
    world = centre.world
    engagement_id = centre.start("CASE-7")
    reading.events(world, centre.read(engagement_id))
    reading.last_of_work(world, "CASE-7", "A case")
    explaining.explain(world, centre.read(engagement_id))
    world.store.archived(engagement_id)
    world.store.facts("queue_performance", NOW, NOW + 1)
    world.store.claim("CALLS#integration:crm", 0, 1, until=NOW)
    credentials.create(world, Client("crm", (), "integration", "crm"))
    credentials.add_secret(world, "crm")
    world.store.clients()
    world.signing_key()
    credentials.rotate_signing_key(world, revoke=True)
    world.store.last_of_work(work_key("CASE-7", "A case"))
    desk.assignments(world, "ana")
    listing.open_ones(world, listing.Wanted(), 30)
    listing.closed_ones(world, listing.Wanted(), NOW, NOW + 1, 30)
    watching.queues_now(world)
    configuring.apply(world, {**PLAIN, "queues": [*TENANT["queues"], {"queue_id": "more", "queue_name": "More"}]}, None)


def forgetting(centre: WatchedCentre) -> None:
    """Notes end with their work, and a consumer is forgotten."""
    world, jill = centre.world, {"consumer_external_id": "C-77"}
    centre.clock.pass_seconds(5)  # a story may have had a configuration of its own
    engagement_id = centre.start("CASE-9", consumer=jill)
    centre.consume()
    supervising.add_note(world, centre.read(engagement_id), "sue", "He called again.")
    desk.cancel(world, Order(engagement_id, "integration:crm"))
    centre.consume()
    privacy.export(world, jill, 0)
    assert privacy.erase(world, jill, "admin:adm").erased == [engagement_id]
    centre.consume()


def deliveries(centre: WatchedCentre) -> None:
    """One that holds, one that fails and is tried again, and one that is given up; and what the API tells of them."""
    world = centre.world
    with patch.object(codec, "LARGEST_PART", 200):  # so that the configuration is one that no row can hold
        configuring.apply(world, {**PLAIN, "webhooks": [HOOK]}, None)
    centre.clock.pass_seconds(5)
    centre.start("CASE-8")
    centre.consume()
    with pytest.raises(DuplicateWork):
        centre.start("CASE-8")
    delivering.secret_of(world, "crm")
    world.store.attempts("crm", NOW, NOW + 1, 10)
    delivering.replay(world, "crm", NOW, NOW + 1)
    centre.deliver()
    centre.posts.receiver = out_of_order
    delivery = Delivery("crm", "e.1", "contact_center.engagement_started", "{}")
    with centre.watch.inside("Deliverer"):
        delivering.deliver(replace(world, _tenant_version=0, _tenant_checked_at=None), delivery)
        delivering.deliver(world, replace(delivery, attempt=100))


def through_flows(centre: WatchedCentre) -> None:
    """What flows ask for, and what takes foreign systems' webhooks."""
    world = centre.world
    call = {"http": {"system_id": "crm", "path": "/"}, "failed": {}}
    asks = ({"consumer": {"returning_within": 60}}, {"queue_statistics": "general"}, call)
    configuring.apply(
        world, document_with(*asks, {"route": {"queue_id": "general"}}, version={"flow_version": 10}), None
    )
    centre.clock.pass_seconds(5)
    content = Content({"work_item_id": "CASE-10", "work_item_name": "A case"}, ({"consumer_external_id": "C-1"},))
    key = intake.IdempotencyKey("9", "")
    intake.start(
        world,
        flow_entry_id="entry-tickets",
        channel="work_item",
        content=content,
        actor="integration:crm",
        idempotency=key,
        use_existing=False,
    )
    centre.consume()
    world.store.put_webhook_secret("intake.github", "theirs")


def rolled_up(centre: WatchedCentre) -> None:
    """What is over is rolled up, again when something comes late, and held against the history."""
    world, quarter = centre.world, 900_000
    began = world.now() - world.now() % quarter
    centre.start("CASE-11")
    centre.clock.pass_seconds(45 * 60)
    centre.consume()  # again, and late
    reconciling.works(world, "", began, began + quarter, again=True)
    reconciling.rebuild(world, began)
    for _ in range(2):
        night = Night(began, began + quarter, after="", quarter=began, version=world.store.night().version)
        with centre.watch.inside("Sweeper"):
            world.store.put_night(night)
            schedule.run(world)


@pytest.fixture(scope="module")
def calls() -> Calls:
    watch = Watch()
    for name in STORIES:
        with aws() as clients:
            centre = watched(clients, watch)
            events = [client.meta.events for client in (clients.dynamodb, clients.sqs, event_client())]
            for each in events:
                each.register_first("before-parameter-build", watch.note)
            try:
                accepted = STORIES[name].prepare(centre)
                with suppress(TransferRefused):
                    STORIES[name].operation(centre, accepted)
                centre.settle()
                centre.late(accepted)
                if name == "consume the stream":
                    reads(centre)
                    forgetting(centre)
                    deliveries(centre)
                    through_flows(centre)
                    rolled_up(centre)
            finally:
                for each in events:
                    each.unregister("before-parameter-build", watch.note)
    return watch.calls


def allowed_to(statements: list[dict[str, Any]]) -> set[tuple[str, str]]:
    """A role's permissions as (action, resource), but for its log group."""
    return {
        (action, _resource(str(statement["Resource"])))
        for statement in statements
        for action in statement["Action"]
        if not action.startswith("logs:")
    }


def _resource(text: str) -> str:
    for part, name in (
        ("/index/", "index"),
        ("/stream/", "stream"),
        ("StreamArn", "stream"),
        ("DeliveriesDeadLetters", "dead deliveries"),
        ("DeadLetters", "dead letters"),
        ("Deliveries", "deliveries"),
        ("event-bus", "bus"),
        ("-queue-", "queues"),
        ("Doorbell", "doorbell"),
    ):
        if part in text:
            return name
    return "table"


def test_every_call_is_allowed_and_every_permission_is_used(
    calls: Calls, statements: dict[str, list[dict[str, Any]]]
) -> None:
    assert set(calls) == set(statements)
    for function, policies in statements.items():
        allowed = allowed_to(policies)
        assert calls[function] <= allowed, f"{function} is refused something"
        spare = {
            (action, where)
            for action, where in allowed - calls[function]
            if (function, action) not in OF_THE_PLATFORM and where != "dead letters"
        }
        assert spare == set(), f"{function} is allowed more than it needs"
