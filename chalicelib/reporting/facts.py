"""Facts: what a report counts. One event of an engagement gives at most one fact, named by (engagement, version),
so that any re-delivery, in any order, writes the same facts again and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chalicelib.engagements.course import SPENT
from chalicelib.engagements.model import DAY_MS, Engagement, Event

Dataset = Literal["queue_performance", "agent_performance", "engagement", "repeat", "agent_status_history"]
REOPENED_WITHIN_MS = DAY_MS
"""Work that is started again so soon after its end was not done."""
ENDED: Mapping[str, str] = {
    "release": "released_count",
    "transfer": "transferred_count",
    "take_over": "taken_over_count",
    "close": "handled_count",
}
"""By the command that ended an agent's part, what it counts as."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What ended at `at` (epoch ms): a queue visit, an agent's part, an engagement, or a status of an agent."""

    dataset: Dataset
    engagement_id: str
    """For a status the agent's id."""
    version: int
    at: int
    channel: str
    queue_id: str
    agent_id: str | None
    measures: Mapping[str, int]
    """Counts, and durations in milliseconds."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What else it is found and grouped by. Ids and words of the configuration, nothing that the work says."""


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


def repeat_of(before: Engagement | None, after: Engagement) -> Iterator[Fact]:
    """That a work was started whose earlier engagement is closed, from the write that put the new one in its place."""
    if before is None or before.engagement_id == after.engagement_id or before.closed_at is None:
        return
    soon = after.started_at - before.closed_at <= REOPENED_WITHIN_MS
    measures = {"repeated_count": 1, **({"reopened_count": 1} if soon else {})}
    yield _fact("repeat", after, after.trail[0], measures, flow_labels(after))


def _facts(engagement: Engagement, event: Event) -> Iterator[Fact]:
    for dataset, measures in _measures(event):
        yield _fact(dataset, engagement, event, measures, flow_labels(engagement))
    if event.state == "closed" and event.command != "erase":
        yield _end_of(engagement, event)


def _end_of(engagement: Engagement, event: Event) -> Fact:
    """The whole of a life. Its agent is who had the work at its end, and nobody to whom it was only ringing."""
    who = event.agent_id if "handled_ms" in event.detail else None
    fact = _fact("engagement", engagement, event, _life(engagement, event), _labels(engagement, who))
    return replace(fact, agent_id=who)


def _fact(
    dataset: Dataset, engagement: Engagement, event: Event, measures: Mapping[str, int], labels: Mapping[str, str]
) -> Fact:
    return Fact(
        dataset,
        engagement.engagement_id,
        event.version,
        event.at,
        engagement.channel,
        event.queue_id,
        event.agent_id,
        measures,
        labels,
    )


def flow_labels(engagement: Engagement) -> dict[str, str]:
    """The flow version that it started with, which it keeps for ever."""
    flow = engagement.flow
    return {
        "flow_id": flow.flow_id,
        "flow_version": str(flow.flow_version),
        "flow_entry_id": flow.flow_entry_id,
    }


def _labels(engagement: Engagement, who: str | None) -> dict[str, str]:
    """How it ended; several of a kind are joined by commas. A disposition that is free text stays out."""
    course = engagement.course.left(engagement.queue_id, who)
    labels = {
        **flow_labels(engagement),
        "end_reason": engagement.end_reason or "",
        "disposition_id": engagement.disposition_id or "",
        "priority": str(engagement.priority),
        "skills": ",".join(sorted(need.skill for need in engagement.skills)),
        "queues": ",".join(course.queues),
        "agents": ",".join(course.agents),
    }
    return {name: value for name, value in labels.items() if value}


def _life(engagement: Engagement, event: Event) -> dict[str, int]:
    """The whole of it in numbers."""
    course = engagement.course
    life = {
        "duration_ms": event.at - engagement.started_at,
        "first_offer_ms": course.first_offer_ms,
        "first_accept_ms": course.first_accept_ms,
        "waited_ms": course.waited_ms,
        **{name: getattr(course, name) for name in SPENT},
        "transfer_count": engagement.transfers,
        "overflow_count": engagement.overflows,
    }
    return {name: value for name, value in life.items() if value is not None}


def _measures(event: Event) -> Iterator[tuple[Dataset, dict[str, int]]]:
    """What each command that ends a queue visit or an agent's part adds to the two datasets."""
    took = event.detail
    match event.command:
        case "accept" | "pull":
            waited, rang = took["waited_ms"], took["rang_ms"]
            yield "queue_performance", {"handled_count": 1, "waited_ms": waited + rang}
        case "cancel" if "handled_ms" in took:
            yield "agent_performance", {"offered_count": 1, "cancelled_count": 1, **took}
        case "cancel" if "waited_ms" in took:
            yield "queue_performance", {"cancelled_count": 1, "waited_ms": took["waited_ms"]}
        case "abandon":
            yield "queue_performance", {"abandoned_count": 1, "waited_ms": took["waited_ms"]}
        case "overflow" | "overflow_out" if event.queue_id:  # what a flow ended may never have been in one
            yield "queue_performance", {"overflow_count": 1, "waited_ms": took["waited_ms"]}
        case "decline" | "pass" if not took.get("rescinded"):
            yield "agent_performance", {"offered_count": 1, "refused_count": 1, "rang_ms": took["rang_ms"]}
        case "miss":
            yield "agent_performance", {"offered_count": 1, "missed_count": 1, "rang_ms": took["rang_ms"]}
        case "give_back":
            yield "queue_performance", {"returned_count": 1, "waited_ms": took["waited_ms"]}
        case "release" | "transfer" | "take_over" | "close":
            yield "agent_performance", {"offered_count": 1, ENDED[event.command]: 1, **{n: took[n] for n in SPENT}}
