"""What can happen to an engagement, one pure function a command.

Each takes what was read and answers with the `Change` to commit, or raises the domain error that says why not.
`now` is epoch milliseconds; `actor` says who did it, as `role:id`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from chalicelib.engagements.chain import link
from chalicelib.engagements.model import (
    MOST_PARKED,
    WORDS,
    Change,
    Content,
    Destination,
    Disposition,
    Engagement,
    Event,
    FlowReference,
    Occupancy,
    Offer,
    Passage,
    State,
)
from chalicelib.engagements.step import (
    NOBODY,
    ROUTER,
    TAKEN,
    at,
    change,
    handling,
    held_by,
    hold,
    let_go,
    occupied,
    owned,
    parked_for,
    spared,
    step,
    wrong_state,
)
from chalicelib.errors import NoCapacity, NotFound, StaleOffer
from chalicelib.routing.consumer import Standing


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
    trace: tuple[str, ...] = (),
) -> Engagement:
    """A new engagement, waiting in its queue, or scheduled until it may. `trace`: what its flow decided."""
    state: State = "queued" if not_before is None or not_before <= now else "scheduled"
    event = Event(1, now, "start", state, actor, to.queue_id, None, {"trace": list(trace)} if trace else {})
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
        trail=(event,),
        chain=link(engagement_id, event),
        **at(to),
    )


def enqueue(engagement: Engagement, *, standing: Standing, now: int) -> Change:
    """The time of scheduled work has come: it enters its queue; its age, and for how long it is held, count from
    now."""
    held_for = engagement.preferred_until - engagement.started_at
    queued = step(
        engagement,
        "enqueue",
        now,
        ROUTER,
        not_before=None,
        speaks_at=None,
        standing=standing,
        preferred_until=now + held_for if engagement.preferred else 0,
        queued_at=now,
        waiting_since=now,
    )
    return change(engagement, queued)


def overflow(
    engagement: Engagement, to: Destination, *, reason: str, now: int, passage: Passage | None = None
) -> Change:
    """Waiting work goes on to another queue, where it keeps its age; nobody is spared from it any more."""
    detail = {"waited_ms": now - engagement.waiting_since, "reason": reason, "to_queue_id": to.queue_id}
    moved = step(
        engagement,
        "overflow",
        now,
        ROUTER,
        detail={**detail, **(passage.detail if passage else {})},
        content=passage.content if passage else engagement.content,
        cooling=(),
        offers=0,
        overflows=engagement.overflows + 1,
        waiting_since=now,
        **at(to),
    )
    return change(engagement, moved)


def overflow_out(engagement: Engagement, *, reason: str, now: int, passage: Passage | None = None) -> Change:
    """Waiting work that its queue does not keep, or that a flow ends, is closed."""
    passed = passage.detail if passage else {}
    detail = {"waited_ms": now - engagement.waiting_since, "reason": reason, **passed}
    out = step(engagement, "overflow_out", now, ROUTER, detail=detail, closed_at=now, end_reason="overflowed")
    return change(engagement, out)


def offer(
    engagement: Engagement,
    occupancy: Occupancy,
    *,
    offer_id: str,
    expires_at: int,
    now: int,
    others: tuple[Occupancy, ...] = (),
    search_step: int = 0,
) -> Change:
    """Offer a waiting engagement to an agent, or to several; their places are taken from now on.

    `search_step`: how many times its search had widened by then.
    """
    for each in (occupancy, *others):
        if each.status != "ready":
            raise NoCapacity(f"Agent {each.agent_id} is {each.status}.")
    offered = step(
        engagement,
        "offer",
        now,
        ROUTER,
        agent_id=occupancy.agent_id,
        offer=Offer(offer_id, occupancy.agent_id, now, expires_at, tuple(each.agent_id for each in others)),
        offers=engagement.offers + 1,
        detail={"waited_ms": now - engagement.waiting_since, **({"step": search_step} if search_step else {})},
    )
    held = tuple(hold(each, offered, expires_at, now) for each in others)
    return change(engagement, offered, occupancy, hold(occupancy, offered, expires_at, now), held)


def pull(engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int) -> Change:
    """An agent takes waiting work himself."""
    if occupancy.status != "ready":
        raise NoCapacity(f"Agent {occupancy.agent_id} is {occupancy.status}.")
    taken = step(
        engagement,
        "pull",
        now,
        actor,
        agent_id=occupancy.agent_id,
        cooling=(),
        **TAKEN,
        assigned_at=now,
        parked_ms=0,
        detail={"waited_ms": now - engagement.waiting_since, "rang_ms": 0},
    )
    return change(engagement, taken, occupancy, hold(occupancy, taken, now, now))


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
    accepted = step(
        engagement,
        "accept",
        now,
        actor,
        agent_id=agent_id,
        offer=None,
        cooling=(),
        **TAKEN,
        assigned_at=now,
        parked_ms=0,
        detail={
            "waited_ms": open_offer.offered_at - engagement.waiting_since,
            "rang_ms": now - open_offer.offered_at,
        },
    )
    return change(engagement, accepted, None, None, spared(others, engagement, now))


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
    return _withdraw(engagement, occupancy, "decline", actor, {WORDS: reason} if reason else {}, cool_until, now)


def miss(
    engagement: Engagement, occupancy: Occupancy, *, cool_until: int, now: int, others: tuple[Occupancy, ...] = ()
) -> Change:
    """The offer's deadline is past. Refused where it is not, or where nothing is offered."""
    if engagement.offer is None or now < engagement.offer.expires_at:
        raise StaleOffer("No offer is past its deadline.", engagement.state, engagement.version)
    return _back(engagement, (occupancy, *others), "miss", ROUTER, {}, cool_until, now)


