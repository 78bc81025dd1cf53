"""Tests of a flow: cases kept beside its steps, run without anything around it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.flows.document import Case, FlowVersion
from chalicelib.flows.interpreter import answered_by, run
from chalicelib.flows.questions import (
    Answer,
    Answered,
    Counted,
    Counts,
    Draw,
    HttpCall,
    LastSeen,
    NotAnswered,
    Outcome,
    Question,
)
from chalicelib.flows.setting import Setting

FIRST_YEAR, LAST_YEAR = 1970, 9000
"""When a case may be."""
FAILED = "failed"
"""The answer to a call that fails."""
PARTS: Mapping[str, Callable[[Outcome], Any]] = {
    "queue_id": lambda outcome: outcome.route.queue_id,
    "priority": lambda outcome: outcome.route.priority,
    "skills": lambda outcome: {need.skill: need.level for need in outcome.route.skills or ()},
    "user_id": lambda outcome: outcome.route.user_id,
    "preferred_user_id": lambda outcome: outcome.route.preferred_user_id,
    "preferred_seconds": lambda outcome: outcome.route.preferred_seconds,
    "variables": lambda outcome: dict(outcome.variables),
    "due": lambda outcome: None if outcome.due_at is None else time_text(outcome.due_at),
    "end": lambda outcome: outcome.ends,
    "trace": lambda outcome: list(outcome.trace),
}
"""What may be expected: the route, the variables that are kept, the due date (UTC), whether it ends, the trace."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a case went."""

    case: str
    differences: tuple[str, ...]
    """A line each; none is a pass."""
    trace: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.differences


class Unanswered(Exception):
    """A step asks for something that the case does not say."""

    def __init__(self, step: str, message: str) -> None:
        super().__init__(message)
        self.step = step


def try_all(version: FlowVersion, setting: Setting) -> list[Result]:
    """Run every case of a version."""
    return [_try(case, version, setting) for case in version.cases]


def _try(case: Case, version: FlowVersion, setting: Setting) -> Result:
    try:
        outcome = outcome_of(case, version, setting)
    except Unanswered as lacking:
        return Result(case.case, (str(lacking),))
    came = {name: PARTS[name](outcome) for name in case.expect}
    differences = [
        f"{name}: expected {expected!r}, got {came[name]!r}"
        for name, expected in case.expect.items()
        if not _same(expected, came[name])
    ]
    if differences:
        differences.append(f"it went {' → '.join(outcome.trace) or 'straight through'}")
    return Result(case.case, tuple(differences), outcome.trace)


def outcome_of(case: Case, version: FlowVersion, setting: Setting) -> Outcome:
    """What a version makes of what is given. Raises `Unanswered`, and `ValueError` where the time is none."""
    now = moment(case.at)
    return answered_by(lambda question: _answer(case, question, now), run(version, case.given, setting, now))


def _answer(case: Case, question: Question, now: int) -> Answer:
    if question.step not in case.answers:
        raise Unanswered(question.step, f"step {question.step!r} asks for {_wanted(question)}: say it under `answers`")
    said = case.answers[question.step]
    match question:
        case HttpCall():
            return NotAnswered() if said == FAILED else Answered(said)
        case Draw() if isinstance(said, int | float) and 0 <= said < 100:
            return float(said)
        case Counts() if isinstance(said, Mapping) and set(said) <= set(Counted.__match_args__):
            return Counted(**said)
        case LastSeen() if said is None:
            return None
        case LastSeen() if isinstance(said, int):
            return now - 1000 * said
    raise Unanswered(question.step, f"step {question.step!r} asks for {_wanted(question)}, not {said!r}")


def _wanted(question: Question) -> str:
    match question:
        case Draw():
            return "a number from 0 to 99"
        case Counts():
            return "waiting, oldest_seconds and agents_ready"
        case LastSeen():
            return "the seconds since the consumer was last seen, or null"
        case HttpCall():
            return f"the body of the answer, or {FAILED!r}"


def _same(expected: Any, came: Any) -> bool:
    if isinstance(expected, list | tuple):
        return isinstance(came, list) and list(expected) == came
    return bool(expected == came)


def moment(text: str) -> int:
    """ISO 8601 as epoch milliseconds, UTC where it names no zone. Raises `ValueError`, also for a year that is
    too near to where the calendar ends."""
    found = datetime.fromisoformat(text)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"The year is not between {FIRST_YEAR} and {LAST_YEAR}.")
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def time_text(at: int) -> str:
    """Epoch milliseconds as UTC ISO 8601, to the second."""
    return datetime.fromtimestamp(at // 1000, UTC).isoformat().replace("+00:00", "Z")
