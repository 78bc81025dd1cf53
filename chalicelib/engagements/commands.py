"""What can happen to an engagement, one pure function a command.

Each takes what was read and answers with the `Change` to commit, or raises the domain error that says why not.
`now` is epoch milliseconds; `actor` says who did it, as `role:id`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib.engagements.model import (
    TRAIL_LENGTH,
    Change,
    Content,
    Engagement,
    Event,
    FlowReference,
    Held,
    Occupancy,
    Offer,
)
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.errors import NoCapacity, NotFound, StaleOffer, WrongState
from chalicelib.routing.model import Requirement

ROUTER = "system:router"


def start(
    engagement_id: str,
    *,
    channel: str,
    queue_id: str,
    priority: int,
    skills: tuple[Requirement, ...],
    flow: FlowReference,
    content: Content,
    actor: str,
    now: int,
) -> Engagement:
    """A new engagement, waiting in its queue."""
    return Engagement(
        engagement_id=engagement_id,
        version=1,
        state="queued",
        channel=channel,
        queue_id=queue_id,
        priority=priority,
        skills=skills,
        flow=flow,
        content=content,
        started_at=now,
        queued_at=now,
        waiting_since=now,
        started_by=actor,
        trail=(Event(1, now, "start", "queued", actor, queue_id),),
    )


def offer(engagement: Engagement, occupancy: Occupancy, *, offer_id: str, expires_at: int, now: int) -> Change:
    """Offer a waiting engagement to an agent; his place is taken from now on."""
    offered = _step(
        engagement,
        "offer",
        now,
        ROUTER,
        agent_id=occupancy.agent_id,
        offer=Offer(offer_id, occupancy.agent_id, now, expires_at),
        detail={"waited_ms": now - engagement.waiting_since},
    )
    if occupancy.status != "ready":
        raise NoCapacity(f"Agent {occupancy.agent_id} is {occupancy.status}.")
    return _change(engagement, offered, occupancy, _hold(occupancy, offered, expires_at))


def accept(engagement: Engagement, *, agent_id: str, offer_id: str, actor: str, now: int) -> Change:
    """Take the offered engagement. The occupancy does not change: the offer already holds the place."""
    open_offer = _open_offer(engagement, agent_id, offer_id, now)
    accepted = _step(
        engagement,
        "accept",
        now,
        actor,
        offer=None,
        cooling=(),
        assigned_at=now,
        parked_ms=0,
        detail={
            "waited_ms": open_offer.offered_at - engagement.waiting_since,
            "rang_ms": now - open_offer.offered_at,
        },
    )
    return _change(engagement, accepted, None, None)


def auto_accept(offered: Change, now: int) -> Change:
    """Accept in the agent's name in the same write as the offer: two versions, one commit."""
    engagement = offered.engagement
    assert engagement is not None
    assert engagement.offer is not None
    taken = accept(
        engagement,
        agent_id=engagement.offer.agent_id,
        offer_id=engagement.offer.offer_id,
        actor=ROUTER,
        now=now,
    )
    return replace(offered, engagement=taken.engagement)


def decline(
    engagement: Engagement,
    occupancy: Occupancy,
    *,
    offer_id: str,
    actor: str,
    reason: str | None,
    cool_until: int,
    now: int,
) -> Change:
    """Pass an offer by; the engagement goes back to its place in the queue and not to this agent at once."""
    _open_offer(engagement, occupancy.agent_id, offer_id, now)
    return _withdraw(engagement, occupancy, "decline", actor, reason, cool_until, now)


def miss(engagement: Engagement, occupancy: Occupancy, *, cool_until: int, now: int) -> Change:
    """The offer's deadline is past. Refused where it is not, or where nothing is offered."""
    if engagement.offer is None or now < engagement.offer.expires_at:
        raise StaleOffer("No offer is past its deadline.", engagement.state, engagement.version)
    return _withdraw(engagement, occupancy, "miss", ROUTER, None, cool_until, now)


def rescind(engagement: Engagement, occupancy: Occupancy, *, actor: str, reason: str, now: int) -> Change:
    """Take an open offer back from an agent who may no longer have it."""
    return _withdraw(engagement, occupancy, "rescind", actor, reason, 0, now)


