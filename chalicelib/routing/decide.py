"""One pass: rank the engagements, filter the agents, distribute. Linear in engagements plus matches.

Engagements of the same need wait in one line; of the heads of all lines the one that ranks first is next. Where nobody
can take it, nobody can take anything in its line until the next pass, since places only get fewer; so a deep backlog
costs no more than its sorting, and no engagement and agent who fit remain side by side (I14).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import heapify, heappop, heapreplace

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import Bits, Filter, Need, need_of
from chalicelib.routing.model import Candidate, Distribution, Match, Waiting
from chalicelib.routing.rank import Rank, rank

Line = list[tuple[Rank, Waiting]]
"""Engagements of the same need, the next one last."""


def decide(
    waiting: Iterable[Waiting],
    candidates: Iterable[Candidate],
    now: int,
    distributions: Mapping[str, Distribution] | None = None,
) -> Iterator[Match]:
    """Every match that can be made now, in order of rank. Queues that are not named go by longest idle."""
    ready = sorted((c for c in candidates if c.ready), key=lambda c: (c.idle_since, c.agent_id))
    filtered, distributor = Filter(ready), Distributor(ready)
    lines = _lines(waiting, now)
    able: dict[Need, Bits] = {}
    heads = [(line[-1][0], need) for need, line in lines.items()]
    heapify(heads)
    while heads:
        _, need = heads[0]
        if need not in able:
            able[need] = filtered.able(need)
        distribution = (distributions or {}).get(need.queue_id, "longest_idle")
        number = distributor.choose(able[need], need, distribution)
        if number is None:
            heappop(heads)
            continue
        distributor.give(number, need.channel)
        line = lines[need]
        _, chosen = line.pop()
        if line:
            heapreplace(heads, (line[-1][0], need))
        else:
            heappop(heads)
        yield Match(chosen, ready[number].agent_id)


def _lines(waiting: Iterable[Waiting], now: int) -> dict[Need, Line]:
    lines: dict[Need, Line] = {}
    for each in waiting:
        lines.setdefault(need_of(each, now), []).append((rank(each), each))
    for line in lines.values():
        line.sort(key=_rank, reverse=True)
    return lines


def _rank(ranked: tuple[Rank, Waiting]) -> Rank:
    return ranked[0]
