"""Which lines each agent can take from, remembered: so that an agent who comes free is not held against every line."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, Protocol, TypeVar

from chalicelib.routing.filter import Bits, meets_need, numbers
from chalicelib.routing.model import Candidate
from chalicelib.routing.roster import alike
from chalicelib.routing.widen import Need


class HasNeed(Protocol):
    """A line; what waits in it wants the same."""

    need: Need
    number: int
    """Given by `Fits`."""


L = TypeVar("L", bound=HasNeed)


class Fits(Generic[L]):
    """Lines by number, and for agents of the same queues, skills and terms the lines whose need they meet."""

    def __init__(self, lines: Iterable[L] = ()) -> None:
        self._lines: list[L] = []
        self._filled: Bits = 0
        self._of_queue: dict[str, Bits] = {}
        self._met: dict[Hashable, tuple[int, Bits]] = {}
        """By kind of agent: how many lines have been looked at, and which of them he can take from."""
        self._kind: dict[str, tuple[Candidate, Hashable]] = {}
        for line in lines:
            self.add(line)

    def add(self, line: L) -> None:
        """One more line."""
        line.number = len(self._lines)
        bit = 1 << line.number
        self._lines.append(line)
        self._of_queue[line.need.queue_id] = self._of_queue.get(line.need.queue_id, 0) | bit

    def note(self, line: L, filled: bool) -> None:
        """Whether anything waits in a line now."""
        bit = 1 << line.number
        self._filled = self._filled | bit if filled else self._filled & ~bit

    def of(self, candidate: Candidate) -> list[L]:
        """The lines with something in them that the agent could take, if he had room."""
        kind = self._kind_of(candidate)
        seen, met = self._met.get(kind, (0, 0))
        if seen < len(self._lines):
            of_queues = 0
            for queue_id in candidate.queues:
                of_queues |= self._of_queue.get(queue_id, 0)
            for number in numbers(of_queues >> seen << seen):
                if meets_need(candidate, self._lines[number].need):
                    met |= 1 << number
            self._met[kind] = (len(self._lines), met)
        return [self._lines[number] for number in numbers(met & self._filled)]

    def _kind_of(self, candidate: Candidate) -> Hashable:
        known = self._kind.get(candidate.agent_id)
        if known is None or not alike(known[0], candidate):
            kind = (candidate.queues, frozenset(candidate.skills.items()), frozenset(candidate.terms.items()))
            known = self._kind[candidate.agent_id] = (candidate, kind)
        return known[1]
