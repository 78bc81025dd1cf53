"""How a command on an engagement is carried out: read, decide, commit, ring; and again where the race was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.engagements.model import Change, Engagement, Occupancy
from chalicelib.errors import LostRace, NotFound, VersionMismatch
from chalicelib.messaging.protocol import Ring
from chalicelib.world import World

ATTEMPTS = 5
"""A command that loses a race reads again and decides again, this often."""


@dataclass(frozen=True, slots=True)
class Order:
    """Which engagement is meant, and by whom.

    `agent_id` restricts it to work that is in this agent's hands, `version` to the one that was seen; both are checked
    on the very read that the write is conditioned on.
    """

    engagement_id: str
    actor: str
    agent_id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Hands:
    """What a command is decided on: the engagement, the agent whom it is about, and who else has it offered."""

    engagement: Engagement
    occupancy: Occupancy
    others: tuple[Occupancy, ...]


def change(world: World, order: Order, decide: Callable[[Hands], Change | None]) -> Engagement:
    """Read, decide, commit; again where the race was lost. What is decided to be so already is not written."""
    for _ in range(ATTEMPTS):
        engagement = world.store.engagement(order.engagement_id)
        if engagement is None or order.agent_id not in (None, *engagement.holders):
            raise NotFound("No such engagement.")
        if order.version not in (None, engagement.version):
            raise VersionMismatch("The engagement has changed since.", engagement.version)
        change = decide(hands_of(world, engagement, order.agent_id or engagement.agent_id))
        if change is None:
            return engagement
        try:
            world.store.commit(change)
        except LostRace:
            continue
        assert change.engagement is not None
        ring_for(world, change)
        return change.engagement
    raise LostRace("The engagement stayed in conflict with other changes; try again.")


def hands_of(world: World, engagement: Engagement, agent_id: str | None) -> Hands:
    """Read whose hands it is in."""
    found = world.store.occupancies(engagement.holders) if engagement.holders else {}
    others = tuple(found[each] for each in engagement.holders if each != agent_id)
    return Hands(engagement, found[agent_id] if agent_id else Occupancy(""), others)


def ring_for(world: World, *changes: Change) -> None:
    """Wake the router where changes free a place or bring an engagement back to its queue; for many of them together,
    since each call takes a while."""
    rings: list[Ring] = []
    for change in changes:
        engagement = change.engagement
        if engagement is not None and engagement.state == "queued":
            rings.append(Ring(queue_id=engagement.queue_id, engagement_id=engagement.engagement_id))
        rings += [Ring(agent_id=occupancy.agent_id) for occupancy, _ in change.occupancies]
    if rings:
        world.transport.ring(rings)
