"""Errors as problem documents (RFC 9457) that also carry Zoom's `code` and `message`: one body for both clients."""

from __future__ import annotations

import inspect
from http import HTTPStatus
from typing import Any, NamedTuple

from chalicelib import errors

CONTENT_TYPE = "application/problem+json"
REFUSALS = {404: 2901, 405: 2905, 415: 2906}
"""Status → code, for requests that reach no operation."""


class Kind(NamedTuple):
    """How one class of errors is answered."""

    status: int
    code: int
    """Zoom's number where it has one (124, 300, 4700, 2907); ours, from 29xx, where it has none."""
    slug: str
    remedy: str


KINDS: dict[type[errors.InterleaveError], Kind] = {
    errors.InvalidRequest: Kind(400, 300, "invalid-request", "Correct the fields named in `errors`."),
    errors.NotAuthenticated: Kind(401, 124, "not-authenticated", "Get a token from POST /oauth/token."),
    errors.NotAllowed: Kind(403, 4700, "not-allowed", "Use a client with the role and scope that this needs."),
    errors.NoAgent: Kind(403, 2916, "no-agent", "Barge instead, or have the user added to the agents."),
    errors.NotFound: Kind(404, 2901, "not-found", "Check the id, and that it is the caller's own."),
    errors.DuplicateWork: Kind(
        409, 2902, "duplicate-work", "Use `existing_engagement_id`, or send `on_conflict: use_existing`."
    ),
    errors.WrongState: Kind(409, 2907, "wrong-state", "Read the engagement; `state` says what is possible."),
    errors.StaleOffer: Kind(409, 2908, "stale-offer", "Fetch the assignments again."),
    errors.NoCapacity: Kind(409, 2909, "no-capacity", "End or park other work first."),
    errors.TransferRefused: Kind(409, 2913, "transfer-refused", "Ask GET …/transfer/queues, users or flows where to."),
    errors.LostRace: Kind(409, 2910, "lost-race", "Read it again and repeat."),
    errors.VersionMismatch: Kind(412, 2911, "version-mismatch", "Read it again and repeat with the new ETag."),
    errors.StillInUse: Kind(409, 2914, "still-in-use", "Let `count` engagements be finished, or move them."),
    errors.CredentialsInUse: Kind(
        409, 2915, "credentials-in-use", "List them, and take away the one that nobody uses any more."
    ),
    errors.TooManyRequests: Kind(429, 429, "too-many-requests", "Repeat it after the seconds of `Retry-After`."),
    errors.KeyReused: Kind(422, 2912, "key-reused", "Use a new Idempotency-Key for a new request."),
}


def problem(error: errors.InterleaveError, request_id: str) -> tuple[int, dict[str, Any]]:
    """Status and body that answer an error."""
    kind = KINDS[type(error)]
    body: dict[str, Any] = {
        "type": f"urn:interleave:problem:{kind.slug}",
        "title": inspect.cleandoc(type(error).__doc__ or ""),
        "status": kind.status,
        "detail": error.detail,
        "remedy": kind.remedy,
        "code": kind.code,
        "message": error.detail,
        "request_id": request_id,
    }
    body.update(_extra(error))
    return kind.status, body


def refusal(status: int, detail: str, request_id: str) -> dict[str, Any]:
    """The body for a request that reaches no operation: the wrong address, method or content type."""
    title = HTTPStatus(status).phrase
    return {
        "type": f"urn:interleave:problem:{title.lower().replace(' ', '-')}",
        "title": f"{title}.",
        "status": status,
        "detail": detail,
        "code": REFUSALS.get(status, 2900),
        "message": detail,
        "request_id": request_id,
    }


def internal(request_id: str) -> tuple[int, dict[str, Any]]:
    """Status and body for what should never happen."""
    text = "An unexpected error; quote the request_id to the operator."
    body = {
        "type": "urn:interleave:problem:internal",
        "title": "Something went wrong.",
        "status": 500,
        "detail": text,
        "code": 2900,
        "message": text,
        "request_id": request_id,
    }
    return 500, body


def _extra(error: errors.InterleaveError) -> dict[str, Any]:
    match error:
        case errors.InvalidRequest():
            return {
                "errors": [
                    {"pointer": each.pointer, "field": _dotted(each.pointer), "message": each.message}
                    for each in error.errors
                ]
            }
        case errors.NotAllowed(missing_scope=str(scope)):
            return {"missing_scope": scope}
        case errors.DuplicateWork():
            return {"existing_engagement_id": error.existing_engagement_id, "state": error.state}
        case errors.WrongState() | errors.StaleOffer():
            return {"state": error.state, "version": error.version}
        case errors.StillInUse():
            return {"count": error.count}
        case errors.VersionMismatch():
            return {"version": error.version}
        case _:
            return {}


def _dotted(pointer: str) -> str:
    """Zoom's way to name a field."""
    return pointer.strip("/").replace("/", ".")
