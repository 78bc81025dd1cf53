"""Who calls: tokens issued to machine clients by their credentials, and tokens read back from a request."""

from __future__ import annotations

import hmac
from base64 import b64decode
from typing import Any

import jwt

from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.errors import FieldError, InvalidRequest, NotAuthenticated
from chalicelib.http.authorization import ROLES, Principal
from chalicelib.operations.credentials import TOKEN_SECONDS, hash_secret
from chalicelib.storage.protocol import Client
from chalicelib.world import World

ALGORITHM = "HS256"
LONGEST_TOKEN = 8192
"""Characters."""
_AUDIENCE = "interleave"


def issue_token(world: World, authorization: str | None, grant_type: str, account_id: str | None) -> dict[str, Any]:
    """The answer of the token endpoint. Raises `NotAuthenticated` and `InvalidRequest`."""
    if grant_type not in ("account_credentials", "client_credentials"):
        message = "Use account_credentials or client_credentials."
        raise InvalidRequest("The grant type is not known.", [FieldError("query/grant_type", message)])
    if grant_type == "account_credentials" and account_id != world.account_id:
        raise InvalidRequest("The account is not known.", [FieldError("query/account_id", "No such account.")])
    client = _client(world, authorization)
    key, now = world.signing_key(), world.now() // 1000
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
        "access_token": jwt.encode(claims, key.secret, ALGORITHM, {"kid": key.key_id}),
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
    token = token.strip()
    key_id, issuer = _said(token)
    if issuer == world.account_id:
        return _of_client(world, token, key_id)
    provider = next((each for each in world.tenant().identity_providers if each.issuer == issuer), None)
    if provider is None:
        raise NotAuthenticated("The bearer token is of an unknown issuer.")
    from chalicelib.http import people  # what it brings along, few calls need

    return people.principal_of(world, provider, token, key_id)


def _said(token: str) -> tuple[str, Any]:
    """Which key a token names and which issuer; neither is to be believed yet."""
    try:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST_TOKEN else {}
        key_id = header.get("kid")
        if isinstance(key_id, str) and "crit" not in header:
            return key_id, jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, ValueError):
        pass
    raise NotAuthenticated("The bearer token is not valid.")


def _of_client(world: World, token: str, key_id: str) -> Principal:
    key = world.key_of(key_id)
    if key is None:
        raise NotAuthenticated("The bearer token is not valid.")
    try:
        claims = jwt.decode(
            token,
            key.secret,
            algorithms=[ALGORITHM],
            audience=_AUDIENCE,
            issuer=world.account_id,
            options={"require": ["exp", "iat", "sub", "role"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        raise NotAuthenticated("The bearer token is not valid.") from None
    if not isinstance(claims["exp"], int) or claims["exp"] <= world.now() // 1000:
        raise NotAuthenticated("The bearer token has expired.")
    if claims["role"] not in ROLES:
        raise NotAuthenticated("The bearer token names no known role.")
    return Principal(claims["role"], claims["sub"], frozenset(str(claims.get("scope", "")).split()))


def _client(world: World, authorization: str | None) -> Client:
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        client_id = secret = ""
    might_be = scheme.lower() == "basic" and 1 <= len(client_id) <= LONGEST_ID
    client = world.store.client(client_id) if might_be else None
    given, known = hash_secret(secret), client.secrets if client else ()
    if client is None or not any([hmac.compare_digest(each.hash, given) for each in known]):  # noqa: C419 - all, always
        raise NotAuthenticated("The client id or secret is not valid.")
    return client
