"""Lists of engagements, open and closed."""

from __future__ import annotations

import re
from typing import get_args

from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.engagements.model import Engagement, State
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import marks, wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import number_in
from chalicelib.http.paging import PARAMETERS, page_size
from chalicelib.http.reach import masked, reaches
from chalicelib.http.window import time_range
from chalicelib.operations import listing

ORDERS = ("id", "urgency")
STATES: tuple[str, ...] = ("open", *get_args(State))
_OPEN, _CLOSED = "open:", "closed:"
_MARK = re.compile(r"open:[\w-]{0,64}|closed:(\d{14}#[\w-]{1,64})?")


def list_engagements(call: Call[None]) -> Answer:
    """Open ones first, by id or by urgency; then those closed within `from` and `to`, newest first."""
    state, size, given = call.query.get("state"), page_size(call), marks.mark_of(call)
    mark = _OPEN if given is None else given
    for name in ("queue_id", "user_id"):
        if len(call.query.get(name, "")) > LONGEST_ID:
            raise InvalidRequest("Validation Failed.", [FieldError(f"query/{name}", "There is no such id.")])
    if state is not None and state not in STATES:
        raise InvalidRequest("Validation Failed.", [FieldError("query/state", f"One of {', '.join(STATES)}.")])
    order = call.query.get("order", ORDERS[0])
    if order not in ORDERS:
        raise InvalidRequest("Validation Failed.", [FieldError("query/order", f"One of {', '.join(ORDERS)}.")])
    if not _MARK.fullmatch(mark) or (mark.startswith(_CLOSED) and state not in (None, "closed")):
        wrong = FieldError("query/next_page_token", "Send the token of the page before, or none.")
        raise InvalidRequest("Validation Failed.", [wrong])
    start, end = time_range(call)
    found: list[Engagement] = []
    onward: str | None = mark
    if mark.startswith(_OPEN):
        onward = _CLOSED if state in (None, "closed") else None
        if state != "closed":
            page = _open_page(call, state, size, mark.removeprefix(_OPEN))
            found, onward = page.engagements, onward if page.onward is None else f"{_OPEN}{page.onward}"
    if onward is not None and onward.startswith(_CLOSED) and len(found) < size:
        before = onward.removeprefix(_CLOSED) or None
        page = listing.closed_ones(call.world, _wanted(call, None), start, end, size - len(found), before)
        found = [*found, *page.engagements]
        onward = None if page.onward is None else f"{_CLOSED}{page.onward}"
    return Answer(
        200,
        {
            "from": wire.time_text(start),
            "to": wire.time_text(end),
            "page_size": size,
            "next_page_token": marks.page_token(onward),
            "engagements": [wire.engagement(each, masked(call)) for each in found],
        },
    )


def _open_page(call: Call[None], state: str | None, size: int, after: str) -> listing.Page:
    if call.query.get("order") == "urgency":
        return listing.urgent_ones(call.world, _wanted(call, state), size, number_in(after) or 0)
    return listing.open_ones(call.world, _wanted(call, state), size, after)


def _wanted(call: Call[None], state: str | None) -> listing.Wanted:
    """An agent's list is of what is his; nobody's shows what he could not read."""
    me, channel = call.principal, call.query.get("channel")
    user_id = call.query.get("user_id")
    if me.role == "agent" and user_id is None:
        user_id = me.subject

    def test(engagement: Engagement) -> bool:
        fits = state in (None, "open", engagement.state) and channel in (None, engagement.channel)
        return fits and reaches(call, engagement)

    return listing.Wanted(call.query.get("queue_id"), me.subject if user_id == "me" else user_id, test)


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v2/contact_center/engagements",
        "engagement.read",
        "List engagements, open and closed",
        list_engagements,
        query=("state", "queue_id", "user_id", "channel", "order", "from", "to", *PARAMETERS),
    ),
)
