"""The API over a contact centre, called as a client would."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from chalice.test import Client as ChaliceClient

from chalicelib.http.application import Application
from chalicelib.http.authorization import Role, default_scopes
from chalicelib.operations.credentials import hash_secret
from chalicelib.storage.protocol import Client, Secret
from tests.support import canary, described
from tests.support.worlds import Centre

CLIENTS: dict[str, Role] = {"crm": "integration", "ana": "agent", "ben": "agent", "sue": "supervisor", "adm": "admin"}


@dataclass
class Reply:
    """An answer: status, headers by lower-case name, the body as JSON or None."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Api:
    """One caller's view of the API; `api.by("ana")` is another's."""

    centre: Centre
    http: ChaliceClient
    token: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def by(self, client_id: str) -> Api:
        if client_id not in self.tokens:
            self.tokens[client_id] = self.log_in(client_id).body["access_token"]
        return Api(self.centre, self.http, self.tokens[client_id], self.tokens)

    def log_in(self, client_id: str, secret: str | None = None, **query: str) -> Reply:
        basic = base64.b64encode(f"{client_id}:{secret or client_id + '-secret'}".encode()).decode()
        query = {"grant_type": "account_credentials", "account_id": "account", **query}
        return self.call("POST", f"/oauth/token?{urlencode(query)}", headers={"Authorization": f"Basic {basic}"})

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {"Content-Type": "application/json"}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        answer = self.http.http.request(method, path, headers={**sent, **(headers or {})}, body=raw)
        if answer.status_code >= 400:
            canary.search("a problem document", answer.body.decode())
        received = {name.lower(): value for name, value in answer.headers.items()}
        said = json.loads(answer.body) if answer.body else None
        described.check(method, path, answer.status_code, received.get("content-type", ""), said)
        return Reply(answer.status_code, received, said)

    def get(self, path: str, **headers: str) -> Reply:
        return self.call("GET", path, headers=_names(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.call("POST", path, body, _names(headers))

    def patch(self, path: str, body: Any, **headers: str) -> Reply:
        return self.call("PATCH", path, body, _names(headers))


def _names(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def api_of(centre: Centre, clients: Mapping[str, Role] = CLIENTS) -> Api:
    """The API over this centre, with these clients; by default one for each role."""
    for client_id, role in clients.items():
        secret = Secret(hash_secret(f"{client_id}-secret"))
        centre.world.store.put_client(Client(client_id, (secret,), role, client_id, default_scopes(role)))
    app = Application("interleave", lambda: centre.world)
    app.open_all()  # the client reads the routes itself
    return Api(centre, ChaliceClient(app))


def zoom_body(work_item_id: str = "CASE-1", **changes: Any) -> dict[str, Any]:
    """A request as Zoom's documentation shapes it."""
    return {
        "channels": [{"channel": "work_item", "channel_source": "API"}],
        "flow": {"flow_entry_id": "entry-tickets"},
        "language_code": "en-US",
        "consumers": [dict(canary.CONSUMER)],
        "work_item_variables": {
            "work_item_name": "A case",
            "work_item_id": work_item_id,
            "work_item_desc": canary.DESCRIPTION,
            "work_item_type_id": "1",
            "work_item_type": "invoice",
            "work_item_due_date": "2025-10-01T00:00:00",
            "work_item_origin": "chat system",
            "work_item_priority": 1,
            "work_item_transcript_url": canary.TRANSCRIPT,
            "work_item_hyperlink": canary.HYPERLINK,
        },
        "variables": [dict(each) for each in canary.VARIABLES],
        **changes,
    }
