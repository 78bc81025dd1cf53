"""How many agents, with which skills: the least staff that keeps a service level, searched for by simulation.

Agents who are configured alike (queues, skills, places, shift) are a group, which grows by copies of its first, who
come and go as its members did. First all groups together grow until the target is met; then each group by itself is cut
as far as it goes, by bisection, since more agents never serve worse; and again, one agent at a time, until no group can
spare one. That is a least staff in the sense that nobody can be taken away; another mix may have as few.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from infra.simulation.compare import Question, runs
from infra.simulation.figures import Interval, interval
from infra.simulation.history import History

MOST_DOUBLINGS = 8
APART = ("user_id", "display_name", "addresses")
"""What tells agents of one group apart."""


class Group(NamedTuple):
    """Agents who are alike: the first of them, and how many there are."""

    agent: Mapping[str, Any]
    members: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Staff:
    """So many of each group, and what service level they give."""

    counts: tuple[int, ...]
    level: Interval


def groups(document: Mapping[str, Any]) -> list[Group]:
    """The groups of a document's agents, in the order of their first."""
    alike: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for agent in document.get("agents", ()):
        kind = json.dumps({key: value for key, value in agent.items() if key not in APART}, sort_keys=True)
        alike[kind].append(agent)
    return [Group(members[0], tuple(members)) for members in alike.values()]


def staffed(document: Mapping[str, Any], of: Sequence[Group], counts: Sequence[int]) -> dict[str, Any]:
    """The document with so many agents of each group."""
    agents: list[Mapping[str, Any]] = []
    for group, count in zip(of, counts, strict=True):
        agents += group.members[:count]
        agents += [{**group.agent, "user_id": user_id} for user_id, _ in _copies(group, count)]
    return {**document, "agents": agents}


def attended(history: History, of: Sequence[Group], counts: Sequence[int]) -> History:
    """The history in which a copy comes and goes as a member of its group did, one after another."""
    by_agent = defaultdict(list)
    for status in history.statuses:
        by_agent[status.user_id].append(status)
    added = [
        replace(status, user_id=user_id)
        for group, count in zip(of, counts, strict=True)
        for user_id, like in _copies(group, count)
        for status in by_agent[like["user_id"]]
    ]
    return replace(history, statuses=tuple(sorted([*history.statuses, *added], key=lambda each: each.at)))


def _copies(group: Group, count: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The ids of the agents that a group of so many lacks, and like which member each comes and goes."""
    for n in range(len(group.members), count):
        yield f"{group.agent['user_id']}-{n + 1}", group.members[n % len(group.members)]


def least(question: Question, target: float, seeds: Sequence[int]) -> Staff | None:
    """The least staff whose mean service level over the seeds is at least the target; None where none is enough."""
    document = question.documents[0]
    kinds = groups(document)
    known: dict[tuple[int, ...], Staff] = {}

    def tried(counts: tuple[int, ...]) -> Staff:
        if counts not in known:
            history = attended(question.history, kinds, counts)
            asked = replace(question, history=history, documents=(staffed(document, kinds, counts),))
            levels = [figures["service_level"] for _, _, figures in runs(asked, seeds)]
            known[counts] = Staff(counts, interval(levels))
        return known[counts]

    def enough(counts: tuple[int, ...]) -> bool:
        return tried(counts).level.mean >= target

    counts = tuple(len(group.members) for group in kinds)
    for _ in range(MOST_DOUBLINGS):
        if enough(counts):
            break
        counts = tuple(2 * count for count in counts)
    else:
        return None
    for n in range(len(counts)):
        low, high = -1, counts[n]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if enough(_with(counts, n, middle)) else (middle, high)
        counts = _with(counts, n, high)
    while True:
        fewer = (_with(counts, n, counts[n] - 1) for n in range(len(counts)) if counts[n])
        spared = next((each for each in fewer if enough(each)), None)
        if spared is None:
            return tried(counts)
        counts = spared


def _with(counts: tuple[int, ...], n: int, count: int) -> tuple[int, ...]:
    return (*counts[:n], count, *counts[n + 1 :])
