"""When a queue is open: weekly hours in a time zone, less closures. Daylight saving is the time zone's affair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
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

    def holds(self, clock: time) -> bool:
        return self.start <= clock and (self.end == time.min or clock < self.end)


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
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.timezone))
        if any(closure.first <= local.date() <= closure.last for closure in self.closures):
            return False
        return any(interval.holds(local.time()) for interval in self.weekly.get(DAYS[local.weekday()], ()))

    def after(self, at: int, seconds: int) -> int:
        """The moment (epoch milliseconds) by which it has been open for so many seconds since `at`.

        Where it does not open that long within `LONGEST_SEARCH` days, the end of what was looked through.
        """
        left, upto = 1000 * seconds, at
        first = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.timezone)).date()
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
        zone = ZoneInfo(self.timezone)
        day = datetime.fromtimestamp(start / 1000, UTC).astimezone(zone).date()
        last = datetime.fromtimestamp(end / 1000, UTC).astimezone(zone).date()
        total, upto = 0, start
        while day <= last:
            for opens, closes in self._open_on(day):
                total += max(min(closes, end) - max(opens, upto), 0)
                upto = max(closes, upto)
            day += timedelta(days=1)
        return total

    def changes(self, start: int, end: int) -> list[tuple[int, bool]]:
        """When it opens (True) and closes after `start` and until `end` (epoch milliseconds), in order."""
        zone = ZoneInfo(self.timezone)
        first = datetime.fromtimestamp(start / 1000, UTC).astimezone(zone).date()
        last = datetime.fromtimestamp(end / 1000, UTC).astimezone(zone).date()
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        found = [
            pair for day in days for opens, closes in self._open_on(day) for pair in ((opens, True), (closes, False))
        ]
        joined = {at for at, is_open in found if not is_open} & {at for at, is_open in found if is_open}
        return [(at, is_open) for at, is_open in found if start < at <= end and at not in joined]

    def _open_on(self, day: date) -> list[tuple[int, int]]:
        """From when until when (epoch milliseconds) it is open on a day, in order."""
        if any(closure.first <= day <= closure.last for closure in self.closures):
            return []
        found = []
        for interval in sorted(self.weekly.get(DAYS[day.weekday()], ()), key=lambda each: each.start):
            last = day + timedelta(days=1) if interval.end == time.min else day
            found.append((self._moment(day, interval.start), self._moment(last, interval.end)))
        return found

    def _moment(self, day: date, clock: time) -> int:
        return round(datetime.combine(day, clock, ZoneInfo(self.timezone)).timestamp() * 1000)
