"""Other systems' documented rules of who gets what, as strategies that decide in the routing core's place.

They say which work is next and which agent gets it; who can take it at all is the same for all of them. What a system
does not document is as in Interleave, and stands in `unsaid`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.routing import presets
from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.presets import Preset
from chalicelib.routing.widen import Need, Needs
from infra.versus.day import CASES_AT_ONCE, MEANT, MINUTE

AS_OURS = MINUTE
"""How long Interleave's queues spare an agent who has declined, by default."""
NEVER_AGAIN = 10**12
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A documented way to decide. `source` says where the rule is documented and when that was read."""

    name: str
    source: str
    next: Callable[[Waiting], Key]
    """The least goes first."""
    gets: Callable[[Candidate], Key]
    """Of those who can take it, the least gets it."""
    preset: Preset = MEANT
    cool_down: int = AS_OURS
    pulled: bool = False
    asks_again: int = 0
    """Where agents pull: milliseconds until one who found nothing looks again."""
    unsaid: str = ""


def _by_priority(waiting: Waiting) -> Key:
    return (-waiting.priority, waiting.queued_at, waiting.engagement_id)


def _by_arrival(waiting: Waiting) -> Key:
    return (waiting.queued_at, waiting.engagement_id)


def _longest_idle(candidate: Candidate) -> Key:
    return (candidate.idle_since, candidate.agent_id)


def _least_loaded(candidate: Candidate) -> Key:
    """By the share of the capacity that is taken, which is the same for all; then by who is available for longest."""
    return (sum(candidate.load.values()), candidate.idle_since, candidate.agent_id)


POLICIES = (
    Policy(
        "Amazon Connect",
        "routing profiles and queue priority, Amazon Connect administrator guide; read 2026-11-23. Who rejects is "
        "offered it again at once: repost.aws QU-MN4JyzLT6",
        _by_priority,
        _longest_idle,
        presets.connect({"voice": (1, "own"), "work_item": (CASES_AT_ONCE, "any")}),
        cool_down=0,
    ),
    Policy(
        "Twilio TaskRouter",
        "queue ordering and task channels, TaskRouter documentation; read 2026-11-23. Channels do not know of one "
        "another unless an expression of each workflow says so; here none does",
        _by_priority,
        _longest_idle,
        presets.twilio({"voice": 1, "work_item": CASES_AT_ONCE}),
        unsaid="how long who rejects is spared",
    ),
    Policy(
        "Azure Job Router",
        "distribution concepts (longest idle), Azure Communication Services; read 2026-11-23. Who declines is not "
        "offered it again unless he says when. One pool of capacity, of which a call and a case take one each",
        _by_priority,
        _least_loaded,
        presets.job_router(1 + CASES_AT_ONCE, {"voice": (1, 1), "work_item": (1, CASES_AT_ONCE)}),
        cool_down=NEVER_AGAIN,
    ),
    Policy(
        "Zoom Contact Center",
        "consumer routing profiles, distribution and agent occupied rules, Zoom support; read 2026-11-23",
        _by_priority,
        _longest_idle,
        presets.zoom({"work_item": CASES_AT_ONCE}),
        unsaid="how long who declines is spared, and the direction of priorities",
    ),
    Policy(
        "Label Studio's pull",
        "next task, locks and sampling, Label Studio 1.23; read 2026-11-23. An agent asks for his next task when he "
        "has done one; tasks by age, no priorities. Agents are taken to open as many as they may have, and who finds "
        "none to look again after a minute",
        _by_arrival,
        _longest_idle,
        pulled=True,
        asks_again=MINUTE,
    ),
)


class Documented:
    """A policy as a strategy: what waits in its order, and for each the agent whom it names."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._needs = Needs({})
        self._line: list[tuple[Key, int, Waiting]] = []
        self._versions: dict[str, int] = {}
        self._agents: dict[str, Candidate] = {}
        self._looks_at: dict[str, int] = {}
        self._entries = 0

    def arrive(self, waiting: Waiting, now: int) -> None:  # noqa: ARG002 - what strategies are told
        """Into the line."""
        self.leave(waiting.engagement_id)
        self._entries += 1
        self._versions[waiting.engagement_id] = self._entries
        insort(self._line, (self._policy.next(waiting), self._entries, waiting))

    def leave(self, engagement_id: str) -> None:
        """Out of the line."""
        if self._versions.pop(engagement_id, None) is not None:
            self._line = [each for each in self._line if each[2].engagement_id != engagement_id]

    def update(self, candidates: Iterable[Candidate]) -> None:
        """An agent as he is now; who has done something looks for his next at once."""
        for candidate in candidates:
            self._agents[candidate.agent_id] = candidate
            self._looks_at.pop(candidate.agent_id, None)

    def decide(self, now: int, closed: Set[str]) -> list[Match]:
        """One pass down the line."""
        free = {agent_id: each for agent_id, each in self._agents.items() if self._looks(each, now)}
        matches: list[Match] = []
        nobody: set[Need] = set()
        for _, _, waiting in self._line:
            if not free:
                break
            if waiting.queue_id in closed:
                continue
            need = self._needs.of(waiting, now)
            if need in nobody:
                continue
            able = [each for each in free.values() if unmet(each, need) is None]
            if able:
                matches.append(self._give(waiting, min(able, key=self._policy.gets), free))
            else:
                nobody.add(need)
        for match in matches:
            self.leave(match.waiting.engagement_id)
        if self._policy.asks_again:
            for agent_id in free:
                self._looks_at.setdefault(agent_id, now + self._policy.asks_again)
        return matches

    def _give(self, waiting: Waiting, agent: Candidate, free: dict[str, Candidate]) -> Match:
        load = {**agent.load, waiting.channel: agent.load.get(waiting.channel, 0) + 1}
        given = self._agents[agent.agent_id] = replace(agent, load=load)
        if any(given.room(channel) > 0 for channel in given.capacity):
            free[agent.agent_id] = given
        else:
            del free[agent.agent_id]
        return Match(waiting, agent.agent_id)

    def _looks(self, agent: Candidate, now: int) -> bool:
        if not agent.ready or self._looks_at.get(agent.agent_id, now) > now:
            return False
        self._looks_at.pop(agent.agent_id, None)
        return any(agent.room(channel) > 0 for channel in agent.capacity)
