"""What the tests have counted while they tried things: added up over all of them, and told at the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

import pytest

PREFIX = "figure: "
"""Of the properties of a test's report that are figures; properties travel from the workers with their reports."""


class Figure(Protocol):
    """How a test tells what it has counted, or measured."""

    def __call__(self, name: str, value: int | str) -> None: ...


def lines(reports: Iterable[pytest.TestReport]) -> Iterator[str]:
    """One for each name: the sum of what was counted, or each thing that was measured."""
    counts: Counter[str] = Counter()
    measured: list[str] = []
    for report in reports:
        for key, value in report.user_properties:
            name = key.removeprefix(PREFIX)
            if name != key and isinstance(value, int):
                counts[name] += value
            elif name != key:
                measured.append(f"{name}: {value}")
    yield from (f"{name}: {count:,}" for name, count in sorted(counts.items()))
    yield from sorted(measured)
