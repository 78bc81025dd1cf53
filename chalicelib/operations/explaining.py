"""Why an engagement waits and why nothing comes to an agent: from the router's rows, by the router's rules."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.engagements.model import Engagement
from chalicelib.operations.translation import candidate_of, candidates_of, waiting_of
from chalicelib.routing.estimate import Estimate, expected_wait
from chalicelib.routing.explain import Explanation, Verdict, explain_agent, explain_waiting
from chalicelib.routing.model import Candidate, Waiting
from chalicelib.world import World

RECENT_MS = 3_600_000
"""Handling times of this last while tell how long the present ones will take."""


def explain(world: World, engagement: Engagement) -> Explanation | None:
    """The explanation of a waiting engagement, over the agents who serve its queue; None if it does not wait."""
    if engagement.state != "queued":
        return None
    tenant, now, queue_id = world.tenant(), world.now(), engagement.queue_id
    occupancies = world.store.occupancies(tenant.agents_of_queue.get(queue_id, ()))
    candidates = candidates_of(tenant, occupancies.values())
    waiting, others = waiting_of(tenant, engagement), world.store.waiting(queue_id)
    why = explain_waiting(waiting, others, candidates, now, tenant.rules, _closed(world, {queue_id}))
    return replace(why, wait=_expected_wait(world, waiting, why.ahead + 1, candidates))


def explain_to_agent(world: World, agent_id: str) -> tuple[Waiting | None, tuple[Verdict, ...]]:
    """What would come to an agent next, and of everything in his queues why it does not."""
    tenant = world.tenant()
    agent = tenant.agent_by_id[agent_id]
    candidate = candidate_of(tenant, world.store.occupancies([agent_id])[agent_id])
    waiting = [each for queue_id in agent.queues for each in world.store.waiting(queue_id)]
    return explain_agent(candidate, waiting, world.now(), tenant.rules, _closed(world, set(agent.queues)))


def _closed(world: World, queues: set[str]) -> set[str]:
    return {queue_id for queue_id in queues if not world.tenant().is_open(queue_id, world.now())}


def _expected_wait(world: World, waiting: Waiting, position: int, candidates: list[Candidate]) -> Estimate | None:
    """By the work that was finished in its queue lately; None where there is none to go by."""
    handling = handling_times(world).get(waiting.queue_id)
    places = sum(each.capacity.get(waiting.channel, 0) for each in candidates if each.ready)
    return None if handling is None else expected_wait(position, places, handling)


def handling_times(world: World) -> dict[str, int]:
    """By queue, how long the work that was finished in it lately took on average (milliseconds)."""
    now = world.now()
    took: dict[str, list[int]] = {}
    for fact in world.store.facts("agent_performance", now - RECENT_MS, now + 1):
        if fact.measures.get("handled_count"):
            took.setdefault(fact.queue_id, []).append(fact.measures["handled_ms"] + fact.measures["wrapped_ms"])
    return {queue_id: sum(times) // len(times) for queue_id, times in took.items()}
