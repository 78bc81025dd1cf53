"""The keys that identity providers publish (JSON Web Key Sets, RFC 7517), fetched when needed and kept for a while."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.messaging.protocol import Poster, PostFailed

FRESH_MS = 3_600_000
"""How long a set is used before it is fetched again."""
STALE_MS = 86_400_000
"""How long it is used while it cannot be."""
COOL_DOWN_MS = 30_000
"""How often at most a set is fetched, whatever key is asked for and whether it could be."""

Jwk = Mapping[str, Any]


class NoKeys(Exception):
    """The set cannot be fetched, and there is none that is young enough."""


@dataclass(slots=True)
class _KeySet:
    keys: Mapping[str, Jwk] = field(default_factory=dict)
    fetched_at: int | None = None
    tried_at: int | None = None


class KeySets:
    """The sets by URL."""

    def __init__(self, poster: Poster, now: Callable[[], int]) -> None:
        self._poster = poster
        self._now = now
        self._sets: dict[str, _KeySet] = {}

    def find(self, url: str, key_id: str) -> Jwk | None:
        """The key of that id in the set at that URL. Raises `NoKeys`."""
        found, now = self._sets.setdefault(url, _KeySet()), self._now()
        fresh = found.fetched_at is not None and now - found.fetched_at < FRESH_MS
        cool = found.tried_at is None or now - found.tried_at >= COOL_DOWN_MS
        if cool and not (fresh and key_id in found.keys):
            found.tried_at = now
            keys = self._fetch(url)
            if keys is not None:
                found.keys, found.fetched_at = keys, now
        if found.fetched_at is None or now - found.fetched_at >= STALE_MS:
            raise NoKeys
        return found.keys.get(key_id)

    def _fetch(self, url: str) -> Mapping[str, Jwk] | None:
        """None where what comes back is no key set."""
        try:
            keys = json.loads(self._poster.fetch(url))["keys"]
            return {key["kid"]: key for key in keys if isinstance(key.get("kid"), str)}
        except (PostFailed, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return None
