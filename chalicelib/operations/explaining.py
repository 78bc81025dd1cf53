"""Why an engagement waits, from the same rows and by the same rules as the router's."""

from __future__ import annotations

from chalicelib.engagements.model import Engagement
from chalicelib.operations.routing import candidates_of, waiting_of
from chalicelib.routing.explain import Explanation, explain_waiting
from chalicelib.world import World


def explain(world: World, engagement: Engagement) -> Explanation | None:
    """The explanation of a waiting engagement, over the agents who serve its queue; None if it does not wait."""
    if engagement.state != "queued":
        return None
    tenant = world.tenant()
    occupancies = world.store.occupancies(tenant.agents_of_queue.get(engagement.queue_id, ()))
    others = world.store.waiting(engagement.queue_id)
    candidates = candidates_of(tenant, occupancies.values())
    return explain_waiting(waiting_of(engagement), others, candidates, world.now())
