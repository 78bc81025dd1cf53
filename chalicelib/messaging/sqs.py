"""Messaging on SQS."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.events.catalogue import PublicEvent
from chalicelib.messaging.protocol import Bus, Delivery, Drained, Notice, Ring

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
DRAIN_AT_MOST = 300
VISIBILITY_SECONDS = 30
"""How long a drained notice stays hidden: the time until another router finds what a crashed one had taken."""
RETENTION_SECONDS = 14 * 86_400
TRIES_BEFORE_DEAD = 5
LONGEST_NAME = 80
"""Characters of a queue's name that SQS takes."""
DEAD = "-dead"
DIGEST = 16
"""Characters by which queues are told apart whose names are cut."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Built when it is first needed: no function needs them all."""
    return TypeAdapter(kind)


class SqsTransport:
    """`Transport` on SQS. Work-item queues are named by a prefix beside the doorbell, in the same account."""

    def __init__(
        self,
        client: SQSClient,
        doorbell_url: str,
        queue_prefix: str,
        deliveries_url: str = "",
        dead_deliveries_url: str = "",
        bus: Bus | None = None,
    ) -> None:
        self._client = client
        self._doorbell_url = doorbell_url
        self._prefix = queue_prefix
        self._deliveries_url = deliveries_url
        self._dead_deliveries_url = dead_deliveries_url
        self._bus = bus

    def create_queue(self, queue_id: str) -> None:
        common: Any = {"MessageRetentionPeriod": str(RETENTION_SECONDS), "SqsManagedSseEnabled": "true"}
        name = self._name(queue_id)
        dead = self._client.create_queue(QueueName=f"{name}{DEAD}", Attributes=common)
        arn = self._client.get_queue_attributes(QueueUrl=dead["QueueUrl"], AttributeNames=["QueueArn"])
        redrive = {"deadLetterTargetArn": arn["Attributes"]["QueueArn"], "maxReceiveCount": TRIES_BEFORE_DEAD}
        self._client.create_queue(
            QueueName=name,
            Attributes={
                **common,
                "VisibilityTimeout": str(VISIBILITY_SECONDS),
                "RedrivePolicy": json.dumps(redrive),
            },
        )

    def ring(self, rings: Iterable[Ring], delay: int = 0) -> None:
        bodies = [_adapter(Ring).dump_json(ring, exclude_defaults=True).decode() for ring in dict.fromkeys(rings)]
        self._send(self._doorbell_url, bodies, delay)

    def announce(self, notices: Sequence[Notice]) -> None:
        for queue_id in dict.fromkeys(notice.queue_id for notice in notices):
            bodies = [_adapter(Notice).dump_json(notice).decode() for notice in notices if notice.queue_id == queue_id]
            self._send(self._url(queue_id), bodies, 0)

    def drain(self, queue_id: str) -> Drained:
        notices: list[Notice] = []
        receipts: list[str] = []
        poisoned = 0
        for message in self._receive(self._url(queue_id)):
            try:
                notices.append(_adapter(Notice).validate_json(message["Body"]))
            except ValidationError:
                poisoned += 1
            else:
                receipts.append(message["ReceiptHandle"])
        return Drained(tuple(notices), tuple(receipts), poisoned)

    def forget(self, queue_id: str, receipts: Sequence[str]) -> None:
        for chunk in _batches(receipts):
            self._client.delete_message_batch(
                QueueUrl=self._url(queue_id),
                Entries=[{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(chunk)],
            )

    def publish(self, events: Sequence[PublicEvent], account_id: str) -> None:
        if self._bus is not None:
            self._bus.publish(events, account_id)

    def deliver(self, deliveries: Sequence[Delivery], delay: int = 0) -> None:
        self._send(self._deliveries_url, [_adapter(Delivery).dump_json(each).decode() for each in deliveries], delay)

    def bury(self, delivery: Delivery) -> None:
        self._send(self._dead_deliveries_url, [_adapter(Delivery).dump_json(delivery).decode()], 0)

    def _send(self, url: str, bodies: Sequence[str], delay: int) -> None:
        """What SQS refuses of a batch raises: a caller that can repeat does so, and nobody else needs it."""
        for chunk in _batches(bodies):
            entries: Any = [{"Id": str(n), "MessageBody": b, "DelaySeconds": delay} for n, b in enumerate(chunk)]
            answer = self._client.send_message_batch(QueueUrl=url, Entries=entries)
            if answer.get("Failed"):
                raise ConnectionError(f"SQS did not take {len(answer['Failed'])} of {len(chunk)} messages.")

    def _receive(self, url: str) -> Iterator[Any]:
        for _ in range(DRAIN_AT_MOST // BATCH):
            answer = self._client.receive_message(QueueUrl=url, MaxNumberOfMessages=BATCH, WaitTimeSeconds=0)
            messages = answer.get("Messages", [])
            yield from messages
            if len(messages) < BATCH:
                return

    def _url(self, queue_id: str) -> str:
        return f"{self._doorbell_url.rsplit('/', 1)[0]}/{self._name(queue_id)}"

    def _name(self, queue_id: str) -> str:
        """A long tenant's name leaves little room for a long id."""
        name, room = f"{self._prefix}{queue_id}", LONGEST_NAME - len(DEAD)
        if len(name) <= room:
            return name
        return f"{name[: room - DIGEST - 1]}-{sha256(queue_id.encode()).hexdigest()[:DIGEST]}"


def ring_of(body: str) -> Ring | None:
    """The ring in a doorbell message, or None where it cannot be read."""
    try:
        ring: Ring = _adapter(Ring).validate_json(body)
        return ring
    except ValidationError:
        return None


def delivery_of(body: str) -> Delivery | None:
    """The delivery in a message, or None where it cannot be read."""
    try:
        delivery: Delivery = _adapter(Delivery).validate_json(body)
        return delivery
    except ValidationError:
        return None


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), BATCH):
        yield values[first : first + BATCH]
