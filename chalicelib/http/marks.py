"""Lists that are walked by marks: a mark is where in an order that does not change the next page begins."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http.endpoint import Call


def page_token(mark: str | None) -> str:
    """Where the next page begins, as Zoom has it: opaque, and empty at the end."""
    return "" if mark is None else urlsafe_b64encode(mark.encode()).rstrip(b"=").decode()


def mark_of(call: Call[Any]) -> str | None:
    """Where the page that is asked for begins."""
    text = call.query.get("next_page_token", "")
    if not text:
        return None
    try:
        return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)).decode()
    except ValueError:
        wrong = FieldError("query/next_page_token", "Send the token of the page before, or none.")
        raise InvalidRequest("Validation Failed.", [wrong]) from None
