"""The floor of a simulated contact centre at one moment: what waits, who is there, and what is planned to happen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from heapq import heappush
from itertools import count
from typing import Any, Protocol

from chalicelib.routing.decide import one_each
from chalicelib.routing.engine import Engine
from chalicelib.routing.limits import next_overflow, overflowing
from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.occupancy import PLAIN
from chalicelib.routing.widen import Needs
from infra.simulation.centre import NO_LIMITS, USUAL, Centre, QueueTerms
from infra.simulation.desk import Desk
from infra.simulation.hands import Hands
from infra.simulation.journey import Journey
from infra.simulation.work import Offered, Visit

ROUNDS = 50
"""As in the router's pass: each round gives an agent at most one engagement."""
MOST_OVERFLOWS = 10

Planned = tuple[int, int, Callable[[Any], None], Any, int]
"""When, a number that makes it unique, what, about what, and at which version of that; 0 is any."""


class Decides(Protocol):
    """Who decides: the routing core's `Engine`, or what is compared with it."""

    def arrive(self, waiting: Waiting, now: int) -> None:
        """An engagement waits from now on, or waits on with other facts."""

    def leave(self, engagement_id: str) -> None:
        """An engagement waits no longer."""

    def update(self, candidates: Iterable[Candidate]) -> None:
        """Agents as they are now; one who is not ready gets nothing."""

    def decide(self, now: int, closed: Set[str]) -> Sequence[Match]:
        """Matches that can be made now, counted as made. `closed` queues get nothing."""


