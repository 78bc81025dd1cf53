"""How much is tried: enough for every change, and far more in `make test-long`."""

from __future__ import annotations

import os

LONG = os.environ.get("INTERLEAVE_LONG") == "1"


def examples(usual: int, long: int) -> int:
    """The number of examples to try."""
    return long if LONG else usual
