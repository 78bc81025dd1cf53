"""Engagements: start, read, change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any, cast

from chalicelib.engagements.model import Engagement
from chalicelib.errors import FieldError, InterleaveError, InvalidRequest, NotAllowed, TooManyRequests
from chalicelib.http import explanations, problems, wire
from chalicelib.http.authorization import authorize
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.held import assignments_after
from chalicelib.http.models import StartEngagement, StartMany, StartOne, UpdateEngagement
from chalicelib.http.reach import masked, order_of, reachable, reaches
from chalicelib.operations import amending, desk, explaining, intake, reading, transferring
from chalicelib.operations.ordering import Order

MAX_KEY = 255
MAX_BATCH_BYTES = 4 * 1024 * 1024
MOST_ANSWERED = 5_500_000
"""Bytes of a batch as it is answered: a function's answer, in which it is a text within JSON, has 6 MB at most."""
BATCH_MS = 20_000
"""After so long a batch starts nothing more: its last flow may ask for seconds, and whoever waits for the answer waits
29 at most."""


def start_engagement(call: Call[StartEngagement]) -> Answer:
    key = call.headers.get("idempotency-key")
    if key is not None and (not 1 <= len(key) <= MAX_KEY or not key.isprintable()):
        message = f"Between 1 and {MAX_KEY} printable characters."
        raise InvalidRequest("Validation Failed.", [FieldError("header/Idempotency-Key", message)])
    return _start(call, call.body, key)


def start_many(call: Call[StartMany]) -> Answer:
    """Each start holds or not by itself; the results stand in the order of the requests."""
    size = len(json.dumps(json.dumps(call.body.model_dump(mode="json", exclude_none=True))))
    if size > MOST_ANSWERED:
        message = f"The answer would have {size} bytes, of at most {MOST_ANSWERED}; send fewer at once."
        raise InvalidRequest("The batch is too large.", [FieldError("/engagements", message)])
    until = call.world.now() + BATCH_MS
    results = [_result(call, each, until) for each in call.body.engagements]
    return Answer(200, {"engagements": results})


def _result(call: Call[StartMany], one: StartOne, until: int) -> dict[str, Any]:
    try:
        if call.world.now() >= until:
            raise TooManyRequests("Those before it took too long; send it again, with the rest.", retry_after=1)
        answer = _start(call, one, one.idempotency_key)
    except InterleaveError as error:
        status, problem = problems.problem(error, "")
        return {"status": status, "problem": problem}
    return {"status": answer.status, "engagement": answer.body}


def _start(call: Call[Any], body: StartEngagement, key: str | None) -> Answer:
    given = body.model_dump(mode="json", exclude_none=True)
    content = wire.content_of(given)
    done = intake.start(
        call.world,
        flow_entry_id=body.flow.flow_entry_id,
        channel=body.channels[0].channel,
        content=content,
        actor=call.principal.actor,
        idempotency=_idempotency(body, key),
        use_existing=body.on_conflict == "use_existing",
        not_before=_moment(body.not_before),
    )
    headers = {"Location": f"/v2/contact_center/engagements/{done.engagement_id}"}
    hidden: frozenset[str] = frozenset()
    if done.existing is not None and reaches(call, done.existing, "engagement.read"):
        content, hidden = done.existing.content, masked(call)
    if done.outcome == "replayed":
        headers["Idempotent-Replayed"] = "true"
    answer = wire.started(done.engagement_id, done.started_at, done.flow, content, body.channels[0].channel, hidden)
    return Answer(200 if done.outcome == "existing" else 201, answer, headers)


def get_engagement(call: Call[None]) -> Answer:
    """The system that started it is told where to connect whom; nobody else needs to know."""
    found = reachable(call)
    connections = wire.connections(call.world.tenant(), found) if call.principal.role == "integration" else {}
    return Answer(200, {**wire.engagement(found, masked(call)), **connections}, {"ETag": f'"{found.version}"'})


def get_events(call: Call[None]) -> Answer:
    found = reachable(call)
    events = [wire.event(each) for each in reading.events(call.world, found)]
    return Answer(200, {"engagement_id": found.engagement_id, "events": events})


def get_explanation(call: Call[None]) -> Answer:
    found = reachable(call)
    why, events = explaining.explain(call.world, found), reading.events(call.world, found)
    return Answer(200, explanations.explanation(found, why, events))


def find_work_item(call: Call[None]) -> Answer:
    missing = [name for name in ("work_item_id", "work_item_name") if not call.query.get(name)]
    if missing:
        wrong = [FieldError(f"query/{name}", "This parameter is required.") for name in missing]
        raise InvalidRequest("Validation Failed.", wrong)
    last = reading.last_of_work(call.world, call.query["work_item_id"], call.query["work_item_name"])
    found = reachable(call, last)
    return Answer(200, wire.engagement(found, masked(call)), {"ETag": f'"{found.version}"'})


