"""The numbers of a report as figures: one for each number, by what it is broken down by, and over time where there is
more than one interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from infra.cli.output import duration

Row = Mapping[str, Any]

UNITS = {"_count": "", "_ms": "seconds", "_percentage": "%", "_per_engagement": "currency"}
"""How the names of numbers end, and in what they are drawn."""
ADDED_UP = ("_count", "_ms")
SPREAD = ("_p50_ms", "_p90_ms")
"""What says how durations are spread adds up to nothing."""
MOST_LINES = 7
"""There are no more colours and shapes that are easily told apart."""
MOST_BARS = 40
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a dataset."""

    name: str
    meaning: str
    unit: str
    moments: tuple[datetime, ...]
    """When the intervals begin, on the clock of the report."""
    series: Mapping[str, tuple[float | None, ...]]
    """By who or what, a value for each moment. Over time everybody has one place in all figures, else the largest is
    first."""
    total: tuple[float | None, ...] | None
    """All of them together for each moment, where that means something."""

    @property
    def heading(self) -> str:
        return heading(self.name.removesuffix("_in_percentage")).capitalize()

    @property
    def drawn(self) -> Mapping[str, tuple[float | None, ...]]:
        """As many series as can be told apart."""
        most = MOST_LINES if len(self.moments) > 1 else MOST_BARS
        return dict(list(self.series.items())[:most])

    def text(self, value: float | None) -> str:
        """A value as it is read."""
        if value is None:
            return "–"
        if self.unit == "seconds":
            return duration(value)
        if self.unit == "currency":
            return f"{value:,.2f}"
        return f"{value:,.0f}{' %' if self.unit else ''}"


def heading(name: str) -> str:
    """The name of a column for people."""
    for end in ("_ms", "_count", "_name"):
        name = name.removesuffix(end)
    return name.replace("_", " ")


def figures(rows: Sequence[Row], meanings: Mapping[str, str], zone: tzinfo) -> list[Figure]:
    """A figure for every number that is not nothing in all rows."""
    if not rows:
        return []
    numbers = [name for name in rows[0] if name.endswith(tuple(UNITS))]
    starts = _moments(rows)
    labels = _labels(rows, numbers)
    busiest = _busiest(rows, labels)
    moments = tuple(_local(start, length, zone) for start, length in starts.items())
    made = []
    for name in numbers:
        if any(row[name] for row in rows):
            series = _series(name, rows, labels, list(starts))
            if len(starts) > 1:
                series = {label: series[label] for label in busiest}
            total = _total(series) if _adds_up(name) and len(series) > 1 else None
            unit = next(unit for end, unit in UNITS.items() if name.endswith(end))
            made.append(Figure(name, meanings.get(name, ""), unit, moments, series, total))
    return made


def _adds_up(name: str) -> bool:
    return name.endswith(ADDED_UP) and not name.endswith(SPREAD)


def _moments(rows: Sequence[Row]) -> dict[datetime, timedelta]:
    """All intervals from the first to the last, also those in which nothing happened, and how long each is."""
    spans = {_time(row["start_time"]): _time(row["end_time"]) for row in rows}
    found: dict[datetime, timedelta] = {}
    for start in sorted(spans):
        last = next(reversed(found), None)
        while last is not None and start - (last + found[last]) >= found[last] / 2:
            found[last + found[last]] = found[last]
            last = last + found[last]
        found[start] = spans[start] - start
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _local(start: datetime, length: timedelta, zone: tzinfo) -> datetime:
    """A day is the one that most of it falls on: it may have begun on another clock."""
    if length > A_DAY / 2:
        return (start + length / 2).astimezone(zone).replace(hour=0, minute=0, second=0, tzinfo=None)
    return start.astimezone(zone).replace(tzinfo=None)


def _labels(rows: Sequence[Row], numbers: Sequence[str]) -> list[str]:
    """Who or what each row is about: by names rather than by ids, and without what is the same everywhere."""
    columns = [name for name in rows[0] if name not in numbers and not name.endswith("_time")]
    columns = [name for name in columns if not isinstance(rows[0][name], list)]
    named = [name for name in columns if f"{name.removesuffix('_id')}_name" not in columns or name.endswith("_name")]
    labels: list[str] = []
    for some in (named, columns):  # two may have the same name
        telling = [name for name in some if len({row[name] for row in rows}) > 1] or some
        labels = [" · ".join(str(row[name]) for name in telling if row[name] is not None) or "all" for row in rows]
        if len({(label, row["start_time"]) for label, row in zip(labels, rows, strict=True)}) == len(rows):
            break
    return labels


def _busiest(rows: Sequence[Row], labels: Sequence[str]) -> list[str]:
    """Who counts most, whatever is counted, first."""
    counted = dict.fromkeys(sorted(set(labels)), 0)
    for row, label in zip(rows, labels, strict=True):
        counted[label] += sum(value or 0 for name, value in row.items() if name.endswith("_count"))
    return sorted(counted, key=lambda label: -counted[label])


def _series(
    name: str, rows: Sequence[Row], labels: Sequence[str], starts: Sequence[datetime]
) -> dict[str, tuple[float | None, ...]]:
    """Nothing happened where there is no row: 0 of what adds up, and of the rest nothing is known."""
    nothing = 0.0 if _adds_up(name) else None
    found: dict[str, dict[datetime, float | None]] = {label: dict.fromkeys(starts, nothing) for label in labels}
    for row, label in zip(rows, labels, strict=True):
        value, start = row[name], _time(row["start_time"])
        if value is not None:
            value = value / 1000 if name.endswith("_ms") else value
            found[label][start] = value + (found[label][start] or 0) if _adds_up(name) else value
    of_size = sorted(found, key=lambda label: (-sum(value or 0 for value in found[label].values()), label))
    return {label: tuple(found[label].values()) for label in of_size}


def _total(series: Mapping[str, tuple[float | None, ...]]) -> tuple[float | None, ...]:
    return tuple(sum(value or 0 for value in at_once) for at_once in zip(*series.values(), strict=True))
