"""Which agents can take an engagement: sets of agents as bits of integers, so that one `&` asks about all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from chalicelib.routing.model import Candidate, Requirement, Waiting

Bits = int


class Need(NamedTuple):
    """What an engagement asks of an agent. Engagements with the same need can be taken by the same agents."""

    queue_id: str
    channel: str
    skills: tuple[Requirement, ...]
    not_to: tuple[str, ...]
    """Agents who have just passed it by."""


def need_of(waiting: Waiting, now: int) -> Need:
    """The need of an engagement at this moment."""
    not_to = tuple(agent_id for agent_id, until in waiting.cooling if now < until) if waiting.cooling else ()
    return Need(waiting.queue_id, waiting.channel, waiting.skills, not_to)


def unmet(candidate: Candidate, need: Need) -> str | None:
    """The first rule that keeps an agent from a need, or None: the same rules as in `Filter`, one agent at a time."""
    if need.queue_id not in candidate.queues:
        return "other_queue"
    if not candidate.ready:
        return "not_ready"
    if any(candidate.skills.get(skill, 0) < level for skill, level in _pairs(need)):
        return "skill_missing"
    if candidate.agent_id in need.not_to:
        return "cooling_down"
    return None if candidate.room(need.channel) > 0 else "no_room"


class Filter:
    """The ready agents of a pass; agent number `i` of the given order is bit `i`."""

    def __init__(self, ready: Sequence[Candidate]) -> None:
        self._number = {candidate.agent_id: i for i, candidate in enumerate(ready)}
        self._queues: dict[str, Bits] = {}
        self._skills: dict[tuple[str, int], Bits] = {}
        for i, candidate in enumerate(ready):
            bit = 1 << i
            for queue_id in candidate.queues:
                self._queues[queue_id] = self._queues.get(queue_id, 0) | bit
            for skill, proficiency in candidate.skills.items():
                for level in range(1, proficiency + 1):
                    self._skills[skill, level] = self._skills.get((skill, level), 0) | bit

    def able(self, need: Need) -> Bits:
        """The agents who meet a need, whether or not they have room."""
        bits = self._queues.get(need.queue_id, 0)
        for pair in _pairs(need):
            bits &= self._skills.get(pair, 0)
        for agent_id in need.not_to:
            if agent_id in self._number:
                bits &= ~(1 << self._number[agent_id])
        return bits


def _pairs(need: Need) -> Iterator[tuple[str, int]]:
    return ((requirement.skill, requirement.level) for requirement in need.skills)
