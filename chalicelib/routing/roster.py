"""The ready agents of an engine, numbered by idle time: the one idle longest has the lowest number."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import Bits, Filter
from chalicelib.routing.model import Candidate

MOST_NUMBERS, SPARE_NUMBERS = 4, 64
"""Numbers in use for each agent, and some more, before all are given out anew."""


class Roster:
    """Who is ready, in the filter's sets and in the distributor's books under the same number."""

    def __init__(self, candidates: Iterable[Candidate]) -> None:
        self.changed: Bits = 0
        """Who has changed since this was last looked at, and has room."""
        self._number: dict[str, int] = {}
        self._idle: dict[int, tuple[int, str]] = {}
        self._stale: set[str] = set()
        """Who may have a number that does not tell his idle time."""
        self._next = 0
        self._last = (0, "")
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
            self._stale.add(candidate.agent_id)
            return
        del self._number[candidate.agent_id]
        self.filter.remove(number, before)
        self.distributor.remove(number)
        self.changed &= ~(1 << number)
        if candidate.ready:
            self._place(candidate)

    def settle(self) -> None:
        """Give those who have changed and still have room the numbers of their idle time."""
        if not self._stale:
            return
        stale, self._stale = self._stale, set()
        for agent_id in sorted(stale, key=self._idle_time):
            number = self._number.get(agent_id)
            if number is not None and self.distributor.has_room(number):
                self._move(self.distributor.agents[number], number)

    def _idle_time(self, agent_id: str) -> tuple[int, str]:
        number = self._number.get(agent_id)
        return (0, agent_id) if number is None else _idle(self.distributor.agents[number])

    def _move(self, candidate: Candidate, number: int) -> None:
        if _idle(candidate) == self._idle[number]:
            return
        if self._must_renumber(candidate):
            self._renumber_all()
            return
        to = self._take_number(candidate)
        self.filter.move(number, to, candidate)
        self.distributor.move(number, to)
        if self.changed >> number & 1:
            self.changed ^= 1 << number | 1 << to

    def _place(self, candidate: Candidate) -> None:
        """A number for an agent who has none."""
        late = self._must_renumber(candidate)
        number = self._take_number(candidate)
        self.filter.add(number, candidate)
        self.distributor.add(number, candidate)
        self.changed |= 1 << number
        if late:
            self._renumber_all()

    def _must_renumber(self, candidate: Candidate) -> bool:
        return _idle(candidate) < self._last or self._next > MOST_NUMBERS * len(self._number) + SPARE_NUMBERS

    def _take_number(self, candidate: Candidate) -> int:
        number, self._next = self._next, self._next + 1
        self._last = _idle(candidate)
        self._number[candidate.agent_id] = number
        self._idle[number] = self._last
        return number

    def _renumber_all(self) -> None:
        """Give everybody the number of his idle time, with those kept in mind who have changed."""
        changed = [agent_id for agent_id, number in self._number.items() if self.changed >> number & 1]
        self._renumber(self.distributor.candidates())
        self.changed = sum(self.filter.bit(agent_id) for agent_id in changed)

    def _renumber(self, candidates: Iterable[Candidate]) -> None:
        self.filter, self.distributor = Filter(), Distributor()
        self._number, self._idle, self._stale = {}, {}, set()
        self._next, self._last = 0, (0, "")
        for candidate in sorted((each for each in candidates if each.ready), key=_idle):
            number = self._take_number(candidate)
            self.filter.add(number, candidate)
            self.distributor.add(number, candidate)
        self.changed = (1 << self._next) - 1


def alike(one: Candidate, other: Candidate) -> bool:
    """Whether both can take the same work, room aside."""
    return one.queues == other.queues and one.skills == other.skills and one.terms == other.terms


def _idle(candidate: Candidate) -> tuple[int, str]:
    return (candidate.idle_since, candidate.agent_id)
