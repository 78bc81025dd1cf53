"""Applying a tenant's document: queues first, then one write that switches to the new version."""

from __future__ import annotations

from typing import Any

from chalicelib.configuration.document import read, write
from chalicelib.errors import VersionMismatch
from chalicelib.world import World


def apply(world: World, document: dict[str, Any], seen: int | None) -> int:
    """The version that the document became. Raises `InvalidRequest`, `VersionMismatch` and `LostRace`."""
    tenant = read(document)
    current = world.store.configuration_version()
    if seen is not None and seen != current:
        raise VersionMismatch("The configuration has changed since.", current)
    known = {queue["queue_id"] for queue in world.store.configuration(current).document.get("queues", ())}
    for queue in tenant.queues:
        if queue.queue_id not in known:
            world.transport.create_queue(queue.queue_id)
    return world.store.apply(write(tenant), current)
