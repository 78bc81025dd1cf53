"""What the router, the sweeper and the clock do by themselves: whether they may, and what the model makes of it.

The model foretells no decision of the router. It is told each one as it is written, and holds it to the invariants.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.engagements.model import Engagement, Event, Occupancy
from tests.simulation.model import ANYBODYS, NOBODYS, QUEUE, SECOND, Model, Work, arriving, moments
from tests.simulation.tenant import DOCUMENT


def happened(model: Model, event: Event, after: Engagement, now: int) -> None:
    """One version that nobody has asked for."""
    work = model.works[event_id(after)]
    role = event.actor.split(":")[0]
    assert event.version == work.version + 1, "I6: versions are not dense"
    assert role == "system" or event.command in ("pass", "rescind", "update"), f"nobody asked for {event}"
    match event.command:
        case "enqueue":
            assert work.deadline is not None
            assert work.deadline <= now, "before its time"
            model.step(work, "enqueue", role, deadline=None, queued_at=now, since=now)
        case "offer":
            _offered(model, work, event, after, now)
        case "accept":
            assert QUEUE[work.queue].get("auto_accept"), "nobody accepted it"
            model.taken(work, "accept", role, work.hands[0])
        case "miss":
            assert work.deadline is not None
            assert work.deadline <= now, "I7: missed while there was time"
            model.back(work, "", "miss", role, now)
        case "pass" | "rescind":
            assert event.agent_id in work.hands
            assert model.people[str(event.agent_id)].status != "ready", "taken from an agent who is ready"
            model.back(work, str(event.agent_id), "rescind", role, now)
        case "activate":
            assert work.deadline is not None
            assert work.deadline <= now, "woken early"
            agent = work.hands[0]
            assert model.people[agent].status == "ready"
            assert model.room(agent, work.channel), "I5: woken without room"
            model.step(work, "activate", role, parked=False, deadline=None)
        case "release" | "transfer":
            _orphaned(model, work, event, now)
        case "give_back":
            assert work.return_at is not None
            assert work.return_at <= now, "given back early"
            changes = arriving(work.return_queue, work.return_priority, work.return_french, None, now)
            changes |= {"preferred": work.return_to, "preferred_until": now + 60 * SECOND}
            changes["cooling"] = work.cooling
            model.step(work, "give_back", role, return_to=None, return_at=None, **changes)
        case "overflow" | "overflow_out":
            _overflowed(model, work, event, now)
        case "flag":
            flag = event.detail["flags"][0]
            assert any(at <= now and each == flag for at, each in moments(work)), f"{flag} is not so"
            model.step(work, "flag", role, flags=(*work.flags, flag))
        case "close":
            assert work.state == "wrap_up"
            assert work.deadline is not None
            assert work.deadline <= now, "closed before its wrap-up was over"
            model.close(work, role)
        case "update":
            model.step(work, "update", role)
        case _:
            raise AssertionError(f"nobody asked for {event}")


def signed_out(model: Model, occupancy: Occupancy, now: int) -> None:
    """An agent whose status changes though nobody said so must have been silent."""
    person = model.people[occupancy.agent_id]
    assert occupancy.status == "offline", "a status that nobody asked for"
    assert now - max(person.beat, person.since) > DOCUMENT["heartbeat_timeout"] * SECOND, "signed out while alive"
    model.people[occupancy.agent_id] = replace(person, status="offline", since=now)


def event_id(engagement: Engagement) -> str:
    return engagement.engagement_id


def _offered(model: Model, work: Work, event: Event, after: Engagement, now: int) -> None:
    queue, agents = QUEUE[work.queue], (str(event.agent_id),)
    distribution = queue.get("distribution")
    assert distribution != "manual", "I8: given out of a queue that agents take from"
    offer = after.offer
    if offer is not None and after.version == event.version:
        agents = (offer.agent_id, *offer.others)
    assert len(set(agents)) == len(agents) <= (queue["offered_at_once"] if distribution == "simultaneous" else 1)
    for agent in agents:
        assert model.can_take(agent, work, now), f"I8: {agent} may not have it"
    model.step(
        work,
        "offer",
        "system",
        hands=agents,
        offer=offer.offer_id if offer else "accepted at once",
        deadline=now + queue.get("offer_timeout", 30) * SECOND,
        offers=work.offers + 1,
    )


def _orphaned(model: Model, work: Work, event: Event, now: int) -> None:
    """Its agent has left: for longer than the queue bears, or when his snoozed work wakes."""
    queue = QUEUE[work.queue].get("orphans", {})
    person = model.people[work.hands[0]]
    assert person.status == "offline"
    woken = work.state == "inactive" and work.deadline is not None and work.deadline <= now
    gone = now - person.since >= queue.get("grace", 120) * SECOND and queue.get("policy") != "hold"
    if event.command == "release":
        assert woken or (gone and "queue_id" not in queue)
        model.step(work, "release", "system", since=now, offers=0, **ANYBODYS, **NOBODYS)
    else:
        assert gone
        model.sent(work, "system", "queue", queue["queue_id"], True, None, now)


def _overflowed(model: Model, work: Work, event: Event, now: int) -> None:
    queue = QUEUE[work.queue]
    match event.detail["reason"]:
        case "waited_too_long":
            assert now - work.since >= queue["max_wait_time"] * SECOND
        case "offered_too_often":
            assert work.offers >= queue["max_offers"]
        case reason:
            assert reason == "queue_full"
            earlier = [w for w in model.waiting(work.queue) if (w.since, w.id) < (work.since, work.id)]
            assert len(earlier) >= queue["max_engagement_in_queue"], "there was room in the queue"
    place = queue["overflow"]
    if event.command == "overflow_out":
        assert place == {"end": True}
        model.step(work, "overflow_out", "system", end="overflowed")
    else:
        changes = arriving(place["queue_id"], work.priority, work.french, work.direct, now)
        changes |= {"preferred": work.preferred}
        model.step(work, "overflow", "system", overflows=work.overflows + 1, **changes)


def seen_in(found: Engagement, now: int) -> tuple[Any, ...]:
    """What the model has a word on."""
    deadline = {
        "scheduled": found.not_before,
        "offered": found.offer.expires_at if found.offer else None,
        "inactive": found.wake_at,
        "wrap_up": found.wrap_up_ends_at,
    }.get(found.state)
    return (
        (found.state, found.queue_id, found.channel, found.priority, found.version, found.holders),
        (found.queued_at, found.waiting_since, found.offer.offer_id if found.offer else None, deadline),
        (found.direct_to, bool(found.skills), found.offers, found.overflows, found.transfers),
        (found.return_to, found.return_at, tuple(sorted(found.participants.items())), found.flags, found.end_reason),
        tuple(sorted(pair for pair in found.cooling if pair[1] > now)),
    )


def said_of(work: Work, now: int) -> tuple[Any, ...]:
    """The same of the model."""
    return (
        (work.state, work.queue, work.channel, work.priority, work.version, work.hands),
        (work.queued_at, work.since, work.offer, work.deadline),
        (work.direct, work.french, work.offers, work.overflows, work.transfers),
        (work.return_to, work.return_at, tuple(sorted(work.taking_part)), work.flags, work.end),
        tuple(sorted(pair for pair in work.cooling if pair[1] > now)),
    )
