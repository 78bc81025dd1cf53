"""Why an engagement waits, and why nothing comes to an agent. Decisions that nobody asks about pay nothing for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from chalicelib.routing.estimate import Estimate
from chalicelib.routing.filter import level_of, meets, unmet
from chalicelib.routing.model import Candidate, QueueRules, Waiting
from chalicelib.routing.occupancy import room
from chalicelib.routing.rank import Rank, rank
from chalicelib.routing.widen import USUAL, Needs, step_at

REASONS: dict[str, str] = {
    "other_queue": "not serving the queue",
    "held_for_another": "passed over, since it is held for another agent",
    "not_ready": "not ready",
    "skill_missing": "without a required skill at the required proficiency",
    "cooling_down": "having just declined or missed it",
    "group_waits": "in a group that takes it only after a longer wait",
    "no_channel": "without a place in the channel",
    "occupied": "occupied by other work",
    "offers_open": "with too many unanswered offers",
    "no_room": "full in the channel",
}
"""Stable reason codes, and what they say to a person. The first rule that excludes an agent is named."""
BUSY = ("occupied", "offers_open", "no_room")
"""The reasons that pass with what the agent has in hand."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One agent's case, or one engagement's: the reason against it, or None."""

    id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an engagement waits."""

    rank: Rank
    ahead: int
    """How many of its queue go before it."""
    verdicts: tuple[Verdict, ...]
    """Every agent, in the order given."""
    queue: str | None = None
    """Why the queue gives nothing out: `closed` or `manual`."""
    step: int = 0
    """How many times its search has widened."""
    next_change_at: int | None = None
    """When it will ask for something else."""
    matchable: bool = True
    """Whether any agent at all, ready or not, will ever meet what it asks for."""
    wait: Estimate | None = None
    """How long it will wait, where there is something to go by."""

    def text(self) -> str:
        """For a person."""
        before = f"number {self.ahead + 1} in its queue" if self.ahead else "next in its queue"
        if self.queue is not None:
            return f"It is {before}; the queue is {self.queue}, so nothing is offered from it."
        able = sum(1 for verdict in self.verdicts if verdict.reason is None)
        if able:
            return f"It is {before}; {able} of {len(self.verdicts)} agents can take it now."
        found = Counter(verdict.reason for verdict in self.verdicts)
        why = "; ".join(f"{found[reason]} {REASONS[reason]}" for reason in REASONS if found[reason])
        never = "" if self.matchable else " No agent will ever meet what it asks for: change its skills or its queue."
        return f"It is {before}; nobody can take it now. Of {len(self.verdicts)} agents: {why or 'none'}.{never}"


def explain_waiting(
    waiting: Waiting,
    others: Iterable[Waiting],
    candidates: Iterable[Candidate],
    now: int,
    rules: Mapping[str, QueueRules] | None = None,
    closed: Set[str] = frozenset(),
) -> Explanation:
    """Why this engagement waits, among the others, with these agents."""
    candidates = list(candidates)
    needs, mine = Needs(rules or {}), rank(waiting, now)
    rule = (rules or {}).get(waiting.queue_id, USUAL)
    need = needs.of(waiting, now)
    return Explanation(
        rank=mine,
        ahead=sum(1 for other in others if other.queue_id == waiting.queue_id and rank(other, now) < mine),
        verdicts=tuple(Verdict(candidate.agent_id, unmet(candidate, need)) for candidate in candidates),
        queue=_stopped(waiting.queue_id, rule, closed),
        step=step_at(rule, now - waiting.queued_at),
        next_change_at=needs.next_change(waiting, now),
        matchable=matchable(waiting, candidates, needs),
    )


def explain_agent(
    candidate: Candidate,
    waiting: Iterable[Waiting],
    now: int,
    rules: Mapping[str, QueueRules] | None = None,
    closed: Set[str] = frozenset(),
) -> tuple[Waiting | None, tuple[Verdict, ...]]:
    """What would come to an agent next, if he alone were asked; and of what waits, why each does not."""
    needs, coming = Needs(rules or {}), None
    verdicts = []
    for each in sorted(waiting, key=lambda w: (level_of(candidate, w.queue_id), rank(w, now))):
        reason = unmet(candidate, needs.of(each, now))
        stopped = _stopped(each.queue_id, (rules or {}).get(each.queue_id, USUAL), closed)
        if stopped is not None:
            reason = f"queue_{stopped}"
        if reason is None and coming is None:
            coming = each
        verdicts.append(Verdict(each.engagement_id, reason))
    return coming, tuple(verdicts)


def matchable(waiting: Waiting, candidates: Iterable[Candidate], needs: Needs) -> bool:
    """Whether any registered agent meets the least that it will ever ask for, if he were ready and held nothing."""
    need = needs.relaxed(waiting)
    return any(
        need.queue_id in candidate.queues
        and need.only in (None, candidate.agent_id)
        and room(candidate.occupancy, candidate.capacity, {}, need.channel) > 0
        and all(meets(candidate, requirement) for requirement in need.skills)
        for candidate in candidates
    )


def _stopped(queue_id: str, rules: QueueRules, closed: Set[str]) -> str | None:
    if queue_id in closed:
        return "closed"
    return "manual" if rules.distribution == "manual" else None
