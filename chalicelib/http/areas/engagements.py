"""Engagements: start, read, change."""

from __future__ import annotations

import hashlib
import json

from chalicelib.engagements.model import Engagement
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import wire
from chalicelib.http.authorization import Resource, authorize
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import StartEngagement, UpdateEngagement
from chalicelib.operations import desk, explaining, intake, reading

MAX_KEY = 255


def start_engagement(call: Call[StartEngagement]) -> Answer:
    body = call.body.model_dump(mode="json", exclude_none=True)
    content = wire.content_of(body)
    done = intake.start(
        call.world,
        flow_entry_id=call.body.flow.flow_entry_id,
        channel=call.body.channels[0].channel,
        content=content,
        actor=call.principal.actor,
        idempotency=_idempotency(call),
        use_existing=call.body.on_conflict == "use_existing",
        not_before=_moment(call.body.not_before),
    )
    headers = {"Location": f"/v2/contact_center/engagements/{done.engagement_id}"}
    if done.existing is not None:
        content = done.existing.content
    if done.outcome == "replayed":
        headers["Idempotent-Replayed"] = "true"
    answer = wire.started(done.engagement_id, done.started_at, done.flow, content)
    return Answer(200 if done.outcome == "existing" else 201, answer, headers)


def get_engagement(call: Call[None]) -> Answer:
    found = _reachable(call, reading.engagement(call.world, call.path["engagement_id"]))
    return Answer(200, wire.engagement(found), {"ETag": f'"{found.version}"'})


def get_events(call: Call[None]) -> Answer:
    found = _reachable(call, reading.engagement(call.world, call.path["engagement_id"]))
    events = [wire.event(each) for each in reading.events(call.world, found)]
    return Answer(200, {"engagement_id": found.engagement_id, "events": events})


def get_explanation(call: Call[None]) -> Answer:
    found = _reachable(call, reading.engagement(call.world, call.path["engagement_id"]))
    why, events = explaining.explain(call.world, found), reading.events(call.world, found)
    return Answer(200, wire.explanation(found, why, events))


def find_work_item(call: Call[None]) -> Answer:
    missing = [name for name in ("work_item_id", "work_item_name") if not call.query.get(name)]
    if missing:
        wrong = [FieldError(f"query/{name}", "This parameter is required.") for name in missing]
        raise InvalidRequest("Validation Failed.", wrong)
    found = reading.last_of_work(call.world, call.query["work_item_id"], call.query["work_item_name"])
    return Answer(200, wire.engagement(_reachable(call, found)), {"ETag": f'"{found.version}"'})


def update_engagement(call: Call[UpdateEngagement]) -> Answer:
    me = call.principal
    found = _reachable(call, reading.engagement(call.world, call.path["engagement_id"]))
    order = desk.Order(found.engagement_id, me.actor, me.subject if me.role == "agent" else None, call.if_match())
    changed = _update(call, order, found)
    headers = {"ETag": f'"{changed.version}"'}
    if me.role == "agent" and call.headers.get("prefer") == "return=representation":
        _, held = desk.assignments(call.world, me.subject)
        return Answer(200, {"assignments": [wire.assignment(each, me.subject) for each in held]}, headers)
    return Answer(204, None, headers)


def _update(call: Call[UpdateEngagement], order: desk.Order, found: Engagement) -> Engagement:
    """To end what nobody works on, or what its source no longer wants, is to withdraw it; no agent may."""
    role, action = call.principal.role, call.body.engagement_action
    if action == "end":
        waits = found.state in ("scheduled", "queued", "offered")
        if role == "integration" or (role == "supervisor" and waits):
            return desk.cancel(call.world, order)
        return desk.end(call.world, order, call.body.disposition)
    authorize(call.principal, "engagement.handle")
    match action:
        case "release":
            return desk.release(call.world, order)
        case "activate":
            return desk.activate(call.world, order)
        case "deactivate":
            return desk.deactivate(call.world, order, _moment(call.body.wake_at))


def _moment(text: str | None) -> int | None:
    return None if text is None else wire.moment(text)


def _reachable(call: Call[None] | Call[UpdateEngagement], found: Engagement) -> Engagement:
    call.allow(Resource(found.holders, found.started_by))
    return found


def _idempotency(call: Call[StartEngagement]) -> intake.IdempotencyKey | None:
    key = call.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
        message = f"Between 1 and {MAX_KEY} printable characters."
        raise InvalidRequest("Validation Failed.", [FieldError("header/Idempotency-Key", message)])
    canonical = json.dumps(call.body.model_dump(mode="json"), sort_keys=True).encode()
    return intake.IdempotencyKey(f"{call.principal.subject}:{key}", hashlib.sha256(canonical).hexdigest())


ENDPOINTS = (
    Endpoint(
        "POST",
        "/v2/contact_center/engagement",
        "engagement.start",
        "Start an engagement",
        start_engagement,
        body=StartEngagement,
        status=201,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/engagements/{engagement_id}",
        "engagement.read",
        "Read an engagement, open or closed",
        get_engagement,
    ),
    Endpoint(
        "PATCH",
        "/v2/contact_center/engagements/{engagement_id}",
        "engagement.update",
        "End, release, park or take up an engagement",
        update_engagement,
        body=UpdateEngagement,
        status=204,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/engagements/{engagement_id}/events",
        "engagement.read",
        "List an engagement's events, oldest first",
        get_events,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/engagements/{engagement_id}/explanation",
        "engagement.explain",
        "Explain why an engagement waits",
        get_explanation,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/work_items",
        "engagement.read",
        "Find the active, or else the last, engagement of a work",
        find_work_item,
        query=("work_item_id", "work_item_name"),
    ),
)
