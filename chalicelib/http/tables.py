"""Rows as JSON, as CSV or as JSON Lines, as the client asks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http.endpoint import Answer, Call

TYPES = {"json": "application/json", "csv": "text/csv", "ndjson": "application/x-ndjson"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text must not begin with in a table, lest a spreadsheet takes it for a formula."""
Row = Mapping[str, Any]
NOTHING: Mapping[str, str] = MappingProxyType({})


def format_of(call: Call[Any]) -> str:
    """What `format`, or else the Accept header, asks for."""
    given = call.query.get("format")
    if given is not None and given not in TYPES:
        raise InvalidRequest("Validation Failed.", [FieldError("query/format", f"Use one of {', '.join(TYPES)}.")])
    wanted = [each.split(";")[0].strip() for each in call.headers.get("accept", "").split(",")]
    return given or next((name for kind in wanted for name, own in TYPES.items() if own == kind), "json")


def answer(call: Call[Any], name: str, columns: Sequence[str], rows: list[Row], about: Mapping[str, Any]) -> Answer:
    """The rows, and what is said about them; tables have no place but a header for where the next page begins."""
    kind = format_of(call)
    if kind == "json":
        return Answer(200, {**about, name: rows})
    headers = {"Content-Type": TYPES[kind], "Next-Page-Token": str(about["next_page_token"])}
    return Answer(200, text_of(kind, columns, rows), headers)


def text_of(kind: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    """Rows as CSV with a header, or as JSON Lines."""
    if kind == "ndjson":
        return "".join(f"{json.dumps(row)}\n" for row in rows)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return text.getvalue()


def schema_of(
    name: str,
    columns: Mapping[str, str],
    meanings: Mapping[str, str] = NOTHING,
    optional: Collection[str] = (),
) -> dict[str, Any]:
    """The JSON Schemas of an answer, by content type. Columns are of the types `string`, `time`, `integer`, `list`;
    with a question mark they may be null. `optional`: columns that are there where they are asked for."""
    row = {column: _schema(kind) for column, kind in columns.items()}
    for column, meaning in meanings.items():
        row[column]["description"] = meaning
    required = [column for column in columns if column not in optional]
    listed = {"type": "array", "items": {"type": "object", "required": required, "properties": row}}
    about = {"from": _schema("time"), "to": _schema("time"), "page_size": _schema("integer")}
    whole = {**about, "next_page_token": _schema("string"), name: listed}
    return {
        TYPES["json"]: {"type": "object", "required": list(whole), "properties": whole},
        TYPES["csv"]: {"type": "string"},
        TYPES["ndjson"]: {"type": "string"},
    }


def _schema(kind: str) -> dict[str, Any]:
    plain = {"time": "string", "list": "array"}.get(kind.rstrip("?"), kind.rstrip("?"))
    format_ = {"format": "date-time"} if kind.startswith("time") else {}
    return {"type": [plain, "null"] if kind.endswith("?") else plain, **format_}


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
