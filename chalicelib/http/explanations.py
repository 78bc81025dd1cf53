"""Explanations on the wire: where an engagement is, why it waits and how that came; what comes to an agent next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.engagements.model import Engagement, Event
from chalicelib.http.wire import event, time_text
from chalicelib.routing.estimate import COVERAGE, Estimate
from chalicelib.routing.explain import Explanation, Verdict
from chalicelib.routing.model import Waiting

DECISIONS = (
    *("offer", "pull", "decline", "pass", "miss", "rescind", "accept", "overflow", "overflow_out"),
    *("deactivate", "activate", "release", "transfer", "refuse_transfer", "give_back", "take_over", "switch"),
    *("finish", "close", "abandon", "cancel"),
)
"""The commands that decide who has it, in which channel, or that nobody has it any more."""


def explanation(found: Engagement, why: Explanation | None, events: Sequence[Event]) -> dict[str, Any]:
    """Where an engagement is, why it waits, if it does; and every decision about it, with the step of its search.

    The text is English; whoever says it in another language has the same in codes, numbers and times.
    """
    situation = situation_of(found) if why is None else why.text()
    base: dict[str, Any] = {
        "engagement_id": found.engagement_id,
        "state": found.state,
        "text": f"{situation}{_clocks(found)}",
        "flows": [_passage(found, each) for each in events if "trace" in each.detail],
        "decisions": [event(each) for each in events if each.command in DECISIONS],
    }
    if found.state == "offered" and found.offer is not None:
        expires_at = time_text(found.offer.expires_at)
        return {**base, "offered_to": list(found.holders), "offer_expires_at": expires_at}
    if why is None:
        return base
    return {
        **base,
        "ahead": why.ahead,
        "queue": why.queue,
        "step": why.step,
        "next_change_time": time_text(why.next_change_at),
        "matchable": why.matchable,
        "expected_wait": _wait(why.wait),
        "users": [{"user_id": v.id, "reason": v.reason} for v in why.verdicts],
    }


def _passage(found: Engagement, each: Event) -> dict[str, Any]:
    """What a flow decided when the work went through it."""
    started_with = f"{found.flow.flow_id}@{found.flow.flow_version}"
    return {
        "time": time_text(each.at),
        "event_name": each.command,
        "flow": each.detail.get("flow", started_with),
        "steps": steps(each.detail["trace"]),
    }


def steps(trace: Iterable[str]) -> list[dict[str, str]]:
    """Which exit work took at each step of a flow."""
    return [dict(zip(("step", "exit"), taken.rsplit(":", 1), strict=False)) for taken in trace]


def agent_explanation(agent_id: str, coming: Waiting | None, verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """What would come to an agent next; and of everything in his queues, in the order he would get it, why not."""
    return {
        "user_id": agent_id,
        "next_engagement_id": coming.engagement_id if coming else None,
        "engagements": [{"engagement_id": v.id, "reason": v.reason} for v in verdicts],
    }


def situation_of(found: Engagement) -> str:
    """In whose hands it is, and until when, for a person."""
    match found.state:
        case "scheduled":
            return f"It enters its queue at {time_text(found.not_before)}."
        case "offered" if found.offer is not None:
            return f"It is offered to {' and '.join(found.holders)} until {time_text(found.offer.expires_at)}."
        case "assigned":
            others = "".join(f" {who} takes part ({mode})." for who, mode in found.participants.items())
            return f"{found.agent_id} works on it.{others}"
        case "inactive":
            return f"{found.agent_id} has it parked{_until(found.wake_at)}."
        case "wrap_up":
            return f"{found.agent_id} wraps it up{_until(found.wrap_up_ends_at)}."
        case "closed":
            return f"It is closed: {found.end_reason}."
        case _:
            return f"It is {found.state}."


def _until(at: int | None) -> str:
    return "" if at is None else f" until {time_text(at)}"


def _clocks(found: Engagement) -> str:
    said = ", ".join(flag.replace("_", " ") for flag in found.flags)
    return f" Its clocks have said: {said}." if said else ""


def _wait(wait: Estimate | None) -> dict[str, Any] | None:
    """In seconds; `coverage` of all waits lie within the interval."""
    if wait is None:
        return None
    seconds = {name: round(value / 1000) for name, value in wait._asdict().items()}
    return {**seconds, "coverage": COVERAGE}
