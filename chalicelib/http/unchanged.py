"""Answers that a client polls for: an ETag, and 304 while nothing has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from chalicelib.http.endpoint import Answer, Call


def unless_seen(
    call: Call[Any],
    body: Mapping[str, Any],
    headers: Mapping[str, str] = MappingProxyType({}),
    apart: frozenset[str] = frozenset(),
) -> Answer:
    """The answer with its ETag, or 304 to whoever has seen it. Fields that stand `apart` change without a change."""
    seen = {name: value for name, value in body.items() if name not in apart}
    tag = tag_of(seen)
    if call.has_seen(tag):
        return Answer(304, None, {**headers, "ETag": tag})
    return Answer(200, body, {**headers, "ETag": tag})


def tag_of(body: Mapping[str, Any]) -> str:
    """The ETag of a body, which is another once anything in it is."""
    return f'"{hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]}"'
