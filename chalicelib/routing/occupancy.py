"""How much an agent may have at once: places by channel, shared units, and what closes a channel to newcomers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

UNLIMITED = 1_000_000
STRICT: dict[str, Any] = {"extra": "forbid"}


@dataclass(frozen=True, slots=True)
class Criterion:
    """Holds while a channel is loaded to at least this percentage of its places; 0 is any load at all."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    channel: str
    percent: int = 0

    def holds(self, capacity: Mapping[str, int], load: Mapping[str, int]) -> bool:
        taken = load.get(self.channel, 0)
        return taken > 0 and 100 * taken >= self.percent * capacity.get(self.channel, 0)


@dataclass(frozen=True, slots=True)
class Closing:
    """While every criterion holds, no newcomer of these channels is let in; of any channel, where none is named."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    when: tuple[Criterion, ...]
    to: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OccupancyRules:
    """What limits an agent beyond the places of each channel. Any one closing is enough."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    closings: tuple[Closing, ...] = ()
    units: Mapping[str, int] = field(default_factory=dict)
    """The size of each pool of units that channels share."""
    costs: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """By channel, the pools it draws on and how many units of each an engagement takes."""
    parks: Mapping[str, str] = field(default_factory=dict)
    """By channel, the one of which an engagement is parked where a newcomer would fit in no other way."""
    most_offers: int = UNLIMITED
    """Unanswered offers at a time."""

    @property
    def simple(self) -> bool:
        """Whether the channels do not touch one another."""
        return not (self.closings or self.costs or self.parks or self.most_offers < UNLIMITED)


PLAIN = OccupancyRules()


def room(
    rules: OccupancyRules, capacity: Mapping[str, int], load: Mapping[str, int], channel: str, offers: int = 0
) -> int:
    """How many more engagements of a channel fit, as far as the present load tells; below 0 where it is overfull."""
    places = capacity.get(channel, 0) - load.get(channel, 0)
    if rules is PLAIN or places <= 0:
        return places
    if occupied(rules, capacity, load, channel):
        return 0
    left = [places, rules.most_offers - offers]
    for pool, cost in rules.costs.get(channel, ()):
        left.append((rules.units.get(pool, 0) - used(rules, load, pool)) // cost if cost else places)
    return max(min(left), 0)


def used(rules: OccupancyRules, load: Mapping[str, int], pool: str) -> int:
    """How many units of a pool are taken."""
    return sum(load.get(channel, 0) * cost for channel, draws in rules.costs.items() for p, cost in draws if p == pool)


def occupied(rules: OccupancyRules, capacity: Mapping[str, int], load: Mapping[str, int], channel: str) -> bool:
    """Whether a closing keeps newcomers of the channel out."""
    return any(
        (closing.to is None or channel in closing.to) and all(c.holds(capacity, load) for c in closing.when)
        for closing in rules.closings
    )


def parking(
    rules: OccupancyRules, capacity: Mapping[str, int], load: Mapping[str, int], channel: str, offers: int = 0
) -> str | None:
    """The channel of which one engagement has to be parked for a newcomer to fit; None where that does not help."""
    other = rules.parks.get(channel)
    if other is None or not load.get(other, 0):
        return None
    lighter = {**load, other: load[other] - 1}
    return other if room(rules, capacity, lighter, channel, offers) > 0 else None
