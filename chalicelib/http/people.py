"""Tokens of the tenant's identity providers, which stand for people. Imported only when the first one comes."""

from __future__ import annotations

from typing import Any, cast

import jwt

from chalicelib.configuration.identity import IdentityProvider
from chalicelib.errors import NotAuthenticated
from chalicelib.http.authorization import ROLES, Principal, Role, default_scopes
from chalicelib.messaging.keys import NoKeys
from chalicelib.world import World

ALGORITHMS = ("RS256", "PS256", "ES256")
"""Signed with a key that only the provider has; never with one that it publishes."""
PUBLIC = ("kty", "n", "e", "crv", "x", "y")
"""What of a published key is used: the public half, should a provider have published more."""
LEEWAY_SECONDS = 60
"""By how much a provider's clock may differ from ours."""
LONGEST_ID = 255


def principal_of(world: World, provider: IdentityProvider, token: str) -> Principal:
    """Whom a token of this provider names. Raises `NotAuthenticated`."""
    try:
        claims = _claims(world, provider, token)
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


def _claims(world: World, provider: IdentityProvider, token: str) -> dict[str, Any]:
    header = jwt.get_unverified_header(token)
    algorithm, key_id = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(key_id, str):
        raise jwt.InvalidAlgorithmError
    published = world.key_sets().find(provider.jwks_url, key_id)
    if published is None or published.get("alg", algorithm) != algorithm or published.get("use", "sig") != "sig":
        raise jwt.InvalidKeyError
    return jwt.decode(
        token,
        jwt.PyJWK({name: published[name] for name in PUBLIC if name in published}, algorithm),
        algorithms=[algorithm],
        audience=provider.audience,
        issuer=provider.issuer,
        options={
            "require": ["iss", "aud", "exp", "iat", provider.user_claim],
            "enforce_minimum_key_length": True,
            # By the world's clock, below.
            "verify_exp": False,
            "verify_iat": False,
            "verify_nbf": False,
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
