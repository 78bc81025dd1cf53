"""The API's description (OpenAPI 3.1), made from the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import models_json_schema

from chalicelib.http.endpoint import Endpoint

_REF = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "message"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "remedy": {"type": "string"},
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
        "existing_engagement_id": {"type": "string"},
        "state": {"type": "string"},
        "version": {"type": "integer"},
        "count": {"type": "integer"},
    },
}


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document."""
    endpoints = tuple(endpoints)
    models = {endpoint.body for endpoint in endpoints if endpoint.body is not None}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in ordered], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interleave", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "client": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    success: dict[str, Any] = {"description": "Done"}
    if endpoint.status != 204:
        kind = "object" if endpoint.content_type == "application/json" else "string"
        told = endpoint.answers or {endpoint.content_type: {"type": kind}}
        success["content"] = {content_type: {"schema": schema} for content_type, schema in told.items()}
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "security": [{"bearer": []}] if endpoint.action else [],
        "parameters": [
            *({"name": n, "in": "path", "required": True, **_TEXT} for n in re.findall(r"{(\w+)}", endpoint.path)),
            *({"name": n, "in": "query", "required": False, **_TEXT} for n in endpoint.query),
        ],
        "responses": {str(endpoint.status): success, "default": {"description": "A problem", "content": problem}},
    }
    if endpoint.body is not None:
        schema = {"$ref": _REF.format(model=endpoint.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
