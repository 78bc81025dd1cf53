"""Taking part in work besides its owner: supervisors, and agents who are asked for advice. Any number at once."""

from __future__ import annotations

from chalicelib.engagements.model import Change, Engagement, Mode
from chalicelib.engagements.step import change, step
from chalicelib.errors import NotFound, WrongState


def observe(engagement: Engagement, user_id: str, mode: Mode, *, actor: str, now: int) -> Change:
    """Take part in this mode, or in another one than before. Raises `WrongState` for the owner, whose work it is."""
    if user_id == engagement.agent_id:
        raise WrongState(f"{user_id} is its owner already.", engagement.state, engagement.version)
    taking_part = step(
        engagement,
        "observe",
        now,
        actor,
        detail={"mode": mode, "user_id": user_id},
        participants={**engagement.participants, user_id: mode},
    )
    return change(engagement, taking_part)


def leave(engagement: Engagement, user_id: str, *, actor: str, now: int) -> Change:
    """Take part no longer. Raises `NotFound` for somebody who does not."""
    mode = engagement.participants.get(user_id)
    if mode is None:
        raise NotFound(f"{user_id} takes no part in it.")
    others = {each: how for each, how in engagement.participants.items() if each != user_id}
    left = step(engagement, "leave", now, actor, detail={"mode": mode, "user_id": user_id}, participants=others)
    return change(engagement, left)
