"""What a queue will not keep: beyond how many, after how long and after how many offers work goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from chalicelib.routing.model import Waiting

Reason = Literal["queue_full", "waited_too_long", "offered_too_often", "queue_closed"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Durations in milliseconds; None is no limit."""

    most_waiting: int | None = None
    longest_wait: int | None = None
    most_offers: int | None = None
    closed: bool = False


def overflowing(queued: Iterable[Waiting], now: int, limits: Limits) -> Mapping[str, Reason]:
    """What has to leave the queue, and why. Of too many, those that came last."""
    leaving: dict[str, Reason] = {}
    staying = 0
    for each in sorted(queued, key=lambda e: (e.since, e.engagement_id)):
        reason = _reason(each, now, limits)
        if reason is None and limits.most_waiting is not None and staying >= limits.most_waiting:
            reason = "queue_full"
        if reason is None:
            staying += 1
        else:
            leaving[each.engagement_id] = reason
    return leaving


def next_overflow(each: Waiting, limits: Limits) -> int | None:
    """When it will have waited too long, if ever."""
    return None if limits.longest_wait is None else each.since + limits.longest_wait


def _reason(each: Waiting, now: int, limits: Limits) -> Reason | None:
    if limits.closed:
        return "queue_closed"
    if limits.most_offers is not None and each.offers >= limits.most_offers:
        return "offered_too_often"
    if limits.longest_wait is not None and now - each.since >= limits.longest_wait:
        return "waited_too_long"
    return None
