"""What can happen to an engagement, one pure function a command.

Each takes what was read and answers with the `Change` to commit, or raises the domain error that says why not.
`now` is epoch milliseconds; `actor` says who did it, as `role:id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from chalicelib.engagements.model import (
    TRAIL_LENGTH,
    Change,
    Content,
    Destination,
    Engagement,
    Event,
    FlowReference,
    Held,
    Occupancy,
    Offer,
    State,
)
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.errors import NoCapacity, NotFound, StaleOffer, WrongState
from chalicelib.routing.consumer import Standing

ROUTER = "system:router"


def start(
    engagement_id: str,
    *,
    channel: str,
    to: Destination,
    flow: FlowReference,
    content: Content,
    actor: str,
    now: int,
    not_before: int | None = None,
) -> Engagement:
    """A new engagement, waiting in its queue, or scheduled until it may."""
    state: State = "queued" if not_before is None or not_before <= now else "scheduled"
    return Engagement(
        engagement_id=engagement_id,
        version=1,
        state=state,
        channel=channel,
        flow=flow,
        content=content,
        started_at=now,
        queued_at=now,
        waiting_since=now,
        started_by=actor,
        not_before=not_before if state == "scheduled" else None,
        trail=(Event(1, now, "start", state, actor, to.queue_id),),
        **_at(to),
    )


def enqueue(engagement: Engagement, *, standing: Standing, now: int) -> Change:
    """The time of scheduled work has come: it enters its queue, and its age counts from now."""
    queued = _step(
        engagement, "enqueue", now, ROUTER, not_before=None, standing=standing, queued_at=now, waiting_since=now
    )
    return _change(engagement, queued)


def overflow(engagement: Engagement, to: Destination, *, reason: str, now: int) -> Change:
    """Waiting work goes on to another queue, where it keeps its age; nobody is spared from it any more."""
    detail = {"waited_ms": now - engagement.waiting_since, "reason": reason, "to_queue_id": to.queue_id}
    moved = _step(
        engagement,
        "overflow",
        now,
        ROUTER,
        detail=detail,
        cooling=(),
        offers=0,
        overflows=engagement.overflows + 1,
        waiting_since=now,
        **_at(to),
    )
    return _change(engagement, moved)


def overflow_out(engagement: Engagement, *, reason: str, now: int) -> Change:
    """Waiting work that its queue does not keep is closed."""
    detail = {"waited_ms": now - engagement.waiting_since, "reason": reason}
    out = _step(engagement, "overflow_out", now, ROUTER, detail=detail, closed_at=now, end_reason="overflowed")
    return _change(engagement, out)


def offer(
    engagement: Engagement,
    occupancy: Occupancy,
    *,
    offer_id: str,
    expires_at: int,
    now: int,
    others: tuple[Occupancy, ...] = (),
    step: int = 0,
) -> Change:
    """Offer a waiting engagement to an agent, or to several; their places are taken from now on.

    `step`: how many times its search had widened by then.
    """
    for each in (occupancy, *others):
        if each.status != "ready":
            raise NoCapacity(f"Agent {each.agent_id} is {each.status}.")
    offered = _step(
        engagement,
        "offer",
        now,
        ROUTER,
        agent_id=occupancy.agent_id,
        offer=Offer(offer_id, occupancy.agent_id, now, expires_at, tuple(each.agent_id for each in others)),
        offers=engagement.offers + 1,
        detail={"waited_ms": now - engagement.waiting_since, **({"step": step} if step else {})},
    )
    held = tuple(_hold(each, offered, expires_at, now) for each in others)
    return _change(engagement, offered, occupancy, _hold(occupancy, offered, expires_at, now), held)


def pull(engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int) -> Change:
    """An agent takes waiting work himself."""
    if occupancy.status != "ready":
        raise NoCapacity(f"Agent {occupancy.agent_id} is {occupancy.status}.")
    taken = _step(
        engagement,
        "pull",
        now,
        actor,
        agent_id=occupancy.agent_id,
        cooling=(),
        assigned_at=now,
        parked_ms=0,
        detail={"waited_ms": now - engagement.waiting_since, "rang_ms": 0},
    )
    return _change(engagement, taken, occupancy, _hold(occupancy, taken, now, now))


def accept(
    engagement: Engagement,
    *,
    agent_id: str,
    offer_id: str,
    actor: str,
    now: int,
    others: tuple[Occupancy, ...] = (),
) -> Change:
    """Take the offered engagement, whose place the offer already holds. `others`: everybody else it is offered to."""
    open_offer = _open_offer(engagement, agent_id, offer_id, now)
    accepted = _step(
        engagement,
        "accept",
        now,
        actor,
        agent_id=agent_id,
        offer=None,
        cooling=(),
        assigned_at=now,
        parked_ms=0,
        detail={
            "waited_ms": open_offer.offered_at - engagement.waiting_since,
            "rang_ms": now - open_offer.offered_at,
        },
    )
    return _change(engagement, accepted, None, None, _spared(others, engagement))


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
    """Pass an offer by. Unless others have it too, the engagement goes back to its place in the queue."""
    _open_offer(engagement, occupancy.agent_id, offer_id, now)
    return _withdraw(engagement, occupancy, "decline", actor, reason, cool_until, now)


def miss(
    engagement: Engagement, occupancy: Occupancy, *, cool_until: int, now: int, others: tuple[Occupancy, ...] = ()
) -> Change:
    """The offer's deadline is past. Refused where it is not, or where nothing is offered."""
    if engagement.offer is None or now < engagement.offer.expires_at:
        raise StaleOffer("No offer is past its deadline.", engagement.state, engagement.version)
    return _back(engagement, (occupancy, *others), "miss", ROUTER, None, cool_until, now)


