"""What goes on now, for supervisors: of each queue what waits and who could take it, of each agent what he does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise
from math import inf

from chalicelib.configuration.profiles import Agent, Queue
from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.operations import explaining
from chalicelib.operations.translation import candidate_of
from chalicelib.routing.estimate import Estimate, expected_wait
from chalicelib.routing.model import Waiting
from chalicelib.world import World

AGES = (60, 900, 3600, 14_400, 86_400, 604_800)
"""Up to which ages waiting work is counted together: a minute, a quarter of an hour, an hour, four, a day, a week."""


@dataclass(frozen=True, slots=True)
class QueueNow:
    """One queue at this moment."""

    queue: Queue
    waiting: int
    within_service_level: int | None
    """Of those, the ones whose wait is still within the queue's threshold; None where it has none."""
    by_age: tuple[tuple[int | None, int], ...]
    """How many wait by age: up to so many seconds each, and above all of these (None) at last."""
    oldest_at: int | None
    """What the age of the oldest counts from (epoch ms)."""
    offers: int
    """Offers that nobody has answered yet."""
    in_work: int
    agents: Counter[str]
    """How many of the agents who serve it have each status."""
    free: int
    """Places for its channel that ready agents have free. An agent counts in every queue he serves."""
    free_by_channel: Counter[str]
    """The same of every channel that they have free places for."""
    is_open: bool
    wait: Estimate | None
    """How long work that comes now will wait; None where there is nobody, or no finished work, to go by."""


@dataclass(frozen=True, slots=True)
class AgentNow:
    """One agent at this moment."""

    agent: Agent
    occupancy: Occupancy
    capacity: dict[str, int]
    free: dict[str, int]
    """How many more he could be given now, by channel; nothing while he is not ready."""
    held: list[Engagement]


def agents_now(world: World) -> list[AgentNow]:
    """Every agent of the tenant, in its order."""
    tenant = world.tenant()
    occupancies = world.store.occupancies(tenant.agent_by_id)
    held = world.store.engagements({each for occupancy in occupancies.values() for each in occupancy.held})
    return [
        AgentNow(
            agent=agent,
            occupancy=occupancies[agent_id],
            capacity=dict(tenant.places(agent)[0]),
            free=_free(world, occupancies[agent_id]),
            held=[held[each] for each in sorted(occupancies[agent_id].held) if each in held],
        )
        for agent_id, agent in tenant.agent_by_id.items()
    ]


def queues_now(world: World) -> list[QueueNow]:
    """Every queue of the tenant, in its order. Its index may be a moment behind."""
    tenant = world.tenant()
    agents = {each.agent.user_id: each for each in agents_now(world)}
    handling = explaining.handling_times(world)
    hands = {each.engagement_id: each for agent in agents.values() for each in agent.held}
    found = []
    for queue_id, queue in tenant.queue_by_id.items():
        waiting = [each for each in world.store.waiting(queue_id) if each.engagement_id not in hands]
        states = Counter(each.state for each in hands.values() if each.queue_id == queue_id)
        serving = [agents[agent_id] for agent_id in tenant.agents_of_queue[queue_id]]
        taking = [each for each in serving if queue_id not in each.occupancy.opted_out]
        places = [each.free for each in taking]
        by_channel = Counter({ch: sum(each.get(ch, 0) for each in places) for ch in sorted({*chain(*places)})})
        free = by_channel[queue.channel]
        found.append(
            QueueNow(
                queue=queue,
                waiting=len(waiting),
                within_service_level=_within_service_level(queue, waiting, world.now()),
                by_age=tuple(_by_age(waiting, world.now())),
                oldest_at=min((each.queued_at for each in waiting), default=None),
                offers=states["offered"],
                in_work=states["assigned"] + states["inactive"] + states["wrap_up"],
                agents=Counter(each.occupancy.status for each in serving),
                free=free,
                free_by_channel=by_channel,
                is_open=tenant.is_open(queue_id, world.now()),
                wait=_wait(queue, len(waiting), free, taking, handling.get(queue_id)),
            )
        )
    return found


def _by_age(waiting: list[Waiting], now: int) -> Iterator[tuple[int | None, int]]:
    ages = [(now - each.queued_at) / 1000 for each in waiting]
    for above, limit in pairwise((-inf, *AGES, inf)):
        yield None if limit == inf else int(limit), sum(above < age <= limit for age in ages)


def _within_service_level(queue: Queue, waiting: list[Waiting], now: int) -> int | None:
    threshold = queue.service_level.threshold
    return None if threshold is None else sum(now - each.since <= 1000 * threshold for each in waiting)


def _wait(queue: Queue, waiting: int, free: int, taking: list[AgentNow], handling: int | None) -> Estimate | None:
    if free > waiting:
        return Estimate(0, 0, 0)
    ready = [each for each in taking if each.occupancy.status == "ready"]
    places = sum(each.capacity.get(queue.channel, 0) for each in ready)
    return None if handling is None else expected_wait(waiting - free + 1, places, handling)


def _free(world: World, occupancy: Occupancy) -> dict[str, int]:
    if occupancy.status != "ready":
        return {}
    candidate = candidate_of(world.tenant(), occupancy)
    return {channel: max(candidate.room(channel), 0) for channel in candidate.capacity}
