"""Runs a flow over the variables of an engagement. Pure: what it needs of the world it asks (`questions`).

Every step runs at most once, and other flows are gone on with at most `MOST_HOPS` times, so a run always ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import fields, replace
from itertools import accumulate
from typing import Any

from chalicelib.flows.conditions import Expression, holds
from chalicelib.flows.document import (
    Assignment,
    Call,
    Choose,
    Consumer,
    End,
    Exit,
    Flow,
    FlowVersion,
    OpenHours,
    OtherFlow,
    OverflowOf,
    QueueStatistics,
    Route,
    RouteTo,
    Set,
    Split,
    Step,
    Value,
)
from chalicelib.flows.expressions import MOST_WORK, ExpressionFailed, Work, search
from chalicelib.flows.questions import (
    Answer,
    Answered,
    Counted,
    Counts,
    Draw,
    HttpCall,
    LastSeen,
    Outcome,
    Question,
    Running,
)
from chalicelib.flows.roads import MOST_HOPS
from chalicelib.flows.setting import Setting

LONGEST_TRACE = 24
"""Decisions that are kept of a run: they ride in the head row (docs/decisions/0001)."""
MOST_TRACED = 600
"""Characters of them."""
MOST_WORK_OF_A_RUN = 10 * MOST_WORK
"""Each condition and each mapping has its own work; all of a run together have no more than this."""
LONGEST_VALUE = 1024
"""Characters of a variable that stays with the engagement."""
KEPT = "global_custom."
IDENTITIES = ("consumer_external_id", "consumer_email", "consumer_number")
ROUTE = tuple(each.name for each in fields(Route))

Steps = Generator[Question, Answer, bool]
"""Steps that run; true where the flow is done."""


def run(version: FlowVersion, variables: Mapping[str, Any], setting: Setting, now: int) -> Running:
    """The flow, ready to be run. `now`: epoch milliseconds."""
    running = _Run(variables, setting, now)
    yield from running.steps(version.steps, "")
    return running.outcome()


def answered_by(answer: Callable[[Question], Answer], running: Running) -> Outcome:
    """The outcome of a run whose questions this function answers."""
    try:
        question = next(running)
        while True:
            question = running.send(answer(question))
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def follow(flow: Flow, version: FlowVersion) -> str:
    """How a flow's version is called in a trace."""
    return f"{flow.flow_id}@{version.flow_version}"


