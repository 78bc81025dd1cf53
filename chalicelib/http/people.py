"""Tokens of the tenant's identity providers, which stand for people. Imported only when the first one comes."""

from __future__ import annotations

from typing import Any, cast

import jwt

from chalicelib.configuration.identity import IdentityProvider
from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.errors import NotAuthenticated
from chalicelib.http.asymmetric import ALGORITHMS, SIGNATURES
from chalicelib.http.authorization import ROLES, Principal, Role, default_scopes
from chalicelib.messaging.keys import NoKeys
from chalicelib.world import World

LEEWAY_SECONDS = 60
"""By how much a provider's clock may differ from ours."""


def principal_of(world: World, provider: IdentityProvider, token: str, key_id: str) -> Principal:
    """Whom a token of this provider names. Raises `NotAuthenticated`."""
    try:
        key = world.key_sets().find(provider.jwks_url, key_id)
        if key is None:
            raise NotAuthenticated("The bearer token is not valid.")
        SIGNATURES.decode(token, cast(Any, key), ALGORITHMS)
        claims = _claims(provider, token)
    except NoKeys:
        raise NotAuthenticated("The keys of the token's issuer cannot be read at the moment.") from None
    except (jwt.PyJWTError, ValueError):
        raise NotAuthenticated("The bearer token is not valid.") from None
    _check_times(claims, world.now() / 1000)
    user_id = claims[provider.user_claim]
    if not isinstance(user_id, str) or not user_id.isprintable() or not 1 <= len(user_id) <= LONGEST_ID:
        raise NotAuthenticated("The bearer token names no user.")
    role = _role(provider, claims)
    if role is None:
        raise NotAuthenticated("The bearer token names no known role.")
    if role == "agent" and user_id not in world.tenant().agent_by_id:
        raise NotAuthenticated("The bearer token names no agent of this tenant.")
    return Principal(role, user_id, frozenset(default_scopes(role)))


def _claims(provider: IdentityProvider, token: str) -> dict[str, Any]:
    """What it claims, if it is meant for us. Its signature has been checked; its times are, by the world's clock."""
    return jwt.decode(
        token,
        audience=provider.audience,
        issuer=provider.issuer,
        options={
            "require": ["iss", "aud", "exp", "iat", provider.user_claim],
            "verify_signature": False,
            "verify_aud": True,
            "verify_iss": True,
        },
    )


def _check_times(claims: dict[str, Any], now: float) -> None:
    """Times are seconds since the epoch."""
    times = {name: claims[name] for name in ("exp", "iat", "nbf") if name in claims}
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in times.values()):
        raise NotAuthenticated("The bearer token is not valid.")
    if times["exp"] + LEEWAY_SECONDS <= now:
        raise NotAuthenticated("The bearer token has expired.")
    if max(times["iat"], times.get("nbf", 0)) - LEEWAY_SECONDS > now:
        raise NotAuthenticated("The bearer token is not valid yet.")


def _role(provider: IdentityProvider, claims: dict[str, Any]) -> Role | None:
    """The highest of those that the claim's values give."""
    if provider.role_claim is None:
        return "agent"
    given = claims.get(provider.role_claim)
    values = given if isinstance(given, list) else [given]
    roles = {provider.roles[each] for each in values if isinstance(each, str) and each in provider.roles}
    return max(cast(set[Role], roles), key=ROLES.index, default=None)
