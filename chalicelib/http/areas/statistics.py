"""Live numbers, for wallboards: what waits, who is there, what everybody does."""

from __future__ import annotations

from typing import Any

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.http import wire
from chalicelib.http.authorization import Resource, owns
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.unchanged import unless_seen
from chalicelib.operations import watching

CLOCK = frozenset({"time"})
STATUSES = ("ready", "not_ready", "offline")


def queue_statistics(call: Call[None]) -> Answer:
    now = call.world.now()
    found = watching.queues_now(call.world)
    rows = [_queue(each, now) for each in found if _shown(call, Resource(queue_id=each.queue.queue_id))]
    return unless_seen(call, {"time": wire.time_text(now), "queues": rows}, apart=CLOCK)


def user_statistics(call: Call[None]) -> Answer:
    found = watching.agents_now(call.world)
    rows = [_user(each) for each in found if _shown(call, Resource((each.agent.user_id,)))]
    return unless_seen(call, {"time": wire.time_text(call.world.now()), "users": rows}, apart=CLOCK)


def _shown(call: Call[None], resource: Resource) -> bool:
    """A supervisor of teams sees their queues and agents."""
    return owns(call.principal, call.action, resource)


def _queue(found: watching.QueueNow, now: int) -> dict[str, Any]:
    return {
        "queue_id": found.queue.queue_id,
        "queue_name": found.queue.queue_name,
        "channel": found.queue.channel,
        "open": found.is_open,
        "waiting": found.waiting,
        "waiting_within_service_level": found.within_service_level,
        "oldest_wait_seconds": None if found.oldest_at is None else (now - found.oldest_at) // 1000,
        "waiting_by_age": [{"up_to_seconds": limit, "waiting": count} for limit, count in found.by_age],
        "offers": found.offers,
        "in_work": found.in_work,
        "users": {status: found.agents[status] for status in STATUSES},
        "free": found.free,
        "free_by_channel": dict(found.free_by_channel),
        "estimated_wait_seconds": found.wait
        and {name: round(value / 1000) for name, value in found.wait._asdict().items()},
    }


def _user(found: watching.AgentNow) -> dict[str, Any]:
    return {
        "user_name": found.agent.display_name,
        **wire.status(found.occupancy),
        "capacity": found.capacity,
        "free": found.free,
        "idle_since": wire.time_text(found.occupancy.idle_since) if _is_idle(found.occupancy) else None,
        "engagements": [_work(each) for each in found.held],
    }


def _is_idle(occupancy: Occupancy) -> bool:
    """Whether he waits for work."""
    return occupancy.status == "ready" and not occupancy.is_busy


def _work(found: Engagement) -> dict[str, Any]:
    """What it is, without what it says."""
    return {
        "engagement_id": found.engagement_id,
        "state": found.state,
        "queue_id": found.queue_id,
        "channel": found.channel,
        "offer_expires_at": wire.time_text(found.offer.expires_at) if found.offer else None,
        "assigned_time": wire.time_text(found.assigned_at),
    }


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v2/contact_center/statistics/queues",
        "statistics.read",
        "Read what goes on in every queue now",
        queue_statistics,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/statistics/users",
        "statistics.read",
        "Read what every agent does now",
        user_statistics,
    ),
)
