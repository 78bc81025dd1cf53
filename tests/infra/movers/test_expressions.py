"""Other systems' expressions: what is understood, and that nothing else is guessed at."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.movers.conditions import ALWAYS, NEVER, choice, condition, implies
from infra.movers.expressions import NotUnderstood, holds, parse

WORKER: dict[str, Any] = {"skills": ["billing", "x"], "language": "en", "level": 3, "lead": True, "routing": {"a": 1}}


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("1==1", True),
        ("1 != 1", False),
        ('skills HAS "billing"', True),
        ("skills NOT HAS 'billing'", False),
        ("'en' == language", True),
        ("3 < level", False),
        ("4 > level", True),
        ('language IN ["fr", "en"]', True),
        ('language NOT IN ["fr"]', True),
        ('language == "fr" OR level >= 3 AND lead == true', True),
        ('(language == "fr" OR level >= 3) AND lead == false', False),
        ("NOT (level > 2)", False),
        ("routing.a = 1", True),
        ("missing == 1", False),
        ("missing.deeper > 1", False),
        ('And(level >= 3, Or(lead, language = "fr"))', True),
        ("Not(lead)", False),
        ("!lead || level <> 3", False),
        ('language has "e"', False),
    ],
)
def test_conditions_hold_as_their_systems_say(text: str, true: bool) -> None:
    assert holds(parse(text), WORKER) is true


@pytest.mark.parametrize(
    "text",
    [
        "",
        "level >",
        "(level",
        "level 3",
        "level ~ 3",
        "Sum(1, 2)",
        "a == b ==",
        "[1, 2",
        "NOT",
        "a NOT",
        "'open",
        "If(a, b)",
    ],
)
def test_what_is_not_understood_says_so(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(text)


@given(st.text(alphabet="ab1 .\"'=<>!&|()[],ANDORTHIS", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(NotUnderstood):
        condition(parse(text), str)


@pytest.mark.parametrize("text", ["worker.id IN task.agents", "a == b", "3"])
def test_what_cannot_be_said_of_work_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        condition(parse(text), str)


@pytest.mark.parametrize(
    ("later", "earlier", "true"),
    [
        ("a == 1", "a == 1", True),
        ("a == 1", "1 == 1", True),
        ("a == 1 AND b == 2", "a == 1", True),
        ("a == 1", "a == 1 AND b == 2", False),
        ("a == 1", "a == 1 OR b == 2", True),
        ("a == 1 OR b == 2", "a == 1", False),
        ("a > 5", "a > 3", True),
        ("a >= 5", "a > 3", True),
        ("a > 3", "a > 5", False),
        ("a == 4", "a < 5", True),
        ("a == 4", "b < 5", False),
        ("a < 1 OR a < 2", "a < 3", True),
    ],
)
def test_what_is_never_reached_is_known_by_its_shape(later: str, earlier: str, true: bool) -> None:
    assert implies(condition(parse(later), str), condition(parse(earlier), str)) is true


def test_a_choice_has_no_branch_that_is_never_taken() -> None:
    one, two = condition(parse("a > 3"), str), condition(parse("a > 5"), str)
    branches = [{"when": when, "route": {"priority": n}} for n, when in enumerate((NEVER, one, two, ALWAYS, one))]
    assert choice(branches, {}) == {"choose": [branches[1]], "otherwise": {"priority": 3}}
    assert choice([], {"priority": 1}) == {"set": {"priority": 1}}
