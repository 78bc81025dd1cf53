"""A small contact centre in one object, over the in-memory twins or over moto."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.botocore_stubber import BotocoreStubber

from chalicelib.configuration.document import read, write
from chalicelib.engagements.model import Content, Engagement, Occupancy
from chalicelib.handlers import deliver, doorbell, schedule, stream
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.sqs import SqsTransport
from chalicelib.operations import delivering, desk, intake, recording, routing, sessions, timers
from chalicelib.operations.ordering import Order
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.memory import MemoryStore
from chalicelib.world import World
from tests.support import canary
from tests.support.poster import Posts

NOW = 1_763_920_000_000
"""2025-11-23T17:46:40Z, when every test begins."""

TENANT: dict[str, Any] = {
    "queues": [
        {"queue_id": "billing", "queue_name": "Billing"},
        {"queue_id": "general", "queue_name": "General", "wrap_up_time": 60},
        {"queue_id": "express", "queue_name": "Express", "auto_accept": True},
    ],
    "agents": [
        {"user_id": "ana", "display_name": "Ana", "queues": ["billing", "express"], "skills": {"french": 4}},
        {"user_id": "ben", "display_name": "Ben", "queues": ["billing", "general"], "capacity": {"work_item": 2}},
    ],
    "flows": [
        {
            "flow_id": "tickets",
            "flow_name": "Tickets",
            "entry_points": [{"entry_id": "entry-tickets", "entry_name": "Tickets"}],
            "versions": [
                {
                    "flow_version": 1,
                    "status": "published",
                    "steps": [
                        {
                            "choose": [
                                {
                                    "when": {"field": "work_item_type", "op": "equal_to", "value": "invoice"},
                                    "route": {"queue_id": "billing"},
                                },
                                {
                                    "when": {"field": "work_item_type", "op": "equal_to", "value": "express"},
                                    "route": {"queue_id": "express"},
                                },
                            ],
                            "otherwise": {"queue_id": "general"},
                        },
                        {
                            "choose": [
                                {
                                    "when": {"field": "work_item_priority", "op": "greater_than", "value": 5},
                                    "route": {"priority": 9},
                                },
                                {
                                    "when": {"field": "language_code", "op": "contains", "value": "fr"},
                                    "route": {"skills": [{"skill": "french", "level": 3}]},
                                },
                            ],
                            "otherwise": {"priority": 1},
                        },
                    ],
                }
            ],
        },
        {
            "flow_id": "draft",
            "flow_name": "Not yet",
            "entry_points": [{"entry_id": "entry-draft", "entry_name": "Draft"}],
            "versions": [
                {"flow_version": 1, "status": "draft", "steps": [{"set": {"queue_id": "general"}}]},
            ],
        },
    ],
}


@dataclass
class Clock:
    """Time that stands still until a test moves it."""

    at: int = NOW

    def __call__(self) -> int:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += round(seconds * 1000)


@dataclass
class Centre:
    """A contact centre: the world and short words for what happens in it."""

    world: World
    clock: Clock
    posts: Posts

    def configure(self, document: dict[str, Any] = TENANT) -> None:
        for queue in document["queues"]:
            self.world.transport.create_queue(queue["queue_id"])
        self.world.store.apply(write(read(document)), self.world.store.configuration_version())

    def start(
        self,
        work_item_id: str = "CASE-1",
        kind: str = "invoice",
        key: str | None = None,
        use_existing: bool = False,
        not_before: int | None = None,
        consumer: dict[str, str] | None = None,
        **variables: Any,
    ) -> str:
        content = Content(
            {
                "work_item_id": work_item_id,
                "work_item_name": "A case",
                "work_item_type": kind,
                "work_item_desc": canary.DESCRIPTION,
                **variables,
            },
            (consumer,) if consumer else (),
            canary.VARIABLES,
        )
        started = intake.start(
            self.world,
            flow_entry_id="entry-tickets",
            channel="work_item",
            content=content,
            actor="integration:crm",
            idempotency=intake.IdempotencyKey(key, repr(content)) if key else None,
            use_existing=use_existing,
            not_before=not_before,
        )
        return started.engagement_id

    def ready(self, *agents: str) -> None:
        for agent_id in agents:
            sessions.set_status(self.world, agent_id, "ready", None, f"agent:{agent_id}")

    def read(self, engagement_id: str) -> Engagement:
        found = self.world.store.engagement(engagement_id)
        assert found is not None
        return found

    def occupancy(self, agent_id: str) -> Occupancy:
        return self.world.store.occupancies([agent_id])[agent_id]

    def accept(self, engagement_id: str) -> Engagement:
        offer = self.read(engagement_id).offer
        assert offer is not None
        order = Order(engagement_id, f"agent:{offer.agent_id}", offer.agent_id)
        return desk.accept(self.world, order, offer.offer_id)

    def end(self, engagement_id: str) -> Engagement:
        return desk.end(self.world, Order(engagement_id, f"agent:{self.read(engagement_id).agent_id}"), None)

    def route(self) -> routing.Pass:
        """One pass over everything, as on the schedule."""
        return routing.route_everything(self.world)

    def sweep(self) -> None:
        timers.sweep(self.world)

    def consume(self) -> None:
        """Deliver the whole stream to its consumer, from the beginning on."""
        raise NotImplementedError

    def catch_up(self) -> bool:
        """Deliver what is new in the stream; whether there was anything."""
        raise NotImplementedError

    def ring(self) -> None:
        """Deliver the rings whose time has come."""
        raise NotImplementedError

    def deliver(self) -> None:
        """Attempt the webhooks' deliveries whose time has come."""
        raise NotImplementedError

    def run(self) -> None:
        """Everything that happens by itself."""
        self.catch_up()
        self.ring()
        schedule.run(self.world)

    def settle(self) -> None:
        """Everything that happens by itself, until nothing more does."""
        for _ in range(2):
            self.run()


