"""Runs a flow over the variables of an engagement. Pure; every step runs once, so a flow always ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from chalicelib.flows.document import AllOf, AnyOf, Choose, Condition, FlowVersion, Not, Route, Step, Test


def run(version: FlowVersion, variables: Mapping[str, Any]) -> Route:
    """The route that the flow's steps add up to."""
    route = Route()
    for step in version.steps:
        route = _merge(route, _outcome(step, variables))
    return route


def holds(condition: Condition, variables: Mapping[str, Any]) -> bool:
    """Whether a condition is true of the variables."""
    match condition:
        case Test(field=field, op=op, value=value):
            return _OPERATORS[op](variables.get(field), value)
        case AllOf(all_=conditions):
            return all(holds(each, variables) for each in conditions)
        case AnyOf(any_=conditions):
            return any(holds(each, variables) for each in conditions)
        case Not(not_=inner):
            return not holds(inner, variables)


def _outcome(step: Step, variables: Mapping[str, Any]) -> Route:
    if not isinstance(step, Choose):
        return step.set_
    return next((b.route for b in step.choose if holds(b.when, variables)), step.otherwise)


def _merge(base: Route, added: Route) -> Route:
    said = {each.name: getattr(added, each.name) for each in fields(added)}
    return replace(base, **{name: value for name, value in said.items() if value is not None})


def _number(value: Any) -> float | None:
    """Variables arrive as text or numbers; both compare as numbers where they are one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _equal(have: Any, want: Any) -> bool:
    if have is None:
        return False
    left, right = _number(have), _number(want)
    if left is not None and right is not None:
        return left == right
    return str(have) == str(want)


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def test(have: Any, want: Any) -> bool:
        left, right = _number(have), _number(want)
        return left is not None and right is not None and compare(left, right)

    return test


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equal_to": _equal,
    "not_equal_to": lambda have, want: not _equal(have, want),
    "greater_than": _ordered(lambda left, right: left > right),
    "less_than": _ordered(lambda left, right: left < right),
    "contains": lambda have, want: have is not None and str(want).lower() in str(have).lower(),
    "in": lambda have, want: any(_equal(have, each) for each in want or ()),
    "exists": lambda have, want: (have is not None) == (want is not False),
}
