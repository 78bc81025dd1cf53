"""The recorded incidents, and the contact centre that they imply."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chalicelib.http import wire
from chalicelib.operations import intake
from chalicelib.world import World

FILE = Path(__file__).with_name("incidents.csv")
ENTRY_ID = "incidents-entry"
UNKNOWN = "?"
PRIORITY = {1: 90, 2: 60, 3: 30, 4: 10}
"""ServiceNow's 1 (critical) to 4 (low) as ours, where more is sooner."""
PLACES = 2
"""Incidents an agent works on at a time."""


@dataclass(frozen=True, slots=True)
class Incident:
    """One row of the file. Times in epoch seconds; None is "not recorded"."""

    number: str
    opened_at: float
    resolved_at: float | None
    priority: int
    group: str
    resolver: str
    category: str
    subcategory: str
    location: str

    @property
    def queue_id(self) -> str:
        return slug(self.group)


def load() -> list[Incident]:
    """All incidents in the order in which they were opened."""
    with FILE.open(newline="") as file:
        incidents = [_incident(row) for row in csv.DictReader(file)]
    return sorted(incidents, key=lambda incident: (incident.opened_at, incident.number))


def slug(name: str) -> str:
    """`Group 70` as `group-70`."""
    return "group-unknown" if name == UNKNOWN else re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def user_id(resolver: str) -> str:
    """`Resolved by 149` as `resolver-149`."""
    return slug(resolver.replace("Resolved by", "Resolver")) if resolver != UNKNOWN else "resolver-unknown"


def tenant(incidents: list[Incident]) -> dict[str, Any]:
    """The tenant's document: a queue for each group, an agent for each resolver, one flow.

    One client plays several, and faster than life: its share of requests is large.
    """
    groups = sorted({incident.group for incident in incidents} | {UNKNOWN})
    serves: dict[str, set[str]] = defaultdict(set)
    for incident in incidents:
        serves[incident.resolver].add(incident.queue_id)
    return {
        "requests_per_second": 1000,
        "queues": [{"queue_id": slug(group), "queue_name": _group_name(group)} for group in groups],
        "agents": [
            {
                "user_id": user_id(resolver),
                "display_name": resolver.replace("Resolved by", "Resolver"),
                "queues": sorted(queues),
                "capacity": {"work_item": PLACES},
            }
            for resolver, queues in sorted(serves.items())
        ],
        "flows": [
            {
                "flow_id": "incidents",
                "flow_name": "Incidents",
                "entry_points": [{"entry_id": ENTRY_ID, "entry_name": "incidents"}],
                "versions": [{"flow_version": 1, "status": "published", "steps": [_urgency(), _group(groups)]}],
            }
        ],
    }


def start(world: World, body: dict[str, Any], actor: str, idempotency: intake.IdempotencyKey | None = None) -> str:
    """Start in this process what `start_body` asks for; the engagement's id."""
    return intake.start(
        world,
        flow_entry_id=body["flow"]["flow_entry_id"],
        channel="work_item",
        content=wire.content_of(body),
        actor=actor,
        idempotency=idempotency,
        use_existing=False,
    ).engagement_id


def start_body(incident: Incident) -> dict[str, Any]:
    """The Start Engagement call that the ticketing system makes for an incident."""
    return {
        "channels": [{"channel": "work_item", "channel_source": "API"}],
        "flow": {"flow_entry_id": ENTRY_ID},
        "consumers": [{"consumer_display_name": incident.location}],
        "work_item_variables": {
            "work_item_id": incident.number,
            "work_item_name": f"{incident.number} {incident.category}",
            "work_item_desc": f"{incident.category}, {incident.subcategory}, at {incident.location}",
            "work_item_type": "incident",
            "work_item_origin": "ticketing",
            "work_item_priority": incident.priority,
            "work_item_hyperlink": f"https://tickets.example.com/incident/{incident.number}",
        },
        "variables": [{"name": "global_custom.incident.group", "value": incident.group}],
    }


def _incident(row: dict[str, str]) -> Incident:
    opened_at = _time(row["opened_at"])
    assert opened_at is not None
    return Incident(
        number=row["number"],
        opened_at=opened_at,
        resolved_at=_time(row["resolved_at"]),
        priority=int(row["priority"].split()[0]),
        group=row["assignment_group"],
        resolver=row["resolved_by"],
        category=row["category"],
        subcategory=row["subcategory"],
        location=row["location"],
    )


def _time(text: str) -> float | None:
    """The file says no zone; UTC serves, since only differences matter."""
    return None if text == UNKNOWN else datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=UTC).timestamp()


def _group_name(group: str) -> str:
    return "Group unknown" if group == UNKNOWN else group


def _urgency() -> dict[str, Any]:
    return {
        "choose": [
            {
                "when": {"field": "work_item_priority", "op": "equal_to", "value": level},
                "route": {"priority": priority},
            }
            for level, priority in PRIORITY.items()
        ],
        "otherwise": {"priority": 0},
    }


def _group(groups: list[str]) -> dict[str, Any]:
    return {
        "choose": [
            {
                "when": {"field": "global_custom.incident.group", "op": "equal_to", "value": group},
                "route": {"queue_id": slug(group)},
            }
            for group in groups
        ],
        "otherwise": {"queue_id": slug(UNKNOWN)},
    }
