"""Agents who are no longer configured: they are signed out, and what they still hold goes to others."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.errors import LostRace, NotFound, WrongState
from chalicelib.operations import sessions
from chalicelib.operations.desk import release, rescind
from chalicelib.operations.ordering import Order
from chalicelib.world import World


def see_off(world: World, agent_ids: Iterable[str]) -> None:
    """See to those of these agents who are gone. Doing it again, or stopping half-way, does no harm: the sweeper
    does it for everybody who is present. A wrap-up is left to run out."""
    here = world.tenant().agent_by_id
    unknown = [each for each in agent_ids if each not in here]
    gone = [each for each in unknown if each not in world.latest_tenant().agent_by_id]
    for occupancy in world.store.occupancies(gone).values() if gone else ():
        if occupancy.status != "offline":
            with suppress(LostRace):  # the next sweep signs him out
                sessions.sign_out(world, occupancy.agent_id)
        for engagement in world.store.engagements(occupancy.held).values():
            _take_from(world, engagement, occupancy)


def _take_from(world: World, engagement: Engagement, occupancy: Occupancy) -> None:
    order = Order(engagement.engagement_id, sessions.SYSTEM, occupancy.agent_id)
    try:
        if engagement.state == "offered" and occupancy.agent_id in engagement.holders:
            rescind(world, order, "departed")
        elif engagement.state in ("assigned", "inactive") and occupancy.agent_id == engagement.agent_id:
            release(world, order)
    except (NotFound, WrongState, LostRace):
        return  # it has just changed hands, or is in conflict with other changes: the next sweep sees how it is
