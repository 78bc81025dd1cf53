"""References between the parts of a moved document: those that lead nowhere, in a circle or to another channel are cut
and reported.

An export may be partial, and other systems allow what Interleave refuses; what is left can always be applied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.movers.moving import Move

LIMITS = ("max_engagement_in_queue", "max_wait_time", "max_offers")
PROFILES = {
    "agent_routing_profile_id": "agent_routing_profiles",
    "consumer_routing_profile_id": "consumer_routing_profiles",
    "business_hours_id": "business_hours",
    "occupancy_profile_id": "occupancy_profiles",
}
"""Field → the part of the document that it refers to; the part's rows are found under the same field."""


def settle(move: Move, document: dict[str, Any]) -> None:
    """Cut what cannot stand, in place."""
    queues = document.get("queues", [])
    known = {queue["queue_id"]: _channel(queue) for queue in queues}
    entries = {
        point["entry_id"]: _channel(flow)
        for flow in document.get("flows", [])
        for point in flow.get("entry_points", ())
    }
    for row in [*queues, *document.get("agents", [])]:
        _profiles(move, document, row)
    for agent in document.get("agents", []):
        for missing in [each for each in agent["queues"] if each not in known]:
            move.leave(f"agent {agent['display_name']}", f"queue {missing}", "It is not in the export.")
        agent["queues"] = [each for each in agent["queues"] if each in known]
    groups = {agent["group_id"] for agent in document.get("agents", []) if agent.get("group_id")}
    for queue in queues:
        if "agent_groups" in queue:
            queue["agent_groups"] = [each for each in queue["agent_groups"] if each["group_id"] in groups]
        _overflow(move, queue, known, entries)
    for queue in queues:
        _circle(move, queue, {each["queue_id"]: each for each in queues})


def _profiles(move: Move, document: dict[str, Any], row: dict[str, Any]) -> None:
    for name, part in PROFILES.items():
        wanted = row.get(name)
        if wanted is not None and wanted not in {each[name] for each in document.get(part, [])}:
            move.leave(_called(row), f"{name} {wanted}", "It is not in the export.")
            del row[name]


def _overflow(move: Move, queue: dict[str, Any], known: Mapping[str, str], entries: Mapping[str, str]) -> None:
    """`known` and `entries`: the channels of queues and of what Entry IDs lead to."""
    place = queue.get("overflow") or {}
    for name, channels in (("queue_id", known), ("flow_entry_id", entries)):
        if name in place and channels.get(place[name]) != _channel(queue):
            why = "It is for another channel." if place[name] in channels else "It is not in the export."
            move.leave(_called(queue), f"overflow to {place[name]}", why)
            del queue["overflow"]
    if not queue.get("overflow"):
        for name in [each for each in LIMITS if each in queue]:
            move.leave(_called(queue), f"{name} {queue.pop(name)}", "There is no place for what it would turn away.")


def _circle(move: Move, queue: dict[str, Any], queues: dict[str, dict[str, Any]]) -> None:
    at, seen = queue, {queue["queue_id"]}
    while (onward := at.get("overflow", {}).get("queue_id")) is not None and onward not in seen:
        seen.add(onward)
        at = queues[onward]
    if onward is not None:
        move.leave(_called(at), f"overflow to {onward}", "It would go in a circle.")
        del at["overflow"]
        _overflow(move, at, {}, {})


def _channel(row: dict[str, Any]) -> str:
    return str(row.get("channel", "work_item"))


def _called(row: dict[str, Any]) -> str:
    return f"queue {row['queue_name']}" if "queue_name" in row else f"agent {row['display_name']}"
