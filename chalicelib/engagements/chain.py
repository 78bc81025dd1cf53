"""The chain of an engagement's events: a digest of each with the digest of all before it.

The newest digest stands in the engagement. A history of which an event was changed, is missing or was added does not
lead to it. It is no signature: who can write every row of an engagement can make its chain anew. Anybody's own words
are not in it, because they are forgotten when the consumer's data is.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import reduce

from chalicelib.engagements.model import Engagement, Event

DIGEST_BYTES = 16


def link(before: str, event: Event) -> str:
    """The digest of an event that follows a digest; for the first event, the engagement's id."""
    said = json.dumps(event.bare, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(f"{before} {said}".encode()).digest()[:DIGEST_BYTES]
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def fault(engagement: Engagement, kept: Iterable[Event]) -> str | None:
    """What is wrong with an engagement's history: the events kept in it, and those of its trail. None is nothing."""
    known: dict[int, Event] = {}
    for event in (*kept, *engagement.trail):
        if known.setdefault(event.version, event.bare) != event.bare:
            return f"Event {event.version} is told in two ways."
    for version in range(1, engagement.version + 1):
        if version not in known:
            return f"Event {version} is missing."
    if len(known) > engagement.version:
        return f"Event {max(known)} is one too many."
    if (
        engagement.chain
        and reduce(link, (known[v] for v in sorted(known)), engagement.engagement_id) != engagement.chain
    ):
        return "An event has been changed."
    return None
