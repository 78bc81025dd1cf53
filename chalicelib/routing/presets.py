"""Occupancy as other systems have it, for who moves over: capacity by channel and the rules beyond it.

Sources: Zoom Contact Center, "Configuring agent occupied rules"; Amazon Connect, routing profiles and cross-channel
concurrency; Twilio TaskRouter, task channels; Salesforce Omni-Channel, interruptible capacity; Azure Job Router,
worker capacity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from chalicelib.routing.occupancy import PLAIN, Closing, Criterion, OccupancyRules


class Preset(NamedTuple):
    """An agent's places by channel, and the rules beyond them."""

    capacity: Mapping[str, int]
    occupancy: OccupancyRules


def zoom(most: Mapping[str, int], max_agent_load: Mapping[str, int] | None = None) -> Preset:
    """Voice and video one at a time; either makes the agent Occupied. `most` gives the other channels' maxima.

    `max_agent_load`: from this percentage of a channel's maximum on, no voice or video on top.
    """
    live = ("video", "voice")
    occupied = tuple(Closing((Criterion(channel, 100),)) for channel in live)
    loaded = tuple(Closing((Criterion(channel, p),), live) for channel, p in (max_agent_load or {}).items())
    return Preset({"voice": 1, "video": 1, **most}, OccupancyRules(closings=occupied + loaded))


def connect(concurrency: Mapping[str, tuple[int, Literal["any", "own"]]]) -> Preset:
    """By channel, the maximum, and whether contacts of any channel or of its own only may come on top of it."""
    closings = tuple(
        Closing((Criterion(channel),), tuple(sorted(set(concurrency) - {channel})))
        for channel, (_, on_top) in concurrency.items()
        if on_top == "own"
    )
    return Preset({channel: most for channel, (most, _) in concurrency.items()}, OccupancyRules(closings=closings))


def twilio(capacity: Mapping[str, int]) -> Preset:
    """Task channels do not know of one another."""
    return Preset(dict(capacity), PLAIN)


def salesforce(
    units: int, interruptible: int, weights: Mapping[str, tuple[int, Literal["primary", "interruptible"]]]
) -> Preset:
    """Two pools of units: what is interruptible never keeps primary work out."""
    sizes = {"primary": units, "interruptible": interruptible}
    capacity = {channel: sizes[pool] // weight for channel, (weight, pool) in weights.items()}
    costs = {channel: ((pool, weight),) for channel, (weight, pool) in weights.items()}
    return Preset(capacity, OccupancyRules(units=sizes, costs=costs))


def job_router(capacity: int, channels: Mapping[str, tuple[int, int | None]]) -> Preset:
    """One pool of capacity; by channel, what a job takes of it and how many jobs at most."""
    places = {name: capacity // cost if most is None else most for name, (cost, most) in channels.items()}
    costs = {name: (("capacity", cost),) for name, (cost, _) in channels.items()}
    return Preset(places, OccupancyRules(units={"capacity": capacity}, costs=costs))
