"""Which engagement a request is about, if the caller can reach it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from chalicelib.engagements.model import Engagement
from chalicelib.http.authorization import Resource, owns
from chalicelib.http.endpoint import Call
from chalicelib.operations import reading
from chalicelib.operations.ordering import Order


def reachable(call: Call[Any], found: Engagement | None = None) -> Engagement:
    """The engagement in the path, or the one that was found. Raises `NotFound` for what is not the caller's."""
    found = found or reading.engagement(call.world, call.path["engagement_id"])
    call.allow(_as_resource(found))
    return found


def reaches(call: Call[Any], found: Engagement, action: str | None = None) -> bool:
    """Whether an engagement is within the caller's reach, for what is called or another action."""
    return owns(call.principal, action or call.action, _as_resource(found))


def masked(call: Call[Any]) -> frozenset[str]:
    """The variables whose values only systems, and those who answer for them, may see."""
    return call.world.tenant().masked if call.principal.role in ("agent", "supervisor") else frozenset()


def is_reported_to(call: Call[Any], who: Set[str | None], queue_id: str) -> bool:
    """Whether the caller's reports tell what these agents did in a queue: agents have what is theirs, supervisors of
    teams what is their teams'."""
    if call.principal.role == "agent":
        return call.principal.subject in who
    mine = call.principal.supervised
    return mine is None or not mine.agents.isdisjoint(who) or queue_id in mine.queues


def _as_resource(found: Engagement) -> Resource:
    return Resource((*found.holders, *found.participants), found.started_by, found.queue_id)


def order_of(call: Call[Any], found: Engagement) -> Order:
    """An order on it in the caller's name; an agent's is carried out only while it is in his hands."""
    me = call.principal
    return Order(found.engagement_id, me.actor, me.subject if me.role == "agent" else None, seen_by(call, found))


def seen_by(call: Call[Any], found: Engagement) -> int | None:
    """The version that an order is meant for: for a supervisor of teams, the one that was found to be theirs."""
    match = call.if_match()
    return found.version if match is None and call.principal.supervised is not None else match
