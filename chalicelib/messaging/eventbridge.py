"""Public events on an EventBridge bus, as CloudEvents 1.0 (structured, in the entry's detail)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from chalicelib.events.catalogue import PublicEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

BATCH = 10
SOURCE = "interleave"


class EventBus:
    """A bus. What it refuses raises: the stream delivers again."""

    def __init__(self, client: EventBridgeClient, bus: str) -> None:
        self._client = client
        self._bus = bus

    def publish(self, events: Sequence[PublicEvent], account_id: str) -> None:
        """Put each event on the bus."""
        for first in range(0, len(events), BATCH):
            entries: Any = [self._entry(event, account_id) for event in events[first : first + BATCH]]
            answer = self._client.put_events(Entries=entries)
            if answer.get("FailedEntryCount"):
                raise ConnectionError(f"The bus did not take {answer['FailedEntryCount']} events.")

    def _entry(self, event: PublicEvent, account_id: str) -> dict[str, Any]:
        return {
            "EventBusName": self._bus,
            "Source": SOURCE,
            "DetailType": event.type,
            "Time": datetime.fromtimestamp(event.at / 1000, UTC),
            "Detail": json.dumps(cloud_event(event, account_id)),
        }


def cloud_event(event: PublicEvent, account_id: str) -> dict[str, Any]:
    """The event as a CloudEvent."""
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"urn:interleave:{account_id}",
        "type": event.type,
        "subject": event.subject,
        "time": datetime.fromtimestamp(event.at / 1000, UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": f"{event.sequence:08d}",
        "data": dict(event.facts),
    }
