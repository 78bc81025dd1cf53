"""What would only be noticed at run time is noticed when the document is read, by place and with a remedy."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.errors import InvalidRequest
from tests.flows.support import document_with
from tests.flows.test_steps import CALL, GENERAL, OTHER
from tests.support.worlds import TENANT

STEPS = "/flows/0/versions/0/steps"


def when(op: str, value: Any, field: str = "a") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def choose(*conditions: Any, **otherwise: Any) -> dict[str, Any]:
    return {"choose": [{"when": each, "route": {"priority": 1}} for each in conditions], "otherwise": otherwise}


def call(**changes: Any) -> dict[str, Any]:
    return {**CALL, "http": {**CALL["http"], **changes}}


def deep(levels: int) -> dict[str, Any]:
    step: dict[str, Any] = {"set": {"priority": 1}}
    for _ in range(levels):
        step = {"choose": [], "otherwise": {"steps": [step]}}
    return step


def nested(levels: int) -> dict[str, Any]:
    condition: dict[str, Any] = when("exists", True)
    for _ in range(levels):
        condition = {"not": condition}
    return condition


WRONG: list[tuple[str, list[Any], str, str]] = [
    ("a step of no kind", [{"chose": []}, GENERAL], "0/chose", "did you mean 'choose'?"),
    ("a condition of no kind", [choose({"fild": "a"}), GENERAL], "0/choose/0/when/fild", "did you mean 'field'?"),
    ("an unknown field", [{"route": {"queue_id": "general", "colour": 1}}], "0/route/colour", "There is no field"),
    ("a queue misspelt", [{"route": {"queue_id": "genral"}}], "0/route/queue_id", "Did you mean 'general'?"),
    ("an agent misspelt", [{"route": {"queue_id": "general", "user_id": "an"}}], "0/route/user_id", "mean 'ana'?"),
    (
        "an agent who does not serve the queue",
        [{"route": {"queue_id": "general", "user_id": "ana"}}],
        "0/route/user_id",
        "does not serve the queue 'general'",
    ),
    (
        "another who is asked first",
        [{"set": {"preferred_user_id": "x"}}, GENERAL],
        "0/set/preferred_user_id",
        "no agent",
    ),
    ("hours misspelt", [{"hours": "ofice", "open": {}, "closed": {}}, GENERAL], "0/hours", "Did you mean 'office'?"),
    (
        "a due date within no hours",
        [{"set": {"due": {"seconds": 1, "business_hours_id": "x"}}}, GENERAL],
        "0/set/due",
        "hours",
    ),
    ("a due date in the past", [{"set": {"due": {"seconds": -1}}}, GENERAL], "0/set/due/seconds", "Between"),
    ("statistics of no queue", [{"queue_statistics": "bill"}, GENERAL], "0/queue_statistics", "mean 'billing'?"),
    ("a list of nobody", [{"consumer": {"lists": ["vips"]}}, GENERAL], "0/consumer/lists/0", "Did you mean 'vip'?"),
    ("a look-up of nothing", [{"consumer": {}}, GENERAL], "0/consumer", "`returning_within`, or `lists`"),
    ("a host that is not allowed", [call(system_id="erp"), GENERAL], "0/http/system_id", "no system of record 'erp'"),
    ("a path that is none", [call(path="find me"), GENERAL], "0/http/path", "begins with /"),
    ("a call that takes too long", [call(timeout=3001), GENERAL], "0/http/timeout", "3000 milliseconds"),
    ("a result that is no expression", [call(result={"x": "a["}), GENERAL], "0/http/result/x", "no JMESPath"),
    (
        "a body that is no expression",
        [call(body={"x": {"jmespath": "a["}}), GENERAL],
        "0/http/body/x/jmespath",
        "no JMESP",
    ),
    ("a condition that is no expression", [choose({"jmespath": "eval(a)"}), GENERAL], "0/choose/0/when", "no function"),
    (
        "a variable that is the work's",
        [{"set": {"variables": {"work_item_id": "1"}}}, GENERAL],
        "0/set/variables",
        "reads this",
    ),
    (
        "a variable without an expression",
        [{"set": {"variables": {"x": {"jmespath": ""}}}}, GENERAL],
        "0/set/variables/x",
        "empty",
    ),
    ("a flow that is not there", [{"flow": "entry-x"}], "0/flow", "no Entry ID"),
    ("a flow that is not published", [{"flow": "entry-draft"}], "0/flow", "no published version"),
    ("overflow of no queue", [{"overflow": "x"}], "0/overflow", "no queue 'x'"),
    ("overflow that leads nowhere", [{"overflow": "billing"}], "0/overflow", "no place where its overflow goes"),
    ("percentages of too little", [{"split": [{"percent": 99, "route": {}}]}, GENERAL], "0/split", "add up to 99"),
    (
        "a share of nothing",
        [{"split": [{"percent": 100, "route": {}}, {"percent": 0, "route": {}}]}, GENERAL],
        "0/split/1/percent",
        "never taken",
    ),
    ("no queue on any road", [{"set": {"priority": 1}}], "", "Not every road ends with a queue"),
    ("no queue on one road", [choose(when("exists", True), queue_id="general")], "", "Not every road"),
    ("a last step without a queue", [{"route": {"priority": 1}}], "0/route", "no queue by here"),
    ("a step after the last", [GENERAL, {"set": {"priority": 1}}], "1", "never reached"),
    (
        "a step after exits that all end",
        [{"hours": "office", "open": {"steps": [GENERAL]}, "closed": {"steps": [{"end": True}]}}, GENERAL],
        "1",
        "never reached",
    ),
    (
        "the same branch twice",
        [choose(when("equal_to", 1), when("equal_to", 1)), GENERAL],
        "0/choose/1/when",
        "branch 1",
    ),
    (
        "a narrower branch later",
        [choose(when("greater_than", 5), when("greater_than", 7)), GENERAL],
        "0/choose/1",
        "branch 1",
    ),
    ("a smaller one later", [choose(when("less_than", 5), when("less_than", 3)), GENERAL], "0/choose/1", "branch 1"),
    ("one of a list", [choose(when("in", ["x", "y"]), when("equal_to", "y")), GENERAL], "0/choose/1/when", "branch 1"),
    (
        "a value that exists",
        [choose(when("exists", True), when("equal_to", 1)), GENERAL],
        "0/choose/1/when",
        "branch 1",
    ),
    ("after what always holds", [choose({"all": []}, when("equal_to", 1)), GENERAL], "0/choose/1/when", "branch 1"),
    (
        "a conjunction of what came",
        [choose(when("equal_to", 1), {"all": [when("equal_to", 1), when("exists", True, "b")]}), GENERAL],
        "0/choose/1/when",
        "branch 1",
    ),
    ("what never holds", [choose({"any": []}), GENERAL], "0/choose/0/when", "never holds"),
    (
        "what contradicts itself",
        [choose({"all": [when("exists", True), {"not": when("exists", True)}]}), GENERAL],
        "0/choose/0",
        "never holds",
    ),
    ("one of nothing", [choose(when("in", [])), GENERAL], "0/choose/0/when", "never holds"),
    (
        "a condition without end",
        [choose({"any": [when("equal_to", n) for n in range(201)]}), GENERAL],
        "0/choose/0/when",
        "At most 200",
    ),
    ("a condition too deep", [choose(nested(10)), GENERAL], "0/choose/0/when", "10 deep"),
    ("steps too deep", [deep(10), GENERAL], "", "at most 10 deep"),
    ("steps without end", [{"set": {"priority": 1}}] * 200 + [GENERAL], "", "At most 200 steps"),
    ("a name twice", [{"name": "n", "set": {}}, {**GENERAL, "name": "n"}], "0/name", "more than one step"),
    ("a name with a colon", [{**GENERAL, "name": "a:b"}], "0/name", "without a colon"),
    (
        "a skill that is in no category",
        [{"set": {"skills": [{"skill": "frensh", "level": 1}]}}, GENERAL],
        "0/set/skills/0/skill",
        "Did you mean 'french'?",
    ),
]


@pytest.mark.parametrize(("steps", "place", "says"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_with_a_step_is_named_by_place(steps: list[Any], place: str, says: str) -> None:
    categories = [{"skill_category_id": "languages", "skills": ["french"]}]
    with pytest.raises(InvalidRequest) as refused:
        read(document_with(*steps, skill_categories=categories))
    found = [(each.pointer, each.message) for each in refused.value.errors]
    at = f"{STEPS}/{place}" if place else STEPS
    assert any(pointer.startswith(at) and says in message for pointer, message in found), found


def test_every_branch_that_can_hold_is_let_through() -> None:
    branches = [
        when("greater_than", 7),
        when("greater_than", 5),
        when("equal_to", 3),
        {"not": when("equal_to", 3)},
        when("contains", "x", "b"),
        {"jmespath": "c"},
        {"all": [{"jmespath": "d"}, when("exists", False)]},
    ]
    read(document_with(choose(*branches), GENERAL))


def test_an_agent_serves_the_queues_of_his_team_too() -> None:
    agents = [{**TENANT["agents"][0], "team_id": "day"}, TENANT["agents"][1]]
    teams = [{"team_id": "day", "queues": ["general"]}]
    read(document_with({"route": {"queue_id": "general", "user_id": "ana"}}, agents=agents, teams=teams))


def test_flows_that_lead_back_to_themselves_are_refused() -> None:
    back = {**OTHER, "versions": [{"flow_version": 1, "status": "published", "steps": [{"flow": "entry-tickets"}]}]}
    with pytest.raises(InvalidRequest) as refused:
        read(document_with({"flow": "entry-escalation"}, flows=[back]))
    said = {each.pointer: each.message for each in refused.value.errors}
    assert "tickets → escalation → tickets" in said["/flows/0"]
    assert "/flows/2" in said


def test_flows_go_on_with_one_another_only_so_often() -> None:
    def flow(n: int, last: int) -> dict[str, Any]:
        onward = {"flow": f"entry-{n + 1}"} if n < last else GENERAL
        return {
            "flow_id": f"flow-{n}",
            "flow_name": "Onward",
            "entry_points": [{"entry_id": f"entry-{n}", "entry_name": "Onward"}],
            "versions": [{"flow_version": 1, "status": "published", "steps": [onward]}],
        }

    read(document_with({"flow": "entry-1"}, flows=[flow(n, 5) for n in range(1, 6)]))
    with pytest.raises(InvalidRequest) as refused:
        read(document_with({"flow": "entry-1"}, flows=[flow(n, 6) for n in range(1, 7)]))
    assert [(each.pointer, "more than 5" in each.message) for each in refused.value.errors] == [("/flows/0", True)]


def test_an_overflow_may_lead_back_through_a_flow_no_more_than_a_flow_may() -> None:
    queues = [{**TENANT["queues"][0], "overflow": {"flow_entry_id": "entry-tickets"}}, *TENANT["queues"][1:]]
    with pytest.raises(InvalidRequest, match="contradicts") as refused:
        read(document_with({"overflow": "billing"}, queues=queues))
    assert [each.pointer for each in refused.value.errors] == ["/flows/0"]


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com",
        "https://10.0.0.1/",
        "https://localhost/",
        "https://me:secret@crm.example.com/",
        "https://crm.example.com/?a=1",
        "https://metadata.internal/",
        "https://[::1/",
        "crm.example.com",
    ],
)
def test_a_system_of_record_has_a_public_https_address(url: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(document_with(GENERAL, systems_of_record=[{"system_id": "crm", "url": url}]))
    assert [each.pointer for each in refused.value.errors] == ["/systems_of_record/0/url"]


@pytest.mark.parametrize(
    ("case", "place"),
    [
        ({"case": "x", "expect": {"queue": "general"}}, "expect/queue"),
        ({"case": "x", "expect": {}, "at": "at noon"}, "at"),
        ({"case": "x", "expect": {}, "at": "9999-12-31T23:59:59+14:00"}, "at"),
        ({"case": "x", "expect": {}, "at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"case": "x"}, "expect"),
    ],
)
def test_a_case_that_cannot_be_tried_is_refused(case: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(document_with(GENERAL, version={"cases": [case]}))
    assert refused.value.errors[0].pointer == f"/flows/0/versions/0/cases/0/{place}"


@pytest.mark.parametrize(
    "test",
    [
        when("in", "gold"),
        when("in", 5),
        when("in", None),
        when("exists", "false"),
        when("greater_than", "high"),
        when("less_than", None),
        when("greater_than", [1]),
        when("equal_to", None),
        when("equal_to", ["gold"]),
        when("not_equal_to", None),
        when("contains", None),
    ],
    ids=str,
)
def test_what_an_operator_cannot_compare_with_is_refused(test: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(document_with(choose({"not": test}), GENERAL))
    assert [each.pointer for each in refused.value.errors] == [f"{STEPS}/0/choose/0/when"]
    assert refused.value.errors[0].message.startswith(f"`{test['op']}` compares with ")


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"set": {"preferred_user_id": "ana", "preferred_seconds": 10**12}}, "preferred_seconds"),
        ({"set": {"preferred_user_id": "ana", "preferred_seconds": -1}}, "preferred_seconds"),
        ({"set": {"skills": [{"skill": "french", "level": 0}]}}, "skills/0/level"),
        ({"set": {"skills": [{"skill": "french", "level": 6}]}}, "skills/0/level"),
        ({"set": {"skills": [{"skill": "french", "instead": [["german", 0]]}]}}, "skills/0/level"),
        ({"set": {"due": {"seconds": 60, "business_hours_id": "never"}}}, "due/business_hours_id"),
    ],
)
def test_what_no_agent_meets_or_no_time_reaches_is_refused(step: dict[str, Any], place: str) -> None:
    never = [{"business_hours_id": "never", "weekly": {"monday": []}}]
    with pytest.raises(InvalidRequest) as refused:
        read(document_with(step, GENERAL, business_hours=never))
    assert [each.pointer for each in refused.value.errors] == [f"{STEPS}/0/set/{place}"]
