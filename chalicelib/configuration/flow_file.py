"""One flow as a file, in the shape that it has in the tenant's document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

from pydantic import ValidationError

from chalicelib.configuration import resources
from chalicelib.configuration.document import wrong_types
from chalicelib.configuration.kinds import KINDS, Document, Row
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.flows import versions
from chalicelib.flows.conditions import STRICT
from chalicelib.flows.document import Flow

FLOWS = next(kind for kind in KINDS if kind.name == "flows")


@dataclass(frozen=True, slots=True)
class FlowImport:
    """Zoom's way to create a flow of a file: `new`, or as one more `version` of the flow that has the name."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow_name: str
    flow_file: dict[str, Any]
    """As `export_flow` made it."""
    import_mode: Literal["new", "version"] = "new"


def export_flow(flow: Flow, flow_version: int | None = None) -> dict[str, Any]:
    """The flow with all its versions, or with one; `import_flow` makes the same of it. Raises `NotFound`."""
    if flow_version is not None:
        flow = replace(flow, versions=(versions.known(flow, flow_version),))
    return _dumped(flow)


def import_flow(document: Any) -> Flow:
    """The flow that a file holds. What it refers to is checked with the document that it is put into.

    Raises `InvalidRequest`.
    """
    try:
        flow: Flow = resources.adapter_of(Flow).validate_python(document)
        return flow
    except ValidationError as error:
        raise InvalidRequest("The flow is not valid.", wrong_types(error, Flow)) from None


def put_in(document: Document, body: Row, new_id: Callable[[], str]) -> tuple[Document, Row]:
    """The document with the flow that a `FlowImport` holds, and the flow as it stands there.

    Entry IDs that belong to another flow stay there. As a version, its newest becomes a draft. Raises `InvalidRequest`,
    and `NotFound` where no flow has the name.
    """
    try:
        given = resources.adapter_of(FlowImport).validate_python(body)
    except ValidationError as error:
        raise InvalidRequest("The import is not valid.", wrong_types(error, FlowImport)) from None
    flow = _imported(given.flow_file)
    if given.import_mode == "version":
        known = import_flow(resources.find(document, FLOWS, given.flow_name, by_name=True))
        newest = max(flow.versions, key=lambda version: version.flow_version)
        row = _dumped(versions.add(known, newest.steps, newest.cases))
        return resources.change(document, FLOWS, known.flow_id, row), row
    rows = resources.rows(document, FLOWS)
    taken = {point["entry_id"] for row in rows for point in row.get("entry_points", ())}
    row = _dumped(
        replace(
            flow,
            flow_id=flow.flow_id if flow.flow_id not in {row["flow_id"] for row in rows} else new_id(),
            flow_name=given.flow_name,
            entry_points=tuple(point for point in flow.entry_points if point.entry_id not in taken),
        )
    )
    return resources.add(document, FLOWS, row, new_id)


def published(document: Document, flow_id: str, flow_version: int) -> Document:
    """The document with this version of a flow published. Raises `NotFound`."""
    flow = import_flow(resources.find(document, FLOWS, flow_id))
    return resources.change(document, FLOWS, flow_id, _dumped(versions.publish(flow, flow_version)))


def _imported(file: dict[str, Any]) -> Flow:
    try:
        flow = import_flow(file)
    except InvalidRequest as error:
        wrong = [FieldError(f"/flow_file{each.pointer}", each.message) for each in error.errors]
        raise InvalidRequest(error.detail, wrong) from None
    if not flow.versions:
        raise InvalidRequest("The flow is not valid.", [FieldError("/flow_file/versions", "Add a version.")])
    return flow


def _dumped(flow: Flow) -> dict[str, Any]:
    document: dict[str, Any] = resources.adapter_of(Flow).dump_python(
        flow, mode="json", by_alias=True, exclude_defaults=True
    )
    return document
