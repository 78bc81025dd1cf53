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
    tag = f'"{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]}"'
    if call.headers.get("if-none-match") == tag:
        return Answer(304, None, {**headers, "ETag": tag})
    return Answer(200, body, {**headers, "ETag": tag})
