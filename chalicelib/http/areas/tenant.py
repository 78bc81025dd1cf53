"""The tenant's configuration as one document: read, planned, applied, rolled back."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import RootModel

from chalicelib.configuration.plan import Step
from chalicelib.errors import FieldError, NotFound
from chalicelib.http import paging
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import ApplyDocument, RollBack, number_in
from chalicelib.http.wire import time_text
from chalicelib.operations import configuring
from chalicelib.storage.protocol import Configuration, Stamp


class Document(RootModel[dict[str, Any]]):
    """The tenant's document."""


def get_configuration(call: Call[None]) -> Answer:
    return _document(call, configuring.current(call.world))


def get_version(call: Call[None]) -> Answer:
    wanted = call.path["version"]
    found = call.world.store.configuration(number_in(wanted) or 0)
    if found.version == 0:
        raise NotFound(f"There is no version {wanted}.")
    return _document(call, found)


def list_versions(call: Call[None]) -> Answer:
    """Newest first."""
    size = paging.page_size(call)
    latest, skipped = paging.begin(call, "versions", call.world.store.configuration_version())
    first = latest - skipped
    versions = range(first, max(first - size, 0), -1)
    stamps = call.world.store.stamps(versions)
    rows = [_stamped(version, stamps.get(version, Stamp())) for version in versions]
    more = paging.token(call, "versions", latest, skipped + size) if first - size > 0 else ""
    return Answer(200, {"versions": rows, "page_size": size, "next_page_token": more, "total_records": latest})


def get_schema(call: Call[None]) -> Answer:
    return Answer(200, _schema())


def put_configuration(call: Call[Document]) -> Answer:
    terms = configuring.Terms(call.principal.actor, call.query.get("comment", ""), call.query.get("release") == "true")
    return _applied(configuring.apply(call.world, call.body.root, call.if_match(), terms))


def plan_configuration(call: Call[Document]) -> Answer:
    version, steps, warnings = configuring.planned(call.world, call.body.root)
    signs = [step.sign for step in steps]
    return Answer(
        200,
        {
            "version": version,
            "changes": [_step(step) for step in steps],
            "summary": {"add": signs.count("+"), "change": signs.count("~"), "remove": signs.count("-")},
            "warnings": [_warning(each) for each in warnings],
        },
    )


def apply_configuration(call: Call[ApplyDocument]) -> Answer:
    body = call.body
    terms = configuring.Terms(call.principal.actor, body.comment, body.release)
    return _applied(configuring.apply(call.world, body.document, call.if_match(), terms))


def roll_back(call: Call[RollBack]) -> Answer:
    body = call.body
    comment = body.comment or f"Back to version {body.version}"
    terms = configuring.Terms(call.principal.actor, comment, body.release)
    return _applied(configuring.rollback(call.world, body.version, call.if_match(), terms))


@cache
def _schema() -> dict[str, Any]:
    from chalicelib.configuration.schema import schema  # only whoever asks for it pays for the schema machinery

    return schema()


def _document(call: Call[None], found: Configuration) -> Answer:
    stamp = call.world.store.stamps([found.version]).get(found.version, Stamp())
    body = {**_stamped(found.version, stamp), "document": dict(found.document)}
    return Answer(200, body, {"ETag": f'"{found.version}"'})


def _stamped(version: int, stamp: Stamp) -> dict[str, Any]:
    applied = time_text(stamp.at) if stamp.at else None
    return {"version": version, "applied_time": applied, "applied_by": stamp.by, "comment": stamp.comment}


def _applied(done: configuring.Applied) -> Answer:
    body = {"version": done.version, "warnings": [_warning(each) for each in done.warnings]}
    return Answer(200, body, {"ETag": f'"{done.version}"'})


def _step(step: Step) -> dict[str, Any]:
    fields = [{"field": place, "before": before, "after": after} for place, before, after in step.fields]
    return {"action": step.sign, "kind": step.kind, "id": step.id, **({"fields": fields} if fields else {})}


def _warning(each: FieldError) -> dict[str, str]:
    return {"pointer": each.pointer, "message": each.message}


_PATH = "/v2/contact_center/configuration"
MAX_DOCUMENT_BYTES = 5 * 1024 * 1024

ENDPOINTS = (
    Endpoint("GET", _PATH, "configuration.read", "Read the tenant's document", get_configuration),
    Endpoint(
        "PUT",
        _PATH,
        "configuration.write",
        "Check and apply the tenant's document",
        put_configuration,
        body=Document,
        query=("comment", "release"),
        max_body=MAX_DOCUMENT_BYTES,
    ),
    Endpoint("GET", f"{_PATH}/schema", None, "Read the document's JSON Schema", get_schema),
    Endpoint(
        "POST",
        f"{_PATH}/plan",
        "configuration.read",
        "Say what would change, and what is worth a look",
        plan_configuration,
        body=Document,
        max_body=MAX_DOCUMENT_BYTES,
    ),
    Endpoint(
        "POST",
        f"{_PATH}/apply",
        "configuration.write",
        "Check and apply a document, with a comment",
        apply_configuration,
        body=ApplyDocument,
        max_body=MAX_DOCUMENT_BYTES,
    ),
    Endpoint(
        "GET",
        f"{_PATH}/versions",
        "configuration.read",
        "List the versions that were applied, newest first",
        list_versions,
        query=paging.PARAMETERS,
    ),
    Endpoint("GET", f"{_PATH}/versions/{{version}}", "configuration.read", "Read an earlier document", get_version),
    Endpoint(
        "POST",
        f"{_PATH}/rollback",
        "configuration.write",
        "Apply an earlier document again, as a new version",
        roll_back,
        body=RollBack,
    ),
)
