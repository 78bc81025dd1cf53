"""Measures a strategy while a day is played with it, by what it decides and not by what it says of itself."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.widen import Needs
from infra.simulation.centre import Centre
from infra.simulation.figures import Due, measured
from infra.simulation.floor import Decides
from infra.simulation.run import Outcome, simulate
from infra.simulation.work import Work
from infra.versus.day import HOUR, HOURS, MEANT, MINUTE

THRESHOLD = 10 * MINUTE
END = (HOURS + 2) * HOUR
"""Two hours after the last arrival everybody goes home; what waits then is stuck, or there were too few agents."""


class Watched:
    """A strategy, its time, its agents' loads, and the time in which they sat idle beside work that they could take."""

    def __init__(self, engine: Decides) -> None:
        self._engine = engine
        self._needs = Needs({})
        self._waiting: dict[str, Waiting] = {}
        self._agents: dict[str, Candidate] = {}
        self._idle = 0
        self._since = 0
        self.seconds = 0.0
        self.decisions = 0
        self.over_capacity: set[str] = set()
        """What was given to an agent who then held more than he may."""
        self.idle_ms = 0
        """Agents' time with room for what waited."""

    def arrive(self, waiting: Waiting, now: int) -> None:
        """On to the strategy."""
        self._waiting[waiting.engagement_id] = waiting
        began = time.perf_counter()
        self._engine.arrive(waiting, now)
        self.seconds += time.perf_counter() - began

    def leave(self, engagement_id: str) -> None:
        """On to the strategy."""
        self._waiting.pop(engagement_id, None)
        self._engine.leave(engagement_id)

    def update(self, candidates: Iterable[Candidate]) -> None:
        """On to the strategy."""
        candidates = list(candidates)
        self._agents.update({each.agent_id: each for each in candidates})
        began = time.perf_counter()
        self._engine.update(candidates)
        self.seconds += time.perf_counter() - began

    def decide(self, now: int, closed: Set[str]) -> Sequence[Match]:
        """The strategy's decisions, counted."""
        self.idle_ms += self._idle * (now - self._since)
        began = time.perf_counter()
        matches = self._engine.decide(now, closed)
        self.seconds += time.perf_counter() - began
        self.decisions += len(matches)
        for match in matches:
            self._given(match)
        self._idle, self._since = self._idle_now(now), now
        return matches

    def stuck(self, now: int) -> int:
        """How much waits beside an agent who has room for it, whoever has declined it."""
        free = self._free()
        needs = [self._needs.of(replace(waiting, cooling=()), now) for waiting in self._waiting.values()]
        return sum(any(unmet(each, need) is None for each in free) for need in needs)

    def _given(self, match: Match) -> None:
        waiting = self._waiting.pop(match.waiting.engagement_id)
        agent = self._agents[match.agent_id]
        if as_meant(agent).room(waiting.channel) <= 0:
            self.over_capacity.add(waiting.engagement_id)
        self._agents[match.agent_id] = replace(agent, load=Counter(agent.load) + Counter((waiting.channel,)))

    def _idle_now(self, now: int) -> int:
        needs = {self._needs.of(waiting, now) for waiting in self._waiting.values()}
        free = self._free() if needs else []
        return sum(any(unmet(each, need) is None for need in needs) for each in free)

    def _free(self) -> list[Candidate]:
        """Who may have anything more, by what is meant and not by what a system could be told."""
        ready = (as_meant(each) for each in self._agents.values() if each.ready)
        return [each for each in ready if any(each.room(channel) > 0 for channel in each.capacity)]


def as_meant(agent: Candidate) -> Candidate:
    """An agent with the places that are meant."""
    return replace(agent, capacity=MEANT.capacity, occupancy=MEANT.occupancy)


def played(engine: Decides, centre: Centre, works: Sequence[Work]) -> dict[str, float]:
    """A day under a strategy: decisions a second, waits by priority, what was missed, what is stuck."""
    watched = Watched(engine)
    waits, missed, waiting = met(simulate(centre, works, until=END, engine=watched))
    return {
        "decisions_per_s": watched.decisions / watched.seconds,
        **waits,
        "idle_beside_work_hours": watched.idle_ms / HOUR,
        "missed_due_dates": missed,
        "over_capacity": len(watched.over_capacity),
        "waiting_at_the_end": waiting,
        "stuck": watched.stuck(END),
    }


def met(outcome: Outcome) -> tuple[dict[str, float], float, float]:
    """What work met with: mean waits by priority in seconds, how many due dates were missed, how much waits yet."""
    due = [Due(each.work.due_at, each.closed_at) for each in outcome.journeys if each.work.due_at is not None]
    figures = measured(outcome.visits, due, outcome.ended_at, {}, THRESHOLD)
    waits = {name: value for name, value in figures.items() if name.startswith("wait_mean.priority.")}
    return waits, figures["missed_due_dates"], figures["still_waiting"]
