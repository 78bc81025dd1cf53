"""Pages of a list. A token names the version of the document and the place in it, so that nobody's change in between
shifts a page; it is signed, and good for a quarter of an hour, like Zoom's."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http.endpoint import Call
from chalicelib.http.models import number_in

PAGE_SIZE = 30
LARGEST_PAGE = 300
TOKEN_LIFE_MS = 900_000
SIGNATURE_BYTES = 16
PARAMETERS = ("page_size", "next_page_token")


def page_size(call: Call[Any]) -> int:
    """How many rows are asked for."""
    size = number_in(call.query.get("page_size", str(PAGE_SIZE)))
    if size is None or not 1 <= size <= LARGEST_PAGE:
        raise InvalidRequest("Validation Failed.", [FieldError("query/page_size", f"Between 1 and {LARGEST_PAGE}.")])
    return size


def begin(call: Call[Any], what: str, latest: int) -> tuple[int, int]:
    """Version and place at which the page begins; without a token, the latest version's beginning."""
    token = call.query.get("next_page_token")
    if not token:
        return latest, 0
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except ValueError:
        raw = b""
    signature, text = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    if not text or not hmac.compare_digest(signature, _signature(call, text)):
        raise _refused("This is no token of ours.")
    listed, version, place, expires_at = json.loads(text)
    if listed != what or expires_at < call.world.now():
        raise _refused("The token is too old, or another list's; begin again without one.")
    return version, place


def token(call: Call[Any], what: str, version: int, place: int) -> str:
    """What the next page is asked for with."""
    text = json.dumps([what, version, place, call.world.now() + TOKEN_LIFE_MS]).encode()
    return urlsafe_b64encode(_signature(call, text) + text).rstrip(b"=").decode()


def _signature(call: Call[Any], text: bytes) -> bytes:
    key = f"page:{call.world.signing_key()}".encode()
    return hmac.new(key, text, hashlib.sha256).digest()[:SIGNATURE_BYTES]


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest("Validation Failed.", [FieldError("query/next_page_token", message)])
