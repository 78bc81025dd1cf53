"""Somebody rang: route what the rings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.handlers.observe import log, metrics, observe
from chalicelib.messaging.sqs import ring_of
from chalicelib.operations import routing
from chalicelib.world import World


def answer(world: World, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Take the rings of one batch. One that cannot be read is tried again and then goes to the dead letters."""
    rings = []
    poisoned = []
    for record in records:
        ring = ring_of(record["body"])
        if ring is None:
            poisoned.append({"itemIdentifier": record["messageId"]})
        else:
            rings.append(ring)
    with metrics():
        began = world.now()
        done = routing.route(world, rings)
        done.poisoned += len(poisoned)
        observe(done, world.now() - began)
    log.info("routed", rings=len(rings), offered=done.offered, waiting=done.waiting, conflicts=done.conflicts)
    return {"batchItemFailures": poisoned}
