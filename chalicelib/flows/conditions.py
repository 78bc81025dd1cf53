"""Conditions: structured, so that they can be compared, drawn and edited; JMESPath for the rest. Nothing is code.

The dataclasses are what the configuration's reader makes of a tenant's document (a trailing underscore is not
part of a field's name there: `any_` is written `any`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chalicelib.flows.expressions import ExpressionFailed, Work, is_true, search
from chalicelib.routing.numbers import number

STRICT: dict[str, Any] = {"extra": "forbid", "alias_generator": lambda name: name.rstrip("_")}
"""How the reader treats these dataclasses: unknown fields are refused."""

Operator = Literal["equal_to", "not_equal_to", "greater_than", "less_than", "contains", "in", "exists"]


@dataclass(frozen=True, slots=True)
class Test:
    """One field compared with a value. A field that is missing fails every test but `not_equal_to`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    __test__: ClassVar[bool] = False

    field: str
    op: Operator
    value: str | int | float | bool | tuple[str | int | float | bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """JMESPath over all variables, by name; a name with a dot in it stands in double quotes.

    As a condition it holds where it finds anything but null, false and what is empty; where it fails, it does not.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    jmespath: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every condition in it is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    all_: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one condition in it is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    any_: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the condition in it is not."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    not_: Condition


Condition = Test | Expression | AllOf | AnyOf | Not


def holds(condition: Condition, variables: Mapping[str, Any], work: Work | None = None) -> bool:
    """Whether a condition is true of the variables. All expressions in it share the work."""
    work = work or Work()
    match condition:
        case Test(field=field, op=op, value=value):
            return _OPERATORS[op](variables.get(field), value)
        case Expression(jmespath=text):
            try:
                return is_true(search(text, dict(variables), work))
            except ExpressionFailed:
                return False
        case AllOf(all_=conditions):
            return all(holds(each, variables, work) for each in conditions)
        case AnyOf(any_=conditions):
            return any(holds(each, variables, work) for each in conditions)
        case Not(not_=inner):
            return not holds(inner, variables, work)


def parts(condition: Condition) -> Iterator[tuple[int, Condition]]:
    """The condition and everything in it, each with how deep it is nested (1: the condition itself)."""
    rest: list[tuple[int, Condition]] = [(1, condition)]
    while rest:
        depth, each = rest.pop()
        yield depth, each
        match each:
            case AllOf(all_=inner) | AnyOf(any_=inner):
                rest.extend((depth + 1, one) for one in inner)
            case Not(not_=one):
                rest.append((depth + 1, one))


def always(condition: Condition) -> bool:
    """Whether it holds whatever the variables are, as far as its shape tells."""
    match condition:
        case AllOf(all_=conditions):
            return all(always(each) for each in conditions)
        case AnyOf(any_=conditions):
            return any(always(each) for each in conditions)
        case Not(not_=inner):
            return never(inner)
        case _:
            return False


def never(condition: Condition) -> bool:
    """Whether it never holds, as far as its shape tells."""
    match condition:
        case Test(op="in", value=value):
            return not value
        case AllOf(all_=conditions):
            return any(never(each) or Not(each) in conditions for each in conditions)
        case AnyOf(any_=conditions):
            return all(never(each) for each in conditions)
        case Not(not_=inner):
            return always(inner)
        case _:
            return False


def implies(later: Condition, earlier: Condition) -> bool:
    """Whether the earlier one holds wherever the later one does, as far as their shape tells."""
    if later == earlier or always(earlier):
        return True
    match later, earlier:
        case AnyOf(any_=conditions), _:
            return bool(conditions) and all(implies(each, earlier) for each in conditions)
        case _, AnyOf(any_=conditions):
            return any(implies(later, each) for each in conditions)
        case AllOf(all_=conditions), _:
            return any(implies(each, earlier) for each in conditions)
        case Test(field=field), Test(field=other) if field == other:
            return _narrower(later, earlier)
        case _:
            return False


def _narrower(later: Test, earlier: Test) -> bool:
    match later.op, earlier.op:
        case _, "contains" if later.op != "contains":
            return False  # the same number is written in many ways
        case "equal_to", _:
            return holds(earlier, {earlier.field: later.value})
        case "in", _ if isinstance(later.value, tuple) and later.value:
            return all(holds(earlier, {earlier.field: each}) for each in later.value)
        case ("greater_than", "greater_than"):
            return _ordered(lambda left, right: left >= right)(later.value, earlier.value)
        case ("less_than", "less_than"):
            return _ordered(lambda left, right: left <= right)(later.value, earlier.value)
        case ("contains" | "greater_than" | "less_than", "exists"):
            return earlier.value is not False
        case _:
            return False


def _equal(have: Any, want: Any) -> bool:
    if have is None:
        return False
    left, right = number(have), number(want)
    if left is not None and right is not None:
        return left == right
    return _text(have) == _text(want)


def _text(value: Any) -> str:
    """A value as variables have it: true and false are written small, and a whole number without a fraction."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def test(have: Any, want: Any) -> bool:
        left, right = number(have), number(want)
        return left is not None and right is not None and compare(left, right)

    return test


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "equal_to": _equal,
    "not_equal_to": lambda have, want: not _equal(have, want),
    "greater_than": _ordered(lambda left, right: left > right),
    "less_than": _ordered(lambda left, right: left < right),
    "contains": lambda have, want: have is not None and _text(want).lower() in _text(have).lower(),
    "in": lambda have, want: any(_equal(have, each) for each in want) if isinstance(want, tuple) else False,
    "exists": lambda have, want: (have is not None) == (want is not False),
}