class Floor:
    """What comes, and what is made of it; the work in agents' hands is seen to by `Hands`."""

    def __init__(self, centre: Centre, engine: Decides | None) -> None:
        self.now = 0
        self.desks = {agent.agent_id: Desk(agent) for agent in centre.agents}
        self.planned: list[Planned] = []
        self.visits: list[Visit] = []
        self.offers: list[Offered] = []
        self._centre = centre
        self._engine: Decides = engine or Engine((), (), 0, centre.rules)
        self._needs = Needs(centre.rules)
        self._order = count()
        self._waiting: dict[str, dict[str, Journey]] = {}
        self._closed: set[str] = set()
        self._hands = Hands(self)
        rotating = any(rules.distribution == "rotating" for rules in centre.rules.values())
        self._tells = rotating or any(agent.occupancy is not PLAIN for agent in centre.agents)
        """Whether an offer changes more about an agent than the engine has counted by itself."""

    def plan(self, at: int, what: Callable[[Any], None], about: Any, version: int) -> None:
        """Something will happen, unless an engagement is at another version by then; 0 is whatever it is at."""
        heappush(self.planned, (at, next(self._order), what, about, version))

    def terms(self, queue_id: str) -> QueueTerms:
        """How a queue offers."""
        return self._centre.queues.get(queue_id, USUAL)

    # What comes

    def arrives(self, journey: Journey) -> None:
        """An engagement enters its queue."""
        patience = journey.work.patience
        if patience is not None:
            self.plan(journey.work.at + patience, self._loses_patience, journey, 0)
        self.enter(journey)
        self.decide()

    def comes(self, desk: Desk) -> None:
        """An agent is ready."""
        desk.come(self.now)
        self._hands.take_up(desk)
        self.tell(desk)
        self.decide()

    def goes(self, desk: Desk) -> None:
        """An agent takes nothing more; what is offered to him is offered to others."""
        desk.leave(self.now)
        self.tell(desk)
        for journey in [each for each in desk.held if each.state == "offered"]:
            self._hands.withdraw(journey, desk, cools=False)
        self.decide()

    def opens(self, queue_id: str) -> None:
        """A queue gives work out."""
        self._closed.discard(queue_id)
        for journey in self._waiting.get(queue_id, {}).values():
            self._engine.arrive(journey.waiting(), self.now)
        self.decide()

    def closes(self, queue_id: str) -> None:
        """A queue gives no work out."""
        self._closed.add(queue_id)
        self._overflow(queue_id)
        self.decide()

    # What waits

    def enter(self, journey: Journey) -> None:
        """Work waits in its queue, as it is now."""
        queue_id = journey.to.queue_id
        self._waiting.setdefault(queue_id, {})[journey.work.work_id] = journey
        waiting = journey.waiting()
        self._engine.arrive(waiting, self.now)
        if queue_id in self._centre.rules or waiting.cooling or waiting.preferred is not None:
            self._plan_change(journey)
        if queue_id in self._centre.queues:
            at = next_overflow(waiting, self.terms(queue_id).limits)
            if at is not None and at > self.now:
                self.plan(at, self._waits_too_long, journey, journey.version)
            self._overflow(queue_id)

    def leave(self, journey: Journey) -> None:
        """Work waits no longer."""
        del self._waiting[journey.to.queue_id][journey.work.work_id]

    def tell(self, desk: Desk) -> None:
        """Let the core know of an agent as he is now."""
        self._engine.update((desk.candidate(),))

    def decide(self) -> None:
        """Ask the core, and make its offers: in rounds, as the router's pass does."""
        for _ in range(ROUNDS):
            matches = self._engine.decide(self.now, self._closed)
            if not matches:
                return
            first = matches if len(matches) == 1 else one_each(matches)
            for match in first:
                self._offer(match)
            if len(first) < len(matches):
                self._take_back(matches, first)
            elif not self._tells:
                return

    def _take_back(self, matches: Sequence[Match], first: Sequence[Match]) -> None:
        """What the core has given to agents who have got something in this round already is for the next."""
        made = {match.waiting.engagement_id for match in first}
        desks: dict[str, Desk] = {}
        for match in matches:
            if match.waiting.engagement_id not in made:
                self._engine.arrive(match.waiting, self.now)
                desks.update({agent_id: self.desks[agent_id] for agent_id in (match.agent_id, *match.also)})
        for desk in desks.values():
            self.tell(desk)

    def _offer(self, match: Match) -> None:
        waiting = match.waiting
        desk = self.desks[match.agent_id]
        if match.parks is not None and not self._hands.park(desk, match.parks):
            self._engine.arrive(waiting, self.now)
            self.tell(desk)
            return
        journey = self._waiting[waiting.queue_id].pop(waiting.engagement_id)
        self.offers.append(Offered(self.now, waiting.engagement_id, match.agent_id))
        terms = self._centre.queues.get(waiting.queue_id, USUAL)
        own = self._centre.offer_timeouts.get(match.agent_id) if not match.also else None
        others = tuple(self.desks[agent_id] for agent_id in match.also) if match.also else ()
        self._hands.offer(journey, desk, others, terms, terms.offer_timeout if own is None else own)
        if self._tells:
            for each in (desk, *others):
                self.tell(each)

    def _loses_patience(self, journey: Journey) -> None:
        if journey.state == "queued":
            self._engine.leave(journey.work.work_id)
            self.leave(journey)
        elif journey.state == "offered":
            self._hands.spare(journey)
        else:
            return
        self.close(journey, "abandoned", "left")
        self.decide()

    def close(self, journey: Journey, end: str, visit: str | None = None) -> None:
        """It is over. `visit`: how its stay in its queue ended, where it was in one."""
        if visit is not None:
            self.visits.append(journey.visit(self.now, visit))
        journey.move("closed")
        journey.end, journey.closed_at = end, self.now

    # What queues do not keep, and what changes by itself

    def _plan_change(self, journey: Journey) -> None:
        change = self._needs.next_change(journey.waiting(), self.now)
        if change is not None:
            self.plan(change, self._asks_for_less, journey, journey.version)

    def _asks_for_less(self, journey: Journey) -> None:
        if journey.state == "queued":
            self._plan_change(journey)
            self.decide()

    def _waits_too_long(self, journey: Journey) -> None:
        self._overflow(journey.to.queue_id)
        self.decide()

    def _overflow(self, queue_id: str) -> None:
        terms = self.terms(queue_id)
        limits = terms.limits_closed if queue_id in self._closed else terms.limits
        if limits == NO_LIMITS:
            return
        queued = self._waiting.get(queue_id, {})
        for work_id in overflowing([each.waiting() for each in queued.values()], self.now, limits):
            journey = queued[work_id]
            if journey.overflows >= MOST_OVERFLOWS:
                continue
            self._engine.leave(work_id)
            self.leave(journey)
            self._move_on(journey)

    def _move_on(self, journey: Journey) -> None:
        to = self._centre.onward(journey.to, self.now)
        if to is None:
            self.close(journey, "overflowed", "overflowed")
            return
        self.visits.append(journey.visit(self.now, "overflowed"))
        journey.overflows += 1
        journey.goes_to(to, self.now)
        self.enter(journey)
