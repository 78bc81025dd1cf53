"""Days of a contact centre, each from a seed: faults, duplicates, overlapping workers, clocks that are wrong, a
deployment in the middle. Then I1–I14 hold, and nothing is lost, doubled or stuck.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from chalicelib.engagements.states import TRANSITIONS
from chalicelib.storage.memory import MemoryStore
from chalicelib.storage.protocol import Refused, Replayed, Started
from tests.simulation.days.story import FAULTS
from tests.simulation.days.verdict import judged, quietly
from tests.simulation.test_schedules import Careless, Forgetful
from tests.support.figures import Figure
from tests.support.size import examples

SEEDS = (20, 1000)
"""How many, usually and in `make test-long`."""
AT_ONCE = 10
"""Seeds of one test."""


@pytest.mark.parametrize("first", range(0, examples(*SEEDS), AT_ONCE))
def test_after_a_day_all_is_well(first: int, figure: Figure) -> None:
    commands: Counter[str] = Counter()
    struck: Counter[str] = Counter()
    for seed in range(first, first + AT_ONCE):
        with quietly():
            verdict = judged(seed)
        assert verdict.error is None, verdict.text
        commands.update(after.trail[-1].command for _, after in verdict.day.store.stream)
        struck += verdict.day.struck
    if first < SEEDS[0]:
        assert commands.keys() == {"start", *TRANSITIONS} - {"erase"}
    assert struck.keys() == set(FAULTS)
    figure("days, each from a seed", AT_ONCE)
    figure("versions written in days", commands.total())
    figure("faults in days", struck.total())


def test_the_same_seed_gives_the_same_history_to_the_byte() -> None:
    """In whatever order sets are gone through."""
    command = [sys.executable, "-m", "tests.simulation.days", "3"]
    told = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": each}, capture_output=True, check=True).stdout
        for each in ("1", "2")
    ]
    assert told[0] == told[1]
    with quietly():
        assert judged(3).text.encode() in told[0]
        assert judged(4).text.encode() not in told[0]


class Doubling(MemoryStore):
    """A store that starts work that is active already."""

    def start(self, engagement: Any, receipt: Any) -> Started | Replayed | Refused:
        self._heads.pop(engagement.work_key, None)
        return super().start(engagement, receipt)


@pytest.mark.parametrize("broken", [Careless, Forgetful, Doubling])
def test_a_store_that_is_careless_is_found_out_and_the_story_is_short(broken: type[MemoryStore]) -> None:
    with quietly():
        verdict = next(found for found in (judged(seed, broken) for seed in range(20)) if found.error)
    assert "Seed " in verdict.text
    assert len(verdict.day.story.moments) < 30
