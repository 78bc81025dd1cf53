"""What an agent may have at once, as a part of the document."""

from __future__ import annotations

from typing import Any

from chalicelib.routing.presets import Preset
from infra.movers.moving import Move

MOST_PLACES = 100
CHANNELS = {
    "work_item": "work_item",
    "default": "work_item",
    "voice": "voice",
    "video": "video",
    "messaging": "messaging",
    "chat": "messaging",
    "sms": "messaging",
    "email": "email",
}
"""What TaskRouter's and Job Router's users commonly call their channels, and what they are here."""


def occupancy_profile(move: Move, profile_id: str, preset: Preset) -> dict[str, Any]:
    """The occupancy profile that says what a preset says."""
    rules = preset.occupancy
    capacity = {channel: min(places, MOST_PLACES) for channel, places in preset.capacity.items()}
    if capacity != preset.capacity:
        move.leave(f"occupancy profile {profile_id}", "places beyond 100", f"A channel has at most {MOST_PLACES}.")
    profile: dict[str, Any] = {"occupancy_profile_id": profile_id, "capacity": capacity}
    if rules.closings:
        profile["closings"] = [
            {
                "when": [{"channel": each.channel, "percent": each.percent} for each in closing.when],
                **({} if closing.to is None else {"to": list(closing.to)}),
            }
            for closing in rules.closings
        ]
    if rules.units:
        profile["units"] = dict(rules.units)
        profile["costs"] = {channel: [list(cost) for cost in costs] for channel, costs in rules.costs.items()}
    return profile
