"""Intervals of time: quarters of an hour, hours, and days on somebody's clock. All times are epoch milliseconds."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

QUARTER_MS = 900_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def quarter_of(at: int) -> int:
    """When the quarter of an hour begins that a moment falls in. All clocks are whole quarters apart."""
    return at - at % QUARTER_MS


def span(at: int, interval_ms: int, zone: tzinfo) -> tuple[int, int]:
    """The interval that a moment falls in, start and end in epoch ms, on the clock of a time zone. A day lasts from
    midnight to midnight there, which is 23 or 25 hours when the clock is changed."""
    local = datetime.fromtimestamp(at / 1000, zone)
    if interval_ms == DAY_MS:
        midnights = (datetime.combine(local.date() + timedelta(days), time.min, zone) for days in (0, 1))
        start, end = (round(each.timestamp() * 1000) for each in midnights)
        return start, end
    ahead = round((local.utcoffset() or timedelta()).total_seconds() * 1000)
    start = at - (at + ahead) % interval_ms
    return start, start + interval_ms
