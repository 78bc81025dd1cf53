"""Who is next.

Priority comes first, then the moment at which work should be taken, then age. What gains priority with waiting gains
it at a constant rate, so the order among work of one rate never changes while it waits, and nothing is sorted again
as time passes; only works of different rates can overtake one another.
"""

from __future__ import annotations

from chalicelib.routing.model import Waiting

HIGHEST_PRIORITY = 999
"""Priorities go from 0 to this; the higher, the sooner."""
HOUR = 3_600_000

Rank = tuple[bool, int, int, int, str]


def standing(waiting: Waiting) -> Rank:
    """The rank but for what all work of the same rate gains alike. The lower goes first."""
    points = waiting.priority * HOUR - waiting.rate * waiting.queued_at
    target_at = waiting.queued_at if waiting.target_at is None else waiting.target_at
    return (not waiting.top, -points, target_at, waiting.queued_at, waiting.engagement_id)


def rank(waiting: Waiting, now: int = 0) -> Rank:
    """The rank at a moment, which compares with every other of that moment. The lower goes first."""
    below_top, points, *rest = standing(waiting)
    return (below_top, points - waiting.rate * now, *rest)  # type: ignore[return-value]


def overtaken_until(waiting: Waiting, highest: int = HIGHEST_PRIORITY) -> int | None:
    """From when on nothing that arrives goes before it, if arrivals gain no faster and none is top; None is never.

    The longest wait behind higher ranks is thus `highest - priority` points at `rate` points an hour.
    """
    if waiting.rate == 0:
        return None
    return waiting.queued_at + -(-(highest - waiting.priority) * HOUR // waiting.rate)


def rank_key(waiting: Waiting) -> str:
    """The rank as text that sorts the same way where nothing gains by waiting, for the key of an index."""
    below_top, _, target_at, queued_at, engagement_id = standing(waiting)
    below = HIGHEST_PRIORITY - waiting.priority
    return f"{below_top:d}{below:03d}#{target_at:014d}#{queued_at:014d}#{engagement_id}"
