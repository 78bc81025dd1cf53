"""Machine clients, put straight into a tenant's table by whoever holds its AWS credentials."""

from __future__ import annotations

import secrets

from chalicelib.http.authentication import hash_secret
from chalicelib.http.authorization import Role, default_scopes
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.protocol import Client


def create(store: DynamoStore, client_id: str, role: Role, *further_scopes: str) -> dict[str, str]:
    """A client with a new secret, which is kept nowhere but in what this returns."""
    secret = secrets.token_urlsafe(32)
    scopes = (*default_scopes(role), *further_scopes)
    store.put_client(Client(client_id, hash_secret(secret), role, client_id, scopes))
    return {"client_id": client_id, "client_secret": secret}
