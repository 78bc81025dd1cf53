"""Flows beyond their being entries of the document: publishing a version, trying one, taking one out as a file."""

from __future__ import annotations

from typing import Any

from chalicelib.configuration import resources
from chalicelib.configuration.flow_file import FLOWS, export_flow, import_flow, published
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.flows import cases
from chalicelib.flows.document import Case
from chalicelib.http import explanations
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import TryFlow
from chalicelib.operations import configuring


def publish_flow(call: Call[None]) -> Answer:
    number = _version(call)
    if number is None:
        raise InvalidRequest("Validation Failed.", [FieldError("query/flow_version", "Say which version.")])
    terms = configuring.Terms(call.principal.actor, f"Publish {call.path['flow_id']} {number}")
    configuring.edit(call.world, lambda known: published(known, call.path["flow_id"], number), call.if_match(), terms)
    return Answer(204)


def export_flow_file(call: Call[None]) -> Answer:
    document = configuring.current(call.world).document
    flow = import_flow(resources.find(document, FLOWS, call.path["flow_id"]))
    return Answer(200, export_flow(flow, _version(call)))


def try_flow(call: Call[TryFlow]) -> Answer:
    tenant, body, number = call.world.latest_tenant(), call.body, _version(call)
    flow = next((each for each in tenant.flows if each.flow_id == call.path["flow_id"]), None)
    if flow is None:
        raise NotFound(f"Flow does not exist: {call.path['flow_id']}.")
    newest = flow.versions[-1] if flow.versions else None
    numbered = {each.flow_version: each for each in flow.versions}
    version = flow.published() or newest if number is None else numbered.get(number)
    if version is None:
        raise NotFound(f"Flow {flow.flow_id} has no such version.")
    at = body.at or cases.time_text(call.world.now())
    try:
        outcome = cases.outcome_of(Case("", {}, body.given, at, body.answers), version, tenant.setting)
    except cases.Unanswered as lacking:
        wrong = FieldError(f"/answers/{lacking.step}", str(lacking))
        raise InvalidRequest("A step asks for something that is not said.", [wrong]) from None
    except ValueError:
        raise InvalidRequest("Validation Failed.", [FieldError("/at", "A time, such as 2026-01-05T12:00Z.")]) from None
    parts = {name: part(outcome) for name, part in cases.PARTS.items() if name != "trace"}
    steps = explanations.steps(outcome.trace)
    return Answer(200, {"flow_id": flow.flow_id, "flow_version": version.flow_version, "steps": steps, **parts})


def _version(call: Call[Any]) -> int | None:
    text = call.query.get("flow_version")
    if text is not None and not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise InvalidRequest("Validation Failed.", [FieldError("query/flow_version", "A number, such as 3.")])
    return None if text is None else int(text)


_ONE = "/v2/contact_center/flows/{flow_id}"

ENDPOINTS = (
    Endpoint(
        "PUT",
        f"{_ONE}/publish",
        "configuration.write",
        "Publish a version of a flow; the one that was published is archived",
        publish_flow,
        query=("flow_version",),
        status=204,
        scope="contact_center_flow:write:admin",
    ),
    Endpoint(
        "GET",
        f"{_ONE}/export",
        "configuration.read",
        "Take a flow out as a file, with one version or all; creating a flow takes it in as `flow_file`",
        export_flow_file,
        query=("flow_version",),
        scope="contact_center_flow:read:admin",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/try",
        "configuration.write",
        "Try a version of a flow with what is given: where it leads and by which steps; nothing is written or called",
        try_flow,
        body=TryFlow,
        query=("flow_version",),
    ),
)
