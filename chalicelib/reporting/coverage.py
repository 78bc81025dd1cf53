"""Which intervals are rolled up, and from what a stretch of time is therefore read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS, quarter_of, span

Level = Literal["quarter", "hour", "day"]
"""Quarters and hours are the same on every clock; days are those of the tenant's."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every quarter of an hour from `since` until `upto` (epoch ms) is rolled up, and every hour and day in there."""

    since: int = 0
    upto: int = 0
    zone: str = "UTC"
    """On whose clock its days are."""
    zone_since: int = 0
    """From when on: the days before were those of another clock."""
    version: int = 0
    """0 is nothing yet."""

    def holds(self, level: Level, start: int, end: int) -> bool:
        """Whether an interval is rolled up."""
        since = max(self.since, self.zone_since) if level == "day" else self.since
        return since <= start and end <= self.upto


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of time that is read from one kind of rows; None is the facts."""

    level: Level | None
    start: int
    end: int


def series(level: Level, zone: str, *, by_agent: bool = True) -> str:
    """What the intervals of a level are kept under: with what each agent did, or all agents together."""
    name = f"day@{zone}" if level == "day" else level
    return name if by_agent else f"{name}@together"


def intervals(level: Level, start: int, end: int, zone: str) -> Iterator[tuple[int, int]]:
    """The intervals of a level that a stretch of time touches."""
    while start < end:
        begin, until = interval_at(level, start, zone)
        yield begin, until
        start = until


def interval_at(level: Level, at: int, zone: str) -> tuple[int, int]:
    """The interval of a level that a moment falls in."""
    if level == "day":
        return span(at, DAY_MS, ZoneInfo(zone))
    length = HOUR_MS if level == "hour" else QUARTER_MS
    return at - at % length, at - at % length + length


def pieces(start: int, end: int, interval_ms: int, zone: tzinfo, coverage: Coverage) -> list[Piece]:
    """What to read for the rows of a report over whole quarters: of each row the longest intervals there are."""
    found: list[Piece] = []
    while start < end:
        level, upto = _longest(start, min(end, span(start, interval_ms, zone)[1]), zone, coverage)
        if found and found[-1].level == level:
            found[-1] = Piece(level, found[-1].start, upto)
        else:
            found.append(Piece(level, start, upto))
        start = upto
    return found


def _longest(start: int, end: int, zone: tzinfo, coverage: Coverage) -> tuple[Level | None, int]:
    """The longest interval that begins at `start`, ends by `end` and is rolled up."""
    levels: tuple[Level, ...] = ("day", "hour", "quarter") if str(zone) == coverage.zone else ("hour", "quarter")
    for level in levels:
        begin, until = interval_at(level, start, coverage.zone)
        if begin == start and until <= end and coverage.holds(level, begin, until):
            return level, until
    return None, min(end, quarter_of(start) + QUARTER_MS)
