"""When a delivery that failed is tried again: soon at first, then ever later, for a day in all."""

from __future__ import annotations

MINUTE, HOUR = 60, 3600
WAITS = (5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR)
"""Seconds before each further attempt."""


def wait_after(attempt: int) -> int | None:
    """Seconds until the next attempt, after so many (1 is the first); None when it is given up."""
    return WAITS[attempt - 1] if attempt <= len(WAITS) else None
