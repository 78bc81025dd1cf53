"""The tenant's own tokens: JSON Web Tokens (RFC 7519) signed by HS256, and by nothing else.

PyJWT reads those of other issuers (`chalicelib.http.people`). Here it would bring `cryptography` along, which a token
of ours has no use for and every cold start would pay for (docs/decisions/0005).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.storage.protocol import SigningKey

ALGORITHM = "HS256"
LONGEST = 8192
"""Characters; no token that is let in is longer."""


class BadToken(Exception):
    """It is no token, or not one of ours."""


def sign(claims: Mapping[str, Any], key: SigningKey) -> str:
    """A token that makes these claims."""
    content = f"{_encoded({'alg': ALGORITHM, 'kid': key.key_id, 'typ': 'JWT'})}.{_encoded(claims)}"
    return f"{content}.{_signature(content, key)}"


def verified(token: str, key_of: Callable[[str], SigningKey | None]) -> dict[str, Any]:
    """What a token claims that one of the tenant's keys has signed. Raises `BadToken`."""
    header, claims = unverified(token)
    key_id = header.get("kid")
    if header.get("alg") != ALGORITHM or "crit" in header or not isinstance(key_id, str):
        raise BadToken
    key = key_of(key_id)
    content, _, signature = token.rpartition(".")
    if key is None or not hmac.compare_digest(_signature(content, key).encode(), signature.encode()):
        raise BadToken
    return claims


def unverified(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a token says of itself, and what it claims; none of it is to be believed. Raises `BadToken`."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > LONGEST:
        raise BadToken
    header, claims = (_decoded(part) for part in parts[:2])
    return header, claims


def _signature(content: str, key: SigningKey) -> str:
    return _text(hmac.digest(key.secret.encode(), content.encode(), hashlib.sha256))


def _encoded(value: Mapping[str, Any]) -> str:
    return _text(json.dumps(value, separators=(",", ":")).encode())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(part: str) -> dict[str, Any]:
    try:
        value = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise BadToken from None
    if not isinstance(value, dict):
        raise BadToken
    return value
