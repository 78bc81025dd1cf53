"""How a receiver knows that a delivery is ours: Zoom's signature and handshake, and Standard Webhooks'.

Sources: Zoom, "Using webhooks" (x-zm-signature, endpoint.url_validation); standardwebhooks.com, specification.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Literal

Scheme = Literal["standard", "zoom"]
SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
VALIDATION = "endpoint.url_validation"


def new_secret(token: bytes) -> str:
    """A secret of unguessable bytes, as Standard Webhooks writes it."""
    return SECRET_PREFIX + b64encode(token).decode()


def signed(scheme: Scheme, secret: str, event_id: str, body: bytes, now: int) -> Mapping[str, str]:
    """The headers that sign a body. `now` is epoch seconds."""
    if scheme == "zoom":
        digest = hmac.new(secret.encode(), b"v0:%d:" % now + body, hashlib.sha256).hexdigest()
        return {"x-zm-request-timestamp": str(now), "x-zm-signature": f"v0={digest}"}
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    signature = hmac.new(key, f"{event_id}.{now}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{b64encode(signature).decode()}",
    }


def answer_to(secret: str, plain_token: str) -> str:
    """What a receiver that knows the secret makes of the token of Zoom's handshake."""
    return hmac.new(secret.encode(), plain_token.encode(), hashlib.sha256).hexdigest()
