"""What each step of a flow does, and that every flow ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidRequest
from chalicelib.flows.interpreter import LONGEST_TRACE, MOST_TRACED, answered_by, run
from chalicelib.flows.questions import Answered, Counted, Counts, Draw, HttpCall, LastSeen, NotAnswered, Question
from tests.flows.support import document_with, outcome, tenant_with
from tests.support.size import examples
from tests.support.worlds import NOW, TENANT

GENERAL = {"route": {"queue_id": "general"}}
SUNDAY = NOW  # 2025-11-23, at six in the evening
MONDAY_MORNING = SUNDAY + 16 * 3_600_000


def test_an_exit_may_hold_steps_and_the_flow_goes_on_after_them() -> None:
    vip = {"when": {"field": "vip", "op": "equal_to", "value": True}, "route": {"steps": [{"set": {"priority": 900}}]}}
    tenant = tenant_with({"choose": [vip], "otherwise": {}}, GENERAL)
    assert outcome(tenant, {"vip": True}).route.priority == 900
    assert outcome(tenant, {"vip": True}).route.queue_id == "general"
    assert outcome(tenant).route.priority is None


def test_a_route_step_is_the_last() -> None:
    early = {"when": {"field": "a", "op": "exists"}, "route": {"steps": [{"route": {"queue_id": "billing"}}]}}
    tenant = tenant_with({"choose": [early], "otherwise": {}}, GENERAL)
    assert outcome(tenant, {"a": 1}).route.queue_id == "billing"
    assert outcome(tenant).route.queue_id == "general"


def test_variables_are_set_and_read_and_some_stay_with_the_engagement() -> None:
    tenant = tenant_with(
        {
            "set": {
                "variables": {
                    "loud": {"jmespath": "contains(work_item_name, '!')"},
                    "global_custom.desk.tier": "gold",
                    "global_custom.desk.loud": {"jmespath": "loud"},
                    "global_custom.desk.labels": {"jmespath": "['a', 'b']"},
                    "global_custom.desk.nothing": {"jmespath": "nothing"},
                    "global_custom.desk.wrong": {"jmespath": "join('', `[1]`)"},
                    "global_custom.desk.long": {"jmespath": "work_item_desc"},
                }
            }
        },
        GENERAL,
    )
    done = outcome(tenant, {"work_item_name": "Fire!", "work_item_desc": "x" * 5000})
    assert done.variables == {
        "global_custom.desk.tier": "gold",
        "global_custom.desk.loud": "true",
        "global_custom.desk.labels": '["a","b"]',
        "global_custom.desk.long": "x" * 1024,
    }


def test_hours_have_two_exits() -> None:
    hours = {"hours": "office", "open": {"queue_id": "billing"}, "closed": {"queue_id": "general"}}
    tenant = tenant_with(hours)
    assert (outcome(tenant, now=SUNDAY).route.queue_id, outcome(tenant, now=SUNDAY).trace) == (
        "general",
        ("1:closed",),
    )
    assert outcome(tenant, now=MONDAY_MORNING).trace == ("1:open",)


def test_a_due_date_counts_all_hours_or_those_that_are_open() -> None:
    plain = tenant_with({"set": {"queue_id": "general", "due": {"seconds": 3600}}})
    assert outcome(plain).due_at == NOW + 3_600_000
    within = tenant_with({"set": {"queue_id": "general", "due": {"seconds": 9 * 3600, "business_hours_id": "office"}}})
    # eight hours on Monday, one on Tuesday: 10:00 in Paris
    assert outcome(within, now=SUNDAY).due_at == 1_764_061_200_000


def test_a_split_takes_the_share_in_which_the_lot_falls() -> None:
    split = {
        "name": "trial",
        "split": [
            {"percent": 30, "name": "new", "route": {"queue_id": "billing"}},
            {"percent": 70, "route": {"queue_id": "general"}},
        ],
    }
    tenant = tenant_with(split)
    for drawn, taken in ((0.0, "new"), (29.99, "new"), (30.0, "2"), (99.999, "2")):
        assert outcome(tenant, trial=drawn).trace == (f"trial:{taken}",)


def test_a_queue_is_looked_at() -> None:
    full = {"when": {"field": "queue.billing.waiting", "op": "greater_than", "value": 10}, "route": {}}
    tenant = tenant_with(
        {"name": "look", "queue_statistics": "billing"},
        {"choose": [{**full, "route": {"queue_id": "general"}}], "otherwise": {"queue_id": "billing"}},
    )
    assert outcome(tenant, look=Counted(11, 60, 0)).route.queue_id == "general"
    assert outcome(tenant, look=Counted(10, 60, 0)).route.queue_id == "billing"


@pytest.mark.parametrize(
    ("consumer", "seen", "returning", "vip"),
    [
        ({"consumer_external_id": "C-77"}, NOW - 86_400_000, True, True),
        ({"consumer_external_id": "C-77"}, NOW - 86_400_001, False, True),
        ({"consumer_email": "boss@example.com"}, None, False, True),
        ({"consumer_number": "+331"}, NOW, True, False),
        ({}, NOW, False, False),  # nobody to ask about
    ],
)
def test_a_consumer_is_looked_up(consumer: dict[str, Any], seen: int | None, returning: bool, vip: bool) -> None:
    tenant = tenant_with(
        {"name": "who", "consumer": {"returning_within": 86_400, "lists": ["vip"]}},
        {
            "set": {
                "queue_id": "general",
                "variables": {
                    "global_custom.c.back": {"jmespath": '"consumer.returning"'},
                    "global_custom.c.vip": {"jmespath": '"consumer.list.vip"'},
                },
            }
        },
    )
    done = outcome(tenant, consumer, who=seen)
    assert done.variables == {
        "global_custom.c.back": str(returning).lower(),
        "global_custom.c.vip": str(vip).lower(),
    }


CALL: dict[str, Any] = {
    "name": "crm",
    "http": {
        "system_id": "crm",
        "path": "/customers/find",
        "body": {"id": {"jmespath": "consumer_external_id"}, "why": "routing"},
        "result": {"tier": "customer.tier", "global_custom.crm.owner": "customer.owner"},
    },
    "failed": {"variables": {"tier": "unknown"}},
}
BY_TIER = {
    "choose": [{"when": {"field": "tier", "op": "equal_to", "value": "gold"}, "route": {"queue_id": "express"}}],
    "otherwise": {"queue_id": "general"},
}


def test_a_system_of_record_is_asked_and_its_answer_mapped() -> None:
    tenant = tenant_with(CALL, BY_TIER)
    asked: list[Question] = []

    def answer(question: Question) -> Answered:
        asked.append(question)
        return Answered({"customer": {"tier": "gold", "owner": "ana"}})

    done = answered_by(answer, run(tenant.flows[0].versions[0], {"consumer_external_id": "C-1"}, tenant.setting, NOW))
    assert asked == [HttpCall("crm", "crm", "/customers/find", {"id": "C-1", "why": "routing"}, 3000)]
    assert (done.route.queue_id, done.variables) == ("express", {"global_custom.crm.owner": "ana"})
    assert done.trace == ("crm:answered", "2:1")


@pytest.mark.parametrize("body", [None, 5, [], {"customer": "gold"}, {"customer": {}}])
def test_an_answer_that_says_nothing_sets_nothing(body: Any) -> None:
    assert outcome(tenant_with(CALL, BY_TIER), crm=Answered(body)).route.queue_id == "general"
    known = {"set": {"variables": {"tier": "gold"}}}
    assert outcome(tenant_with(known, CALL, BY_TIER), crm=Answered(body)).route.queue_id == "express"


def test_a_call_that_fails_has_an_exit_of_its_own() -> None:
    done = outcome(tenant_with(CALL, BY_TIER), crm=NotAnswered())
    assert done.trace == ("crm:failed", "2:otherwise")


OTHER = {
    "flow_id": "escalation",
    "flow_name": "Escalation",
    "entry_points": [{"entry_id": "entry-escalation", "entry_name": "Escalation"}],
    "versions": [
        {"flow_version": 4, "status": "published", "steps": [{"name": "up", "route": {"queue_id": "express"}}]},
        {"flow_version": 5, "status": "draft", "steps": [GENERAL]},
    ],
}


def test_another_flow_is_gone_on_with_and_the_trace_names_its_version() -> None:
    done = outcome(tenant_with({"set": {"priority": 7}}, {"flow": "entry-escalation"}, flows=[OTHER]))
    assert (done.route.queue_id, done.route.priority) == ("express", 7)
    assert done.trace == ("2:escalation@4",)


@pytest.mark.parametrize(
    ("overflow", "queue_id", "ends"),
    [
        ({"queue_id": "general"}, "general", False),
        ({"flow_entry_id": "entry-escalation"}, "express", False),
        ({"end": True}, None, True),
    ],
)
def test_overflow_goes_where_that_of_a_queue_leads(overflow: Any, queue_id: str | None, ends: bool) -> None:
    queues = [{**TENANT["queues"][0], "overflow": overflow}, *TENANT["queues"][1:]]
    done = outcome(tenant_with({"overflow": "billing"}, flows=[OTHER], queues=queues))
    assert (done.route.queue_id, done.ends) == (queue_id, ends)


def test_a_flow_may_end_the_work() -> None:
    spam = {"when": {"field": "work_item_name", "op": "contains", "value": "spam"}, "route": {"steps": [{"end": True}]}}
    tenant = tenant_with({"choose": [spam], "otherwise": {}}, GENERAL)
    assert outcome(tenant, {"work_item_name": "SPAM"}).ends
    assert not outcome(tenant, {"work_item_name": "Help"}).ends


def test_a_trace_is_short_enough_to_ride_in_the_head_row() -> None:
    tenant = tenant_with(*[{"choose": [], "otherwise": {"priority": n}} for n in range(60)], GENERAL)
    trace = outcome(tenant).trace
    assert (len(trace), trace[0], trace[-1]) == (LONGEST_TRACE + 1, "1:otherwise", "…")
    long = [{"name": f"{n:040}", "choose": [], "otherwise": {}} for n in range(20)]
    trace = outcome(tenant_with(*long, GENERAL)).trace
    assert trace[-1] == "…"
    assert sum(map(len, trace)) <= MOST_TRACED + 1


fields = st.sampled_from(["a", "b", "queue.billing.waiting"])
conditions = st.recursive(
    st.builds(
        lambda field, op, value: {"field": field, "op": op, "value": value},
        fields,
        st.sampled_from(["equal_to", "greater_than", "less_than", "exists"]),
        st.integers(0, 3),
    )
    | st.sampled_from(["a > b", "length(@) > `2`", "a || b"]).map(lambda text: {"jmespath": text}),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda some: {"all": some})
        | st.lists(inner, min_size=1, max_size=3).map(lambda some: {"any": some})
        | inner.map(lambda one: {"not": one})
    ),
    max_leaves=4,
)


def _exit(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    queue = st.sampled_from([{}, {"queue_id": "billing"}, {"queue_id": "general", "priority": 3}])
    return st.builds(
        lambda route, some: {**route, "steps": some} if some else route, queue, st.lists(steps, max_size=2)
    )


def _with_exits(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    way = _exit(steps)
    branches = st.lists(st.builds(lambda when, route: {"when": when, "route": route}, conditions, way), max_size=3)
    return st.one_of(
        st.builds(lambda some, otherwise: {"choose": some, "otherwise": otherwise}, branches, way),
        st.builds(lambda is_open, closed: {"hours": "office", "open": is_open, "closed": closed}, way, way),
        st.builds(lambda one, two: {"split": [{"percent": 40, "route": one}, {"percent": 60, "route": two}]}, way, way),
        st.builds(lambda failed: {**{k: v for k, v in CALL.items() if k != "name"}, "failed": failed}, way),
    )


plain = st.sampled_from(
    [
        {"set": {"variables": {"a": 1}}},
        {"set": {"variables": {"a": {"jmespath": "b"}}}},
        {"queue_statistics": "billing"},
        {"consumer": {"returning_within": 60}},
        {"route": {"queue_id": "general"}},
        {"flow": "entry-escalation"},
        {"end": True},
    ]
)
flows = st.lists(st.recursive(plain, _with_exits, max_leaves=8), max_size=4)


@settings(max_examples=examples(150, 5000))
@given(flows, st.dictionaries(fields, st.integers(0, 3)), st.integers(0, 99), st.booleans())
def test_what_is_accepted_ends_in_a_queue_or_ends(
    steps: list[Any], variables: dict[str, Any], lot: int, answers: bool
) -> None:
    """I3's beginning: whatever the world answers, work that is let in has somewhere to go."""
    try:
        tenant = tenant_with(*steps, GENERAL, flows=[OTHER])
    except InvalidRequest:
        try:
            tenant = tenant_with(*steps, flows=[OTHER])
        except InvalidRequest:
            return

    def answer(question: Question) -> Any:
        match question:
            case Draw():
                return lot
            case Counts():
                return Counted(lot)
            case LastSeen():
                return NOW if answers else None
            case HttpCall():
                return Answered({"customer": {"tier": lot}}) if answers else NotAnswered()

    done = answered_by(answer, run(tenant.flows[0].versions[0], variables, tenant.setting, NOW))
    assert done.ends or done.route.queue_id is not None


def test_a_flow_is_the_same_after_it_was_written_and_read() -> None:
    from chalicelib.configuration.document import read, write

    document = document_with(CALL, BY_TIER, {"flow": "entry-escalation"}, flows=[OTHER])
    assert read(write(read(document))) == read(document)
