"""Changing work that is on its way: its variables, its priority, its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import amendments
from chalicelib.engagements.clocks import still_so
from chalicelib.engagements.model import Change, Content, Engagement, Flag
from chalicelib.engagements.step import is_released
from chalicelib.operations.ordering import Hands, Order, change
from chalicelib.operations.ranking import standing_of
from chalicelib.operations.translation import due_at_of, room_for, targets_of, watching
from chalicelib.operations.wording import check_size, check_variables
from chalicelib.world import World


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is to be otherwise; None stays as it is."""

    work_item_variables: Mapping[str, Any] | None = None
    """Only these fields change; None takes one away."""
    variables: tuple[Mapping[str, str], ...] | None = None
    """By name; others stay."""
    priority: int | None = None


def update(world: World, order: Order, amendment: Amendment) -> Engagement:
    """Change what the work says, or how urgent it is; while it waits, it is ranked anew. What it says already
    gives no version, so that a change may be sent again."""
    check_variables(world.tenant(), amendment.variables or ())

    def decide(hands: Hands) -> Change | None:
        engagement, now = hands.engagement, world.now()
        content = _amended(engagement.content, amendment)
        if content != engagement.content:
            check_size(content)
        standing = standing_of(world, engagement, content, engagement.waiting_since, is_released(engagement))
        priority = engagement.priority if amendment.priority is None else amendment.priority
        changed = amendments.update(
            engagement,
            content,
            priority=priority,
            standing=standing,
            flags=_still_so(world.tenant(), engagement, content, now),
            actor=order.actor,
            now=now,
        )
        return watching(world.tenant(), changed) if changed else None

    return change(world, order, decide)


def switch(world: World, order: Order, channel: str) -> Engagement:
    """Go on in another channel. Raises `NoCapacity` where the agent has no room for it beside his other work."""

    def decide(hands: Hands) -> Change:
        engagement, occupancy = hands.engagement, hands.occupancy
        places = room_for(world.tenant(), occupancy, engagement, channel)
        return amendments.switch(engagement, occupancy, channel, room=places, actor=order.actor, now=world.now())

    return change(world, order, decide)


def _still_so(tenant: Tenant, engagement: Engagement, content: Content, now: int) -> tuple[Flag, ...]:
    if due_at_of(content) == due_at_of(engagement.content):
        return engagement.flags
    return still_so(engagement, targets_of(tenant, replace(engagement, content=content)), now)


def _amended(content: Content, amendment: Amendment) -> Content:
    work_item = {**content.work_item_variables, **(amendment.work_item_variables or {})}
    by_name = {each["name"]: each for each in (*content.variables, *(amendment.variables or ()))}
    return replace(
        content,
        work_item_variables={name: value for name, value in work_item.items() if value is not None},
        variables=tuple(by_name.values()),
    )
