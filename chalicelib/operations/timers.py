"""What is due: offers past their deadline, wrap-ups that are over, and what a crash has left half done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.engagements import commands
from chalicelib.engagements.model import Change, Engagement, Occupancy
from chalicelib.errors import LostRace
from chalicelib.operations.desk import cool_down_ms, ring_for
from chalicelib.world import World


def settle(world: World, engagements: Iterable[Engagement]) -> None:
    """Carry out what is due on engagements of which a deadline is past."""
    due = [each for each in engagements if is_due(each, world.now())]
    agents = world.store.occupancies({each.agent_id for each in due if each.agent_id})
    for engagement in due:
        _commit(world, _due(world, engagement, agents[engagement.agent_id or ""]))


def is_due(engagement: Engagement, now: int) -> bool:
    """Whether a deadline of the engagement is past."""
    if engagement.state == "offered" and engagement.offer is not None:
        return now >= engagement.offer.expires_at
    return (
        engagement.state == "wrap_up" and engagement.wrap_up_ends_at is not None and now >= engagement.wrap_up_ends_at
    )


def sweep(world: World) -> None:
    """Look at everything in the hands of the agents who are present, and put right what is not.

    Finds: timers whose message never came, offers to agents who are not ready, and places taken by engagements
    that are no longer there (I5).
    """
    agents = world.store.occupancies(world.store.present())
    held = world.store.engagements({each for agent in agents.values() for each in agent.held})
    for occupancy in agents.values():
        gone = [each for each in occupancy.held if not _is_held(held.get(each), occupancy)]
        if gone:
            _commit(world, _recounted(occupancy, gone))
            continue  # his other engagements wait for the next sweep, which sees the new version
        for engagement in (held[each] for each in occupancy.held):
            if is_due(engagement, world.now()):
                _commit(world, _due(world, engagement, occupancy))
            elif engagement.state == "offered" and occupancy.status != "ready":
                reason = occupancy.status
                _commit(
                    world,
                    commands.rescind(engagement, occupancy, actor=commands.ROUTER, reason=reason, now=world.now()),
                )


def _due(world: World, engagement: Engagement, occupancy: Occupancy) -> Change:
    now = world.now()
    if engagement.state == "wrap_up":
        return commands.close(engagement, occupancy, disposition=None, actor=commands.ROUTER, now=now)
    cool_until = now + cool_down_ms(world, engagement.queue_id)
    return commands.miss(engagement, occupancy, cool_until=cool_until, now=now)


def _is_held(engagement: Engagement | None, occupancy: Occupancy) -> bool:
    return (
        engagement is not None
        and engagement.agent_id == occupancy.agent_id
        and engagement.state in ("offered", "assigned", "inactive", "wrap_up")
    )


def _recounted(occupancy: Occupancy, gone: list[str]) -> Change:
    held = {key: value for key, value in occupancy.held.items() if key not in gone}
    recounted = replace(occupancy, version=occupancy.version + 1, held=held)
    return Change(None, recounted, occupancy_seen=occupancy.version)


def _commit(world: World, change: Change) -> None:
    """A lost race here means that somebody else has just moved it on; the next sweep sees how."""
    try:
        world.store.commit(change)
    except LostRace:
        return
    ring_for(world, change)
