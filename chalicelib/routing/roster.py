"""The ready agents of an engine, numbered by idle time: the one idle longest has the lowest number."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import Bits, Filter, numbers
from chalicelib.routing.model import Candidate

MOST_NUMBERS, SPARE_NUMBERS = 4, 64
"""Numbers in use for each agent, and some more, before all are given out anew."""


class Roster:
    """Who is ready, in the filter's sets and in the distributor's books under the same number."""

    changed: Bits
    """Who has changed since this was last looked at."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self._renumber(candidates)

    def update(self, candidate: Candidate) -> None:
        """An agent as he is now. Who is full keeps his number until he is free: it matters to nobody meanwhile."""
        number = self._number.get(candidate.agent_id)
        if number is None:
            if candidate.ready:
                self._place(candidate)
            return
        before = self.distributor.agents[number]
        if candidate.ready and alike(before, candidate):
            self.distributor.replace(number, candidate)
            self.changed |= 1 << number
            return
        del self._number[candidate.agent_id]
        self.filter.remove(number, before)
        self.distributor.remove(number)
        self.changed &= ~(1 << number)
        if candidate.ready:
            self._place(candidate)

    def settle(self) -> None:
        """Give those who have changed and still have room the numbers of their idle time."""
        agents = self.distributor.agents
        moving = [agents[n] for n in numbers(self.changed) if _idle(agents[n]) != self._idle[n]]
        for candidate in sorted(moving, key=_idle):
            number = self._number[candidate.agent_id]
            if not self.distributor.has_room(number):
                continue
            if self._must_renumber(candidate):
                self._renumber_all()
                return
            to = self._take_number(candidate)
            self.filter.move(number, to, candidate)
            self.distributor.move(number, to)
            self.changed ^= 1 << number | 1 << to

    def _place(self, candidate: Candidate) -> None:
        """A number for an agent who has none."""
        late = self._must_renumber(candidate)
        self.changed |= 1 << self._enter(candidate)
        if late:
            self._renumber_all()

    def _must_renumber(self, candidate: Candidate) -> bool:
        """Whether the next number would not tell the agent's idle time, or would be too high."""
        known = self._idle
        return known[-1:] > [_idle(candidate)] or len(known) > MOST_NUMBERS * len(self._number) + SPARE_NUMBERS

    def _enter(self, candidate: Candidate) -> int:
        number = self._take_number(candidate)
        self.filter.add(number, candidate)
        self.distributor.add(number, candidate)
        return number

    def _take_number(self, candidate: Candidate) -> int:
        number = self._number[candidate.agent_id] = len(self._idle)
        self._idle.append(_idle(candidate))
        return number

    def _renumber_all(self) -> None:
        """Give everybody the number of his idle time, with those kept in mind who have changed."""
        changed = [self.distributor.agents[number].agent_id for number in numbers(self.changed)]
        self._renumber(self.distributor.candidates())
        self.changed = sum(self.filter.bit(agent_id) for agent_id in changed)

    def _renumber(self, candidates: Iterable[Candidate]) -> None:
        self.filter, self.distributor = Filter(), Distributor()
        self._number: dict[str, int] = {}
        self._idle: list[tuple[int, str]] = []
        """By number, the idle time that it tells."""
        for candidate in sorted((each for each in candidates if each.ready), key=_idle):
            self._enter(candidate)
        self.changed = (1 << len(self._idle)) - 1


def alike(one: Candidate, other: Candidate) -> bool:
    """Whether both can take the same work, room aside."""
    return one.queues == other.queues and one.skills == other.skills and one.terms == other.terms


def _idle(candidate: Candidate) -> tuple[int, str]:
    return (candidate.idle_since, candidate.agent_id)
