"""What agents have in hand, where their rows do not tell: an engagement itself knows whether it was accepted."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.operations.translation import candidates_of
from chalicelib.routing.model import Candidate
from chalicelib.routing.occupancy import UNLIMITED
from chalicelib.world import World


def candidates_now(world: World, tenant: Tenant, occupancies: Mapping[str, Occupancy]) -> list[Candidate]:
    """Agents as the core sees them, with the offers that they have not answered."""
    return candidates_of(tenant, occupancies.values(), _open_offers(world, tenant, occupancies))


def parkable(world: World, occupancy: Occupancy, channel: str) -> Engagement | None:
    """Which of his work in a channel an agent parks for a newcomer: of what he has accepted and not ended, the least
    urgent, then the newest. None where there is none of it, or he may park no more."""
    if not occupancy.may_park:
        return None
    own = [each for each, held in occupancy.held.items() if held.channel == channel and not held.parked]
    found = world.store.engagements(own).values()
    assigned = [each for each in found if each.state == "assigned" and each.agent_id == occupancy.agent_id]
    return min(assigned, key=lambda each: (each.priority, -(each.assigned_at or 0)), default=None)


def as_he_parks(world: World, candidate: Candidate, occupancy: Occupancy) -> Candidate:
    """The agent, who parks nothing of the channels in which he has nothing to park."""
    channels = {*candidate.occupancy.parks.values()}
    stuck = {channel for channel in channels if occupancy.load(channel) and not parkable(world, occupancy, channel)}
    return candidate.keeping(stuck) if stuck else candidate


def _open_offers(world: World, tenant: Tenant, occupancies: Mapping[str, Occupancy]) -> dict[str, int]:
    """How many offers each agent has not answered, where a cap makes it matter.

    A row says only until when an offer was open at most.
    """
    capped = {agent.user_id for agent in tenant.agents if tenant.places(agent)[1].most_offers < UNLIMITED}
    now = world.now()
    perhaps = {
        agent_id: [each for each, held in occupancy.held.items() if held.offer_expires_at > now]
        for agent_id, occupancy in occupancies.items()
        if agent_id in capped
    }
    found = world.store.engagements({each for some in perhaps.values() for each in some})
    return {
        agent_id: sum(1 for each in some if each in found and found[each].state == "offered")
        for agent_id, some in perhaps.items()
    }
