"""How work stands in its queue, with what is on record of its consumer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.engagements.model import Content, Engagement, consumer_key
from chalicelib.operations.translation import Seen, standing_in
from chalicelib.routing.consumer import Standing
from chalicelib.world import World


def last_seen(world: World, consumer: Mapping[str, Any], before: int) -> int | None:
    """When the newest engagement of a consumer began of those that did before a moment (epoch milliseconds)."""
    key = consumer_key(consumer)
    return None if key is None else world.store.last_visit(key, before)


def seen_before(world: World, started_at: int) -> Seen:
    """The same of the first consumer that content names, before the engagement that was started then."""

    def seen(content: Content) -> int | None:
        return last_seen(world, content.consumers[0] if content.consumers else {}, started_at)

    return seen


def standing_of(world: World, engagement: Engagement, content: Content, entered_at: int, released: bool) -> Standing:
    """What its queue's profile makes of an engagement that says this, and came into the queue at that moment."""
    seen = seen_before(world, engagement.started_at)
    return standing_in(world.tenant(), engagement.queue_id, content, engagement.skills, entered_at, seen, released)
