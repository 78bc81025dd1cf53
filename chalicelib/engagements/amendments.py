"""Work that changes while it is on its way: what it says, how urgent it is, its channel, what its clocks say."""

from __future__ import annotations

from typing import Any

from chalicelib.engagements.model import Change, Content, Engagement, Flag, Held, Occupancy
from chalicelib.engagements.step import ROUTER, change, occupied, owned, step
from chalicelib.errors import NoCapacity, WrongState
from chalicelib.routing.consumer import Standing


def update(
    engagement: Engagement,
    content: Content,
    *,
    priority: int,
    standing: Standing,
    flags: tuple[Flag, ...],
    actor: str,
    now: int,
) -> Change | None:
    """Other variables or another priority; while it waits, it is ranked by them, also where it goes back from a
    transfer. `flags`: what its clocks have said that is still so. The event names fields, not values. None where it
    says all that already."""
    changed = _changed(engagement.content, content)
    detail: dict[str, Any] = {"fields": changed}
    if priority != engagement.priority:
        detail |= {"priority": priority, "previous_priority": engagement.priority}
    updated = step(
        engagement,
        "update",
        now,
        actor,
        detail=detail,
        content=content,
        priority=priority,
        return_priority=engagement.return_priority if priority == engagement.priority else priority,
        standing=standing,
        flags=flags,
    )
    return change(engagement, updated) if changed or priority != engagement.priority else None


def erase(engagement: Engagement, *, actor: str, now: int) -> Change:
    """Forget what closed work said, and what anybody said of it. What happened to it stays, without whom it was for."""
    return change(engagement, step(engagement.without_content(), "erase", now, actor))


def flag(engagement: Engagement, said: tuple[Flag, ...], *, now: int) -> Change:
    """Its clocks have something new to say. Raises `WrongState` where they have said it before."""
    new = tuple(each for each in said if each not in engagement.flags)
    if not new:
        raise WrongState("That has been said.", engagement.state, engagement.version)
    flagged = step(engagement, "flag", now, ROUTER, detail={"flags": list(new)}, flags=engagement.flags + new)
    return change(engagement, flagged)


def switch(engagement: Engagement, occupancy: Occupancy, channel: str, *, room: int, actor: str, now: int) -> Change:
    """Go on in another channel, such as a call to the consumer. `room`: how many more of it the agent may have."""
    owned(engagement, occupancy.agent_id)
    detail = {"channel": channel, "previous_channel": engagement.channel}
    switched = step(engagement, "switch", now, actor, detail=detail, channel=channel)
    if room <= 0:
        raise NoCapacity(f"There is no room for more of channel {channel}.")
    held = {**occupancy.held, engagement.engagement_id: Held(channel, 0)}
    return change(engagement, switched, occupancy, occupied(occupancy, held, now))


def extend(engagement: Engagement, occupancy: Occupancy, *, until: int, actor: str, now: int) -> Change:
    """More time for the wrap-up."""
    owned(engagement, occupancy.agent_id)
    ends_at = max(until, engagement.wrap_up_ends_at or 0)
    extended = step(engagement, "extend", now, actor, wrap_up_ends_at=ends_at)
    return change(engagement, extended)


def _changed(before: Content, after: Content) -> list[str]:
    """The names of what is not as it was."""
    old, new = before.work_item_variables, after.work_item_variables
    names = [name for name in sorted({*old, *new}) if old.get(name) != new.get(name)]
    return [*names, *(["variables"] if before.variables != after.variables else [])]
