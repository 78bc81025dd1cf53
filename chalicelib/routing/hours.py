"""When a queue is open: weekly hours in a time zone, less closures.

Where clocks are changed, a time that comes twice is its first, and one that is left out is as long after the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STRICT: dict[str, Any] = {"extra": "forbid"}
LONGEST_SEARCH = 400
"""Days that are looked through for open hours."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start` until just before `end`, on the same day; an end of midnight is the end of the day."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Closure:
    """Closed from the first of these days to the last, whatever the week says."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """A day that is not named is closed all day."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    timezone: str = "UTC"
    weekly: Mapping[Day, tuple[Interval, ...]] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()

    def is_open(self, at: int) -> bool:
        """Whether it is open at a moment (epoch milliseconds)."""
        return any(start <= at < end for start, end in self._open_on(self._day(at)))

    def after(self, at: int, seconds: int) -> int:
        """The moment (epoch milliseconds) by which it has been open for so many seconds since `at`.

        Where it does not open that long within `LONGEST_SEARCH` days, the end of what was looked through.
        """
        left, upto = 1000 * seconds, at
        first = self._day(at)
        for n in range(LONGEST_SEARCH):
            for start, end in self._open_on(first + timedelta(days=n)):
                start = max(start, upto)
                if end - start >= left:
                    return start + left
                left -= max(end - start, 0)
                upto = max(end, upto)
        return upto

    def open_ms(self, start: int, end: int) -> int:
        """How long (milliseconds) it is open between two moments (epoch milliseconds)."""
        spans = (span for day in self._days(start, end) for span in self._open_on(day))
        return sum(max(min(closes, end) - max(opens, start), 0) for opens, closes in spans)

    def changes(self, start: int, end: int) -> list[tuple[int, bool]]:
        """When it opens (True) and closes after `start` and until `end` (epoch milliseconds), in order."""
        spans = (span for day in self._days(start, end) for span in self._open_on(day))
        found = [pair for opens, closes in spans for pair in ((opens, True), (closes, False))]
        joined = {at for at, is_open in found if not is_open} & {at for at, is_open in found if is_open}
        return [(at, is_open) for at, is_open in found if start < at <= end and at not in joined]

    def _open_on(self, day: date) -> list[tuple[int, int]]:
        """From when until when (epoch milliseconds) it is open on a day, in order; what overlaps or meets is one."""
        if any(closure.first <= day <= closure.last for closure in self.closures):
            return []
        joined: list[tuple[int, int]] = []
        for start, end in sorted(self._span(day, interval) for interval in self.weekly.get(DAYS[day.weekday()], ())):
            if joined and start <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            elif start < end:  # not the other way round, as where both are about the hour that is left out
                joined.append((start, end))
        return joined

    def _span(self, day: date, interval: Interval) -> tuple[int, int]:
        last = day + timedelta(days=1) if interval.end == time.min else day
        return self._moment(day, interval.start), self._moment(last, interval.end)

    def _days(self, start: int, end: int) -> list[date]:
        """The days that two moments, and what is between them, fall on."""
        first, last = self._day(start), self._day(end)
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def _day(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000, ZoneInfo(self.timezone)).date()

    def _moment(self, day: date, clock: time) -> int:
        return round(datetime.combine(day, clock, ZoneInfo(self.timezone)).timestamp() * 1000)
