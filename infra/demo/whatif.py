"""The demo's tickets as a history, and two what-ifs.

The file tells when a ticket was opened and resolved, not when work on it began. Taken here: a resolver works on one
ticket at a time, in the order in which he resolved them, so he began at the later of its opening and his previous
resolution. What then remains is its handling time, what was before its wait. Resolvers are there round the clock, since
the tickets were resolved at all hours. Tickets that were never resolved have no handling time, and are left out.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from infra.demo import incidents
from infra.demo.incidents import ENTRY_ID, PRIORITY, Incident, start_body, user_id
from infra.simulation import history
from infra.simulation.history import History, Part, Place, Recorded, Stay

BUSIEST = 5
THRESHOLD = 86_400


def recorded(tickets: list[Incident]) -> History:
    """The tickets as if Interleave had them on record."""
    by_resolver: dict[str, list[Incident]] = defaultdict(list)
    for ticket in tickets:
        if ticket.resolved_at is not None:
            by_resolver[ticket.resolver].append(ticket)
    found = []
    for resolver, his in by_resolver.items():
        before = 0
        for ticket in sorted(his, key=lambda each: (each.resolved_at, each.opened_at, each.number)):
            opened, resolved = round(1000 * ticket.opened_at), round(1000 * (ticket.resolved_at or 0))
            found.append(_recorded(ticket, user_id(resolver), opened, max(opened, before), resolved))
            before = resolved
    return history.of(sorted(found, key=lambda each: each.engagement_id), (), staffed(tickets))


def _recorded(ticket: Incident, resolver: str, opened: int, began: int, resolved: int) -> Recorded:
    priority = PRIORITY[ticket.priority]
    return Recorded(
        engagement_id=ticket.number,
        queued_at=opened,
        to=Place(ticket.queue_id, priority),
        flow_entry_id=ENTRY_ID,
        work_item_variables={"work_item_priority": ticket.priority},
        variables=tuple(start_body(ticket)["variables"]),
        parts=(Part(resolver, began, resolved - began),),
        stays=(Stay(ticket.queue_id, priority, opened, began, "taken"),),
        closed_at=resolved,
    )


def staffed(tickets: list[Incident]) -> dict[str, Any]:
    """The demo's tenant, in which a resolver works on one ticket at a time."""
    document = incidents.tenant(tickets)
    for agent in document["agents"]:
        agent["capacity"] = {"work_item": 1}
    for queue in document["queues"]:
        queue["auto_accept"] = True
        queue["service_level"] = {"threshold": THRESHOLD}
    return document


def pooled(tickets: list[Incident]) -> dict[str, Any]:
    """What if everybody of the busiest groups served all of these?"""
    document, busiest = staffed(tickets), set(_busiest(tickets))
    for agent in document["agents"]:
        if busiest & set(agent["queues"]):
            agent["queues"] = sorted(busiest | set(agent["queues"]))
    return document


def enlarged(tickets: list[Incident]) -> dict[str, Any]:
    """What if each of the busiest groups had one resolver more?"""
    document = staffed(tickets)
    for queue_id in _busiest(tickets):
        document["agents"].append(
            {
                "user_id": f"new-{queue_id}",
                "display_name": f"New in {queue_id}",
                "queues": [queue_id],
                "capacity": {"work_item": 1},
            }
        )
    return document


def _busiest(tickets: list[Incident]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for ticket in tickets:
        counts[ticket.queue_id] += 1
    return sorted(counts, key=lambda queue_id: (-counts[queue_id], queue_id))[:BUSIEST]
