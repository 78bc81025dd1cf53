"""A flow drawn: a Mermaid flowchart, for documentation and reviews."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.flows.conditions import AllOf, AnyOf, Condition, Expression, Not, Test
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
    RouteTo,
    Set,
    Split,
    Step,
    Value,
    exits,
)

LONGEST_LABEL = 120


def graph(flow: Flow, version: FlowVersion) -> str:
    """The version as a Mermaid flowchart: steps are boxes, decisions are diamonds, exits are arrows."""
    drawing = _Drawing()
    start = drawing.node(f"{flow.flow_name} {version.flow_version}", "([", "])")
    ends = drawing.steps(version.steps, [(start, "")])
    if ends:
        drawing.join(ends, drawing.node("queue", "([", "])"))
    return "\n".join(["flowchart TD", *drawing.lines]) + "\n"


@dataclass
class _Drawing:
    """Lines so far; `ends` are arrows that still lead nowhere, as (node, label)."""

    lines: list[str] = field(default_factory=list)
    count: int = 0

    def node(self, text: str, left: str = "[", right: str = "]") -> str:
        self.count += 1
        name = f"n{self.count}"
        self.lines.append(f'    {name}{left}"{_label(text)}"{right}')
        return name

    def join(self, ends: list[tuple[str, str]], to: str) -> None:
        for node, label in ends:
            arrow = f'-- "{_label(label)}" -->' if label else "-->"
            self.lines.append(f"    {node} {arrow} {to}")

    def steps(self, steps: tuple[Step, ...], ends: list[tuple[str, str]]) -> list[tuple[str, str]]:
        for step in steps:
            ends = self.step(step, ends)
        return ends

    def step(self, step: Step, ends: list[tuple[str, str]]) -> list[tuple[str, str]]:
        leaving = exits(step)
        text = f"{step.name}: {_text(step)}" if step.name else _text(step)
        node = self.node(text, "{", "}") if leaving else self.node(text)
        self.join(ends, node)
        if isinstance(step, RouteTo | OtherFlow | OverflowOf | End):
            return []
        if not leaving:
            return [(node, "")]
        on = [(node, "answered")] if isinstance(step, Call) else []
        for (_, exit_), label in zip(leaving, _labels(step), strict=True):
            on.extend(self.exit(exit_, node, label))
        return on

    def exit(self, exit_: Exit, node: str, label: str) -> list[tuple[str, str]]:
        added = _added(exit_)
        if not added:
            return self.steps(exit_.steps, [(node, label)])
        box = self.node(added)
        self.join([(node, label)], box)
        return self.steps(exit_.steps, [(box, "")])


def _labels(step: Step) -> Iterator[str]:
    match step:
        case Choose(choose=branches):
            yield from (branch.name or condition_text(branch.when) for branch in branches)
            yield "otherwise"
        case Split(split=shares):
            yield from (f"{share.name or ''} {share.percent:g} %".strip() for share in shares)
        case _:
            yield from (name for name, _ in exits(step))


def _text(step: Step) -> str:
    match step:
        case Choose():
            return "which?"
        case Set(set_=assignment):
            return _added(assignment)
        case OpenHours(hours=hours_id):
            return f"{hours_id} open?"
        case Split():
            return "split"
        case QueueStatistics(queue_statistics=queue_id):
            return f"look at queue {queue_id}"
        case Consumer(consumer=asked):
            return f"look up the consumer {' '.join(asked.lists)}".strip()
        case Call(http=request):
            return f"ask {request.system_id} {request.path}"
        case RouteTo(route=assignment):
            return _added(assignment) or "route"
        case OtherFlow(flow=entry_id):
            return f"flow {entry_id}"
        case OverflowOf(overflow=queue_id):
            return f"overflow of {queue_id}"
        case End():
            return "end"


def _added(given: Assignment) -> str:
    said = [
        f"queue {given.queue_id}" if given.queue_id else "",
        f"priority {given.priority}" if given.priority is not None else "",
        *(f"skill {need.skill} {need.level}" for need in given.skills or ()),
        f"agent {given.user_id}" if given.user_id else "",
        f"first {given.preferred_user_id}" if given.preferred_user_id else "",
        *(f"{name} = {_value(value)}" for name, value in given.variables.items()),
        f"due in {given.due.seconds} s {given.due.business_hours_id or ''}".strip() if given.due else "",
    ]
    return ", ".join(each for each in said if each)


def _value(value: Value) -> str:
    return value.jmespath if isinstance(value, Expression) else str(value)


def condition_text(condition: Condition) -> str:
    """A condition in one line."""
    match condition:
        case Test(field=name, op=op, value=value):
            return f"{name} {op.replace('_', ' ')} {'' if value is None else value}".strip()
        case Expression(jmespath=text):
            return text
        case AllOf(all_=inner):
            return "(" + " and ".join(condition_text(each) for each in inner) + ")"
        case AnyOf(any_=inner):
            return "(" + " or ".join(condition_text(each) for each in inner) + ")"
        case Not(not_=one):
            return f"not {condition_text(one)}"


def _label(text: str) -> str:
    """Text that Mermaid takes as it is."""
    short = text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"
    escaped = "".join(f"#{ord(each)};" if each in '"#<>`' else each for each in short)
    return " ".join(escaped.split())
