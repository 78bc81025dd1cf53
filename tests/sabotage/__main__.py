"""`make sabotage`: break the project on purpose, and print which test catches it."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

from tests.sabotage.breaks import bugs, conditions
from tests.sabotage.run import caught_by


def main() -> int:
    """0 if everything was caught."""
    breaks = [*bugs(), *conditions()]
    print(f"Breaking {len(breaks)} things, one at a time …", flush=True)
    survived = 0
    with ThreadPoolExecutor(os.cpu_count()) as several:
        for broken, test in zip(breaks, several.map(caught_by, breaks), strict=True):
            survived += test is None
            print(f"{'caught ' if test else 'MISSED '} {broken.name}\n        by {test or 'no test'}", flush=True)
    print(f"{len(breaks)} breaks, {survived} survived", flush=True)
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
