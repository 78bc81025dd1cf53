"""Where the first choice wasted a scarce specialist: work given in this pass moves on, so that blocked work finds room.

If the agents who can take the blocked work are full of work that others could do, a chain of moves frees one of them:
each match on the chain moves to the agent of the next, the last one to an agent who is free. Nothing that was served
loses its turn, so what is served in the end is the best set there is, rank by rank (an augmenting path, as in
bipartite matching; the sets that can be served form a matroid, in which this greedy choice is optimal).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import Bits, lowest
from chalicelib.routing.model import Waiting


@dataclass(slots=True, eq=False)
class Held:
    """What of one need has been given to whom in this pass."""

    able: Bits
    """The agents who can take it."""
    holders: Bits = 0
    matches: list[Given] = field(default_factory=list)


@dataclass(slots=True)
class Given:
    """A match of this pass, which may still move to another agent."""

    waiting: Waiting
    number: int
    parked: str | None = None
    others: tuple[int, ...] = ()


class Swaps:
    """The matches of a pass by need."""

    def __init__(self, distributor: Distributor) -> None:
        self._distributor = distributor
        self._held: defaultdict[str, list[Held]] = defaultdict(list)
        """By channel."""
        self._stuck: defaultdict[str, Bits] = defaultdict(int)
        """By channel, agents of whom it is known that nothing they hold can move: in a pass, places only get fewer."""

    def remember(self, given: Given, held: Held, channel: str) -> None:
        """A match that may move."""
        if not held.matches:
            self._held[channel].append(held)
        held.holders |= 1 << given.number
        held.matches.append(given)

    def make_room(self, blocked: Held, channel: str) -> int | None:
        """The number of an agent who has been freed for this need, or None where no chain of moves frees one."""
        reached = blocked.able & ~self._stuck[channel]
        if not reached:
            return None
        chains: list[tuple[Held, int, int]] = []
        """Each link: whose matches move, off which agent, and the link whose agent they move to room for."""
        frontier: list[tuple[Bits, int]] = [(reached, -1)]
        unseen = self._held[channel]
        free = self._distributor.free[channel]
        while frontier:
            bits, came_by = frontier.pop(0)
            rest = []
            for held in unseen:
                holders = held.holders & bits
                if not holders:
                    rest.append(held)
                    continue
                chains.append((held, lowest(holders), came_by))
                if held.able & free:
                    return self._move(chains, lowest(held.able & free), channel)
                frontier.append((held.able, len(chains) - 1))
                reached |= held.able
            unseen = rest
        self._stuck[channel] |= reached
        return None

    def _move(self, chains: list[tuple[Held, int, int]], to: int, channel: str) -> int:
        """Carry the chain out from its end; the agent at its beginning is free then."""
        link = len(chains) - 1
        while link != -1:
            held, number, link = chains[link]
            moving = [given for given in held.matches if given.number == number]
            if len(moving) == 1:
                held.holders ^= 1 << number
            held.holders |= 1 << to
            moving[-1].number = to
            self._distributor.take_back(number, channel)
            self._distributor.give(to, channel)
            to = number
        return to
