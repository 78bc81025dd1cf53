"""Who is next. A rank never changes while an engagement waits, so nothing is sorted again as time passes."""

from __future__ import annotations

from chalicelib.routing.model import Waiting

HIGHEST_PRIORITY = 999
"""Priorities go from 0 to this; the higher, the sooner."""

Rank = tuple[int, int, str]


def rank(waiting: Waiting) -> Rank:
    """Priority, then age, then the id to make it total. The lower rank goes first."""
    return (HIGHEST_PRIORITY - waiting.priority, waiting.queued_at, waiting.engagement_id)


def rank_key(waiting: Waiting) -> str:
    """The rank as text that sorts the same way, for the key of an index."""
    below, queued_at, engagement_id = rank(waiting)
    return f"{below:03d}#{queued_at:014d}#{engagement_id}"
