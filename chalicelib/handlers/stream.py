"""The stream of the table: every version of every engagement comes by here, at least once, in order."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.handlers.observe import count, log, metrics, observe_events
from chalicelib.operations import recording
from chalicelib.storage.dynamodb import RESTORED, cause_of, engagement_of, occupancy_of
from chalicelib.world import World


def take_in(world: World, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Take in one batch. From the first record that cannot be read, the rest is left to be delivered again."""
    writes: list[tuple[Engagement | None, Engagement]] = []
    statuses: list[tuple[Occupancy | None, Occupancy]] = []
    caused: list[dict[str, str | None]] = []
    failed = None
    for record in records:
        change = record["dynamodb"]
        if RESTORED in change.get("NewImage", {}):
            continue
        try:
            new = engagement_of(_image(change.get("NewImage")))
            old = engagement_of(_image(change.get("OldImage"))) if new is not None else None
            status = occupancy_of(_image(change.get("NewImage")))
            before = occupancy_of(_image(change.get("OldImage"))) if status is not None else None
        except (ValidationError, KeyError, zlib.error) as error:
            failed = change["SequenceNumber"]
            log.error("unreadable", sequence_number=failed, error=type(error).__name__)
            break
        if new is not None:
            writes.append((old, new))
            event_id = f"{new.engagement_id}.{new.version}"
            caused.append({"event_id": event_id, "correlation_id": cause_of(change["NewImage"])})
        if status is not None:
            statuses.append((before, status))
    with metrics():
        observe_events(recording.record(world, writes))
        recording.record_status(world, statuses)
        count("UnreadableRecords", 1 if failed else 0)
    if caused:
        log.info("recorded", events=caused)
    return {"batchItemFailures": [{"itemIdentifier": failed}] if failed else []}


def _image(image: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An image as the store reads rows: Lambda hands binary attributes over as base64 text."""
    if image is None:
        return None
    return {
        name: {"B": b64decode(value["B"])} if isinstance(value.get("B"), str) else value
        for name, value in image.items()
    }
