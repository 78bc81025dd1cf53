"""Which agents can take an engagement: sets of agents as bits of integers, so that one `&` asks about all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.routing.model import Candidate, Requirement, Terms
from chalicelib.routing.occupancy import occupied, parking
from chalicelib.routing.widen import Need

Bits = int
USUAL = Terms()


def unmet(candidate: Candidate, need: Need) -> str | None:
    """The first rule that keeps an agent from a need, or None: the same rules as in `Filter`, one agent at a time."""
    if need.queue_id not in candidate.queues:
        return "other_queue"
    if need.only not in (None, candidate.agent_id):
        return "held_for_another"
    if not candidate.ready:
        return "not_ready"
    if not all(meets(candidate, requirement) for requirement in need.skills):
        return "skill_missing"
    if candidate.agent_id in need.not_to:
        return "cooling_down"
    if candidate.terms.get(need.queue_id, USUAL).delay > need.patience:
        return "group_waits"
    return _no_room(candidate, need.channel)


def meets_need(candidate: Candidate, need: Need) -> bool:
    """Whether an agent serves the queue by now and has the skills; everything about him that seldom changes."""
    return (
        need.queue_id in candidate.queues
        and candidate.terms.get(need.queue_id, USUAL).delay <= need.patience
        and all(meets(candidate, requirement) for requirement in need.skills)
    )


def level_of(candidate: Candidate, queue_id: str) -> int:
    """The level at which an agent serves a queue."""
    return candidate.terms.get(queue_id, USUAL).level


def meets(candidate: Candidate, requirement: Requirement) -> bool:
    """Whether the agent has the skill, or one that does instead."""
    skills = candidate.skills
    if skills.get(requirement.skill, 0) >= requirement.level:
        return True
    return any(skills.get(skill, 0) >= level for skill, level in requirement.instead)


def _no_room(candidate: Candidate, channel: str) -> str | None:
    if candidate.room(channel) > 0 or parks(candidate, channel):
        return None
    if candidate.capacity.get(channel, 0) == 0:
        return "no_channel"
    if occupied(candidate.occupancy, candidate.capacity, candidate.load, channel):
        return "occupied"
    return "offers_open" if candidate.offers >= candidate.occupancy.most_offers else "no_room"


def parks(candidate: Candidate, channel: str) -> str | None:
    """The channel of which the agent would have to park an engagement."""
    return parking(candidate.occupancy, candidate.capacity, candidate.load, channel, candidate.offers)


class Filter:
    """The agents who are ready; each has a number, and is that bit of every set he is in."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._queues: dict[str, Bits] = {}
        self._skills: dict[str, dict[int, Bits]] = {}
        self._delayed: dict[str, dict[int, Bits]] = {}
        self._other_level: dict[str, dict[int, Bits]] = {}

    def add(self, number: int, candidate: Candidate) -> None:
        """Let an agent in."""
        self._number[candidate.agent_id] = number
        self._flip(candidate, 1 << number)

    def remove(self, number: int, candidate: Candidate) -> None:
        """Let an agent go, as he was let in."""
        del self._number[candidate.agent_id]
        self._flip(candidate, 1 << number)

    def move(self, number: int, to: int, candidate: Candidate) -> None:
        """Give an agent another number."""
        self._number[candidate.agent_id] = to
        self._flip(candidate, 1 << number | 1 << to)

    def able(self, need: Need, level: int = 1) -> Bits:
        """The agents who meet a need and serve its queue at this level, whether or not they have room."""
        bits = self._queues.get(need.queue_id, 0)
        if level != 1 or self._other_level:
            bits &= self._at_level(need.queue_id, level)
        if not bits:
            return 0
        for requirement in need.skills:
            having = self._having(requirement.skill, requirement.level)
            for skill, level in requirement.instead:
                having |= self._having(skill, level)
            bits &= having
        for agent_id in need.not_to:
            bits &= ~self.bit(agent_id)
        if need.only is not None:
            bits &= self.bit(need.only)
        for delay, late in self._delayed.get(need.queue_id, {}).items():
            if delay > need.patience:
                bits &= ~late
        return bits

    def bit(self, agent_id: str) -> Bits:
        """The agent's bit; none where he is not ready."""
        number = self._number.get(agent_id)
        return 0 if number is None else 1 << number

    def levels(self) -> list[int]:
        """The levels at which queues are served, first to last."""
        if not self._other_level:
            return [1]
        return sorted({1, *(level for by in self._other_level.values() for level, bits in by.items() if bits)})

    def _having(self, skill: str, level: int) -> Bits:
        bits = 0
        for proficiency, some in self._skills.get(skill, {}).items():
            if proficiency >= level:
                bits |= some
        return bits

    def _at_level(self, queue_id: str, level: int) -> Bits:
        others = self._other_level.get(queue_id)
        if level != 1:
            return others.get(level, 0) if others else 0
        bits = -1
        for other in others.values() if others else ():
            bits &= ~other
        return bits

    def _flip(self, candidate: Candidate, bit: Bits) -> None:
        """Into every set he belongs in, or out of it."""
        queues, skills = self._queues, self._skills
        for queue_id in candidate.queues:
            queues[queue_id] = queues.get(queue_id, 0) ^ bit
        for skill, proficiency in candidate.skills.items():
            having = skills.setdefault(skill, {})
            having[proficiency] = having.get(proficiency, 0) ^ bit
        for queue_id, terms in candidate.terms.items():
            if terms.delay:
                delayed = self._delayed.setdefault(queue_id, {})
                delayed[terms.delay] = delayed.get(terms.delay, 0) ^ bit
            if terms.level != 1:
                others = self._other_level.setdefault(queue_id, {})
                others[terms.level] = others.get(terms.level, 0) ^ bit


def numbers(bits: Bits) -> Iterator[int]:
    """The numbers in a set, lowest first."""
    while bits:
        yield lowest(bits)
        bits &= bits - 1


def lowest(bits: Bits) -> int:
    """The lowest number in a set that is not empty."""
    return (bits & -bits).bit_length() - 1


def best(bits: Bits, key: Callable[[int], tuple[Any, ...]]) -> int:
    """The number with the least key; of equal ones, the lowest."""
    return min(numbers(bits), key=key)
