"""What the history of an engagement gives: the facts that the stream should have brought, and where they are not.

Whether two sets of facts are the same is told by their tallies, which are added up in any order and need not be at hand
together: by quarter of an hour, how many facts there are and the sum of their digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal

from chalicelib.engagements.model import Engagement, Event
from chalicelib.reporting.facts import Dataset, Fact, facts_of, identity
from chalicelib.reporting.intervals import quarter_of

FROM_HISTORY: frozenset[Dataset] = frozenset({"queue_performance", "agent_performance", "engagement"})
"""The datasets whose facts follow from the history of one engagement. Of an agent's statuses there is no history beside
the facts, and that work is started again, two engagements tell together: these are rolled up, and not made anew."""

Tally = Mapping[int, tuple[int, int]]
"""By quarter of an hour, the number of facts and the sum of their digests."""
MOST_NAMED = 20
_SUMS = 2**52
"""Sums are kept below it: every reader of JSON has such numbers exactly."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A fact that is not as the history has it: it is not there, is another, or has nothing to it."""

    dataset: Dataset
    engagement_id: str
    version: int
    at: int
    fault: Literal["missing", "changed", "unfounded"]


@dataclass(frozen=True, slots=True)
class Night:
    """How far a day has been held against all histories."""

    start: int = 0
    end: int = 0
    """The day (epoch ms); nothing yet where both are 0."""
    after: str | None = None
    """Where the histories go on; None is that all have been looked at."""
    quarter: int = 0
    """The quarter of an hour that is next, after all histories."""
    told: Tally = field(default_factory=dict)
    drift: int = 0
    """How much was not as it should be."""
    named: tuple[str, ...] = ()
    """Some of it."""
    version: int = 0
    """0 is nothing yet."""

    @property
    def is_over(self) -> bool:
        return self.after is None and self.quarter >= self.end

    def with_(self, lines: Sequence[str]) -> Night:
        """With what was found besides."""
        return replace(self, drift=self.drift + len(lines), named=(*self.named, *lines)[:MOST_NAMED])


def facts_of_history(engagement: Engagement, events: Sequence[Event]) -> list[Fact]:
    """The facts of all events of an engagement, as each was told when it happened."""
    found: list[Fact] = []
    channel = engagement.channel
    for event in reversed(events):
        then = replace(engagement, channel=channel, trail=(event,))
        found += facts_of(then, event.version - 1)
        if event.command == "switch":
            channel = event.detail["previous_channel"]
    return found[::-1]


def drifts(kept: Iterable[Fact], told: Iterable[Fact]) -> Iterator[Drift]:
    """Where the facts that are kept are not the ones that the history tells."""
    there = {identity(fact): fact for fact in kept}
    wanted = {identity(fact): fact for fact in told}
    for key in sorted({*there, *wanted}):
        fact = wanted.get(key) or there[key]
        if there.get(key) != wanted.get(key):
            fault: Literal["missing", "changed", "unfounded"] = (
                "missing" if key not in there else "unfounded" if key not in wanted else "changed"
            )
            yield Drift(fact.dataset, fact.engagement_id, fact.version, fact.at, fault)


def tally(facts: Iterable[Fact]) -> Tally:
    """The tally of facts that follow from a history."""
    found: dict[int, tuple[int, int]] = {}
    for fact in facts:
        if fact.dataset in FROM_HISTORY:
            count, total = found.get(quarter_of(fact.at), (0, 0))
            found[quarter_of(fact.at)] = count + 1, (total + _digest(fact)) % _SUMS
    return found


def added(one: Tally, other: Tally) -> Tally:
    """The tally of both together."""
    nothing = (0, 0)
    return {
        quarter: (
            one.get(quarter, nothing)[0] + other.get(quarter, nothing)[0],
            (one.get(quarter, nothing)[1] + other.get(quarter, nothing)[1]) % _SUMS,
        )
        for quarter in {*one, *other}
    }


def _digest(fact: Fact) -> int:
    said = [dict(sorted(each.items())) if isinstance(each, Mapping) else each for each in _values(fact)]
    return int.from_bytes(hashlib.sha256(repr(said).encode()).digest()[:8])


def _values(fact: Fact) -> Iterator[object]:
    return (getattr(fact, each.name) for each in fields(fact))
