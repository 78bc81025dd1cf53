"""Work that changes hands: transferred to a queue or an agent, given back to its sender, taken over."""

from __future__ import annotations

from typing import Any

from chalicelib.engagements.model import Change, Destination, Engagement, Occupancy, Passage
from chalicelib.engagements.step import NOBODY, ROUTER, TAKEN, at, change, handling, hold, let_go, owned, step
from chalicelib.errors import NoCapacity, NotFound, TransferRefused

TARGETS = {"queue": "to_queue_id", "agent": "to_user_id", "flow": "to_flow_entry_id"}


def may_go_on(engagement: Engagement, agent_id: str, most: int) -> None:
    """Raises `NotFound` where it is not this agent's, `TransferRefused` once it has been sent on `most` times."""
    owned(engagement, agent_id)
    if engagement.transfers >= most:
        raise TransferRefused(f"It has been transferred {engagement.transfers} times, which is the most here.")


def transfer(
    engagement: Engagement,
    occupancy: Occupancy,
    to: Destination,
    *,
    kind: str,
    most: int,
    return_at: int | None,
    actor: str,
    now: int,
    passage: Passage | None = None,
) -> Change:
    """Send work on, where it keeps its age. At `return_at` the sender has it back, if nobody took it.

    Raises `TransferRefused` once it has been sent on `most` times.
    """
    may_go_on(engagement, occupancy.agent_id, most)
    sent = step(
        engagement,
        "transfer",
        now,
        actor,
        detail={
            **handling(engagement, now),
            **{"kind": kind, "to_queue_id": to.queue_id, "to_user_id": to.direct_to},
            **(passage.detail if passage else {}),
        },
        content=passage.content if passage else engagement.content,
        cooling=(),
        offers=0,
        transfers=engagement.transfers + 1,
        waiting_since=now,
        **(TAKEN if return_at is None else _way_back(engagement, occupancy.agent_id, return_at)),
        **NOBODY,
        **at(to),
    )
    return change(engagement, sent, occupancy, let_go(occupancy, engagement, now))


def _way_back(engagement: Engagement, sender: str, at: int) -> dict[str, Any]:
    """What it remembers until somebody takes it: whose it was, where, and what it asked for there."""
    return {
        "return_to": sender,
        "return_queue_id": engagement.queue_id,
        "return_priority": engagement.priority,
        "return_skills": engagement.skills,
        "return_at": at,
    }


def refuse(
    engagement: Engagement, agent_id: str, *, kind: str, wanted: str, reason: str, actor: str, now: int
) -> Change:
    """A transfer that may not be stays on record, so that a policy that is in the way can be seen to be."""
    owned(engagement, agent_id)
    detail = {"kind": kind, TARGETS[kind]: wanted, "reason": reason}
    return change(engagement, step(engagement, "refuse_transfer", now, actor, detail=detail))


def give_back(engagement: Engagement, to: Destination, *, now: int) -> Change:
    """Nobody took in time what was transferred: it goes back to where it waits for its sender first."""
    if engagement.return_to is None or engagement.return_at is None or now < engagement.return_at:
        raise TransferRefused("It is not to go back now.")
    detail = {
        "waited_ms": now - engagement.waiting_since,
        "to_queue_id": to.queue_id,
        "to_user_id": engagement.return_to,
    }
    back = step(
        engagement,
        "give_back",
        now,
        ROUTER,
        detail=detail,
        offers=0,
        waiting_since=now,
        **TAKEN,
        **at(to),
    )
    return change(engagement, back)


def take_over(engagement: Engagement, owner: Occupancy, taker: Occupancy, *, room: int, actor: str, now: int) -> Change:
    """Who takes part becomes the owner. `room`: how many more of this channel he may have.

    Raises `NotFound` for somebody who takes no part, `NoCapacity`.
    """
    if taker.agent_id not in engagement.participants:
        raise NotFound("Take part in it first: monitor, whisper, barge or consult.")
    if room <= 0:
        raise NoCapacity(f"There is no room for more of channel {engagement.channel}.")
    others = {each: mode for each, mode in engagement.participants.items() if each != taker.agent_id}
    taken = step(
        engagement,
        "take_over",
        now,
        actor,
        by=owner.agent_id,
        detail={**handling(engagement, now), "to_user_id": taker.agent_id},
        agent_id=taker.agent_id,
        assigned_at=now,
        parked_ms=0,
        participants=others,
    )
    freed = let_go(owner, engagement, now)
    return change(engagement, taken, taker, hold(taker, taken, now, now), (freed,))
