"""Taking part in work, and the notes beside it."""

from __future__ import annotations

from chalicelib.engagements.model import Engagement
from chalicelib.errors import FieldError, InvalidRequest, NotAllowed
from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import AddNote, TakePart
from chalicelib.http.reach import order_of, reachable, seen_by
from chalicelib.operations import supervising
from chalicelib.operations.ordering import Order


def take_part(call: Call[TakePart]) -> Answer:
    changed = _take_part(call, reachable(call))
    return Answer(200, wire.engagement(changed, call.world.tenant().masked), {"ETag": f'"{changed.version}"'})


def _take_part(call: Call[TakePart], found: Engagement) -> Engagement:
    """Supervisors come and go as they like; an agent asks for advice on his own work, and leaves or takes over
    what he was asked about."""
    me, mode, world = call.principal, call.body.mode, call.world
    order = Order(found.engagement_id, me.actor, version=seen_by(call, found))
    match mode:
        case "leave":
            return supervising.leave(world, order, me.subject)
        case "take_over":
            return supervising.take_over(world, order, me.subject)
        case "consult":
            if call.body.user_id is None:
                raise InvalidRequest("Validation Failed.", [FieldError("/user_id", "Say whom.")])
            return supervising.observe(world, order_of(call, found), call.body.user_id, "consult")
        case _:
            if me.role == "agent":
                raise NotAllowed(f"The role agent may not {mode}.")
            return supervising.observe(world, order, me.subject, mode)


def add_note(call: Call[AddNote]) -> Answer:
    note = supervising.add_note(call.world, reachable(call), call.principal.subject, call.body.note)
    return Answer(201, wire.note(note))


def get_notes(call: Call[None]) -> Answer:
    """What was whispered is for its owner alone, and for those who look after him."""
    found, me = reachable(call), call.principal
    everything = me.role in ("supervisor", "admin")
    notes = [
        wire.note(each)
        for each in call.world.store.notes(found.engagement_id)
        if everything or each.kind != "whisper" or (me.role == "agent" and me.subject in (each.user_id, each.to))
    ]
    return Answer(200, {"engagement_id": found.engagement_id, "notes": notes})


_ONE = "/v2/contact_center/engagements/{engagement_id}"

ENDPOINTS = (
    Endpoint(
        "POST",
        f"{_ONE}/monitor",
        "engagement.observe",
        "Monitor, whisper, barge, consult, take over or leave",
        take_part,
        body=TakePart,
    ),
    Endpoint("GET", f"{_ONE}/notes", "engagement.read", "List the notes on an engagement, oldest first", get_notes),
    Endpoint(
        "POST",
        f"{_ONE}/notes",
        "engagement.observe",
        "Add a note to an engagement",
        add_note,
        body=AddNote,
        status=201,
    ),
)
