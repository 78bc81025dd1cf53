"""Reading facts row by row, a page at a time: by the day, oldest first, until the page is full.

A page says where the next one begins: after which row, in an order that new facts do not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from chalicelib.engagements.model import DAY_MS, Engagement, Event
from chalicelib.errors import NotFound
from chalicelib.operations import reading
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.storage.protocol import Stamp
from chalicelib.world import World

MOST_DAYS = 62
"""Days that are looked through for one page; a page may end early, and says where the next one begins."""
STAMPS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Window:
    """What part of a report is asked for."""

    start: int
    end: int
    """start <= at < end (epoch ms)."""
    size: int
    """At most so many facts."""
    after: str = ""
    """The mark of the last one of the page before."""


def page(world: World, kind: Dataset, window: Window, keep: Callable[[Fact], bool]) -> tuple[list[Fact], str | None]:
    """The facts of a kind that are to be kept, by time; and the mark after which the next page begins, or None."""
    found: list[Fact] = []
    since = max(window.start, int(window.after[:14])) if window.after else window.start
    last_day = min(window.end, since + MOST_DAYS * DAY_MS)
    for begin in range(since, last_day, DAY_MS):
        facts = world.store.facts(kind, begin, min(begin + DAY_MS, last_day))
        kept = [fact for fact in facts if mark_of(fact) > window.after and keep(fact)]
        found += sorted(kept, key=mark_of)
        if len(found) > window.size:
            return found[: window.size], mark_of(found[window.size - 1])
    return found, None if last_day == window.end else f"{last_day:014d}"


def mark_of(fact: Fact) -> str:
    """The place of a fact among those of its kind."""
    return f"{fact.at:014d}#{fact.engagement_id}#{fact.version:08d}"


def lives(world: World, facts: Iterable[Fact]) -> Iterator[tuple[Fact, Engagement, list[Event]]]:
    """The engagements that facts are of, with all their events; what can no longer be read is left out."""
    facts = list(facts)
    heads = world.store.engagements({fact.engagement_id for fact in facts})
    for fact in facts:
        try:
            head = heads.get(fact.engagement_id)
            if head is None or (head.expires_at is not None and head.expires_at <= world.now()):
                head = reading.engagement(world, fact.engagement_id)
        except NotFound:
            continue
        yield fact, head, reading.events(world, head)


def operations(world: World, window: Window) -> tuple[list[tuple[int, Stamp]], str | None]:
    """The versions of the configuration that were applied in the window, newest first, each with its stamp."""
    found: list[tuple[int, Stamp]] = []
    newest = int(window.after) - 1 if window.after else world.store.configuration_version()
    for last in range(newest, 0, -STAMPS_AT_ONCE):
        stamps = world.store.stamps(range(max(last - STAMPS_AT_ONCE, 0) + 1, last + 1))
        found += [(n, stamps[n]) for n in sorted(stamps, reverse=True) if window.start <= stamps[n].at < window.end]
        if len(found) > window.size:
            return found[: window.size], str(found[window.size - 1][0])
        if any(0 < stamp.at < window.start for stamp in stamps.values()):
            break
    return found, None
