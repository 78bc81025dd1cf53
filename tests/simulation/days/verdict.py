"""Whether the day of a seed goes well, and, where it doesn't, the shortest story that goes wrong like it."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from traceback import extract_tb

from chalicelib.handlers.observe import log
from chalicelib.storage.memory import MemoryStore
from tests.simulation.days.after import play
from tests.simulation.days.day import Day
from tests.simulation.days.story import Story, drawn, shrunk


@dataclass(frozen=True)
class Verdict:
    """What came of a day."""

    day: Day
    text: str
    """All that happened; where it went wrong, the seed and what happens in the shortest story."""
    error: Exception | None = None
    """What went wrong in the shortest story."""


def judged(seed: int, store: type[MemoryStore] = MemoryStore) -> Verdict:
    """Play the day of a seed. `store`: one that may be careless."""
    day, error = _played(drawn(seed), store)
    if error is None:
        return Verdict(day, day.text())
    where = _where(error)
    story = shrunk(day.story, lambda shorter: _where(_played(shorter, store)[1]) == where)
    day, error = _played(story, store)
    assert error is not None
    said = [f"Seed {seed}: python -m tests.simulation.days {seed}", f"clocks: {story.skews}"]
    moments = [str(tuple(each)) for each in story.moments]
    return Verdict(day, "\n".join([*said, *moments, day.text(), repr(error)]), error)


def _played(story: Story, store: type[MemoryStore]) -> tuple[Day, Exception | None]:
    day = Day(story)
    day.store.__class__ = store
    try:
        play(day)
    except Exception as error:  # noqa: BLE001 - whatever the product raises is a finding
        return day, error
    return day, None


def _where(error: Exception | None) -> tuple[str, str] | None:
    """What tells one failure from another: its kind, and the function that it came from."""
    return (type(error).__name__, extract_tb(error.__traceback__)[-1].name) if error else None


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Without the logs and metrics of the product's handlers."""
    level = log.log_level
    log.setLevel("CRITICAL")
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        log.setLevel(level)
