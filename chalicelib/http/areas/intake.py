"""Webhook intake: foreign systems call an Entry ID as they are, without a token, with a signature."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import MAX_BODY_BYTES, PutSecret, StartEngagement, parse, said
from chalicelib.operations import flowing, hooking, intake

MAX_DELIVERY_ID = 255


def take_webhook(call: Call[None]) -> Answer:
    entry_id = call.path["entry_id"]
    if len(call.raw) > MAX_BODY_BYTES:
        message = f"At most {MAX_BODY_BYTES} bytes; this body has {len(call.raw)}."
        raise InvalidRequest("The body is too large.", [FieldError("/", message)])
    flow, mapped = hooking.take(call.world, entry_id, call.headers, call.raw, _payload)
    if mapped is None:
        return Answer(200, {"outcome": "ignored"})
    channels = [{"channel": flow.channel, "channel_source": "API"}]
    fields = {**mapped.fields, "channels": channels, "flow": {"flow_entry_id": entry_id}}
    raw = json.dumps(fields).encode()
    body = parse(StartEngagement, raw, len(raw))  # as long as its fields allow
    done = intake.start(
        call.world,
        flow_entry_id=entry_id,
        channel=flow.channel,
        content=wire.content_of(body.model_dump(mode="json", exclude_none=True)),
        actor=f"integration:intake/{entry_id}",
        idempotency=_idempotency(mapped.delivery_id, body),
        use_existing=True,  # a sender that is told of a conflict would only send again
    )
    headers = {"Location": f"/v2/contact_center/engagements/{done.engagement_id}"}
    answer = {"engagement_id": done.engagement_id, "outcome": done.outcome}
    return Answer(201 if done.outcome == "new" else 200, answer, headers)


def get_intake_secret(call: Call[None]) -> Answer:
    entry_id = call.path["entry_id"]
    return Answer(200, {"entry_id": entry_id, "secret": hooking.secret_of(call.world, entry_id)})


def put_intake_secret(call: Call[PutSecret]) -> Answer:
    hooking.keep_secret(call.world, call.path["entry_id"], call.body.secret)
    return Answer(204)


def get_system_secret(call: Call[None]) -> Answer:
    system_id = call.path["system_id"]
    return Answer(200, {"system_id": system_id, "secret": flowing.secret_of_system(call.world, system_id)})


def _payload(raw: bytes) -> Any:
    return said(raw, "; have the webhook send application/json")


def _idempotency(delivery: str | None, body: StartEngagement) -> intake.IdempotencyKey | None:
    if delivery is None:
        return None
    if not 1 <= len(delivery) <= MAX_DELIVERY_ID:
        message = f"It found {len(delivery)} characters; between 1 and {MAX_DELIVERY_ID} are needed."
        raise InvalidRequest("The mapping does not fit the payload.", [FieldError("/delivery_id", message)])
    canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()
    return intake.IdempotencyKey(delivery, hashlib.sha256(canonical).hexdigest())


_PATH = "/v2/contact_center/intake/{entry_id}"

ENDPOINTS = (
    Endpoint(
        "POST",
        _PATH,
        None,
        "Take a foreign system's webhook, known by its signature, and start what its mapping makes of it",
        take_webhook,
        status=201,
    ),
    Endpoint(
        "GET", f"{_PATH}/secret", "configuration.write", "Read the secret that webhooks are known by", get_intake_secret
    ),
    Endpoint(
        "PUT",
        f"{_PATH}/secret",
        "configuration.write",
        "Take the secret that the foreign system has made",
        put_intake_secret,
        body=PutSecret,
        status=204,
    ),
    Endpoint(
        "GET",
        "/v2/contact_center/systems_of_record/{system_id}/secret",
        "configuration.write",
        "Read the secret that signs flows' calls to a system of record",
        get_system_secret,
    ),
)