def get_targets(call: Call[None]) -> Answer:
    kinds = {"queues": "queue", "users": "agent", "flows": "flow"}
    found, name = reachable(call), call.path["targets"]
    if name not in kinds:
        raise InvalidRequest("There is no such kind of target.", [FieldError("path/targets", f"One of {list(kinds)}.")])
    kind = cast(transferring.Kind, kinds[name])
    return Answer(200, wire.targets(call.world.tenant(), name, transferring.targets(call.world.tenant(), found, kind)))


def update_engagement(call: Call[UpdateEngagement]) -> Answer:
    me = call.principal
    found = reachable(call)
    changed = _update(call, order_of(call, found), found)
    if me.role in ("agent", "supervisor") and call.preferred("return") == "representation":
        return assignments_after(call)
    return Answer(204, None, {"ETag": f'"{changed.version}"'})


def _update(call: Call[UpdateEngagement], order: Order, found: Engagement) -> Engagement:
    """Its source says that the consumer has left, or withdraws it; a supervisor withdraws what nobody works on."""
    body, role, world = call.body, call.principal.role, call.world
    if body.engagement_action is None:
        return amending.update(world, order, wire.amendment_of(body.model_dump(mode="json", exclude_unset=True)))
    if body.engagement_action == "end" and body.ended_by == "consumer":
        if role != "integration":
            raise NotAllowed("Only the system that carries the conversation says that the consumer has left it.")
        return desk.consumer_left(world, order, body.disposition)
    if body.engagement_action == "end":
        waits = found.state in ("scheduled", "queued", "offered")
        if role == "integration":
            return desk.cancel(world, order, body.disposition)
        if role in ("supervisor", "admin") and waits:  # as it was seen: by now it may be in somebody's hands
            return desk.cancel(
                world,
                replace(order, version=found.version if order.version is None else order.version),
                body.disposition,
            )
        authorize(call.principal, "engagement.handle")
        return desk.end(world, order, body.disposition)
    authorize(call.principal, "engagement.handle")
    match body.engagement_action:
        case "release":
            return desk.release(world, order)
        case "activate":
            return desk.activate(world, order)
        case "deactivate":
            return desk.deactivate(world, order, _moment(body.wake_at))
        case "switch":
            return amending.switch(world, order, _given(body.target_channel, "target_channel"))
        case _:
            return transferring.transfer(world, order, _target(body))


def _target(body: UpdateEngagement) -> transferring.Target:
    match body.engagement_action:
        case "transfer to queue":
            kind, wanted = "queue", _given(body.target_queue_id, "target_queue_id")
        case "transfer to agent":
            kind, wanted = "agent", _given(body.target_agent_id, "target_agent_id")
        case _:
            kind, wanted = "flow", _given(body.target_flow_id, "target_flow_id")
    return transferring.Target(cast(transferring.Kind, kind), wanted, body.keep_skills)


def _given(value: str | None, name: str) -> str:
    if value is None:
        raise InvalidRequest("Validation Failed.", [FieldError(f"/{name}", "This action needs it.")])
    return value


def _moment(text: str | None) -> int | None:
    return None if text is None else wire.moment(text)


def _idempotency(body: StartEngagement, key: str | None) -> intake.IdempotencyKey | None:
    if key is None:
        return None
    canonical = json.dumps(body.model_dump(mode="json", exclude={"idempotency_key"}), sort_keys=True).encode()
    return intake.IdempotencyKey(key, hashlib.sha256(canonical).hexdigest())


_ONE = "/v2/contact_center/engagements/{engagement_id}"
_KEY = (
    f"For {intake.RECEIPT_SECONDS // 3600} hours, the same client's same request with the same key is given the first "
    "answer again, if that told of a start, and another request is refused."
)

ENDPOINTS = (
    Endpoint(
        "POST",
        "/v2/contact_center/engagement",
        "engagement.start",
        "Start an engagement",
        start_engagement,
        body=StartEngagement,
        headers={"Idempotency-Key": _KEY},
        status=201,
    ),
    Endpoint(
        "POST",
        "/v2/contact_center/engagements/batch",
        "engagement.start",
        "Start up to 100 engagements, each with a result of its own",
        start_many,
        body=StartMany,
        max_body=MAX_BATCH_BYTES,
    ),
    Endpoint("GET", _ONE, "engagement.read", "Read an engagement, open or closed", get_engagement),
    Endpoint(
        "PATCH",
        _ONE,
        "engagement.update",
        "End, release, park, take up, transfer, switch or change an engagement",
        update_engagement,
        body=UpdateEngagement,
        status=204,
    ),
    Endpoint("GET", f"{_ONE}/events", "engagement.read", "List an engagement's events, oldest first", get_events),
    Endpoint(
        "GET",
        f"{_ONE}/explanation",
        "engagement.explain",
        "Explain why an engagement waits, and how it was decided about",
        get_explanation,
    ),
    Endpoint(
        "GET",
        f"{_ONE}/transfer/{{targets}}",
        "engagement.read",
        "List the queues, users or flows that an engagement may be transferred to",
        get_targets,
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
