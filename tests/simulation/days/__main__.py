"""`python -m tests.simulation.days 7`: the day of seed 7, told; or the shortest story that goes wrong like it."""

from __future__ import annotations

import sys

from tests.simulation.days.verdict import judged, quietly


def main() -> int:
    """0 if all was well."""
    with quietly():
        verdict = judged(int(sys.argv[1]))
    print(verdict.text)
    return 1 if verdict.error else 0


if __name__ == "__main__":
    sys.exit(main())