@dataclass
class MemoryCentre(Centre):
    """On the in-memory twins."""

    store: MemoryStore
    transport: MemoryTransport
    taken: tuple[int, int] = (0, 0)
    """How much of the two streams has been delivered. A batch that failed comes again."""

    def consume(self) -> None:
        self.taken = 0, 0
        self.catch_up()

    def catch_up(self) -> bool:
        writes, statuses = self.store.stream[self.taken[0] :], self.store.agent_stream[self.taken[1] :]
        recording.record(self.world, writes)
        recording.record_status(self.world, statuses)
        self.taken = self.taken[0] + len(writes), self.taken[1] + len(statuses)
        return bool(writes or statuses)

    def ring(self) -> None:
        rings = self.transport.due_rings()
        if rings:
            routing.route(self.world, rings)

    def deliver(self) -> None:
        for delivery in self.transport.due_deliveries():
            delivering.deliver(self.world, delivery)


@dataclass
class AwsCentre(Centre):
    """On the AWS adapters. What is said of streams and lost messages goes against moto."""

    clients: Clients
    taken: int = 0
    """How much of the stream has been delivered. A batch that failed comes again."""

    def consume(self) -> None:
        self.taken = 0
        self.catch_up()

    def catch_up(self) -> bool:
        new = self._new_records()
        if new:
            assert stream.take_in(self.world, new) == {"batchItemFailures": []}
        self.taken += len(new)
        return bool(new)

    def _new_records(self) -> list[dict[str, Any]]:
        """By an iterator made anew: of what comes after a transaction that failed, moto tells no earlier one, and where
        one begins cannot be said to it by a call."""
        table, streams = pretended_table(), get_backend("dynamodbstreams")[DEFAULT_ACCOUNT_ID]["us-east-1"]
        shard = table.stream_shard
        where = (table.table_arn, shard.id, "AT_SEQUENCE_NUMBER", shard.starting_sequence_number + self.taken)
        iterator = streams.get_shard_iterator(*where)
        records: list[dict[str, Any]] = self.clients.streams.get_records(ShardIterator=iterator.arn)["Records"]
        return records

    def deliver(self) -> None:
        self._work_off(self.clients.deliveries_url, deliver.take)

    def ring(self) -> None:
        self._work_off(self.clients.doorbell_url, doorbell.answer)

    def lose_rings(self) -> None:
        """Messages may be lost; it is no call of anybody."""
        pretended_sqs().purge_queue("doorbell")

    def _work_off(self, url: str, function: Callable[[World, list[dict[str, str]]], dict[str, Any]]) -> None:
        """Give a function what is in its queue, until nothing is."""
        sqs = self.clients.sqs
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            records = [{"messageId": each["MessageId"], "body": each["Body"]} for each in messages]
            assert function(self.world, records) == {"batchItemFailures": []}
            for each in messages:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])