def deactivate(engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int) -> Change:
    """Park the work; its place is free for other work."""
    _owned(engagement, occupancy.agent_id)
    parked = _step(engagement, "deactivate", now, actor, parked_at=now)
    held = {**occupancy.held, parked.engagement_id: replace(_held(occupancy, engagement), parked=True)}
    return _change(engagement, parked, occupancy, _occupied(occupancy, held, now))


def activate(engagement: Engagement, occupancy: Occupancy, *, capacity: int, actor: str, now: int) -> Change:
    """Take parked work up again, if there is room for it. `capacity` is the agent's places in this channel."""
    _owned(engagement, occupancy.agent_id)
    since = engagement.parked_at if engagement.parked_at is not None else now
    active = _step(
        engagement,
        "activate",
        now,
        actor,
        parked_at=None,
        parked_ms=engagement.parked_ms + now - since,
        detail={"parked_ms": now - since},
    )
    if occupancy.load(engagement.channel) >= capacity:
        raise NoCapacity(f"All {capacity} places of channel {engagement.channel} are taken.")
    held = {**occupancy.held, active.engagement_id: replace(_held(occupancy, engagement), parked=False)}
    return _change(engagement, active, occupancy, _occupied(occupancy, held, now))


def release(engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int) -> Change:
    """Give assigned work back to its queue, where it keeps its age."""
    _owned(engagement, occupancy.agent_id)
    back = _step(engagement, "release", now, actor, detail=_handling(engagement, now), waiting_since=now, **_NOBODY)
    return _change(engagement, back, occupancy, _let_go(occupancy, engagement, now))


def end(
    engagement: Engagement,
    occupancy: Occupancy,
    *,
    wrap_up_ms: int,
    disposition: str | None,
    actor: str,
    now: int,
) -> Change:
    """Finish the work: closed at once, or after the wrap-up that the queue allows (milliseconds; 0 is none)."""
    _owned(engagement, occupancy.agent_id)
    if wrap_up_ms == 0 or engagement.state == "wrap_up":
        return close(engagement, occupancy, disposition=disposition, actor=actor, now=now)
    finished = _step(
        engagement,
        "finish",
        now,
        actor,
        parked_at=None,
        parked_ms=engagement.parked_ms + _parked(engagement, now),
        wrap_up_at=now,
        wrap_up_ends_at=now + wrap_up_ms,
        disposition=disposition,
    )
    held = {**occupancy.held, finished.engagement_id: replace(_held(occupancy, engagement), parked=False)}
    return _change(engagement, finished, occupancy, _occupied(occupancy, held, now))


def close(engagement: Engagement, occupancy: Occupancy, *, disposition: str | None, actor: str, now: int) -> Change:
    """Close work in an agent's hands. The place, and the right to start the same work again, are free at once."""
    _owned(engagement, occupancy.agent_id)
    closed = _step(
        engagement,
        "close",
        now,
        actor,
        parked_at=None,
        closed_at=now,
        end_reason="completed",
        disposition=disposition or engagement.disposition,
        detail=_handling(engagement, now),
    )
    return _change(engagement, closed, occupancy, _let_go(occupancy, engagement, now))


def cancel(engagement: Engagement, occupancy: Occupancy | None, *, actor: str, now: int) -> Change:
    """Withdraw work, by its source or a supervisor: also out of an agent's hands, whose occupancy it is then."""
    taken = engagement.assigned_at is not None
    cancelled = _step(
        engagement,
        "cancel",
        now,
        actor,
        offer=None,
        parked_at=None,
        closed_at=now,
        end_reason="cancelled",
        detail=_handling(engagement, now) if taken else {"waited_ms": now - engagement.waiting_since},
    )
    freed = _let_go(occupancy, engagement, now) if occupancy else None
    return _change(engagement, cancelled, occupancy, freed)


def set_status(occupancy: Occupancy, status: str, sub_status: str | None, now: int) -> Change:
    """Change what an agent says of himself. Becoming ready starts his idle time anew."""
    changed = replace(
        occupancy,
        version=occupancy.version + 1,
        status=status,  # type: ignore[arg-type]
        sub_status=sub_status,
        status_since=now,
        idle_since=now if status == "ready" != occupancy.status else occupancy.idle_since,
    )
    return Change(None, changed, occupancy_seen=occupancy.version)


_NOBODY: Mapping[str, Any] = {
    "offer": None,
    "agent_id": None,
    "assigned_at": None,
    "parked_at": None,
    "parked_ms": 0,
    "wrap_up_at": None,
    "wrap_up_ends_at": None,
}


