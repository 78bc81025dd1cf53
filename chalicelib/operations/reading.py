"""Reading: engagements open and closed, and their events."""

from __future__ import annotations

from chalicelib.engagements.model import Engagement, Event, work_key
from chalicelib.errors import NotFound
from chalicelib.world import World


def engagement(world: World, engagement_id: str) -> Engagement:
    """An engagement, as its last command left it. Raises `NotFound`."""
    found = world.store.engagement(engagement_id) or world.store.archived(engagement_id)[0]
    if found is None:
        raise NotFound("No such engagement.")
    return found


def last_of_work(world: World, work_item_id: str, work_item_name: str) -> Engagement:
    """The active, or else the last, engagement of a work. Raises `NotFound`."""
    found = world.store.last_of_work(work_key(work_item_id, work_item_name))
    if found is None:
        raise NotFound("No engagement of this work is known.")
    return found


def events(world: World, found: Engagement) -> list[Event]:
    """Every event of an engagement, oldest first: those kept in the history, and the newest from the trail."""
    oldest_in_trail = found.trail[0].version
    kept = world.store.archived(found.engagement_id)[1] if oldest_in_trail > 1 else []
    return [event for event in kept if event.version < oldest_in_trail] + list(found.trail)
