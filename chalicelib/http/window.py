"""The window of time that a list or a report is about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import wire
from chalicelib.http.endpoint import Call
from chalicelib.http.models import FIRST_YEAR, LAST_YEAR
from chalicelib.reporting.intervals import DAY_MS

MAX_RANGE_DAYS = 31
A_YEAR = 366
"""Days that what reads little a day may span."""
LATEST = round(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp() * 1000)
"""Epoch milliseconds."""


def time_range(call: Call[Any], most_days: int = MAX_RANGE_DAYS) -> tuple[int, int]:
    """`from` and `to` as epoch milliseconds; by default the last 24 hours."""
    end = wire.time_value("to", call.query["to"]) if "to" in call.query else call.world.now() + 1
    start = wire.time_value("from", call.query["from"]) if "from" in call.query else end - DAY_MS
    if start < 0 or end >= LATEST:
        message = f"`from` and `to` must be between the years {FIRST_YEAR} and {LAST_YEAR}."
        raise InvalidRequest("Validation Failed.", [FieldError("query/from", message)])
    if not start < end <= start + most_days * DAY_MS:
        message = f"`from` must be before `to`, by at most {most_days} days."
        raise InvalidRequest("Validation Failed.", [FieldError("query/from", message)])
    return start, end
