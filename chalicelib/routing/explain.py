"""Why an engagement still waits, agent by agent. A pass of its own: decisions that nobody asks about pay nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib.routing.filter import need_of, unmet
from chalicelib.routing.model import Candidate, Waiting
from chalicelib.routing.rank import Rank, rank

REASONS: dict[str, str] = {
    "other_queue": "does not serve the queue",
    "not_ready": "is not ready",
    "skill_missing": "lacks a required skill at the required proficiency",
    "cooling_down": "has just declined or missed it",
    "no_room": "has no free place in the channel",
}
"""Stable reason codes, and what they say to a person. The first rule that excludes an agent is named."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one agent's case is: the reason that excludes him, or None if he can take it."""

    agent_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an engagement waits: its rank, how many of its queue go before it, and every agent's verdict."""

    rank: Rank
    ahead: int
    verdicts: tuple[Verdict, ...]

    def text(self) -> str:
        """For a person."""
        able = sum(1 for verdict in self.verdicts if verdict.reason is None)
        before = f"{self.ahead} before it in its queue" if self.ahead else "next in its queue"
        if able:
            return f"It is {before}; {able} of {len(self.verdicts)} agents can take it now."
        counts = {reason: sum(v.reason == reason for v in self.verdicts) for reason in REASONS}
        why = "; ".join(f"{count} {REASONS[reason]}" for reason, count in counts.items() if count)
        return f"It is {before}; nobody can take it now. Of {len(self.verdicts)} agents: {why}."


def explain_waiting(
    waiting: Waiting, others: Iterable[Waiting], candidates: Iterable[Candidate], now: int
) -> Explanation:
    """Why this engagement waits, among the others, with these agents."""
    mine = rank(waiting)
    ahead = sum(1 for other in others if other.queue_id == waiting.queue_id and rank(other) < mine)
    need = need_of(waiting, now)
    verdicts = tuple(Verdict(candidate.agent_id, unmet(candidate, need)) for candidate in candidates)
    return Explanation(mine, ahead, verdicts)
