"""The clocks of an engagement: its queue's service level while it waits, and its due date while it is open."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chalicelib.engagements.model import OPEN, Engagement, Flag

WAITING = ("queued", "offered")
OF_THE_DUE_DATE = ("due_date_at_risk", "due_date_breached")


@dataclass(frozen=True, slots=True)
class Targets:
    """When things should have happened. Durations in milliseconds; None is no target."""

    service_level: int | None = None
    """From entering the queue until it is taken."""
    at_risk_after: int = 80
    """Per cent of the service level after which it is at risk."""
    due_at: int | None = None
    """Epoch milliseconds."""
    due_warning: int = 0
    """How long before its due date it is at risk."""


def moments(engagement: Engagement, targets: Targets) -> dict[Flag, int]:
    """What its clocks have yet to say, and when (epoch milliseconds)."""
    found: dict[Flag, int] = {}
    if targets.service_level is not None and engagement.state in WAITING:
        since = engagement.waiting_since
        found["service_level_at_risk"] = since + targets.service_level * targets.at_risk_after // 100
        found["service_level_breached"] = since + targets.service_level
    if targets.due_at is not None and engagement.state in OPEN:
        found["due_date_at_risk"] = targets.due_at - targets.due_warning
        found["due_date_breached"] = targets.due_at
    return {flag: at for flag, at in found.items() if flag not in engagement.flags}


def said_by(engagement: Engagement, targets: Targets, now: int) -> tuple[Flag, ...]:
    """What its clocks say by now that they have not said before, in the order of time."""
    due = [(at, flag) for flag, at in moments(engagement, targets).items() if at <= now]
    return tuple(flag for _, flag in sorted(due))


def still_so(engagement: Engagement, targets: Targets, now: int) -> tuple[Flag, ...]:
    """What its clocks have said, but for what is not so, or yet to come, by another due date."""
    due = moments(replace(engagement, flags=()), targets)
    return tuple(flag for flag in engagement.flags if flag not in OF_THE_DUE_DATE or due.get(flag, now + 1) <= now)


def speaks_at(engagement: Engagement, targets: Targets) -> int | None:
    """When its clocks have something to say next."""
    return min(moments(engagement, targets).values(), default=None)


def watched(engagement: Engagement, targets: Targets) -> Engagement:
    """Scheduled work tells itself when its clocks have something to say next: no queue and no agent does."""
    if engagement.state != "scheduled":
        return engagement
    return replace(engagement, speaks_at=speaks_at(engagement, targets))
