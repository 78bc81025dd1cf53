"""Facts: what a report counts. One event of an engagement gives at most one fact, named by (engagement, version),
so that any re-delivery, in any order, writes the same facts again and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from chalicelib.engagements.model import Engagement, Event

Dataset = Literal["queue_performance", "agent_performance"]

SPENT = ("handled_ms", "parked_ms", "wrapped_ms")
ENDED: Mapping[str, str] = {
    "release": "released_count",
    "transfer": "transferred_count",
    "take_over": "taken_over_count",
    "close": "handled_count",
}
"""By the command that ended an agent's part, what it counts as."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One queue visit, or one agent's part in an engagement, that ended at `at` (epoch ms)."""

    dataset: Dataset
    engagement_id: str
    version: int
    at: int
    channel: str
    queue_id: str
    agent_id: str | None
    measures: Mapping[str, int]
    """Counts, and durations in milliseconds."""


def identity(fact: Fact) -> tuple[str, str, int]:
    """What tells one fact from another: its dataset, and which version of which engagement gives it."""
    return fact.dataset, fact.engagement_id, fact.version


def once(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in order of time (I11)."""
    known = {identity(fact): fact for fact in facts}
    return sorted(known.values(), key=lambda fact: (fact.at, fact.engagement_id, fact.version, fact.dataset))


def facts_of(engagement: Engagement, after_version: int) -> Iterator[Fact]:
    """The facts of the events later than a version."""
    for event in engagement.trail:
        if event.version > after_version:
            yield from _facts(engagement, event)


def _facts(engagement: Engagement, event: Event) -> Iterator[Fact]:
    for dataset, measures in _measures(event):
        yield Fact(
            dataset,
            engagement.engagement_id,
            event.version,
            event.at,
            engagement.channel,
            event.queue_id,
            event.agent_id,
            measures,
        )


def _measures(event: Event) -> Iterator[tuple[Dataset, dict[str, int]]]:
    """What each command that ends a queue visit or an agent's part adds to the two datasets."""
    took = event.detail
    match event.command:
        case "accept" | "pull":
            waited, rang = took["waited_ms"], took["rang_ms"]
            yield "queue_performance", {"handled_count": 1, "waited_ms": waited + rang}
        case "cancel" if "handled_ms" in took:
            yield "agent_performance", {"offered_count": 1, "cancelled_count": 1, **took}
        case "cancel":
            yield "queue_performance", {"cancelled_count": 1, "waited_ms": took["waited_ms"]}
        case "abandon":
            yield "queue_performance", {"abandoned_count": 1, "waited_ms": took["waited_ms"]}
        case "overflow" | "overflow_out" if event.queue_id:  # what a flow ended may never have been in one
            yield "queue_performance", {"overflow_count": 1, "waited_ms": took["waited_ms"]}
        case "decline" | "pass":
            yield "agent_performance", {"offered_count": 1, "refused_count": 1, "rang_ms": took["rang_ms"]}
        case "miss":
            yield "agent_performance", {"offered_count": 1, "missed_count": 1, "rang_ms": took["rang_ms"]}
        case "give_back":
            yield "queue_performance", {"returned_count": 1, "waited_ms": took["waited_ms"]}
        case "release" | "transfer" | "take_over" | "close":
            yield "agent_performance", {"offered_count": 1, ENDED[event.command]: 1, **{n: took[n] for n in SPENT}}
