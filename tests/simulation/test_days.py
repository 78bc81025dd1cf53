"""Days of a contact centre, each from a seed: faults, duplicates, overlapping workers, clocks that are wrong, a
deployment in the middle. Then I1–I14 hold, and nothing is lost, doubled or stuck.

`python -m tests.simulation.test_days 7` plays the day of seed 7, and tells the shortest story that goes wrong.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from chalicelib.handlers.observe import log
from tests.simulation.days.after import play
from tests.simulation.days.day import Day
from tests.simulation.days.story import FAULTS, ODDS, drawn, shrunk
from tests.support.size import examples

SEEDS = examples(20, 1000)
AT_ONCE = 5
"""Seeds of one test."""


@contextmanager
def quietly() -> Iterator[None]:
    level = log.log_level
    log.setLevel("CRITICAL")
    try:
        yield
    finally:
        log.setLevel(level)


def judged(seed: int) -> Day:
    """The day of a seed. Where it goes wrong, the seed and the shortest story that goes wrong like it are told."""
    story = drawn(seed)
    try:
        with quietly():
            return play(story)
    except Exception as error:
        error.add_note(f"Seed {seed}: python -m tests.simulation.test_days {seed}")
        raise


@pytest.mark.parametrize("first", range(0, SEEDS, AT_ONCE))
def test_after_a_day_all_is_well(first: int) -> None:
    for seed in range(first, first + AT_ONCE):
        judged(seed)
