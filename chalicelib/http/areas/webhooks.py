"""Webhooks, which the tenant's document names: their secrets, deliveries, handshake and replay."""

from __future__ import annotations

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import Replay
from chalicelib.http.window import A_YEAR, time_range
from chalicelib.operations import delivering

MOST_LISTED = 1000


def get_secret(call: Call[None]) -> Answer:
    webhook_id = call.path["webhook_id"]
    return Answer(200, {"webhook_id": webhook_id, "secret": delivering.secret_of(call.world, webhook_id)})


def verify(call: Call[None]) -> Answer:
    delivering.verify(call.world, call.path["webhook_id"])
    return Answer(204)


def get_deliveries(call: Call[None]) -> Answer:
    webhook_id = delivering.webhook_of(call.world, call.path["webhook_id"]).webhook_id
    start, end = time_range(call, A_YEAR)
    found = call.world.store.attempts(webhook_id, start, end, MOST_LISTED + 1)
    onward = wire.time_text(found[MOST_LISTED].at) if len(found) > MOST_LISTED else None
    deliveries = [wire.attempt(each) for each in found[:MOST_LISTED]]
    return Answer(200, {"webhook_id": webhook_id, "deliveries": deliveries, "next_from": onward})


def replay(call: Call[Replay]) -> Answer:
    start = wire.moment(call.body.from_)
    end = wire.moment(call.body.to) if call.body.to is not None else call.world.now() + 1
    if not 0 <= start < end:
        wrong = FieldError("/from", "`from` must be before `to`, and not before 1970.")
        raise InvalidRequest("Validation Failed.", [wrong])
    sent, onward = delivering.replay(call.world, call.path["webhook_id"], start, end)
    return Answer(202, {"deliveries": sent, "next_from": wire.time_text(onward)})


_ALL = "/v2/contact_center/webhooks"
_ONE = f"{_ALL}/{{webhook_id}}"

ENDPOINTS = (
    Endpoint("GET", f"{_ONE}/secret", "configuration.write", "Read the secret that signs deliveries", get_secret),
    Endpoint("POST", f"{_ONE}/verify", "configuration.write", "Shake hands with the receiver", verify, status=204),
    Endpoint(
        "GET",
        f"{_ONE}/deliveries",
        "configuration.read",
        "List the attempts to deliver, oldest first",
        get_deliveries,
        query=("from", "to"),
    ),
    Endpoint(
        "POST",
        f"{_ONE}/replay",
        "configuration.write",
        "Send again what has happened in a time",
        replay,
        body=Replay,
        status=202,
    ),
)