class _Run:
    """What a run has come to so far."""

    def __init__(self, variables: Mapping[str, Any], setting: Setting, now: int) -> None:
        self.variables = dict(variables)
        self.setting = setting
        self.now = now
        self.route = Route()
        self.kept: dict[str, str] = {}
        self.due_at: int | None = None
        self.ends = False
        self.trace: list[str] = []
        self.hops = 0
        self.work = Work(MOST_WORK_OF_A_RUN)

    def outcome(self) -> Outcome:
        return Outcome(self.route, self.kept, self.due_at, self.ends, _short(self.trace))

    def steps(self, steps: tuple[Step, ...], prefix: str) -> Steps:
        for n, step in enumerate(steps, 1):
            if (yield from self.step(step, step.name or f"{prefix}{n}")):
                return True
        return False

    def step(self, step: Step, at: str) -> Steps:
        match step:
            case Set(set_=assignment):
                self.add(assignment)
            case Choose():
                return (yield from self.choose(step, at))
            case OpenHours(hours=hours_id, open_=is_open, closed=closed):
                hours = self.setting.hours[hours_id]
                name, exit_ = ("open", is_open) if hours.is_open(self.now) else ("closed", closed)
                return (yield from self.leave(at, name, exit_))
            case Split():
                return (yield from self.split(step, at))
            case QueueStatistics(queue_statistics=queue_id):
                counted = yield Counts(at, queue_id)
                assert isinstance(counted, Counted)
                for name in ("waiting", "oldest_seconds", "agents_ready"):
                    self.variables[f"queue.{queue_id}.{name}"] = getattr(counted, name)
            case Consumer():
                yield from self.look_up(step, at)
            case Call():
                return (yield from self.call(step, at))
            case RouteTo(route=assignment):
                self.add(assignment)
                return True
            case OtherFlow(flow=entry_id):
                yield from self.go_on(entry_id, at)
                return True
            case OverflowOf(overflow=queue_id):
                yield from self.overflow(queue_id, at)
                return True
            case End():
                self.decide(at, "end")
                self.ends = True
                return True
        return False

    def choose(self, step: Choose, at: str) -> Steps:
        for n, branch in enumerate(step.choose, 1):
            if holds(branch.when, self.variables, Work(within=self.work)):
                return (yield from self.leave(at, branch.name or str(n), branch.route))
        return (yield from self.leave(at, "otherwise", step.otherwise))

    def split(self, step: Split, at: str) -> Steps:
        drawn = yield Draw(at)
        assert isinstance(drawn, int | float)
        upto = 0.0
        for n, share in enumerate(step.split, 1):
            upto += share.percent
            if drawn < upto or n == len(step.split):
                return (yield from self.leave(at, share.name or str(n), share.route))
        return False

    def look_up(self, step: Consumer, at: str) -> Generator[Question, Answer, None]:
        known = {name: str(self.variables[name]) for name in IDENTITIES if self.variables.get(name)}
        for each in step.consumer.lists:
            self.variables[f"consumer.list.{each}"] = not self.setting.lists[each].isdisjoint(known.values())
        within = step.consumer.returning_within
        if within is not None:
            seen = (yield LastSeen(at, known)) if known else None
            assert seen is None or isinstance(seen, int)
            self.variables["consumer.returning"] = seen is not None and self.now - seen <= 1000 * within

    def call(self, step: Call, at: str) -> Steps:
        work = Work(within=self.work)
        body = {name: self.value(each, work) for name, each in step.http.body.items()}
        answer = yield HttpCall(at, step.http.system_id, step.http.path, body, step.http.timeout)
        if not isinstance(answer, Answered):
            return (yield from self.leave(at, "failed", step.failed))
        self.decide(at, "answered")
        work = Work(within=self.work)
        for name, expression in step.http.result.items():
            found = _found(expression, answer.body, work)
            if found is not None:
                self.put(name, found)
        return False

    def go_on(self, entry_id: str, at: str) -> Generator[Question, Answer, None]:
        flow = self.setting.flows.get(entry_id)
        version = flow.published() if flow else None
        if flow is None or version is None or self.hops == MOST_HOPS:
            self.decide(at, "nowhere")
            return
        self.hops += 1
        self.decide(at, follow(flow, version))
        yield from self.steps(version.steps, f"{flow.flow_id}.")

    def overflow(self, queue_id: str, at: str) -> Generator[Question, Answer, None]:
        place = self.setting.overflows.get(queue_id)
        if place is None:
            self.decide(at, "nowhere")
        elif place.flow_entry_id is not None:
            yield from self.go_on(place.flow_entry_id, at)
        else:
            self.decide(at, place.queue_id or "end")
            self.ends = place.end
            self.route = replace(self.route, queue_id=place.queue_id or self.route.queue_id)

    def leave(self, at: str, name: str, exit_: Exit) -> Steps:
        self.decide(at, name)
        self.add(exit_)
        return (yield from self.steps(exit_.steps, f"{at}.{name}."))

    def decide(self, at: str, name: str) -> None:
        self.trace.append(f"{at}:{name}")

    def add(self, assignment: Assignment) -> None:
        said = {name: getattr(assignment, name) for name in ROUTE}
        self.route = replace(self.route, **{name: value for name, value in said.items() if value is not None})
        work = Work(within=self.work)
        for name, value in assignment.variables.items():
            self.put(name, self.value(value, work))
        if assignment.due is not None:
            self.due_at = self.due(assignment.due.seconds, assignment.due.business_hours_id)

    def due(self, seconds: int, hours_id: str | None) -> int:
        if hours_id is None:
            return self.now + 1000 * seconds
        return self.setting.hours[hours_id].after(self.now, seconds)

    def value(self, value: Value, work: Work) -> Any:
        return _found(value.jmespath, self.variables, work) if isinstance(value, Expression) else value

    def put(self, name: str, value: Any) -> None:
        self.variables[name] = value
        if name.startswith(KEPT) and value is not None:
            self.kept[name] = text_of(value)[:LONGEST_VALUE]


def _short(trace: list[str]) -> tuple[str, ...]:
    """As much of a trace as is kept, and a sign where that is not all."""
    lengths = accumulate(len(each) for each in trace[:LONGEST_TRACE])
    kept = [each for each, upto in zip(trace, lengths, strict=False) if upto <= MOST_TRACED]
    return tuple(kept if len(kept) == len(trace) else [*kept, "…"])


def text_of(value: Any) -> str:
    """A variable as text: JSON where it is none. Half a character, as whoever cuts texts may answer, is none."""
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="replace").decode()


def _found(expression: str, given: Any, work: Work) -> Any:
    """What an expression finds; nothing where it fails."""
    try:
        return search(expression, given, work)
    except ExpressionFailed:
        return None
