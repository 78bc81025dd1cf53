"""Deliveries to webhooks, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.handlers.observe import count, log, metrics
from chalicelib.messaging.sqs import delivery_of
from chalicelib.operations import delivering
from chalicelib.world import World


def take(world: World, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Try each delivery once. What cannot be read, or breaks, comes again, and then goes to the dead letters."""
    failed = []
    poisoned = 0
    with metrics():
        for record in records:
            delivery = delivery_of(record["body"])
            if delivery is None:
                poisoned += 1
                failed.append(record["messageId"])
                continue
            try:
                delivering.deliver(world, delivery)
            except Exception as error:  # noqa: BLE001 - raised, it would have the others of the batch made again
                log.error("failed", event_id=delivery.event_id, error=type(error).__name__)
                failed.append(record["messageId"])
        count("PoisonedMessages", poisoned)
    if poisoned:
        log.error("unreadable", deliveries=poisoned)
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
