"""Who calls: tokens issued to machine clients by their credentials, and tokens read back from a request."""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest, NotAuthenticated
from chalicelib.http import tokens
from chalicelib.http.authorization import ROLES, Principal
from chalicelib.operations.credentials import TOKEN_SECONDS, hash_secret
from chalicelib.storage.protocol import Client
from chalicelib.world import World

_AUDIENCE = "interleave"


def issue_token(world: World, authorization: str | None, grant_type: str, account_id: str | None) -> dict[str, Any]:
    """The answer of the token endpoint. Raises `NotAuthenticated` and `InvalidRequest`."""
    if grant_type not in ("account_credentials", "client_credentials"):
        message = "Use account_credentials or client_credentials."
        raise InvalidRequest("The grant type is not known.", [FieldError("query/grant_type", message)])
    if grant_type == "account_credentials" and account_id != world.account_id:
        raise InvalidRequest("The account is not known.", [FieldError("query/account_id", "No such account.")])
    client = _client(world, authorization)
    now = world.now() // 1000
    claims = {
        "iss": world.account_id,
        "aud": _AUDIENCE,
        "sub": client.subject,
        "role": client.role,
        "scope": " ".join(client.scopes),
        "iat": now,
        "exp": now + TOKEN_SECONDS,
    }
    return {
        "access_token": tokens.sign(claims, world.signing_key()),
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": claims["scope"],
    }


def principal_of(world: World, authorization: str | None) -> Principal:
    """The caller that a bearer token names. Raises `NotAuthenticated`.

    The token's issuer, to the letter, decides how it is read: as one of ours, as one of an identity provider that the
    tenant's document names, or not at all.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("A bearer token is required.")
    try:
        issuer = tokens.unverified(token.strip())[1].get("iss")
        if issuer == world.account_id:
            return _of_client(world, tokens.verified(token.strip(), world.key_of))
    except tokens.BadToken:
        raise NotAuthenticated("The bearer token is not valid.") from None
    provider = next((each for each in world.tenant().identity_providers if each.issuer == issuer), None)
    if provider is None:
        raise NotAuthenticated("The bearer token is of an unknown issuer.")
    from chalicelib.http import people  # brings `cryptography`, which few calls need

    return people.principal_of(world, provider, token.strip())


def _of_client(world: World, claims: dict[str, Any]) -> Principal:
    expires, subject, role = claims.get("exp"), claims.get("sub"), claims.get("role")
    if claims.get("aud") != _AUDIENCE or not isinstance(expires, int) or not isinstance(subject, str):
        raise NotAuthenticated("The bearer token is not valid.")
    if expires <= world.now() // 1000:
        raise NotAuthenticated("The bearer token has expired.")
    if role not in ROLES:
        raise NotAuthenticated("The bearer token names no known role.")
    return Principal(role, subject, frozenset(str(claims.get("scope", "")).split()))


def _client(world: World, authorization: str | None) -> Client:
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        client_id = secret = ""
    client = world.store.client(client_id) if scheme.lower() == "basic" and client_id else None
    given, known = hash_secret(secret), client.secrets if client else ()
    if client is None or not any([hmac.compare_digest(each.hash, given) for each in known]):  # noqa: C419 - all, always
        raise NotAuthenticated("The client id or secret is not valid.")
    return client
