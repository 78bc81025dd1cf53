"""The agent's desk: status, offers and assignments."""

from __future__ import annotations

import hashlib
import json
from typing import Any, cast

from chalicelib.engagements.model import AgentStatus, Engagement, Occupancy
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.http import wire
from chalicelib.http.authorization import Resource
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import AnswerOffer, DeclineOffer, PullWork, SetStatus, WrapUp
from chalicelib.operations import desk, explaining
from chalicelib.operations.translation import room

POLL_SOON_SECONDS = 2
POLL_LATER_SECONDS = 15


def get_assignments(call: Call[None]) -> Answer:
    occupancy, held = desk.assignments(call.world, call.principal.subject)
    answer = _assignments(call, held)
    tag = f'"{hashlib.sha256(json.dumps(answer).encode()).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Retry-After": str(_poll_after(call, occupancy))}
    if call.headers.get("if-none-match") == tag:
        return Answer(304, None, headers)
    return Answer(200, answer, headers)


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
    desk.wrap_up(call.world, _mine(call), call.body.disposition)
    return _what_is_next(call)


def get_explanation(call: Call[None]) -> Answer:
    user_id = _user(call)
    if user_id not in call.world.tenant().agent_by_id:
        raise NotFound(f"User does not exist: {user_id}.")
    return Answer(200, wire.agent_explanation(user_id, *explaining.explain_to_agent(call.world, user_id)))


def get_status(call: Call[None]) -> Answer:
    user_id = _user(call)
    return Answer(200, wire.status(call.world.store.occupancies([user_id])[user_id]))


def set_status(call: Call[SetStatus]) -> Answer:
    status = _status(call.body.status_id)
    if call.body.sub_status_id is not None and status != "not_ready":
        message = "The status must be Not Ready when updating substatus."
        raise InvalidRequest(message, [FieldError("/sub_status_id", message)])
    desk.set_status(call.world, _user(call), status, call.body.sub_status_id, call.principal.actor)
    return Answer(204)


def _mine(call: Call[Any]) -> desk.Order:
    """The engagement in the path, if it is in the caller's hands."""
    me = call.principal
    return desk.Order(call.path["engagement_id"], me.actor, me.subject)


def _assignments(call: Call[Any], held: list[Engagement]) -> dict[str, Any]:
    return {"assignments": [wire.assignment(each, call.principal.subject) for each in held]}


def _what_is_next(call: Call[Any]) -> Answer:
    """Answers carry the assignments as they are now, so that a busy agent needs no polling."""
    _, held = desk.assignments(call.world, call.principal.subject)
    return Answer(200, _assignments(call, held))


def _poll_after(call: Call[Any], occupancy: Occupancy) -> int:
    """Soon while something may come; later where nothing can."""
    tenant = call.world.tenant()
    agent = tenant.agent_by_id.get(occupancy.agent_id)
    channels = tenant.places(agent)[0] if agent else ()
    has_room = any(room(tenant, occupancy, channel) > 0 for channel in channels)
    return POLL_SOON_SECONDS if has_room and occupancy.status == "ready" else POLL_LATER_SECONDS


def _user(call: Call[Any]) -> str:
    """The user in the path, where `me` is the caller."""
    user_id = call.path["user_id"]
    user_id = call.principal.subject if user_id == "me" else user_id
    call.allow(Resource((user_id,)))
    return user_id


def _status(text: str) -> AgentStatus:
    name = wire.STATUS_IDS.get(text) or text.lower().replace(" ", "_")
    if name not in wire.STATUS_NAMES:
        message = "Use 1 (Offline), 2 (Not Ready) or 3 (Ready); names work too."
        raise InvalidRequest("Validation Failed.", [FieldError("/status_id", message)])
    return cast(AgentStatus, name)


_MINE = "/v2/contact_center/users/me/assignments"
_STATUS = "/v2/contact_center/users/{user_id}/status"

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
        "End the wrap-up and close the engagement",
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
    Endpoint(
        "GET",
        "/v2/contact_center/users/{user_id}/explanation",
        "agent.explain",
        "Explain what comes to an agent next, and why nothing else does",
        get_explanation,
    ),
    Endpoint("GET", _STATUS, "status.read", "Read an agent's status and load", get_status),
    Endpoint("PATCH", _STATUS, "status.set", "Set an agent's status", set_status, body=SetStatus, status=204),
)
