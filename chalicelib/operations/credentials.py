"""Machine clients with their secrets, and the keys of the tenant's tokens: made, rotated, taken away.

A secret is told once, by what this returns, and kept as a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from chalicelib.errors import CredentialsInUse, LostRace, NotFound
from chalicelib.storage.protocol import Client, Secret, SigningKeys
from chalicelib.world import KEYS_MAX_AGE_MS, World

ATTEMPTS = 5
MOST_SECRETS = 2
TOKEN_SECONDS = 3600
"""How long a token is good."""


def hash_secret(secret: str) -> str:
    """How a client's secret is stored. Plain SHA-256 serves: secrets are 256 random bits, nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create(world: World, client: Client) -> tuple[Client, str]:
    """A new client with its first secret. Raises `CredentialsInUse` where there is one of that id."""
    secret = world.new_secret()
    first = Secret(hash_secret(secret), world.now())
    try:
        return world.store.put_client(replace(client, secrets=(first,), version=0)), secret
    except LostRace:
        raise CredentialsInUse(f"There is a client {client.client_id!r} already.") from None


def add_secret(world: World, client_id: str) -> tuple[Client, str]:
    """One more secret, beside the one in use; the first of a client that was disabled."""
    secret = world.new_secret()
    further = Secret(hash_secret(secret), world.now())

    def with_it(client: Client) -> Client:
        if len(client.secrets) >= MOST_SECRETS:
            raise CredentialsInUse(f"The client has {MOST_SECRETS} secrets already.")
        return replace(client, secrets=(*client.secrets, further))

    return _change(world, client_id, with_it), secret


def remove_secret(world: World, client_id: str, secret_id: str) -> Client:
    """A secret is good no longer. Raises `NotFound`."""

    def without_it(client: Client) -> Client:
        left = tuple(each for each in client.secrets if each.secret_id != secret_id)
        if len(left) == len(client.secrets):
            raise NotFound(f"The client has no secret {secret_id!r}.")
        return replace(client, secrets=left)

    return _change(world, client_id, without_it)


def disable(world: World, client_id: str) -> Client:
    """No secret of the client is good any longer. It stays on record, so that nobody else takes its name."""
    return _change(world, client_id, lambda client: replace(client, secrets=()))


def rotate_signing_key(world: World, revoke: bool) -> SigningKeys:
    """A new key signs from now on; tokens that the one before has signed stay good, or with `revoke` none does.

    Raises `CredentialsInUse` while tokens may be about that the key before the present one has signed: they would
    be good no longer.
    """
    seen = world.store.signing_keys()
    if revoke:
        return world.new_keys(version=seen.version)
    if len(seen.keys) > 1 and world.now() < previous_until(seen):
        raise CredentialsInUse("Tokens that the key before this one has signed are still good.")
    return world.new_keys(*seen.keys[:1], version=seen.version)


def previous_until(keys: SigningKeys) -> int:
    """When the last token of the key before has expired (epoch ms): it signs until everybody has read of the new."""
    return keys.keys[0].created_at + KEYS_MAX_AGE_MS + TOKEN_SECONDS * 1000


def _change(world: World, client_id: str, how: Callable[[Client], Client]) -> Client:
    for _ in range(ATTEMPTS):
        client = world.store.client(client_id)
        if client is None:
            raise NotFound(f"There is no client {client_id!r}.")
        try:
            return world.store.put_client(how(client))
        except LostRace:
            continue
    raise LostRace("The client stayed in conflict with other changes; try again.")
