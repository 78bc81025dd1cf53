"""Why an engagement waits and why nothing comes to an agent: from the router's rows, by the router's rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from chalicelib.engagements.model import Engagement
from chalicelib.operations.holding import as_he_parks, candidates_now
from chalicelib.operations.rolling import ROLLED_AFTER_MS
from chalicelib.operations.translation import as_configured, waiting_of
from chalicelib.reporting.coverage import series
from chalicelib.reporting.intervals import HOUR_MS, quarter_of
from chalicelib.routing.estimate import Estimate, expected_wait
from chalicelib.routing.explain import BUSY, Explanation, Verdict, explain_agent, explain_waiting
from chalicelib.routing.model import Candidate, Waiting
from chalicelib.world import World

RECENT_MS = HOUR_MS
"""Handling times of the last while that is rolled up tell how long the present ones will take."""


def explain(world: World, engagement: Engagement) -> Explanation | None:
    """The explanation of a waiting engagement, over the agents who serve its queue; None if it does not wait."""
    if engagement.state != "queued":
        return None
    tenant, now, queue_id = world.tenant(), world.now(), engagement.queue_id
    candidates = _candidates(world, tenant.agents_of_queue.get(queue_id, ()))
    waiting, others = waiting_of(tenant, engagement), world.store.waiting(queue_id)
    why = explain_waiting(waiting, others, candidates, now, tenant.rules, _closed(world, {queue_id}))
    return replace(why, wait=_expected_wait(world, waiting, why, candidates))


def explain_to_agent(world: World, agent_id: str) -> tuple[Waiting | None, tuple[Verdict, ...]]:
    """What would come to an agent next, and of everything in his queues why it does not."""
    tenant = world.tenant()
    agent = tenant.agent_by_id[agent_id]
    (candidate,) = _candidates(world, [agent_id])
    waiting = [as_configured(tenant, each) for queue_id in agent.queues for each in world.store.waiting(queue_id)]
    return explain_agent(candidate, waiting, world.now(), tenant.rules, _closed(world, set(agent.queues)))


def _candidates(world: World, agent_ids: Iterable[str]) -> list[Candidate]:
    occupancies = world.store.occupancies(agent_ids)
    found = candidates_now(world, world.tenant(), occupancies)
    return [as_he_parks(world, each, occupancies[each.agent_id]) for each in found]


def _closed(world: World, queues: set[str]) -> set[str]:
    return {queue_id for queue_id in queues if not world.tenant().is_open(queue_id, world.now())}


def _expected_wait(world: World, waiting: Waiting, why: Explanation, candidates: list[Candidate]) -> Estimate | None:
    """By the work that was finished in its queue lately, and by those who have it in hand or can take more of it; None
    where there is nobody, or none, to go by."""
    handling = handling_times(world).get(waiting.queue_id)
    places = sum(
        candidate.capacity.get(waiting.channel, 0)
        for candidate, verdict in zip(candidates, why.verdicts, strict=True)
        if verdict.reason in (None, *BUSY)
    )
    return None if handling is None else expected_wait(why.ahead + 1, places, handling)


def handling_times(world: World) -> dict[str, int]:
    """By queue, how long the work that was finished in it lately took on average (milliseconds).

    It is asked for with every look at the live numbers, so it is one read of four rows, however much was done.
    """
    upto = quarter_of(world.now() - ROLLED_AFTER_MS)
    quarters = series("quarter", "UTC", by_agent=False)
    took: Counter[str] = Counter()
    works: Counter[str] = Counter()
    for cell in world.store.rollups("agent_performance", quarters, upto - RECENT_MS, upto):
        spent = cell.total.measures
        if "handled_count" in spent:
            took[cell.total.queue_id] += spent["handled_ms"] + spent["wrapped_ms"]
            works[cell.total.queue_id] += spent["handled_count"]
    return {queue_id: took[queue_id] // count for queue_id, count in works.items()}
