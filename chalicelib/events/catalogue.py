"""Public events: every version of an engagement, and every change of an agent's status, is one event.

Zoom Contact Center's names where it has one, names in the same style where it has none. An event says ids, states,
durations and codes, and never what the work or the consumer says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.engagements.model import Engagement, Event, Occupancy

PREFIX = "contact_center."
NAMES: Mapping[str, str] = {
    "start": "engagement_started",
    "enqueue": "task_entered_queue",
    "overflow": "engagement_overflowed",
    "overflow_out": "engagement_ended",
    "offer": "task_reservation_created",
    "pull": "engagement_user_answered",
    "accept": "engagement_user_answered",
    "pass": "task_reservation_rejected",
    "decline": "task_reservation_rejected",
    "miss": "task_reservation_timeout",
    "rescind": "task_reservation_canceled",
    "deactivate": "engagement_deactivated",
    "activate": "engagement_activated",
    "release": "engagement_released",
    "transfer": "engagement_transfer_initiated",
    "refuse_transfer": "engagement_transfer_refused",
    "give_back": "engagement_transfer_timeout",
    "take_over": "engagement_takeover_started",
    "observe": "engagement_monitor_started",
    "leave": "engagement_monitor_ended",
    "switch": "engagement_channel_switched",
    "update": "engagement_updated",
    "finish": "engagement_wrap_up_started",
    "extend": "engagement_wrap_up_extended",
    "close": "engagement_ended",
    "abandon": "engagement_ended",
    "cancel": "engagement_ended",
    "erase": "engagement_erased",
}
"""By command. A change of priority and what clocks say have names of their own."""
PRIORITY_CHANGED = "engagement_priority_changed"
DUPLICATE_REJECTED = "engagement_duplicate_rejected"
STATUS_CHANGED = "user_status_changed"
CLOCKS = (
    "engagement_service_level_at_risk",
    "engagement_service_level_breached",
    "engagement_due_date_at_risk",
    "engagement_due_date_breached",
)
TYPES: tuple[str, ...] = tuple(
    sorted({PREFIX + name for name in (*NAMES.values(), PRIORITY_CHANGED, DUPLICATE_REJECTED, STATUS_CHANGED, *CLOCKS)})
)
TOLD = (
    "waited_ms",
    "rang_ms",
    "handled_ms",
    "parked_ms",
    "wrapped_ms",
    "to_queue_id",
    "to_user_id",
    "to_flow_entry_id",
    "kind",
    "mode",
    "channel",
    "previous_channel",
    "priority",
    "previous_priority",
    "fields",
    "step",
)
"""What is told of an event's detail. A reason that an agent wrote stays inside."""


@dataclass(frozen=True, slots=True)
class PublicEvent:
    """One event. Its id is the same however often it is made; `sequence` orders the events of one subject."""

    event_id: str
    type: str
    at: int
    """Epoch milliseconds."""
    subject: str
    """The engagement's id, or the user's."""
    sequence: int
    facts: Mapping[str, Any] = field(default_factory=dict)

    def envelope(self, account_id: str) -> dict[str, Any]:
        """As Zoom sends it."""
        told = {**self.facts, "sequence": self.sequence, "date_time_ms": str(self.at)}
        return {
            "event": self.type,
            "event_ts": self.at,
            "event_id": self.event_id,
            "payload": {"account_id": account_id, "object": told},
        }


def events_of(engagement: Engagement, after_version: int) -> Iterator[PublicEvent]:
    """The events of the versions later than this one, in order (I13)."""
    for event in engagement.trail:
        if event.version > after_version:
            yield PublicEvent(
                event_id=f"{engagement.engagement_id}.{event.version}",
                type=PREFIX + _name(event),
                at=event.at,
                subject=engagement.engagement_id,
                sequence=event.version,
                facts=_facts(engagement, event),
            )


def duplicate_rejected(engagement_id: str, event_id: str, at: int) -> PublicEvent:
    """A start was refused because the work is active. It is no version of the engagement, and has no place in it."""
    return PublicEvent(
        event_id, PREFIX + DUPLICATE_REJECTED, at, engagement_id, 0, {"existing_engagement_id": engagement_id}
    )


def status_event(before: Occupancy | None, after: Occupancy) -> PublicEvent | None:
    """The change of an agent's status, if it is one. A reason that is free text stays out."""
    before = before or Occupancy(after.agent_id)
    if (before.status, before.sub_status) == (after.status, after.sub_status):
        return None
    facts = {
        "user_id": after.agent_id,
        "previous_status": before.status,
        "previous_sub_status_id": before.sub_status_id,
        "current_status": after.status,
        "current_sub_status_id": after.sub_status_id,
        "changed_by": after.status_by,
    }
    return PublicEvent(
        event_id=f"user.{after.agent_id}.{after.version}",
        type=PREFIX + STATUS_CHANGED,
        at=after.status_since,
        subject=after.agent_id,
        sequence=after.version,
        facts=facts,
    )


def _name(event: Event) -> str:
    if event.command == "flag":
        return f"engagement_{event.detail['flags'][-1]}"
    if event.command == "update" and "priority" in event.detail:
        return PRIORITY_CHANGED
    return NAMES["rescind" if event.detail.get("rescinded") else event.command]


def _facts(engagement: Engagement, event: Event) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "engagement_id": engagement.engagement_id,
        "engagement_direction": "inbound",
        "channel": engagement.channel,
        "flow_id": engagement.flow.flow_id,
        "flow_name": engagement.flow.flow_name,
        "flow_entry_id": engagement.flow.flow_entry_id,
        "state": event.state,
        "cc_queue_id": event.queue_id,
        **{name: event.detail[name] for name in TOLD if name in event.detail},
    }
    if event.agent_id is not None:
        facts["user_id"] = event.agent_id
    if event.command in ("observe", "leave"):
        facts["participant_user_id"] = event.detail["user_id"]
    if event.command in ("overflow", "overflow_out"):
        facts["reason"] = event.detail["reason"]
    if event.state == "closed":
        facts["end_reason"] = engagement.end_reason
    return facts