def memory_centre(configured: bool = True) -> MemoryCentre:
    clock, posts = Clock(), Posts()
    store, transport = MemoryStore(), MemoryTransport(clock)
    canary.watch(store)
    canary.watch(transport)
    centre = MemoryCentre(World(store, transport, clock, tokens(), "account", posts), clock, posts, store, transport)
    if configured:
        centre.configure()
    return centre


def aws_centre(clients: Clients, configured: bool = True) -> AwsCentre:
    clock, posts = Clock(), Posts()
    store = DynamoStore(clients.dynamodb, clients.table, shards=2, pause=clients.pause)
    transport = SqsTransport(
        clients.sqs, clients.doorbell_url, clients.queue_prefix, clients.deliveries_url, clients.dead_url
    )
    canary.watch(store)
    canary.watch(transport)
    centre = AwsCentre(World(store, transport, clock, tokens(), "account", posts), clock, posts, clients)
    if configured:
        centre.configure()
    return centre


def tokens(number: int = 0) -> Callable[[int], bytes]:
    """Bytes that are never the same twice, and the same in every run. `number`: of a process that draws its own."""
    numbers = itertools.count(1_000_000 * number + 1)
    return lambda size: next(numbers).to_bytes(size, "big")


@dataclass
class Clients:
    """The AWS clients, with a fresh table and doorbell behind them."""

    dynamodb: Any
    sqs: Any
    streams: Any
    doorbell_url: str = field(default="")
    deliveries_url: str = field(default="")
    dead_url: str = field(default="")
    table: str = field(default="interleave")
    queue_prefix: str = field(default="interleave-queue-")
    client: Callable[[str], Any] = field(default=boto3.client)
    """A client of any other service."""
    pause: Callable[[float], None] = field(default=lambda _: None)
    """How a store waits before it tries again."""


TABLE: dict[str, Any] = {
    "TableName": "interleave",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n in ("pk", "sk", "gpk", "gsk")],
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by_work",
            "KeySchema": [{"AttributeName": "gpk", "KeyType": "HASH"}, {"AttributeName": "gsk", "KeyType": "RANGE"}],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["waiting"]},
        }
    ],
    "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
}


def pretended_sqs() -> Any:
    """What moto keeps of SQS, beside all calls."""
    return get_backend("sqs")[DEFAULT_ACCOUNT_ID]["us-east-1"]


def pretended_table() -> Any:
    """What moto keeps of DynamoDB's table, beside all calls."""
    return get_backend("dynamodb")[DEFAULT_ACCOUNT_ID]["us-east-1"].get_table("interleave")


_clients: dict[str, Any] = {}
_lock = RLock()
_process_request = BotocoreStubber.process_request


def _one_at_a_time(self: BotocoreStubber, request: Any) -> Any:
    """moto is not made for threads: without this, conditional writes and transactions have several winners."""
    with _lock:
        return _process_request(self, request)


class Session:
    """Fresh clients of the pretended AWS at every call, as `infra.sessions.Session` gives them of the real one."""

    region_name = "us-east-1"

    def client(self, name: str) -> Any:
        return boto3.client(name)  # type: ignore[call-overload]


@contextmanager
def aws() -> Iterator[Clients]:
    """A fresh pretended AWS. Clients are made once: they cost far more than a world does."""
    os.environ.update(
        AWS_DEFAULT_REGION="us-east-1",
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_ACCOUNT_ID_ENDPOINT_MODE="disabled",  # moto does not know the endpoints that carry the account id
    )
    os.environ.pop("AWS_PROFILE", None)
    BotocoreStubber.process_request = _one_at_a_time  # type: ignore[method-assign]
    with mock_aws():
        if not _clients:
            config = Config(retries={"total_max_attempts": 1}, signature_version=UNSIGNED)  # nobody looks at signatures
            for name in ("dynamodb", "sqs", "dynamodbstreams"):
                _clients[name] = boto3.client(name, config=config)  # type: ignore[call-overload]
        _clients["dynamodb"].create_table(**TABLE)
        urls = [_clients["sqs"].create_queue(QueueName=n)["QueueUrl"] for n in ("doorbell", "deliveries", "dead")]
        yield Clients(_clients["dynamodb"], _clients["sqs"], _clients["dynamodbstreams"], *urls)
