"""What is due: offers past their deadline, wrap-ups that are over, and what a crash has left half done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.engagements import commands
from chalicelib.engagements.model import Change, Engagement, Occupancy
from chalicelib.errors import LostRace
from chalicelib.operations.desk import cool_down_ms, ring_for
from chalicelib.operations.translation import room, standing_in
from chalicelib.world import World


def settle(world: World, engagements: Iterable[Engagement]) -> None:
    """Carry out what is due on engagements of which a deadline is past."""
    due = [each for each in engagements if is_due(each, world.now())]
    agents = world.store.occupancies({agent_id for each in due for agent_id in each.holders})
    for engagement in due:
        _carry_out(world, engagement, tuple(agents[agent_id] for agent_id in engagement.holders))


def is_due(engagement: Engagement, now: int) -> bool:
    """Whether a deadline of the engagement is past."""
    deadline = deadline_of(engagement)
    return deadline is not None and now >= deadline


def deadline_of(engagement: Engagement) -> int | None:
    """When something happens to it by itself (epoch milliseconds), other than in its queue."""
    match engagement.state:
        case "offered":
            return engagement.offer.expires_at if engagement.offer else None
        case "wrap_up":
            return engagement.wrap_up_ends_at
        case _:
            return engagement.due_at


def sweep(world: World) -> None:
    """Look at everything in the hands of the agents who are present, and put right what is not.

    Finds: scheduled and snoozed work whose time has come, timers whose message never came, offers to agents who are
    not ready, and places taken by engagements that are no longer there (I5).
    """
    settle(world, world.store.due(world.now()))
    agents = world.store.occupancies(world.store.present())
    held = world.store.engagements({each for agent in agents.values() for each in agent.held})
    for occupancy in agents.values():
        gone = [each for each in occupancy.held if not _is_held(held.get(each), occupancy)]
        if gone:
            _commit(world, _recounted(occupancy, gone))
            continue  # his other engagements wait for the next sweep, which sees the new version
        for engagement in (held[each] for each in occupancy.held):
            if is_due(engagement, world.now()):
                settle(world, [engagement])
            elif engagement.state == "offered" and occupancy.status != "ready":
                reason = occupancy.status
                _commit(
                    world,
                    commands.rescind(engagement, occupancy, actor=commands.ROUTER, reason=reason, now=world.now()),
                )


def _carry_out(world: World, engagement: Engagement, holders: tuple[Occupancy, ...]) -> None:
    change = _due(world, engagement, holders)
    if change is not None:
        _commit(world, change)


def _due(world: World, engagement: Engagement, holders: tuple[Occupancy, ...]) -> Change | None:
    now = world.now()
    match engagement.state:
        case "scheduled":
            standing = standing_in(world.tenant(), engagement.queue_id, engagement.content, engagement.skills, now)
            return commands.enqueue(engagement, standing=standing, now=now)
        case "inactive":
            return _woken(world, engagement, holders[0], now)
        case "wrap_up":
            return commands.close(engagement, holders[0], disposition=None, actor=commands.ROUTER, now=now)
        case _:
            cool_until = now + cool_down_ms(world, engagement.queue_id)
            return commands.miss(engagement, holders[0], cool_until=cool_until, now=now, others=holders[1:])


def _woken(world: World, engagement: Engagement, occupancy: Occupancy, now: int) -> Change | None:
    """Snoozed work goes back to its agent as soon as he has room, and to its queue if he has left."""
    if occupancy.status == "offline":
        return commands.release(engagement, occupancy, actor=commands.ROUTER, now=now)
    places = room(world.tenant(), occupancy, engagement.channel)
    if occupancy.status != "ready" or places <= 0:
        return None
    return commands.activate(engagement, occupancy, room=places, actor=commands.ROUTER, now=now)


def _is_held(engagement: Engagement | None, occupancy: Occupancy) -> bool:
    return (
        engagement is not None
        and occupancy.agent_id in engagement.holders
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
