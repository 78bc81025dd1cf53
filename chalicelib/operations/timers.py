"""What is due: offers past their deadline, wrap-ups that are over, and what a crash has left half done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import amendments, commands
from chalicelib.engagements.clocks import said_by
from chalicelib.engagements.model import Change, Engagement, Occupancy
from chalicelib.engagements.step import ROUTER, timed
from chalicelib.errors import LostRace
from chalicelib.operations import departed, sessions, transferring
from chalicelib.operations.desk import cool_down_ms, released
from chalicelib.operations.ordering import ring_for
from chalicelib.operations.ranking import standing_of
from chalicelib.operations.translation import deadlines, own_deadline, room_for, targets_of, watching
from chalicelib.operations.wording import usual_disposition
from chalicelib.world import World


def settle(world: World, engagements: Iterable[Engagement]) -> None:
    """Carry out what is due on engagements of which a deadline is past."""
    tenant, now = world.tenant(), world.now()
    due = [each for each in engagements if is_due(tenant, each, now)]
    agents = world.store.occupancies({agent_id for each in due for agent_id in each.holders})
    held: list[Change] = []
    for engagement in due:
        change = _due(world, engagement, tuple(agents[agent_id] for agent_id in engagement.holders))
        if change is not None and _holds(world, change):
            agents |= {each.agent_id: each for each, _ in change.occupancies}  # something else of his may be due too
            held.append(change)
    ring_for(world, *held)


def is_due(tenant: Tenant, engagement: Engagement, now: int) -> bool:
    """Whether a deadline of the engagement is past."""
    return any(moment <= now for moment in deadlines(tenant, engagement))


def sweep(world: World) -> None:
    """Look at everything in the hands of the agents who are present, and put right what is not.

    Finds: scheduled and snoozed work whose time has come, timers whose message never came, offers to agents who are
    not ready, and places taken by engagements that are no longer there (I5).
    """
    settle(world, world.store.due(world.now()))
    present = world.store.present()
    departed.see_off(world, present)
    sessions.look_after(world, world.store.occupancies(present).values())
    agents = world.store.occupancies(world.store.present())
    held = world.store.engagements({each for agent in agents.values() for each in agent.held})
    for occupancy in agents.values():
        gone = [each for each in occupancy.held if not _is_held(held.get(each), occupancy)]
        if gone:
            _commit(world, _recounted(occupancy, gone, world.now()))
            continue  # his other engagements wait for the next sweep, which sees the new version
        for engagement in (held[each] for each in occupancy.held):
            if is_due(world.tenant(), engagement, world.now()):
                settle(world, [engagement])
            elif engagement.state == "offered" and occupancy.status != "ready":
                reason = occupancy.status
                _commit(
                    world,
                    commands.rescind(engagement, occupancy, actor=ROUTER, reason=reason, now=world.now()),
                )


def _due(world: World, engagement: Engagement, holders: tuple[Occupancy, ...]) -> Change | None:
    """The first thing that is due."""
    now = world.now()
    at = own_deadline(engagement)
    change = _by_state(world, engagement, holders, now) if at is not None and at <= now else None
    if change is not None:
        return change
    said = said_by(engagement, targets_of(world.tenant(), engagement), now)
    return watching(world.tenant(), amendments.flag(engagement, said[:1], now=now)) if said else None


def _by_state(world: World, engagement: Engagement, holders: tuple[Occupancy, ...], now: int) -> Change | None:
    match engagement.state:
        case "scheduled":
            standing = standing_of(world, engagement, engagement.content, now, released=False)
            return commands.enqueue(engagement, standing=standing, now=now)
        case "queued":
            return transferring.give_back(world, engagement)
        case "inactive":
            return _woken(world, engagement, holders[0], now)
        case "wrap_up":
            said = None if engagement.disposition else usual_disposition(world.tenant(), engagement.queue_id)
            return commands.close(engagement, holders[0], disposition=said, actor=ROUTER, now=now)
        case _:
            cool_until = now + cool_down_ms(world, engagement.queue_id)
            return commands.miss(engagement, holders[0], cool_until=cool_until, now=now, others=holders[1:])


def _woken(world: World, engagement: Engagement, occupancy: Occupancy, now: int) -> Change | None:
    """Snoozed work goes back to its agent as soon as he has room, and to its queue if he has left."""
    if occupancy.status == "offline":
        return released(world, engagement, occupancy, ROUTER)
    places = room_for(world.tenant(), occupancy, engagement, engagement.channel)
    if occupancy.status != "ready" or places <= 0:
        return None
    return commands.activate(engagement, occupancy, room=places, actor=ROUTER, now=now)


def _is_held(engagement: Engagement | None, occupancy: Occupancy) -> bool:
    return (
        engagement is not None
        and occupancy.agent_id in engagement.holders
        and engagement.state in ("offered", "assigned", "inactive", "wrap_up")
    )


def _recounted(occupancy: Occupancy, gone: list[str], now: int) -> Change:
    held = {key: value for key, value in occupancy.held.items() if key not in gone}
    recounted = timed(occupancy, replace(occupancy, version=occupancy.version + 1, held=held), now)
    return Change(None, recounted, occupancy_seen=occupancy.version)


def _commit(world: World, change: Change) -> None:
    if _holds(world, change):
        ring_for(world, change)


def _holds(world: World, change: Change) -> bool:
    """Commit a change. A lost race means that somebody else has just moved it on; the next sweep sees how."""
    try:
        world.store.commit(change)
    except LostRace:
        return False
    return True
