"""Flows beyond their being entries of the document: publishing a version, trying one, taking one out as a file."""

from __future__ import annotations

from typing import Any

from chalicelib.configuration import resources
from chalicelib.configuration.flow_file import FLOWS, export_flow, import_flow, published
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import explanations
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import TryFlow, number_in
from chalicelib.operations import configuring, flowing


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
    body, flow_id = call.body, call.path["flow_id"]
    number, parts = flowing.try_out(call.world, flow_id, _version(call), body.given, body.answers, body.at)
    steps = explanations.steps(parts.pop("trace"))
    return Answer(200, {"flow_id": flow_id, "flow_version": number, "steps": steps, **parts})


def _version(call: Call[Any]) -> int | None:
    text = call.query.get("flow_version")
    version = None if text is None else number_in(text)
    if text is not None and version is None:
        raise InvalidRequest("Validation Failed.", [FieldError("query/flow_version", "A number, such as 3.")])
    return version


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