def rescind(engagement: Engagement, occupancy: Occupancy, *, actor: str, reason: str, now: int) -> Change:
    """Take an open offer back from an agent who may no longer have it."""
    return _withdraw(engagement, occupancy, "rescind", actor, {"reason": reason}, 0, now)


def deactivate(
    engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int, wake_at: int | None = None
) -> Change:
    """Park the work, until it is taken up or `wake_at` comes; its place is free for other work."""
    owned(engagement, occupancy.agent_id)
    parked = step(engagement, "deactivate", now, actor, parked_at=now, wake_at=wake_at)
    if not occupancy.may_park:
        raise NoCapacity(
            f"{MOST_PARKED} engagements are parked, which is the most; end, release or take up some first."
        )
    kept = replace(held_by(occupancy, engagement), parked=True, wake_at=wake_at)
    held = {**occupancy.held, parked.engagement_id: kept}
    return change(engagement, parked, occupancy, occupied(occupancy, held, now))


def activate(engagement: Engagement, occupancy: Occupancy, *, room: int, actor: str, now: int) -> Change:
    """Take parked work up again, if there is room for it: for so many more of this channel."""
    owned(engagement, occupancy.agent_id)
    since = engagement.parked_at if engagement.parked_at is not None else now
    active = step(
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
    held = {**occupancy.held, active.engagement_id: replace(held_by(occupancy, engagement), parked=False, wake_at=None)}
    return change(engagement, active, occupancy, occupied(occupancy, held, now))


def release(engagement: Engagement, occupancy: Occupancy, *, actor: str, now: int, standing: Standing) -> Change:
    """Give assigned work back to its queue, where it keeps its age, stands as is said and is anybody's."""
    owned(engagement, occupancy.agent_id)
    back = step(
        engagement,
        "release",
        now,
        actor,
        detail=handling(engagement, now),
        waiting_since=now,
        offers=0,
        direct_to=None,
        preferred=None,
        preferred_until=0,
        standing=standing,
        **NOBODY,
    )
    return change(engagement, back, occupancy, let_go(occupancy, engagement, now))


def end(
    engagement: Engagement,
    occupancy: Occupancy,
    *,
    wrap_up_ms: int,
    disposition: Disposition | None,
    actor: str,
    now: int,
) -> Change:
    """Finish the work: closed at once, or after the wrap-up that the queue allows (milliseconds; 0 is none).

    In its wrap-up it keeps the place that it has; what was parked has none, and another may be there by now.
    """
    owned(engagement, occupancy.agent_id)
    if wrap_up_ms == 0 or engagement.state == "wrap_up":
        return close(engagement, occupancy, disposition=disposition, actor=actor, now=now)
    finished = step(
        engagement,
        "finish",
        now,
        actor,
        parked_at=None,
        wake_at=None,
        parked_ms=engagement.parked_ms + parked_for(engagement, now),
        wrap_up_at=now,
        wrap_up_ends_at=now + wrap_up_ms,
        **_said(disposition),
    )
    return change(engagement, finished)


def close(
    engagement: Engagement, occupancy: Occupancy, *, disposition: Disposition | None, actor: str, now: int
) -> Change:
    """Close work in an agent's hands. The place, and the right to start the same work again, are free at once."""
    owned(engagement, occupancy.agent_id)
    closed = step(
        engagement,
        "close",
        now,
        actor,
        parked_at=None,
        wake_at=None,
        closed_at=now,
        end_reason="completed",
        **_said(disposition),
        detail=handling(engagement, now),
    )
    return change(engagement, closed, occupancy, let_go(occupancy, engagement, now))


def cancel(
    engagement: Engagement,
    occupancy: Occupancy | None,
    *,
    actor: str,
    now: int,
    others: tuple[Occupancy, ...] = (),
    disposition: Disposition | None = None,
) -> Change:
    """Withdraw work, by its source or a supervisor: also out of agents' hands, whose occupancies they are then."""
    taken = engagement.assigned_at is not None
    cancelled = step(
        engagement,
        "cancel",
        now,
        actor,
        offer=None,
        not_before=None,
        speaks_at=None,
        parked_at=None,
        wake_at=None,
        closed_at=now,
        end_reason="cancelled",
        **_said(disposition),
        detail=handling(engagement, now) if taken else _waited(engagement, now),
    )
    if occupancy is None or not taken:
        return _untaken(engagement, cancelled, occupancy, others, now)
    return change(engagement, cancelled, occupancy, let_go(occupancy, engagement, now), spared(others, engagement, now))


def abandon(
    engagement: Engagement,
    occupancy: Occupancy | None,
    *,
    actor: str,
    now: int,
    others: tuple[Occupancy, ...] = (),
    disposition: Disposition | None = None,
) -> Change:
    """The consumer has left before anybody took it; it may have been ringing."""
    abandoned = step(
        engagement,
        "abandon",
        now,
        actor,
        offer=None,
        closed_at=now,
        end_reason="abandoned",
        **_said(disposition),
        detail={"waited_ms": now - engagement.waiting_since},
    )
    return _untaken(engagement, abandoned, occupancy, others, now)


def _said(disposition: Disposition | None) -> dict[str, Any]:
    """How it ended, by whoever said so last."""
    if disposition is None:
        return {}
    return {"disposition": disposition.text, "disposition_id": disposition.disposition_id}


def _waited(engagement: Engagement, now: int) -> dict[str, Any]:
    """How long this visit of its queue was; what is scheduled has not come into one."""
    return {} if engagement.state == "scheduled" else {"waited_ms": now - engagement.waiting_since}


def _untaken(
    before: Engagement, after: Engagement, occupancy: Occupancy | None, others: tuple[Occupancy, ...], now: int
) -> Change:
    """What nobody took is over; to whom it was offered, keeps his idle time."""
    freed = spared((occupancy,), before, now)[0] if occupancy else None
    return change(before, after, occupancy, freed, spared(others, before, now))


def _withdraw(
    engagement: Engagement,
    occupancy: Occupancy,
    command: str,
    actor: str,
    why: Mapping[str, str],
    cool_until: int,
    now: int,
) -> Change:
    """End one agent's part in an offer. Others may still take it; else it goes back to the queue."""
    if engagement.offer is None:
        raise wrong_state(command, engagement)
    if engagement.holders == (occupancy.agent_id,):
        return _back(engagement, (occupancy,), command, actor, why, cool_until, now)
    first, *rest = (agent_id for agent_id in engagement.holders if agent_id != occupancy.agent_id)
    passed = step(
        engagement,
        "pass",
        now,
        actor,
        by=occupancy.agent_id,
        agent_id=first,
        offer=replace(engagement.offer, agent_id=first, others=tuple(rest)),
        cooling=_cooling(engagement, (occupancy.agent_id,), cool_until, now),
        detail={**_rang(engagement.offer, now), **why, **({"rescinded": True} if command == "rescind" else {})},
    )
    return change(engagement, passed, occupancy, let_go(occupancy, engagement, now))


def _back(
    engagement: Engagement,
    agents: tuple[Occupancy, ...],
    command: str,
    actor: str,
    why: Mapping[str, str],
    cool_until: int,
    now: int,
) -> Change:
    """End an offer without a taker: back to the queue with its age, and the places free again."""
    assert engagement.offer is not None
    cooling = _cooling(engagement, (each.agent_id for each in agents), cool_until, now)
    detail = {**_rang(engagement.offer, now), **why}
    back = step(engagement, command, now, actor, detail=detail, cooling=cooling, **NOBODY)
    first, *rest = (let_go(each, engagement, now) for each in agents)
    return change(engagement, back, agents[0], first, tuple(rest))


def _cooling(engagement: Engagement, agents: Iterable[str], until: int, now: int) -> tuple[tuple[str, int], ...]:
    """Who is spared from it, and until when."""
    cooling = tuple(pair for pair in engagement.cooling if now < pair[1])
    return (*cooling, *((agent_id, until) for agent_id in agents)) if until > now else cooling


def _rang(offer: Offer, now: int) -> dict[str, Any]:
    return {"rang_ms": now - offer.offered_at}


def _open_offer(engagement: Engagement, agent_id: str, offer_id: str, now: int) -> Offer:
    """The engagement's offer, if it is this one, this agent's and in time."""
    found = engagement.offer
    if found is not None and agent_id not in engagement.holders:
        raise NotFound("No such offer.")
    if found is None or found.offer_id != offer_id or now >= found.expires_at:
        raise StaleOffer(f"Offer {offer_id} is no longer open.", engagement.state, engagement.version)
    return found
