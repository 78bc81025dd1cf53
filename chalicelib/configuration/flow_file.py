"""One flow as a file, in the shape that it has in the tenant's document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from chalicelib.configuration.document import wrong_types
from chalicelib.errors import InvalidRequest
from chalicelib.flows.document import Flow
from chalicelib.flows.versions import known

_flow: TypeAdapter[Flow] = TypeAdapter(Flow)


def export_flow(flow: Flow, flow_version: int | None = None) -> dict[str, Any]:
    """The flow with all its versions, or with one; `import_flow` makes the same of it. Raises `NotFound`."""
    if flow_version is not None:
        flow = replace(flow, versions=(known(flow, flow_version),))
    document: dict[str, Any] = _flow.dump_python(flow, mode="json", by_alias=True, exclude_defaults=True)
    return document


def import_flow(document: Any) -> Flow:
    """The flow that a file holds. What it refers to is checked with the document that it is put into.

    Raises `InvalidRequest`.
    """
    try:
        return _flow.validate_python(document)
    except ValidationError as error:
        raise InvalidRequest("The flow is not valid.", wrong_types(error, Flow)) from None
