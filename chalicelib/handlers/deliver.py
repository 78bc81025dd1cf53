"""Deliveries to webhooks, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.handlers.observe import count, log, metrics
from chalicelib.messaging.sqs import delivery_of
from chalicelib.operations import delivering
from chalicelib.world import World


def take(world: World, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Try each delivery once. One that cannot be read is tried again and then goes to the dead letters."""
    poisoned = []
    with metrics():
        for record in records:
            delivery = delivery_of(record["body"])
            if delivery is None:
                poisoned.append({"itemIdentifier": record["messageId"]})
                continue
            delivering.deliver(world, delivery)
        count("PoisonedMessages", len(poisoned))
    if poisoned:
        log.error("unreadable", deliveries=len(poisoned))
    return {"batchItemFailures": poisoned}