def rescind(engagement: Engagement, occupancy: Occupancy, *, actor: str, reason: str, now: int) -> Change:
    """Take an open offer back from an agent who may no longer have it."""
    return _withdraw(engagement, occupancy, "rescind", actor, reason, 0, now)


def deactivate(
    engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int, wake_at: int | None = None
) -> Change:
    """Park the work, until it is taken up or `wake_at` comes; its place is free for other work."""
    _owned(engagement, occupancy.agent_id)
    parked = _step(engagement, "deactivate", now, actor, parked_at=now, wake_at=wake_at)
    held = {**occupancy.held, parked.engagement_id: replace(_held(occupancy, engagement), parked=True)}
    return _change(engagement, parked, occupancy, _occupied(occupancy, held, now))


def activate(engagement: Engagement, occupancy: Occupancy, *, room: int, actor: str, now: int) -> Change:
    """Take parked work up again, if there is room for it: for so many more of this channel."""
    _owned(engagement, occupancy.agent_id)
    since = engagement.parked_at if engagement.parked_at is not None else now
    active = _step(
        engagement,
        "activate",
        now,
        actor,
        parked_at=None,
        wake_at=None,
        parked_ms=engagement.parked_ms + now - since,
        detail={"parked_ms": now - since},
    )
    if room <= 0:
        raise NoCapacity(f"There is no room for more of channel {engagement.channel}.")
    held = {**occupancy.held, active.engagement_id: replace(_held(occupancy, engagement), parked=False)}
    return _change(engagement, active, occupancy, _occupied(occupancy, held, now))


def release(
    engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int, standing: Standing | None = None
) -> Change:
    """Give assigned work back to its queue, where it keeps its age. `standing`: how it stands there from now on."""
    _owned(engagement, occupancy.agent_id)
    back = _step(
        engagement,
        "release",
        now,
        actor,
        detail=_handling(engagement, now),
        waiting_since=now,
        offers=0,
        standing=engagement.standing if standing is None else standing,
        **_NOBODY,
    )
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
        wake_at=None,
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
        wake_at=None,
        closed_at=now,
        end_reason="completed",
        disposition=disposition or engagement.disposition,
        detail=_handling(engagement, now),
    )
    return _change(engagement, closed, occupancy, _let_go(occupancy, engagement, now))


