"""A flow is tested by cases that stand beside it, and drawn."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.flows.cases import Result, try_all
from chalicelib.flows.graph import graph
from tests.flows.support import tenant_with
from tests.flows.test_steps import CALL

STEPS: list[dict[str, Any]] = [
    CALL,
    {"name": "look", "queue_statistics": "billing"},
    {"name": "who", "consumer": {"returning_within": 3600}},
    {
        "name": "by tier",
        "choose": [
            {
                "when": {"field": "tier", "op": "equal_to", "value": "gold"},
                "name": "gold",
                "route": {"priority": 9, "skills": [{"skill": "french", "level": 2}]},
            }
        ],
        "otherwise": {"due": {"seconds": 60}},
    },
    {
        "name": "trial",
        "split": [
            {"percent": 50, "name": "old", "route": {}},
            {"percent": 50, "name": "new", "route": {"steps": [{"end": True}]}},
        ],
    },
    {"hours": "office", "open": {"queue_id": "billing"}, "closed": {"queue_id": "general"}},
]
ANSWERS = {"crm": {"customer": {"tier": "gold"}}, "look": {"waiting": 3}, "who": None, "trial": 10}


def tried(**case: Any) -> Result:
    given = {"consumer_external_id": "C-1"}
    case = {"case": "it", "given": given, "answers": ANSWERS, "expect": {}, **case}
    tenant = tenant_with(*STEPS, version={"cases": [case]})
    (result,) = try_all(tenant.flows[0].versions[0], tenant.setting)
    return result


def test_a_case_that_holds_passes() -> None:
    result = tried(
        expect={
            "queue_id": "billing",
            "priority": 9,
            "skills": {"french": 2},
            "user_id": None,
            "due": None,
            "end": False,
            "variables": {},
            "trace": ["crm:answered", "by tier:gold", "trial:old", "6:open"],
        }
    )
    assert (result.passed, result.differences) == (True, ())


def test_a_call_may_fail_and_time_may_be_another() -> None:
    result = tried(
        answers={**ANSWERS, "crm": "failed", "who": 60},
        at="2026-01-03T12:00:00Z",
        expect={"queue_id": "general", "due": "2026-01-03T12:01:00Z", "priority": None},
    )
    assert result.differences == ()


def test_a_difference_says_what_was_expected_what_came_and_which_way() -> None:
    assert tried(expect={"queue_id": "general", "priority": 9}).differences == (
        "queue_id: expected 'general', got 'billing'",
        "it went crm:answered → by tier:gold → trial:old → 6:open",
    )


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "step 'crm' asks for the body of the answer, or 'failed': say it under `answers`"),
        ({"crm": {}}, "step 'look' asks for waiting, oldest_seconds and agents_ready: say it under `answers`"),
        ({"crm": {}, "look": 3}, "step 'look' asks for waiting, oldest_seconds and agents_ready, not 3"),
        ({"crm": {}, "look": {}, "who": "x"}, "step 'who' asks for the seconds since the consumer was last seen"),
        ({"crm": {}, "look": {}, "who": 1, "trial": "old"}, "step 'trial' asks for a number from 0 to 99, not 'old'"),
    ],
)
def test_a_case_says_what_its_steps_ask_for(answers: dict[str, Any], says: str) -> None:
    (difference,) = tried(answers=answers).differences
    assert says in difference


def test_a_flow_is_drawn() -> None:
    tenant = tenant_with(*STEPS[3:])
    assert graph(tenant.flows[0], tenant.flows[0].versions[0]) == (
        """flowchart TD
    n1(["Tickets 1"])
    n2{"by tier: which?"}
    n1 --> n2
    n3["priority 9, skill french 2"]
    n2 -- "gold" --> n3
    n4["due in 60 s"]
    n2 -- "otherwise" --> n4
    n5{"trial: split"}
    n3 --> n5
    n4 --> n5
    n6["end"]
    n5 -- "new 50 %" --> n6
    n7{"office open?"}
    n5 -- "old 50 %" --> n7
    n8["queue billing"]
    n7 -- "open" --> n8
    n9["queue general"]
    n7 -- "closed" --> n9
    n10(["queue"])
    n8 --> n10
    n9 --> n10
"""
    )


def test_what_is_drawn_cannot_break_out_of_its_box() -> None:
    nasty = {"field": 'x"]; click n1 "javascript:1', "op": "contains", "value": "<b>\n`"}
    tenant = tenant_with(
        {"choose": [{"when": nasty, "route": {}}], "otherwise": {}}, {"route": {"queue_id": "general"}}
    )
    drawn = graph(tenant.flows[0], tenant.flows[0].versions[0])
    assert "x#34;]; click n1 #34;javascript:1 contains #60;b#62; #96;" in drawn


@pytest.mark.parametrize("drawn", [100, -1, 10**400])
def test_a_lot_is_a_number_from_0_to_99(drawn: int) -> None:
    halves = [{"percent": 50, "route": {"queue_id": queue_id}} for queue_id in ("general", "billing")]
    case = {"case": "x", "expect": {}, "answers": {"1": drawn}}
    (version,) = tenant_with({"split": halves}, version={"cases": [case]}).flows[0].versions
    (result,) = try_all(version, tenant_with({"split": halves}).setting)
    assert "asks for a number from 0 to 99" in result.differences[0]
