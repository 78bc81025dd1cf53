"""What an agent has in hand and what his status is, as his client polls for it or has it with an answer."""

from __future__ import annotations

from typing import Any

from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call
from chalicelib.http.unchanged import tag_of, unless_seen
from chalicelib.operations import desk

ASSIGNMENTS = "/v2/contact_center/users/me/assignments"
POLL_SECONDS = 2
"""Of every desk, also where nothing can be offered: others reassign, barge in, wake what is parked, set a status."""


def get_assignments(call: Call[None]) -> Answer:
    """All of it, or 304 to whoever has seen it."""
    return unless_seen(call, _now(call), {"Retry-After": str(POLL_SECONDS)})


def assignments_after(call: Call[Any]) -> Answer:
    """The same after what the agent did, with the tag that his next poll sends: a busy agent needs no other answer."""
    body = _now(call)
    return Answer(200, body, {"Content-Location": ASSIGNMENTS, "ETag": tag_of(body)})


def _now(call: Call[Any]) -> dict[str, Any]:
    occupancy, held = desk.assignments(call.world, call.principal.subject)
    return wire.assignments(call.world.tenant(), occupancy, held)
