"""The API's description (OpenAPI 3.1), made from the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.json_schema import models_json_schema

from chalicelib.http.configured_shapes import configured
from chalicelib.http.endpoint import Endpoint
from chalicelib.http.shapes import ANSWERS, NOUNS

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
        "missing_scope": {"type": "string"},
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
    nouns, answers = configured()
    known = {**ANSWERS, **answers}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        told = known.get(endpoint.handler.__name__, {endpoint.status: None})
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, told)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interleave", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), **NOUNS, **nouns, "Problem": _PROBLEM},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "client": {"type": "http", "scheme": "basic"},
            },
        },
    }


def _operation(endpoint: Endpoint, answers: Mapping[int, Any]) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": _REF.format(model="Problem")}}}
    told = {str(status): _answer(endpoint, status, schema) for status, schema in answers.items()}
    operation: dict[str, Any] = {
        "operationId": endpoint.handler.__name__,
        "summary": endpoint.summary,
        "security": [{"bearer": []}] if endpoint.action else [],
        "parameters": [
            *({"name": n, "in": "path", "required": True, **_TEXT} for n in re.findall(r"{(\w+)}", endpoint.path)),
            *({"name": n, "in": "query", "required": False, **_TEXT} for n in endpoint.query),
            *({"name": n, "in": "header", "description": d, **_TEXT} for n, d in endpoint.headers.items()),
        ],
        "responses": {**told, "default": {"description": "A problem", "content": problem}},
    }
    if endpoint.body is not None:
        schema = {"$ref": _REF.format(model=endpoint.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _answer(endpoint: Endpoint, status: int, schema: Any) -> dict[str, Any]:
    """What an operation answers with when all is well."""
    if status in (204, 304):
        return {"description": "Done" if status == 204 else "Nothing has changed since it was seen"}
    plain = {"type": "object" if endpoint.content_type == "application/json" else "string"}
    told = endpoint.answers or {endpoint.content_type: schema or plain}
    return {"description": "Done", "content": {kind: {"schema": each} for kind, each in told.items()}}


_TEXT: dict[str, Any] = {"schema": {"type": "string"}}
