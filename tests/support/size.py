"""How much is tried: enough for every change, far more in `make test-long`, and little for each of many mutants."""

from __future__ import annotations

import os

LONG = os.environ.get("INTERLEAVE_LONG") == "1"
SHORT = os.environ.get("INTERLEAVE_SHORT") == "1"


def examples(usual: int, long: int) -> int:
    """The number of examples to try."""
    if SHORT:
        return max(usual // 20, 1)
    return long if LONG else usual
