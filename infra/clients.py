"""Machine clients, put straight into a tenant's table by whoever holds its AWS credentials."""

from __future__ import annotations

import secrets
import time

from chalicelib.http.authorization import Role, default_scopes
from chalicelib.operations.credentials import hash_secret
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.protocol import Client, Secret


def create(store: DynamoStore, client_id: str, role: Role, *further_scopes: str) -> dict[str, str]:
    """A client with a new secret and no other, which is kept nowhere but in what this returns."""
    secret = secrets.token_urlsafe(32)
    scopes = (*default_scopes(role), *further_scopes)
    known = store.client(client_id)
    kept = Secret(hash_secret(secret), time.time_ns() // 1_000_000)
    store.put_client(Client(client_id, (kept,), role, client_id, scopes, known.version if known else 0))
    return {"client_id": client_id, "client_secret": secret}
