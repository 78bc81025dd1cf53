"""Which of the agents who can take an engagement gets it.

Agents are numbered by idle time, so the lowest number in a set is the one idle longest. Who has been given work in a
pass is asked after those who have been given less.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

from chalicelib.routing.filter import Bits, best, lowest, numbers
from chalicelib.routing.model import Candidate, Distribution
from chalicelib.routing.occupancy import PLAIN, parking, room, used
from chalicelib.routing.scores import worker_score
from chalicelib.routing.widen import Need


class Distributor:
    """The ready agents with what they have in hand, and the order in which they are asked."""

    def __init__(self) -> None:
        self.agents: dict[int, Candidate] = {}
        """As they came; what they have been given since is kept beside them."""
        self._loads: dict[int, dict[str, int]] = {}
        self._offers: dict[int, int] = {}
        self.free: defaultdict[str, Bits] = defaultdict(int)
        """By channel, who has room."""
        self._parking: defaultdict[str, Bits] = defaultdict(int)
        """By channel, who has room if he parks something."""
        self.begin()

    def add(self, number: int, candidate: Candidate) -> None:
        """Let an agent in."""
        self.agents[number] = candidate
        self._loads[number] = dict(candidate.load)
        self._offers[number] = candidate.offers
        self._mark(number)

    def remove(self, number: int) -> None:
        """Let an agent go."""
        del self.agents[number], self._loads[number], self._offers[number]
        for sets in (self.free, self._parking):
            for channel in sets:
                sets[channel] &= ~(1 << number)

    def replace(self, number: int, candidate: Candidate) -> None:
        """An agent as he is now, under his number."""
        before = self.agents[number]
        if (candidate.capacity.keys(), candidate.occupancy) != (before.capacity.keys(), before.occupancy):
            self.remove(number)
            self.add(number, candidate)
            return
        self.agents[number] = candidate
        self._loads[number] = dict(candidate.load)
        self._offers[number] = candidate.offers
        self._mark(number)

    def move(self, number: int, to: int) -> None:
        """Give an agent another number."""
        both = 1 << number | 1 << to
        self.agents[to] = self.agents.pop(number)
        self._loads[to] = self._loads.pop(number)
        self._offers[to] = self._offers.pop(number)
        for sets in (self.free, self._parking):
            for channel, bits in sets.items():
                if bits >> number & 1:
                    sets[channel] = bits ^ both

    def has_room(self, number: int) -> bool:
        """Whether the agent has room for anything."""
        return any(bits >> number & 1 for bits in (*self.free.values(), *self._parking.values()))

    def candidate(self, number: int) -> Candidate:
        """An agent with what he has in hand now."""
        agent, load, offers = self.agents[number], self._loads[number], self._offers[number]
        return agent if agent.load == load and agent.offers == offers else replace(agent, load=load, offers=offers)

    def candidates(self) -> list[Candidate]:
        """The agents with what they have in hand now."""
        return [self.candidate(number) for number in self.agents]

    def begin(self) -> None:
        """A new pass: nobody has been given anything."""
        self._given: dict[int, int] = {}
        """How much each has been given in this pass."""
        self._by_given: list[Bits] = [-1]
        """Those who have been given nothing (all numbers at first), once, twice and so on, but for what is unsorted."""
        self._unsorted: list[tuple[int, int, int]] = []
        """Moves that are yet to be made there: whose, from where and to where."""

    def anybody(self) -> Bits:
        """Who could take something in any channel."""
        bits = 0
        for some in (*self.free.values(), *self._parking.values()):
            bits |= some
        return bits

    def choose(self, able: Bits, need: Need, distribution: Distribution, preferred: Bits = 0) -> int | None:
        """The number of the agent who gets it, or None where nobody has room. Parking is the last resort."""
        found = able & self.free[need.channel] or able & self._parking[need.channel]
        if not found:
            return None
        found = found & preferred or found
        match distribution:
            case "most_available":
                return self._first(found, lambda n: self._load_ratio(n, need.channel))
            case "best_skilled":
                return self._first(found, lambda n: -self._proficiency(n, need))
            case "best_worker":
                return self._first(found, lambda n: -worker_score(self.agents[n].skills, need.skills))
            case "rotating":
                agents = self.agents
                asked = self._least_given(found)
                return best(asked, lambda n: (agents[n].offered_at, agents[n].position, agents[n].agent_id))
            case "sequential":
                return best(found, lambda n: (self.agents[n].position, self.agents[n].agent_id))
            case _:
                return lowest(self._least_given(found))

    def takes(self, number: int, channel: str) -> bool:
        """Whether the agent could take something in a channel."""
        return bool((self.free[channel] | self._parking[channel]) >> number & 1)

    def parks(self, number: int, channel: str) -> str | None:
        """What an agent who could take something in a channel has to park for it."""
        return None if self.free[channel] >> number & 1 else self.agents[number].occupancy.parks[channel]

    def give(self, number: int, channel: str, parked: str | None = None) -> None:
        """Take one of the agent's places."""
        self._load(number, channel, 1, parked)
        given = self._given.get(number, 0)
        self._given[number] = given + 1
        self._unsorted.append((number, given, given + 1))

    def give_others(self, able: Bits, need: Need, first: int, most: int) -> tuple[int, ...]:
        """Give the same to others too, idle longest first, until as many as `most` have it; who they are."""
        found = able & self.free[need.channel] & ~(1 << first)
        others = tuple(islice(numbers(found), most - 1))
        for number in others:
            self.give(number, need.channel)
        return others

    def take_back(self, number: int, channel: str) -> None:
        """Free a place that was given in this pass."""
        self._load(number, channel, -1, None)
        given = self._given[number]
        self._given[number] = given - 1
        self._unsorted.append((number, given, given - 1))

    def _load(self, number: int, channel: str, change: int, parked: str | None) -> None:
        agent, load = self.agents[number], self._loads[number]
        taken = load[channel] = load.get(channel, 0) + change
        self._offers[number] += change
        if parked is not None:
            load[parked] -= 1
            self._mark(number, out=True)
        elif agent.occupancy is not PLAIN:
            self._mark(number)
        else:
            _put(number, taken < agent.capacity[channel], self.free, channel)

    def _mark(self, number: int, out: bool = False) -> None:
        """Note where the agent has room. Who has parked something is out of this pass: places only get fewer in it."""
        agent, load, offers = self.agents[number], self._loads[number], self._offers[number]
        for channel in agent.capacity:
            fits = not out and room(agent.occupancy, agent.capacity, load, channel, offers) > 0
            _put(number, fits, self.free, channel)
            if agent.occupancy.parks:
                helps = not out and parking(agent.occupancy, agent.capacity, load, channel, offers) is not None
                _put(number, helps, self._parking, channel)

    def _first(self, found: Bits, order: Callable[[int], float]) -> int:
        """The first by an order; among equals who was given least, then who is idle longest."""
        return best(found, lambda n: (order(n), self._given.get(n, 0)))

    def _least_given(self, found: Bits) -> Bits:
        for number, before, after in self._unsorted:
            if after == len(self._by_given):
                self._by_given.append(0)
            self._by_given[before] ^= 1 << number
            self._by_given[after] ^= 1 << number
        self._unsorted = []
        given = 0
        while not (some := found & self._by_given[given]):
            given += 1
        return some

    def _load_ratio(self, number: int, channel: str) -> float:
        """The share of an agent's places that is taken, in the channel or in the units that it draws on."""
        agent, load = self.agents[number], self._loads[number]
        for pool, cost in agent.occupancy.costs.get(channel, ()):
            if cost:
                return used(agent.occupancy, load, pool) / agent.occupancy.units[pool]
        return load.get(channel, 0) / agent.capacity[channel]

    def _proficiency(self, number: int, need: Need) -> int:
        """The sum of the agent's proficiencies in the skills that are asked for."""
        return sum(self.agents[number].skills.get(requirement.skill, 0) for requirement in need.skills)


def _put(number: int, belongs: bool, sets: dict[str, Bits], channel: str) -> None:
    """Into the set of a channel, or out of it."""
    if belongs != sets[channel] >> number & 1:
        sets[channel] ^= 1 << number
