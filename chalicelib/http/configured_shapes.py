"""What answers hold of what is configured, as JSON Schemas: made from the table of kinds, as the operations are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from chalicelib.configuration import resources
from chalicelib.configuration.kinds import KINDS, Kind
from chalicelib.http.shapes import TEXT, Schema, page_of, ref

_PREFIX = "Configured"
"""Apart from the bodies of requests, whose models have some of the same names."""


def configured() -> tuple[Mapping[str, Schema], Mapping[str, Mapping[int, Schema]]]:
    """The nouns, and the answers of the operations on each kind by status."""
    adapters = [(kind.name, "serialization", resources.adapter_of(kind.type)) for kind in KINDS]
    found, definitions = TypeAdapter.json_schemas(
        adapters,  # type: ignore[arg-type]  # a list of tuples of literals
        ref_template=f"#/components/schemas/{_PREFIX}{{model}}",
    )
    nouns: dict[str, Schema] = {_PREFIX + name: schema for name, schema in definitions["$defs"].items()}
    answers: dict[str, Mapping[int, Schema]] = {}
    for kind in KINDS:
        plain = found[kind.name, "serialization"]
        name = plain["$ref"].rpartition("/")[2]
        shown = f"{name}Shown" if kind.within or kind.wire or kind.fixed else name
        nouns[shown] = _shown(kind, nouns[name])
        answers[f"list_{kind.name}"] = {200: page_of(kind.wire_name, ref(shown))}
        answers[f"get_{kind.name}"] = {200: ref(shown)}
        answers[f"create_{kind.name}"] = {201: ref(shown)}
    return nouns, answers


def _shown(kind: Kind, schema: Schema) -> Schema:
    """An entry as the API spells it; the same that `resources.to_wire` does to the entry itself."""
    fields: dict[str, Any] = dict(schema["properties"])
    for name, (first, *rest) in kind.wire.items():
        fields[name] = {} if rest else fields.pop(first)
        if rest:
            fields[first] = {"type": "object"}
    if kind.within:
        fields[kind.within[2]] = TEXT
    always = set(fields).intersection(*(set(row) for row in kind.fixed)) if kind.fixed else fields
    return {**schema, "properties": fields, "required": sorted(always)}
