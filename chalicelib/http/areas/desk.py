"""The agent's desk: status, offers and assignments."""

from __future__ import annotations

from typing import Any

from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.held import ASSIGNMENTS, assignments_after, get_assignments
from chalicelib.http.models import AnswerOffer, DeclineOffer, PullWork, WrapUp
from chalicelib.operations import desk
from chalicelib.operations.ordering import Order


def accept_offer(call: Call[AnswerOffer]) -> Answer:
    desk.accept(call.world, _mine(call), call.body.offer_id)
    return assignments_after(call)


def decline_offer(call: Call[DeclineOffer]) -> Answer:
    desk.decline(call.world, _mine(call), call.body.offer_id, call.body.reason)
    return assignments_after(call)


def pull_assignment(call: Call[PullWork]) -> Answer:
    desk.pull(call.world, call.principal.subject, call.body.queue_id, call.principal.actor)
    return assignments_after(call)


def end_wrap_up(call: Call[WrapUp]) -> Answer:
    if call.body.extend_seconds is not None:
        desk.extend(call.world, _mine(call), call.body.extend_seconds)
    else:
        desk.wrap_up(call.world, _mine(call), call.body.disposition)
    return assignments_after(call)


def _mine(call: Call[Any]) -> Order:
    """The engagement in the path, if it is in the caller's hands."""
    me = call.principal
    return Order(call.path["engagement_id"], me.actor, me.subject)


ENDPOINTS = (
    Endpoint("GET", ASSIGNMENTS, "assignment.read", "List the caller's offers and assignments", get_assignments),
    Endpoint(
        "POST",
        f"{ASSIGNMENTS}/{{engagement_id}}/accept",
        "assignment.answer",
        "Accept an offer",
        accept_offer,
        body=AnswerOffer,
    ),
    Endpoint(
        "POST",
        f"{ASSIGNMENTS}/{{engagement_id}}/decline",
        "assignment.answer",
        "Decline an offer",
        decline_offer,
        body=DeclineOffer,
    ),
    Endpoint(
        "POST",
        f"{ASSIGNMENTS}/{{engagement_id}}/wrap_up",
        "assignment.answer",
        "End the wrap-up and close the engagement, or extend it",
        end_wrap_up,
        body=WrapUp,
    ),
    Endpoint(
        "POST",
        f"{ASSIGNMENTS}/pull",
        "assignment.pull",
        "Take what is next in a queue",
        pull_assignment,
        body=PullWork,
    ),
)
