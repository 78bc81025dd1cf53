"""The routing rules in plain loops: obvious, slow, and what the real core is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.routing.model import Candidate, Distribution, Match, Waiting


def decide(
    waiting: Sequence[Waiting], candidates: Sequence[Candidate], now: int, distributions: Mapping[str, Distribution]
) -> list[Match]:
    taken: dict[tuple[str, str], int] = {}
    given: dict[str, int] = {}
    matches = []
    for engagement in sorted(waiting, key=lambda w: (-w.priority, w.queued_at, w.engagement_id)):
        able = [c for c in candidates if can_take(c, engagement, taken, now)]
        if able:
            distribution = distributions.get(engagement.queue_id, "longest_idle")
            best = min(able, key=lambda c: order(c, engagement, distribution, taken, given))
            matches.append(Match(engagement, best.agent_id))
            taken[best.agent_id, engagement.channel] = taken.get((best.agent_id, engagement.channel), 0) + 1
            given[best.agent_id] = given.get(best.agent_id, 0) + 1
    return matches


def can_take(candidate: Candidate, engagement: Waiting, taken: dict[tuple[str, str], int], now: int) -> bool:
    if not candidate.ready or engagement.queue_id not in candidate.queues:
        return False
    for need in engagement.skills:
        if candidate.skills.get(need.skill, 0) < need.level:
            return False
    for agent_id, until in engagement.cooling:
        if agent_id == candidate.agent_id and now < until:
            return False
    return load(candidate, engagement.channel, taken) < candidate.capacity.get(engagement.channel, 0)


def load(candidate: Candidate, channel: str, taken: dict[tuple[str, str], int]) -> int:
    return candidate.load.get(channel, 0) + taken.get((candidate.agent_id, channel), 0)


def order(
    candidate: Candidate,
    engagement: Waiting,
    distribution: Distribution,
    taken: dict[tuple[str, str], int],
    given: dict[str, int],
) -> tuple[object, ...]:
    idle = (given.get(candidate.agent_id, 0), candidate.idle_since, candidate.agent_id)
    if distribution == "sequential":
        return (candidate.position, candidate.agent_id)
    if distribution == "most_available":
        capacity = candidate.capacity[engagement.channel]
        return (load(candidate, engagement.channel, taken) / capacity, *idle)
    if distribution == "best_skilled":
        return (-sum(candidate.skills.get(need.skill, 0) for need in engagement.skills), *idle)
    return idle