def cancel(
    engagement: Engagement,
    occupancy: Occupancy | None,
    *,
    actor: str,
    now: int,
    others: tuple[Occupancy, ...] = (),
) -> Change:
    """Withdraw work, by its source or a supervisor: also out of agents' hands, whose occupancies they are then."""
    taken = engagement.assigned_at is not None
    cancelled = _step(
        engagement,
        "cancel",
        now,
        actor,
        offer=None,
        not_before=None,
        parked_at=None,
        wake_at=None,
        closed_at=now,
        end_reason="cancelled",
        detail=_handling(engagement, now) if taken else {"waited_ms": now - engagement.waiting_since},
    )
    freed = _let_go(occupancy, engagement, now) if occupancy else None
    return _change(engagement, cancelled, occupancy, freed, _spared(others, engagement))


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
    "wake_at": None,
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
    by: str | None = None,
    **changes: Any,
) -> Engagement:
    """The engagement one version on, if the state machine lists the transition. `by`: the agent it is about."""
    transition = TRANSITIONS[command]
    if engagement.state not in transition.sources:
        raise wrong_state(command, engagement)
    version = engagement.version + 1
    agent_id = by or changes.get("agent_id") or engagement.agent_id
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
    """End one agent's part in an offer. Others may still take it; else it goes back to the queue."""
    if engagement.offer is None:
        raise wrong_state(command, engagement)
    if engagement.holders == (occupancy.agent_id,):
        return _back(engagement, (occupancy,), command, actor, reason, cool_until, now)
    first, *rest = (agent_id for agent_id in engagement.holders if agent_id != occupancy.agent_id)
    passed = _step(
        engagement,
        "pass",
        now,
        actor,
        by=occupancy.agent_id,
        agent_id=first,
        offer=replace(engagement.offer, agent_id=first, others=tuple(rest)),
        cooling=_cooling(engagement, (occupancy.agent_id,), cool_until, now),
        detail=_rang(engagement.offer, now, reason),
    )
    return _change(engagement, passed, occupancy, _let_go(occupancy, engagement, now))


def _back(
    engagement: Engagement,
    agents: tuple[Occupancy, ...],
    command: str,
    actor: str,
    reason: str | None,
    cool_until: int,
    now: int,
) -> Change:
    """End an offer without a taker: back to the queue with its age, and the places free again."""
    assert engagement.offer is not None
    cooling = _cooling(engagement, (each.agent_id for each in agents), cool_until, now)
    detail = _rang(engagement.offer, now, reason)
    back = _step(engagement, command, now, actor, detail=detail, cooling=cooling, **_NOBODY)
    first, *rest = (_let_go(each, engagement, now) for each in agents)
    return _change(engagement, back, agents[0], first, tuple(rest))


def _cooling(engagement: Engagement, agents: Iterable[str], until: int, now: int) -> tuple[tuple[str, int], ...]:
    """Who is spared from it, and until when."""
    cooling = tuple(pair for pair in engagement.cooling if now < pair[1])
    return (*cooling, *((agent_id, until) for agent_id in agents)) if until > now else cooling


def _rang(offer: Offer, now: int, reason: str | None) -> dict[str, Any]:
    return {"rang_ms": now - offer.offered_at, **({"reason": reason} if reason else {})}


def _open_offer(engagement: Engagement, agent_id: str, offer_id: str, now: int) -> Offer:
    """The engagement's offer, if it is this one, this agent's and in time."""
    found = engagement.offer
    if found is not None and agent_id not in engagement.holders:
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


def _hold(occupancy: Occupancy, engagement: Engagement, expires_at: int, now: int) -> Occupancy:
    held = {**occupancy.held, engagement.engagement_id: Held(engagement.channel, expires_at)}
    return replace(occupancy, version=occupancy.version + 1, held=held, offered_at=now)


def _spared(agents: tuple[Occupancy, ...], engagement: Engagement) -> tuple[Occupancy, ...]:
    """Those to whom it was offered too; they have done nothing, and keep their idle time."""
    return tuple(replace(_let_go(each, engagement, each.idle_since), idle_since=each.idle_since) for each in agents)


def _let_go(occupancy: Occupancy, engagement: Engagement, now: int) -> Occupancy:
    held = {key: value for key, value in occupancy.held.items() if key != engagement.engagement_id}
    return _occupied(occupancy, held, now)


def _occupied(occupancy: Occupancy, held: Mapping[str, Held], now: int) -> Occupancy:
    """The occupancy one version on; a place that comes free starts the idle time anew."""
    freed = sum(not h.parked for h in held.values()) < sum(not h.parked for h in occupancy.held.values())
    idle_since = now if freed else occupancy.idle_since
    return replace(occupancy, version=occupancy.version + 1, held=held, idle_since=idle_since)


def _at(to: Destination) -> dict[str, Any]:
    return {each.name: getattr(to, each.name) for each in fields(to)}


def _change(
    before: Engagement,
    after: Engagement,
    seen: Occupancy | None = None,
    occupancy: Occupancy | None = None,
    others: tuple[Occupancy, ...] = (),
) -> Change:
    return Change(after, occupancy, before.version, seen.version if seen else 0, others)