def _step(
    engagement: Engagement,
    command: str,
    now: int,
    actor: str,
    *,
    detail: dict[str, Any] | None = None,
    **changes: Any,
) -> Engagement:
    """The engagement one version on, if the state machine lists the transition."""
    transition = TRANSITIONS[command]
    if engagement.state not in transition.sources:
        raise wrong_state(command, engagement)
    version = engagement.version + 1
    agent_id = changes.get("agent_id") or engagement.agent_id
    event = Event(version, now, command, transition.target, actor, engagement.queue_id, agent_id, detail or {})
    trail = (*engagement.trail, event)[-TRAIL_LENGTH:]
    return replace(engagement, version=version, state=transition.target, trail=trail, **changes)


def wrong_state(command: str, engagement: Engagement) -> WrongState:
    """The refusal of a command that the engagement's state does not allow."""
    text = f"Cannot {command} an engagement that is {engagement.state}."
    return WrongState(text, engagement.state, engagement.version)


def _withdraw(
    engagement: Engagement,
    occupancy: Occupancy,
    command: str,
    actor: str,
    reason: str | None,
    cool_until: int,
    now: int,
) -> Change:
    """End an offer without a taker: back to the queue with its age, and the place free again."""
    if engagement.offer is None:
        raise wrong_state(command, engagement)
    detail: dict[str, Any] = {"rang_ms": now - engagement.offer.offered_at}
    if reason:
        detail["reason"] = reason
    cooling = tuple(pair for pair in engagement.cooling if now < pair[1])
    if cool_until > now:
        cooling = (*cooling, (occupancy.agent_id, cool_until))
    back = _step(engagement, command, now, actor, detail=detail, cooling=cooling, **_NOBODY)
    return _change(engagement, back, occupancy, _let_go(occupancy, engagement, now))


def _open_offer(engagement: Engagement, agent_id: str, offer_id: str, now: int) -> Offer:
    """The engagement's offer, if it is this one, this agent's and in time."""
    found = engagement.offer
    if found is not None and found.agent_id != agent_id:
        raise NotFound("No such offer.")
    if found is None or found.offer_id != offer_id or now >= found.expires_at:
        raise StaleOffer(f"Offer {offer_id} is no longer open.", engagement.state, engagement.version)
    return found


def _owned(engagement: Engagement, agent_id: str) -> None:
    """Nobody else's: what is nobody's at all, the state machine refuses."""
    if engagement.agent_id not in (None, agent_id):
        raise NotFound("No such engagement in this agent's hands.")


def _held(occupancy: Occupancy, engagement: Engagement) -> Held:
    return occupancy.held.get(engagement.engagement_id, Held(engagement.channel, 0))


def _parked(engagement: Engagement, now: int) -> int:
    return now - engagement.parked_at if engagement.parked_at is not None else 0


def _handling(engagement: Engagement, now: int) -> dict[str, Any]:
    """How the time in the agent's hands was spent, when it ends."""
    worked_until = now if engagement.wrap_up_at is None else engagement.wrap_up_at
    held = worked_until - engagement.assigned_at if engagement.assigned_at is not None else 0
    parked = engagement.parked_ms + _parked(engagement, now)
    return {"handled_ms": held - parked, "parked_ms": parked, "wrapped_ms": now - worked_until}


def _hold(occupancy: Occupancy, engagement: Engagement, expires_at: int) -> Occupancy:
    held = {**occupancy.held, engagement.engagement_id: Held(engagement.channel, expires_at)}
    return replace(occupancy, version=occupancy.version + 1, held=held)


def _let_go(occupancy: Occupancy, engagement: Engagement, now: int) -> Occupancy:
    held = {key: value for key, value in occupancy.held.items() if key != engagement.engagement_id}
    return _occupied(occupancy, held, now)


def _occupied(occupancy: Occupancy, held: Mapping[str, Held], now: int) -> Occupancy:
    """The occupancy one version on; a place that comes free starts the idle time anew."""
    freed = sum(not h.parked for h in held.values()) < sum(not h.parked for h in occupancy.held.values())
    idle_since = now if freed else occupancy.idle_since
    return replace(occupancy, version=occupancy.version + 1, held=held, idle_since=idle_since)


def _change(before: Engagement, after: Engagement, seen: Occupancy | None, occupancy: Occupancy | None) -> Change:
    return Change(after, occupancy, before.version, seen.version if seen else 0)
