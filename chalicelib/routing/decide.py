"""One pass from nothing: an engine that is asked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from chalicelib.routing.engine import Engine
from chalicelib.routing.model import Candidate, Match, QueueRules, Waiting


def decide(
    waiting: Iterable[Waiting],
    candidates: Iterable[Candidate],
    now: int,
    rules: Mapping[str, QueueRules] | None = None,
    closed: Set[str] = frozenset(),
    swap: bool = True,
) -> list[Match]:
    """Every match that can be made now, in order of rank. Queues that are not named go by longest idle."""
    return Engine(candidates, waiting, now, rules, swap).decide(now, closed)


def one_each(matches: Iterable[Match]) -> list[Match]:
    """The first match of each agent: what one round commits, so that one write a round touches his row."""
    taken: set[str] = set()
    first: list[Match] = []
    for match in matches:
        agents = {match.agent_id, *match.also}
        if not agents & taken:
            first.append(match)
        taken |= agents
    return first
