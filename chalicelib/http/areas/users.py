"""Agents: status, queues opted out of, heartbeat, work given by other systems, and what comes next."""

from __future__ import annotations

from typing import Any, cast

from chalicelib.engagements.model import AgentStatus
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.http import explanations, wire
from chalicelib.http.authorization import Resource
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import Elsewhere, OptOut, SetStatus
from chalicelib.operations import explaining, sessions


def get_agent_explanation(call: Call[None]) -> Answer:
    user_id = _user(call)
    if user_id not in call.world.tenant().agent_by_id:
        raise NotFound(f"User does not exist: {user_id}.")
    return Answer(200, explanations.agent_explanation(user_id, *explaining.explain_to_agent(call.world, user_id)))


def get_status(call: Call[None]) -> Answer:
    return Answer(200, wire.status(sessions.status_of(call.world, _user(call))))


def set_status(call: Call[SetStatus]) -> Answer:
    status = _status(call.body.status_id)
    if call.body.sub_status_id is not None and status != "not_ready":
        message = "The status must be Not Ready when updating substatus."
        raise InvalidRequest(message, [FieldError("/sub_status_id", message)])
    sessions.set_status(call.world, _user(call), status, call.body.sub_status_id, call.principal.actor)
    return Answer(204)


def opt_out(call: Call[OptOut]) -> Answer:
    sessions.opt_out(call.world, _user(call), call.body.opt_out)
    return Answer(204)


def beat(call: Call[None]) -> Answer:
    sessions.beat(call.world, _user(call))
    return Answer(204)


def take_elsewhere(call: Call[Elsewhere]) -> Answer:
    sessions.take_elsewhere(call.world, _user(call), call.path["reference"], call.body.channel)
    return Answer(204)


def leave_elsewhere(call: Call[None]) -> Answer:
    sessions.leave_elsewhere(call.world, _user(call), call.path["reference"])
    return Answer(204)


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


_USER = "/v2/contact_center/users/{user_id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_USER}/explanation",
        "agent.explain",
        "Explain what comes to an agent next, and why nothing else does",
        get_agent_explanation,
    ),
    Endpoint("GET", f"{_USER}/status", "status.read", "Read an agent's status and load", get_status),
    Endpoint("PATCH", f"{_USER}/status", "status.set", "Set an agent's status", set_status, body=SetStatus, status=204),
    Endpoint("PATCH", f"{_USER}/queues", "status.set", "Opt out of queues for now", opt_out, body=OptOut, status=204),
    Endpoint("POST", f"{_USER}/heartbeat", "status.set", "Say that an agent's client is alive", beat, status=204),
    Endpoint(
        "PUT",
        f"{_USER}/occupancy/{{reference}}",
        "occupancy.report",
        "Report work that another system has given an agent",
        take_elsewhere,
        body=Elsewhere,
        status=204,
    ),
    Endpoint(
        "DELETE",
        f"{_USER}/occupancy/{{reference}}",
        "occupancy.report",
        "Report that such work is over",
        leave_elsewhere,
        status=204,
    ),
)
