"""What happens on a day, drawn from a seed before the day begins; and the shortest story that still goes wrong.

A moment says what somebody does, and the number of the dice by which he chooses. So moments can be left out, and what
is left goes on to choose as it did.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

LENGTH = 1200
"""Moments of a day."""
WORKERS = 6
"""Processes that serve calls, rings, the stream and the schedule."""
SKEW_MS = 5_000
"""How far a worker's clock may be before or behind the time."""
FAULTY = 0.6
"""Of the moments, in which one of the calls goes wrong. Some five calls are made in a moment."""
FAULTS = ("refused", "answer lost", "race", "twice", "message lost", "dies")
ODDS = {
    "time passes": 20,
    "start": 12,
    "sends again": 4,
    "accept": 14,
    "something with what is held": 16,
    "source": 5,
    "supervisor": 7,
    "pull": 3,
    "agent": 8,
    "doorbell": 16,
    "stream": 18,
    "schedule": 5,
    "lost messages": 1,
    "late write": 2,
    "deployment": 1,
}


class Moment(NamedTuple):
    """Something happens, then some of those who are at it make some of their calls."""

    what: str
    dice: int
    fault: str = ""
    """What goes wrong with one of these calls."""


@dataclass(frozen=True)
class Story:
    """A day before it is played."""

    skews: tuple[int, ...]
    """By worker, milliseconds. No two are the same: two changes that are the same to the last byte count as one."""
    moments: tuple[Moment, ...]


def drawn(seed: int) -> Story:
    """The story of a seed."""
    draw = random.Random(seed)
    skews = tuple(draw.sample(range(-SKEW_MS, SKEW_MS), WORKERS))
    whats = draw.choices(list(ODDS), list(ODDS.values()), k=LENGTH)
    return Story(
        skews,
        tuple(
            Moment(what, draw.randrange(1 << 30), draw.choice(FAULTS) if draw.random() < FAULTY else "")
            for what in whats
        ),
    )


def shrunk(story: Story, fails: Callable[[Story], bool], tries: int = 300) -> Story:
    """The shortest that is found in so many tries: without moments, without faults, with clocks that are right."""
    left = itertools.count(tries, -1)

    def smaller(candidates: Iterable[Story]) -> Story | None:
        return next((each for each in candidates if next(left) > 0 and fails(each)), None)

    size = len(story.moments)
    while size:
        found = smaller(_without(story, size))
        story, size = (found, min(size, len(found.moments))) if found else (story, size // 2)
    for n, moment in enumerate(story.moments):
        if moment.fault:
            others = (*story.moments[:n], moment._replace(fault=""), *story.moments[n + 1 :])
            story = smaller([replace(story, moments=others)]) or story
    return smaller([replace(story, skews=tuple(range(len(story.skews))))]) or story


def _without(story: Story, size: int) -> Iterator[Story]:
    """The story with so many moments in a row left out, the last ones first."""
    for end in range(len(story.moments), 0, -size):
        yield replace(story, moments=story.moments[: max(0, end - size)] + story.moments[end:])
