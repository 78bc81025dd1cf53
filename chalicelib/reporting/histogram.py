"""Durations counted by steps of at most 2.5 % each, so that counts of many intervals can be added up.

The steps are the same everywhere and for ever. A step is called by its upper end: up to 100 ms every millisecond is
one; between 100 ms and 1 s they end at 102, 104 … 200, 205 … 500, 510 … 1000 ms, and so on in each power of ten. A
duration is thus known to within 1.25 % of itself. Every whole number of seconds up to 100, every 2 s up to 200, every
5 s up to 500 and every 10 s up to 1000 is the end of a step, so that a limit of so many seconds is held exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

Histogram = Mapping[int, int]
"""By the step's upper end (milliseconds), how many durations lie in it."""
_FINEST = 100
"""Milliseconds; up to here nothing is rounded."""


def step_of(duration: int) -> int:
    """The upper end of the step that a duration lies in (milliseconds)."""
    width = _width(duration)
    return -(-duration // width) * width


def percentile(histogram: Histogram, percent: int) -> int | None:
    """What that share of the durations does not exceed, to within 1.25 %; None where there are none."""
    wanted = -(-sum(histogram.values()) * percent // 100)
    seen = 0
    for step in sorted(histogram):
        seen += histogram[step]
        if seen >= wanted:
            return step - _width(step) // 2
    return None


def _width(duration: int) -> int:
    """How wide the step is that a duration lies in."""
    if duration <= _FINEST:
        return 1
    scale = 1
    while duration > 1000 * scale:
        scale *= 10
    return scale * (2 if duration <= 200 * scale else 5 if duration <= 500 * scale else 10)
