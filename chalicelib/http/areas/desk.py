"""The agent's desk: status, offers and assignments."""

from __future__ import annotations

from typing import Any

from chalicelib.engagements.model import Occupancy
from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import AnswerOffer, DeclineOffer, PullWork, WrapUp
from chalicelib.http.unchanged import unless_seen
from chalicelib.operations import desk
from chalicelib.operations.ordering import Order
from chalicelib.operations.translation import room

POLL_SOON_SECONDS = 2
POLL_LATER_SECONDS = 15


def get_assignments(call: Call[None]) -> Answer:
    occupancy, held = desk.assignments(call.world, call.principal.subject)
    answer = wire.assignments(call.world.tenant(), held, call.principal.subject)
    return unless_seen(call, answer, {"Retry-After": str(_poll_after(call, occupancy))})


def accept_offer(call: Call[AnswerOffer]) -> Answer:
    desk.accept(call.world, _mine(call), call.body.offer_id)
    return _what_is_next(call)


def decline_offer(call: Call[DeclineOffer]) -> Answer:
    desk.decline(call.world, _mine(call), call.body.offer_id, call.body.reason)
    return _what_is_next(call)


def pull_assignment(call: Call[PullWork]) -> Answer:
    desk.pull(call.world, call.principal.subject, call.body.queue_id, call.principal.actor)
    return _what_is_next(call)


def end_wrap_up(call: Call[WrapUp]) -> Answer:
    if call.body.extend_seconds is not None:
        desk.extend(call.world, _mine(call), call.body.extend_seconds)
    else:
        desk.wrap_up(call.world, _mine(call), call.body.disposition)
    return _what_is_next(call)


def _mine(call: Call[Any]) -> Order:
    """The engagement in the path, if it is in the caller's hands."""
    me = call.principal
    return Order(call.path["engagement_id"], me.actor, me.subject)


def _what_is_next(call: Call[Any]) -> Answer:
    """Answers carry the assignments as they are now, so that a busy agent needs no polling."""
    _, held = desk.assignments(call.world, call.principal.subject)
    return Answer(200, wire.assignments(call.world.tenant(), held, call.principal.subject))


def _poll_after(call: Call[Any], occupancy: Occupancy) -> int:
    """Soon while something may come; later where nothing can."""
    tenant = call.world.tenant()
    agent = tenant.agent_by_id.get(occupancy.agent_id)
    channels = tenant.places(agent)[0] if agent else ()
    has_room = any(room(tenant, occupancy, channel) > 0 for channel in channels)
    return POLL_SOON_SECONDS if has_room and occupancy.status == "ready" else POLL_LATER_SECONDS


_MINE = "/v2/contact_center/users/me/assignments"

ENDPOINTS = (
    Endpoint("GET", _MINE, "assignment.read", "List the caller's offers and assignments", get_assignments),
    Endpoint(
        "POST",
        f"{_MINE}/{{engagement_id}}/accept",
        "assignment.answer",
        "Accept an offer",
        accept_offer,
        body=AnswerOffer,
    ),
    Endpoint(
        "POST",
        f"{_MINE}/{{engagement_id}}/decline",
        "assignment.answer",
        "Decline an offer",
        decline_offer,
        body=DeclineOffer,
    ),
    Endpoint(
        "POST",
        f"{_MINE}/{{engagement_id}}/wrap_up",
        "assignment.answer",
        "End the wrap-up and close the engagement, or extend it",
        end_wrap_up,
        body=WrapUp,
    ),
    Endpoint(
        "POST",
        f"{_MINE}/pull",
        "assignment.pull",
        "Take what is next in a queue",
        pull_assignment,
        body=PullWork,
    ),
)
