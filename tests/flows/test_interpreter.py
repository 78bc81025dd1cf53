"""Flows: conditions over variables, the first branch from the top, steps that add up to a route."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.flows.conditions import AllOf, AnyOf, Condition, Not, Test, holds
from chalicelib.flows.document import Assignment, Branch, Choose, Exit, FlowVersion, Route, Set, Step
from chalicelib.flows.interpreter import answered_by, run
from chalicelib.flows.setting import Setting
from chalicelib.routing.model import Requirement
from tests.support.worlds import NOW

VARIABLES: dict[str, Any] = {"type": "Invoice", "amount": "250", "count": 3, "none": None, "vip": True}
VARIABLES["surname"] = "Nan"


@pytest.mark.parametrize(
    ("field", "op", "value", "expected"),
    [
        ("type", "equal_to", "Invoice", True),
        ("type", "equal_to", "invoice", False),
        ("type", "not_equal_to", "Ticket", True),
        ("type", "contains", "voice", True),
        ("type", "contains", "VOICE", True),
        ("type", "in", ("Ticket", "Invoice"), True),
        ("type", "in", (), False),
        ("type", "exists", True, True),
        ("type", "exists", None, True),
        ("type", "exists", False, False),
        ("amount", "equal_to", 250, True),  # text that is a number compares as one
        ("amount", "greater_than", 99, True),
        ("amount", "less_than", 250, False),
        ("count", "in", (1.0, 3.0), True),
        ("type", "greater_than", 1, False),  # no number, no order
        ("missing", "equal_to", "x", False),
        ("missing", "not_equal_to", "x", True),
        ("missing", "contains", "x", False),
        ("missing", "greater_than", 0, False),
        ("missing", "in", ("x",), False),
        ("missing", "exists", True, False),
        ("missing", "exists", False, True),
        ("none", "exists", True, False),
        ("surname", "equal_to", "Nan", True),  # nor is it the number that is none
        ("surname", "in", ("Inf", "Nan"), True),
    ],
)
def test_a_field_compared_with_a_value(field: str, op: Any, value: Any, expected: bool) -> None:
    assert holds(Test(field, op, value), VARIABLES) is expected


TRUE: Condition = Test("type", "exists", True)
FALSE: Condition = Test("type", "exists", False)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (AllOf((TRUE, TRUE)), True),
        (AllOf((TRUE, FALSE)), False),
        (AllOf(()), True),
        (AnyOf((FALSE, TRUE)), True),
        (AnyOf((FALSE, FALSE)), False),
        (AnyOf(()), False),
        (Not(FALSE), True),
        (Not(AnyOf((FALSE, AllOf((TRUE, TRUE))))), False),
    ],
)
def test_conditions_combine(condition: Condition, expected: bool) -> None:
    assert holds(condition, {"type": 1}) is expected


def routed(*steps: Step, **variables: Any) -> Route:
    running = run(FlowVersion(1, "published", steps), variables, Setting(), NOW)
    return answered_by(lambda _: None, running).route


def test_the_first_branch_from_the_top_wins() -> None:
    step = Choose((Branch(TRUE, Exit("first")), Branch(TRUE, Exit("second"))), Exit("otherwise"))
    assert routed(step, type=1).queue_id == "first"
    assert routed(step).queue_id == "otherwise"


def test_later_steps_add_to_the_route_and_leave_the_rest() -> None:
    skills = (Requirement("french", 3),)
    steps = (Set(Assignment("general", 1)), Set(Assignment(priority=9)), Set(Assignment(skills=skills)))
    assert routed(*steps) == Route("general", 9, skills)
