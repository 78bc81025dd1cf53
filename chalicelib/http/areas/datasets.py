"""Which report datasets there are, and their filters: what the added-up ones measure; the columns of those of rows."""

from __future__ import annotations

from typing import Any

from chalicelib.errors import NotAllowed
from chalicelib.http.areas.records import OPERATION, RECORDS
from chalicelib.http.authorization import authorize
from chalicelib.http.datasets import PATH
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.reporting.definitions import SUMMED


def list_datasets(call: Call[None]) -> Answer:
    """Those that the caller may read."""
    added_up = [
        {
            "dataset_name": name,
            "measures": list(defined.measures),
            "group_by": list(defined.group_by),
            "filters": list(defined.dimensions),
        }
        for name, defined in SUMMED.items()
    ]
    of_rows = [
        _of_rows(each.name, each.columns, each.filters)
        for each in RECORDS
        if not each.shows_content or _may(call, "engagement.read")
    ]
    if _may(call, "configuration.read"):
        of_rows.append(_of_rows("operation_log", OPERATION, ()))
    return Answer(200, {"datasets": [*added_up, *of_rows]})


def _may(call: Call[None], action: str) -> bool:
    try:
        authorize(call.principal, action)
    except NotAllowed:
        return False
    return True


def _of_rows(name: str, columns: dict[str, str], filters: tuple[str, ...]) -> dict[str, Any]:
    listed = [{"column_name": column, "column_type": kind.rstrip("?")} for column, kind in columns.items()]
    return {"dataset_name": name, "columns": listed, "filters": list(filters)}


ENDPOINTS = (
    Endpoint(
        "GET",
        PATH,
        "report.read",
        "List the datasets, with their filters: what the added-up ones measure; the columns of those of rows",
        list_datasets,
    ),
)
