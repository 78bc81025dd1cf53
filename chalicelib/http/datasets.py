"""What all datasets have in common: pages whose token goes on in the same window with the same question, and the
answer as JSON, as CSV or as JSON Lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import marks, tables, wire
from chalicelib.http.endpoint import Answer, Call
from chalicelib.http.paging import PARAMETERS
from chalicelib.http.tables import Row
from chalicelib.http.window import A_YEAR, time_range
from chalicelib.operations.reports import Window
from chalicelib.reporting.intervals import DAY_MS

PATH = "/v2/contact_center/analytics/dataset/historical"
QUERY = ("from", "to", "format", *PARAMETERS)


def window_of(call: Call[None], name: str, mark: str, size: int, most_days: int = A_YEAR) -> Window:
    """The window that is asked for; a token goes on in the one that it was given for, with the same question.

    `mark`: the pattern of a mark of this dataset.
    """
    given = marks.mark_of(call)
    if given is None:
        return Window(*time_range(call, most_days), size)
    found = re.fullmatch(rf"(\w+)\|(\w+)\|(\d{{1,14}})\|(\d{{1,14}})\|({mark})", given)
    longest = (most_days + 1) * DAY_MS  # a window of whole intervals may begin earlier, and end later, than was asked
    if (
        found is None
        or (found[1], found[2]) != (name, _question(call))
        or not 0 < int(found[4]) - int(found[3]) <= longest
    ):
        wrong = FieldError("query/next_page_token", "Send the token of the page before with the same query, or none.")
        raise InvalidRequest("Validation Failed.", [wrong])
    return Window(int(found[3]), int(found[4]), size, found[5])


def answered(
    call: Call[None], name: str, columns: Iterable[str], rows: Sequence[Row], window: Window, onward: str | None
) -> Answer:
    """The rows of a page; `onward` is the mark after which the next one begins."""
    mark = None if onward is None else f"{name}|{_question(call)}|{window.start}|{window.end}|{onward}"
    about = {
        "from": wire.time_text(window.start),
        "to": wire.time_text(window.end),
        "page_size": window.size,
        "next_page_token": marks.page_token(mark),
    }
    return tables.answer(call, name, tuple(columns), list(rows), about)


def _question(call: Call[None]) -> str:
    apart = (*PARAMETERS, "from", "to", "format")
    asked = sorted((name, value) for name, value in call.query.items() if name not in apart)
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
