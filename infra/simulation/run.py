"""The simulation itself: a heap of what happens next, and the routing core asked about what has changed.

Nothing here decides who gets what: that is `chalicelib.routing.engine`, as in the router's passes. What happens to an
engagement after that is told as in `chalicelib.engagements`, but in place (`hands`). There is no chance in it: the same
work in the same centre has the same outcome, to the millisecond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop

from infra.simulation.centre import Centre
from infra.simulation.desk import Desk
from infra.simulation.floor import Decides, Floor
from infra.simulation.journey import Journey
from infra.simulation.work import Offered, Visit, Work


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of everything."""

    journeys: list[Journey]
    visits: list[Visit]
    """In the order in which they ended; at last those that had not ended."""
    offers: list[Offered]
    desks: list[Desk]
    ended_at: int


def simulate(centre: Centre, works: Sequence[Work], until: int | None = None, engine: Decides | None = None) -> Outcome:
    """Let the work, in order of time, go through the centre: to its end, or until a moment.

    Without another `engine`, the routing core decides.

    What happens at the same millisecond happens in this order: what was planned, in the order in which it was, then
    agents who come or go and queues that open or close, then what arrives.
    """
    floor = Floor(centre, engine)
    for at, agent_id, ready in centre.presence:
        floor.plan(at, floor.comes if ready else floor.goes, floor.desks[agent_id], 0)
    for at, queue_id, is_open in centre.openings:
        floor.plan(at, floor.opens if is_open else floor.closes, queue_id, 0)
    journeys = [Journey(work) for work in works]
    last = until if until is not None else float("inf")
    for journey in journeys:
        if journey.work.at > last:
            break
        _run_to(floor, journey.work.at)
        floor.now = journey.work.at
        floor.arrives(journey)
    _run_to(floor, last)
    if until is not None:
        floor.now = until
    return _outcome(floor, journeys)


def _run_to(floor: Floor, last: float) -> None:
    """Everything that is planned up to a moment."""
    planned = floor.planned
    while planned and planned[0][0] <= last:
        at, _, what, about, version = heappop(planned)
        if not version or about.version == version:
            floor.now = at
            what(about)


def _outcome(floor: Floor, journeys: list[Journey]) -> Outcome:
    waiting = [each.visit(floor.now, "waiting") for each in journeys if each.state in ("queued", "offered")]
    desks = list(floor.desks.values())
    for desk in desks:
        desk.add_up(floor.now)
    return Outcome(journeys, floor.visits + waiting, floor.offers, desks, floor.now)
