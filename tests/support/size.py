"""How much is tried, and how long it may take: for every change, for `make test-long`, and for each of many mutants."""

from __future__ import annotations

import os

LONG = os.environ.get("INTERLEAVE_LONG") == "1"
SHORT = os.environ.get("INTERLEAVE_SHORT") == "1"
PATIENCE = 1 if LONG else 3
"""How many times what is promised something may take. `make test` runs two or three tests at once on two cores, beside
whatever else the machine does; `make test-long` runs what measures by itself, and holds the promise."""


def examples(usual: int, long: int) -> int:
    """The number of examples to try."""
    if SHORT:
        return max(usual // 20, 1)
    return long if LONG else usual
