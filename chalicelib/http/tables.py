"""Rows as JSON, as CSV or as JSON Lines, as the client asks."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http.endpoint import Answer, Call

TYPES = {"json": "application/json", "csv": "text/csv", "ndjson": "application/x-ndjson"}
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a text must not begin with in a table, lest a spreadsheet takes it for a formula."""
Row = Mapping[str, Any]


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
    if kind == "ndjson":
        return Answer(200, "".join(f"{json.dumps(row)}\n" for row in rows), headers)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return Answer(200, text.getvalue(), headers)


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value)
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value
