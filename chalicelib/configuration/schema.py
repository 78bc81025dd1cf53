"""The document's JSON Schema (draft 2020-12), from the same types, with their docstrings as descriptions."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from chalicelib.configuration.tenant import Tenant

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """For editors: they complete and check a document by it."""
    made = TypeAdapter(Tenant).json_schema(by_alias=True)
    definitions: dict[str, Any] = made.pop("$defs")
    definitions["Tenant"] = made
    for kind in dict.fromkeys(_dataclasses(Tenant)):
        described = definitions.get(kind.__name__)
        if described is not None:
            _describe(described, kind)
    tenant = definitions.pop("Tenant")
    return {"$schema": DIALECT, "title": "Interleave tenant", **tenant, "$defs": definitions}


def _dataclasses(kind: Any) -> Iterator[type]:
    """Every dataclass that a type speaks of."""
    seen: set[Any] = set()
    open_: list[Any] = [kind]
    while open_:
        each = open_.pop()
        if each in seen:
            continue
        seen.add(each)
        if isinstance(each, type) and is_dataclass(each):
            yield each
            open_ += get_type_hints(each).values()
        else:
            open_ += [part for part in get_args(each) if not isinstance(part, str | int)]


def _describe(described: dict[str, Any], kind: type) -> None:
    described["description"] = inspect.cleandoc(kind.__doc__ or "")
    for base in reversed(kind.__mro__[:-1]):
        for name, text in _fields(base):
            shown = described.get("properties", {}).get(name.rstrip("_"))
            if shown is not None:
                shown["description"] = text


def _fields(kind: type) -> Iterator[tuple[str, str]]:
    """Each field of a dataclass that has a docstring after it."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    assert isinstance(body, ast.ClassDef)
    for node, after in zip(body.body, body.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(after, ast.Expr):
            yield node.target.id, inspect.cleandoc(str(ast.literal_eval(after.value)))
