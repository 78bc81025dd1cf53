"""Which of the agents who can take an engagement gets it.

Agents are numbered by idle time, so the lowest bit of a set is the one idle longest. What comes before idle time is a
level: a set of agents for each of its values, from the best on. A level that changes with each engagement given is
kept up to date by moving one bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.routing.filter import Bits, Need
from chalicelib.routing.model import Candidate, Distribution


class Distributor:
    """The ready agents of a pass with their free places, and the order in which they are asked."""

    def __init__(self, ready: Sequence[Candidate]) -> None:
        self._ready = ready
        self._room: dict[str, list[int]] = {}
        self._free: dict[str, Bits] = {}
        self._given = [0] * len(ready)
        self._by_given: list[Bits] = [(1 << len(ready)) - 1]
        self._by_load: dict[str, dict[float, Bits]] = {}
        self._by_position = sorted(range(len(ready)), key=lambda i: (ready[i].position, ready[i].agent_id))
        for channel in {channel for candidate in ready for channel in candidate.capacity}:
            self._room[channel] = [candidate.room(channel) for candidate in ready]
            self._free[channel] = _bits(i for i, room in enumerate(self._room[channel]) if room > 0)

    def choose(self, able: Bits, need: Need, distribution: Distribution) -> int | None:
        """The number of the agent who gets it, or None where nobody has room."""
        free = able & self._free.get(need.channel, 0)
        if not free:
            return None
        match distribution:
            case "longest_idle":
                return _lowest(self._least_given(free))
            case "most_available":
                return _lowest(self._least_given(self._least_loaded(free, need.channel)))
            case "best_skilled":
                return _lowest(self._least_given(self._best_skilled(free, need)))
            case "sequential":
                return next(i for i in self._by_position if free >> i & 1)

    def give(self, number: int, channel: str) -> None:
        """Take one of the agent's places."""
        bit = 1 << number
        before = self._ratio(number, channel)
        self._room[channel][number] -= 1
        if self._room[channel][number] == 0:
            self._free[channel] &= ~bit
        given = self._given[number] + 1
        self._given[number] = given
        if given == len(self._by_given):
            self._by_given.append(0)
        self._by_given[given - 1] &= ~bit
        self._by_given[given] |= bit
        levels = self._by_load.get(channel)
        if levels is not None:
            levels[before] &= ~bit
            after = self._ratio(number, channel)
            levels[after] = levels.get(after, 0) | bit

    def _least_given(self, free: Bits) -> Bits:
        """Those who were given least in this pass: who has just been given work is asked after the others."""
        return next(found for level in self._by_given if (found := free & level))

    def _least_loaded(self, free: Bits, channel: str) -> Bits:
        """Those with the lowest load ratio in the channel."""
        levels = self._by_load.get(channel)
        if levels is None:
            levels = self._by_load[channel] = {}
            for i in range(len(self._ready)):
                ratio = self._ratio(i, channel)
                levels[ratio] = levels.get(ratio, 0) | 1 << i
        return next(found for ratio in sorted(levels) if (found := free & levels[ratio]))

    def _best_skilled(self, free: Bits, need: Need) -> Bits:
        """Those with the highest sum of proficiencies in the skills that are needed."""
        levels: dict[int, Bits] = {}
        rest = free
        while rest:
            number = _lowest(rest)
            skills = self._ready[number].skills
            score = sum(skills.get(requirement.skill, 0) for requirement in need.skills)
            levels[score] = levels.get(score, 0) | 1 << number
            rest &= rest - 1
        return levels[max(levels)]

    def _ratio(self, number: int, channel: str) -> float:
        capacity = self._ready[number].capacity.get(channel, 0)
        return 1 - self._room[channel][number] / capacity if capacity else 1.0


def _lowest(bits: Bits) -> int:
    """The number of the lowest bit."""
    return (bits & -bits).bit_length() - 1


def _bits(numbers: Iterable[int]) -> Bits:
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
