"""Reading: engagements open and closed, and their events."""

from __future__ import annotations

from chalicelib.engagements.model import DAY_MS, Engagement, Event, work_key
from chalicelib.errors import NotFound
from chalicelib.world import World


def engagement(world: World, engagement_id: str) -> Engagement:
    """An engagement, as its last command left it. Raises `NotFound`."""
    found = world.store.engagement(engagement_id) or _kept(world, engagement_id)
    if found is None or _is_gone(world, found):
        raise NotFound("No such engagement.")
    return found


def last_of_work(world: World, work_item_id: str, work_item_name: str) -> Engagement:
    """The active, or else the last, engagement of a work. Raises `NotFound`."""
    found = world.store.last_of_work(work_key(work_item_id, work_item_name))
    if found is None or _is_gone(world, found):
        raise NotFound("No engagement of this work is known.")
    return found


def events(world: World, found: Engagement) -> list[Event]:
    """Every event of an engagement, oldest first: those kept in the history, and the newest from the trail."""
    oldest_in_trail = found.trail[0].version
    kept = world.store.archived(found.engagement_id)[1] if oldest_in_trail > 1 else []
    return [event for event in kept if event.version < oldest_in_trail] + list(found.trail)


def _kept(world: World, engagement_id: str) -> Engagement | None:
    """From the history. Where it is not closed there, the history is behind, or all that is left of what is gone."""
    found, events = world.store.archived(engagement_id)
    if found is None or found.closed_at is not None:
        return found
    return found if world.now() - events[-1].at < found.kept_days * DAY_MS else None


def _is_gone(world: World, found: Engagement) -> bool:
    """Its retention is over; the row itself goes some time later."""
    return found.expires_at is not None and found.expires_at <= world.now()
