"""Tokens: issued to machine clients by their credentials, and read back from the Authorization header."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from typing import Any, get_args

import jwt

from chalicelib.errors import FieldError, InvalidRequest, NotAuthenticated
from chalicelib.http.authorization import Principal, Role
from chalicelib.storage.protocol import Client
from chalicelib.world import World

TOKEN_SECONDS = 3600
ALGORITHM = "HS256"
_AUDIENCE = "interleave"


def hash_secret(secret: str) -> str:
    """How a client's secret is stored. Plain SHA-256 serves: secrets are 256 random bits, nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


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
        "access_token": jwt.encode(claims, world.signing_key(), ALGORITHM),
        "token_type": "bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": claims["scope"],
    }


def principal_of(world: World, authorization: str | None) -> Principal:
    """The caller that a bearer token names. Raises `NotAuthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotAuthenticated("A bearer token is required.")
    try:
        claims = jwt.decode(
            token.strip(),
            world.signing_key(),
            algorithms=[ALGORITHM],
            audience=_AUDIENCE,
            issuer=world.account_id,
            options={"require": ["exp", "iat", "sub", "role"], "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise NotAuthenticated("The bearer token is not valid.") from error
    if not isinstance(claims["exp"], int) or claims["exp"] <= world.now() // 1000:
        raise NotAuthenticated("The bearer token has expired.")
    role = claims["role"]
    if role not in get_args(Role):
        raise NotAuthenticated("The bearer token names no known role.")
    return Principal(role, claims["sub"], frozenset(str(claims.get("scope", "")).split()))


def _client(world: World, authorization: str | None) -> Client:
    scheme, _, encoded = (authorization or "").partition(" ")
    try:
        client_id, _, secret = b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        client_id = secret = ""
    client = world.store.client(client_id) if scheme.lower() == "basic" and client_id else None
    known = client.secret_hash if client else hash_secret("")
    if not hmac.compare_digest(known, hash_secret(secret)) or client is None:
        raise NotAuthenticated("The client id or secret is not valid.")
    return client
