"""Who says who people are: the tenant's identity providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

PersonRole = Literal["agent", "supervisor", "admin"]
Https = Annotated[str, Field(pattern=r"^https://[^\s@/?#]+(/[^\s?#]*)?$", max_length=2048)]


HttpsOrHere = Annotated[
    str, Field(pattern=r"^(https://[^\s@/?#;,]+|http://(127\.0\.0\.1|localhost)(:\d+)?)(/[^\s?#]*)?$", max_length=2048)
]


@dataclass(frozen=True, slots=True)
class ConsoleSignIn:
    """Where the console sends people to sign in, by the authorization code flow with PKCE (RFC 7636)."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    client_id: Annotated[str, Field(min_length=1, max_length=255)]
    """Of a public client whose redirect address is the console's."""
    authorization_url: HttpsOrHere
    token_url: HttpsOrHere
    """It must let the console's origin read its answers (CORS)."""
    scope: Annotated[str, Field(min_length=1, max_length=1024)] = "openid"
    """With what the issuer's access tokens are JWTs for this tenant's audience."""
    token: Literal["access_token", "id_token"] = "access_token"  # noqa: S105 - a field's name
    """Which of the issuer's tokens the console shows. Cognito's access tokens name no audience; its ID tokens do."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    """An OpenID Connect issuer whose tokens are let in as people."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    issuer: Https
    """As its tokens have it in `iss`, to the letter."""
    audience: Annotated[str, Field(min_length=1, max_length=255)]
    """What `aud` must name."""
    jwks_url: Https
    """Where it publishes its keys."""
    user_claim: Annotated[str, Field(min_length=1, max_length=255)] = "sub"
    """Which claim holds the user id. It stands in events and in the history, so let it be no e-mail address."""
    role_claim: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    """Which claim holds one or more values that `roles` makes a role of; without it everybody is an agent."""
    roles: Mapping[str, PersonRole] = field(default_factory=dict)
    """The role for each value of that claim; of several the highest. Whatever is not here gives none."""
