"""The whole API, as a table of contents: the areas whose operations are on a subject.

Operations are on what their address names first. An area is imported with the first request to something that it has
operations on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module

from chalicelib.http.endpoint import Endpoint

ROOT = "/v2/contact_center/"
AREAS: Mapping[str, tuple[str, ...]] = {
    "health": ("service",),
    "openapi.json": ("service",),
    "oauth": ("service",),
    "engagement": ("engagements",),
    "work_items": ("engagements",),
    "engagements": ("lists", "engagements", "supervision"),
    "intake": ("intake",),
    "users": ("desk", "users", "resources", "staffing"),
    "me": ("console",),
    "console": ("console",),
    "statistics": ("statistics",),
    "analytics": ("datasets", "records", "reports", "reconciliation"),
    "configuration": ("tenant",),
    "queues": ("resources", "staffing"),
    "flows": ("resources", "flows", "staffing"),
    "flows_entry_points": ("resources",),
    "teams": ("resources",),
    "skills": ("resources",),
    "agent_routing_profiles": ("resources",),
    "consumer_routing_profiles": ("resources",),
    "occupancy_profiles": ("resources",),
    "business_hours": ("resources",),
    "closures": ("resources",),
    "dispositions": ("resources",),
    "variables": ("resources",),
    "consumer_lists": ("resources",),
    "system_statuses": ("resources",),
    "systems_of_record": ("resources", "intake"),
    "webhooks": ("resources", "webhooks"),
    "consumers": ("privacy",),
    "clients": ("clients",),
    "signing_keys": ("clients",),
}


def subject(path: str) -> str:
    """What an address, or a route, is about."""
    return path.removeprefix(ROOT).lstrip("/").partition("/")[0]


def endpoints(about: str) -> Iterator[Endpoint]:
    """The operations on a subject; none on one that there is not."""
    for area in AREAS.get(about, ()):
        found: tuple[Endpoint, ...] = import_module(f"chalicelib.http.areas.{area}").ENDPOINTS
        yield from (each for each in found if subject(each.path) == about)


@cache
def all_endpoints() -> tuple[Endpoint, ...]:
    """Every operation."""
    return tuple(endpoint for about in AREAS for endpoint in endpoints(about))
