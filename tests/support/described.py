"""Answers held against the API's description: what it names is there, and what is there it names."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import jsonschema_rs

from chalicelib.http.api import all_endpoints
from chalicelib.http.application import Application
from chalicelib.http.openapi import describe


def check(method: str, path: str, status: int, content_type: str, body: Any) -> None:
    """Raise `AssertionError` unless the description knows such an answer."""
    found = _application()._operation(method, urlsplit(path).path)
    if found is None or method not in _description()["paths"].get(found[0], {}) or body is None:
        return
    wrong = [
        f"{each.instance_path}: {each.message}" for each in _validator(method, found[0], status, content_type)(body)
    ]
    assert not wrong, f"{method} {found[0]} answers {status} otherwise than its description says: {wrong}"


@cache
def _description() -> dict[str, Any]:
    document = describe(all_endpoints())
    paths = {path: {method.upper(): each for method, each in of.items()} for path, of in document["paths"].items()}
    return {"paths": paths, "components": _closed(document["components"])}


@cache
def _application() -> Application:
    made = Application("interleave", lambda: None)  # type: ignore[arg-type, return-value]
    made.open_all()
    return made


@cache
def _validator(method: str, template: str, status: int, content_type: str) -> Any:
    responses = _description()["paths"][template][method]["responses"]
    told = responses.get(str(status)) or responses["default"]
    kinds = told.get("content", {})
    kind = content_type.split(";")[0]
    assert kind in kinds, f"{method} {template} answers {status} with {kind}; its description says {list(kinds)}."
    schema = {**_closed(kinds[kind]["schema"]), "components": _description()["components"]}
    return jsonschema_rs.validator_for(schema).iter_errors


def _closed(schema: Any) -> Any:
    """The same, with no other fields than those that are named: clients are told that there may be more to come, but
    we are not to forget them here."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _closed(each) for name, each in schema.items()}
    return {"additionalProperties": False, **inner} if isinstance(schema.get("properties"), dict) else inner
