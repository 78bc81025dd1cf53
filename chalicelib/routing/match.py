"""One pass: rank the engagements, filter the agents, give each engagement to the agent idle longest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.rank import rank


def decide(waiting: Iterable[Waiting], candidates: Iterable[Candidate], now: int) -> Iterator[Match]:
    """Every match that can be made now, in order of rank.

    After it, no engagement and no agent who could take it remain side by side, however deep the backlog.
    """
    room = {c.agent_id: dict(c.room) for c in candidates if c.ready}
    idlest = sorted((c for c in candidates if c.ready), key=lambda c: (c.idle_since, c.agent_id))
    for engagement in sorted(waiting, key=rank):
        chosen = next((c for c in idlest if can_take(c, engagement, room[c.agent_id], now)), None)
        if chosen is None:
            continue
        room[chosen.agent_id][engagement.channel] -= 1
        idlest.remove(chosen)
        if any(places > 0 for places in room[chosen.agent_id].values()):
            idlest.append(chosen)  # he has just been given work, so he is now the last in line
        yield Match(engagement, chosen.agent_id)


def can_take(candidate: Candidate, waiting: Waiting, room: dict[str, int], now: int) -> bool:
    """Whether the agent serves the queue, has a free place and every skill, and did not just pass it by."""
    return (
        waiting.queue_id in candidate.queues
        and room.get(waiting.channel, 0) > 0
        and all(candidate.skills.get(need.skill, 0) >= need.level for need in waiting.skills)
        and not any(agent_id == candidate.agent_id and now < until for agent_id, until in waiting.cooling)
    )
