"""From what the API tells of engagements, with all their events, to a history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chalicelib.engagements.model import Content
from chalicelib.http.models import plain_number
from chalicelib.operations.translation import due_at_of
from chalicelib.routing.model import Requirement
from infra.simulation.history import Part, Place, Recorded, Said, Stay, moment

LEFT_OUT = ("work_item_id", "work_item_name", "work_item_desc", "work_item_hyperlink", "work_item_source_id")
"""A simulation has no use for what may say who somebody is; consumers are left out too."""


def recorded(engagement: Mapping[str, Any], events: Iterable[Mapping[str, Any]], until: int) -> Recorded | None:
    """One engagement as the API tells of it; None where it never was in a queue.

    What is still in hands is taken to be done at `until` (epoch ms).
    """
    course = _Course(engagement)
    for event in sorted(events, key=lambda each: each["version"]):
        course.take(event)
    course.end(until)
    return course.recorded()


class _Course:
    """An engagement's events, one after another."""

    def __init__(self, engagement: Mapping[str, Any]) -> None:
        self._engagement = engagement
        self._priority: int = engagement["priority"]
        self._skills = tuple(Requirement(each["skill"], each["level"]) for each in engagement["skills"])
        self._queued_at: int | None = None
        self._first = Place("")
        self._since = self._offered_at = self._taken_at = self._resumed_at = self._parked_at = 0
        self._worked = self._handled = 0
        self._user_id: str | None = None
        self._is_set_aside = False
        self._parked: list[tuple[int, int]] = []
        self._answers: list[Said] = []
        self._parts: list[Part] = []
        self._stays: list[Stay] = []
        self._left_after: int | None = None

    def recorded(self) -> Recorded | None:
        found = self._engagement
        if self._queued_at is None or not self._first.queue_id:
            return None
        given = dict(found["work_item_variables"])
        if "work_item_priority" in given:
            number = float(given["work_item_priority"])  # a number in, a string out, as Zoom
            given["work_item_priority"] = plain_number(number)
        return Recorded(
            engagement_id=found["engagement_id"],
            queued_at=self._queued_at,
            to=self._first,
            channel=found["channel"],
            flow_entry_id=found["flows"][0]["flow_entry_id"],
            work_item_variables={name: value for name, value in given.items() if name not in LEFT_OUT},
            variables=tuple(found["variables"]),
            language_code=found.get("language_code"),
            answers=tuple(self._answers),
            parts=tuple(self._parts),
            left_after_ms=self._left_after,
            stays=tuple(self._stays),
            due_at=due_at_of(Content(given)),
            closed_at=moment(found["end_time"]) if "end_time" in found else None,
        )

    def end(self, until: int) -> None:
        """Nothing more is known."""
        state = self._engagement["state"]
        if state in ("assigned", "inactive", "wrap_up"):
            if not self._parked_at:
                self._worked += max(until - self._resumed_at, 0)
            elif not self._is_set_aside:
                self._parked.append((self._worked, max(until - self._parked_at, 0)))
            self._done({"handled_ms": self._worked, "wrapped_ms": 0}, None)
        elif state in ("queued", "offered") and self._queued_at is not None:
            self._stayed(self._engagement["queue_id"], max(until, self._since), "waiting")

    def take(self, event: Mapping[str, Any]) -> None:
        """What one event tells."""
        at, detail, queue_id = moment(event["start_time"]), event["event_content"], event["queue_id"]
        match event["event_name"]:
            case "start" | "enqueue" if event["state"] == "queued":
                self._queued_at = self._since = at
                self._first = Place(queue_id, self._priority, self._skills)
            case "offer":
                self._offered_at = at
            case "accept" | "pull":
                self._said("accept", event, at)
                self._stayed(queue_id, at, "taken")
                self._taken_at = self._resumed_at = at
                self._worked, self._parked, self._user_id = 0, [], event["user_id"]
            case "pass" if detail.get("rescinded"):
                self._said("accept", event, at + 1)
            case "decline" | "pass" | "miss":
                self._said("miss" if event["event_name"] == "miss" else "decline", event, at)
            case "rescind":  # an answer would have come later than this
                self._said("accept", event, at + 1)
            case "deactivate":  # what the router sets aside to make room, it sets aside anew in a simulation
                self._worked += at - self._resumed_at
                self._parked_at, self._is_set_aside = at, event["actor"] == "system:router"
            case "activate":
                if not self._is_set_aside:
                    self._parked.append((self._worked, at - self._parked_at))
                self._resumed_at, self._parked_at = at, 0
            case "take_over":
                self._handled += detail["handled_ms"]
                self._user_id = event["user_id"]
            case "close":
                self._done(detail, None)
            case "transfer":
                to = Place(detail["to_queue_id"], self._priority, self._skills, detail.get("to_user_id"))
                self._done(detail, to)
                self._since = at
            case "release":
                self._done(detail, Place(queue_id, self._priority, self._skills), is_released=True)
                self._since = at
            case "overflow" | "overflow_out":
                self._stayed(queue_id, at, "overflowed")
                self._since = at
            case "cancel" | "abandon" if "handled_ms" in detail:
                self._done(detail, None)
            case "cancel" | "abandon" if self._queued_at is not None:
                if event.get("user_id"):  # it was still ringing: an answer would have come later than this
                    self._said("accept", event, at + 1)
                self._stayed(queue_id, at, "left")
                self._left_after = at - self._queued_at

    def _said(self, says: str, event: Mapping[str, Any], at: int) -> None:
        after = at - self._offered_at if event["event_name"] != "pull" else 0
        self._answers.append(Said(event["user_id"], says, at - after, after))  # type: ignore[arg-type]

    def _stayed(self, queue_id: str, at: int, end: str) -> None:
        self._stays.append(Stay(queue_id, self._priority, self._since, at, end))  # type: ignore[arg-type]

    def _done(self, detail: Mapping[str, Any], to: Place | None, is_released: bool = False) -> None:
        handled = self._handled + detail["handled_ms"]
        parked, self._parked_at, self._handled = tuple(self._parked), 0, 0
        self._parts.append(Part(self._user_id, self._taken_at, handled, detail["wrapped_ms"], parked, to, is_released))
