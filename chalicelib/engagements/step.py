"""What every command is made of: the next version, and what becomes of the places of agents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from chalicelib.engagements.chain import link
from chalicelib.engagements.course import Course
from chalicelib.engagements.model import (
    TRAIL_LENGTH,
    Change,
    Destination,
    Engagement,
    Event,
    Held,
    Occupancy,
)
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.errors import NotAllowed, NotFound, WrongState

ROUTER = "system:router"

NOBODY: Mapping[str, Any] = {
    "offer": None,
    "agent_id": None,
    "assigned_at": None,
    "parked_at": None,
    "parked_ms": 0,
    "wake_at": None,
    "wrap_up_at": None,
    "wrap_up_ends_at": None,
}
"""What an engagement that goes back to a queue forgets."""
TAKEN: Mapping[str, Any] = {
    "return_to": None,
    "return_queue_id": None,
    "return_priority": 0,
    "return_skills": None,
    "return_at": None,
}
"""What it forgets of a transfer once somebody has taken it."""
ENTRIES = ("start", "enqueue", "overflow", "transfer", "give_back", "release")
"""The commands by which work comes into a queue."""


def step(
    engagement: Engagement,
    command: str,
    now: int,
    actor: str,
    *,
    detail: dict[str, Any] | None = None,
    by: str | None = None,
    **changes: Any,
) -> Engagement:
    """The engagement one version on, if the state machine lists the transition. `by`: the agent it is about."""
    transition = TRANSITIONS[command]
    if engagement.state not in transition.sources:
        raise wrong_state(command, engagement)
    role = actor.split(":", 1)[0]
    if role not in transition.by:
        raise NotAllowed(f"The role {role} may not {command} an engagement.")
    version, state = engagement.version + 1, transition.target or engagement.state
    agent_id = by or changes.get("agent_id") or engagement.agent_id
    event = Event(version, now, command, state, actor, engagement.queue_id, agent_id, detail or {})
    trail = (*engagement.trail, event)[-TRAIL_LENGTH:]
    if state != "assigned":
        changes["participants"] = {}
    chain = link(engagement.chain, event) if engagement.chain else ""
    after = replace(engagement, version=version, state=state, trail=trail, chain=chain, **changes)
    return replace(after, course=_course(engagement, event, after))


def _course(before: Engagement, event: Event, after: Engagement) -> Course:
    course = before.course.after(event.command, event.detail, event.at - before.started_at)
    if after.queue_id != before.queue_id:
        course = course.left(queue_id=before.queue_id)
    if "handled_ms" in event.detail and after.agent_id != before.agent_id:
        course = course.left(agent_id=before.agent_id)
    return course


def is_released(engagement: Engagement) -> bool:
    """Whether it came into its queue because an agent gave it back, as far as its trail reaches."""
    entered = (each.command for each in reversed(engagement.trail) if each.command in ENTRIES)
    return next(entered, "") == "release"


def wrong_state(command: str, engagement: Engagement) -> WrongState:
    """The refusal of a command that the engagement's state does not allow."""
    text = f"Cannot {command} an engagement that is {engagement.state}."
    return WrongState(text, engagement.state, engagement.version)


def owned(engagement: Engagement, agent_id: str) -> None:
    """Nobody else's: what is nobody's at all, the state machine refuses."""
    if engagement.agent_id not in (None, agent_id):
        raise NotFound("No such engagement in this agent's hands.")


def held_by(occupancy: Occupancy, engagement: Engagement) -> Held:
    return occupancy.held.get(engagement.engagement_id, Held(engagement.channel, 0))


def parked_for(engagement: Engagement, now: int) -> int:
    return now - engagement.parked_at if engagement.parked_at is not None else 0


def handling(engagement: Engagement, now: int) -> dict[str, Any]:
    """How the time in the agent's hands was spent, when it ends."""
    worked_until = now if engagement.wrap_up_at is None else engagement.wrap_up_at
    held = worked_until - engagement.assigned_at if engagement.assigned_at is not None else 0
    parked = engagement.parked_ms + parked_for(engagement, now)
    return {"handled_ms": held - parked, "parked_ms": parked, "wrapped_ms": now - worked_until}


def hold(occupancy: Occupancy, engagement: Engagement, expires_at: int, now: int) -> Occupancy:
    held = {**occupancy.held, engagement.engagement_id: Held(engagement.channel, expires_at)}
    return timed(occupancy, replace(occupancy, version=occupancy.version + 1, held=held, offered_at=now), now)


def spared(agents: tuple[Occupancy, ...], engagement: Engagement, now: int) -> tuple[Occupancy, ...]:
    """Those to whom it was offered too; they have done nothing, and keep their idle time."""
    return tuple(replace(let_go(each, engagement, now), idle_since=each.idle_since) for each in agents)


def let_go(occupancy: Occupancy, engagement: Engagement, now: int) -> Occupancy:
    held = {key: value for key, value in occupancy.held.items() if key != engagement.engagement_id}
    return occupied(occupancy, held, now)


def occupied(occupancy: Occupancy, held: Mapping[str, Held], now: int) -> Occupancy:
    """The occupancy one version on; a place that comes free starts the idle time anew."""
    freed = sum(not h.parked for h in held.values()) < sum(not h.parked for h in occupancy.held.values())
    idle_since = now if freed else occupancy.idle_since
    changed = replace(occupancy, version=occupancy.version + 1, held=held, idle_since=idle_since)
    return timed(occupancy, changed, now)


def timed(before: Occupancy, after: Occupancy, now: int) -> Occupancy:
    """The busy time goes on from the first place taken until the last one is free."""
    if before.is_busy == after.is_busy:
        return after
    if after.is_busy:
        return replace(after, busy_since=now)
    return replace(after, busy_since=None, busy_ms=before.busy_ms + busy_for(before, now))


def busy_for(occupancy: Occupancy, now: int) -> int:
    """How long at least one place has been taken without a break (milliseconds)."""
    return 0 if occupancy.busy_since is None else now - occupancy.busy_since


def at(to: Destination) -> dict[str, Any]:
    return {each.name: getattr(to, each.name) for each in fields(to)}


def change(
    before: Engagement,
    after: Engagement,
    seen: Occupancy | None = None,
    occupancy: Occupancy | None = None,
    others: tuple[Occupancy, ...] = (),
) -> Change:
    return Change(after, occupancy, before.version, seen.version if seen else 0, others)
