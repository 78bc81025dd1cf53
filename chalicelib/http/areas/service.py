"""The public endpoints: health, tokens, the API's own description."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qs

from chalicelib.http import api
from chalicelib.http.endpoint import Answer, Call, Endpoint


def health(call: Call[None]) -> Answer:
    return Answer(200, {"status": "ok"})


def token(call: Call[None]) -> Answer:
    """The parameters may stand in the query, as Zoom's clients send them, or in a form, as OAuth 2 has it."""
    form = {name: values[-1] for name, values in parse_qs(call.raw[:4096].decode("ascii", "replace")).items()}
    from chalicelib.http.authentication import issue_token  # what makes tokens comes with the first one

    given = {**form, **call.query}
    grant_type = given.get("grant_type", "client_credentials")
    return Answer(200, issue_token(call.world, call.headers.get("authorization"), grant_type, given.get("account_id")))


def openapi(call: Call[None]) -> Answer:
    return Answer(200, _description())


@cache
def _description() -> dict[str, Any]:
    from chalicelib.http.openapi import describe  # only whoever asks for it pays for the schema machinery

    return describe(api.all_endpoints())


ENDPOINTS = (
    Endpoint("GET", "/health", None, "Say that the service is up", health),
    Endpoint("GET", "/openapi.json", None, "Describe this API (OpenAPI 3.1)", openapi),
    Endpoint(
        "POST",
        "/oauth/token",
        None,
        "Issue a bearer token for a client's credentials (Basic)",
        token,
        query=("grant_type", "account_id"),
    ),
)
