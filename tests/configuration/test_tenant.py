"""The tenant's document: what it says comes back, and what is wrong with it is named by place."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from hypothesis import given, settings

from chalicelib.configuration.document import read, write
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.warnings import warnings
from chalicelib.errors import InvalidRequest
from tests.configuration.strategies import tenants
from tests.support.size import examples
from tests.support.worlds import TENANT


def test_a_document_comes_back_as_it_was_written() -> None:
    assert write(read(TENANT)) == TENANT


@pytest.mark.parametrize("to", [["work_item", "email", "messaging"], ["messaging", "email", "work_item"]])
def test_a_list_of_channels_keeps_its_order_so_that_no_plan_sees_another(to: list[str]) -> None:
    profile = {"occupancy_profile_id": "o", "capacity": {}, "closings": [{"when": [{"channel": "voice"}], "to": to}]}
    assert write(read({"occupancy_profiles": [profile]})) == {"occupancy_profiles": [profile]}


@given(tenants())
@settings(max_examples=examples(40, 500))
def test_any_tenant_survives_being_written_and_read(tenant: Tenant) -> None:
    assert read(write(tenant)) == tenant


STEPS = "flows/0/versions/0/steps"
WRONG = [
    ("a flow into a queue that is not there", f"{STEPS}/0/otherwise/queue_id", "nowhere", f"/{STEPS}/0"),
    ("a priority beyond the highest", f"{STEPS}/1/otherwise/priority", 1000, f"/{STEPS}/1"),
    ("a flow that finds no queue", f"{STEPS}/0/otherwise", {"priority": 1}, f"/{STEPS}"),
    ("an operator that is none", f"{STEPS}/0/choose/0/when/op", "sounds_like", f"/{STEPS}/0/choose/0/when/op"),
    ("a version twice", "flows/0/versions", [TENANT["flows"][0]["versions"][0]] * 2, "/flows/0/versions"),
]


@pytest.mark.parametrize(("path", "value", "pointer"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_what_is_wrong_is_named_by_place(path: str, value: Any, pointer: str) -> None:
    document = copy.deepcopy(TENANT)
    *parents, last = path.split("/")
    place: Any = document
    for part in parents:
        place = place[int(part)] if part.isdecimal() else place[part]
    place[int(last) if last.isdecimal() else last] = value
    with pytest.raises(InvalidRequest) as refused:
        read(document)
    assert any(each.pointer.startswith(pointer) for each in refused.value.errors)


@pytest.mark.parametrize("document", [None, [], "x", {"queues": {}}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(InvalidRequest):
        read(document)


def test_the_newest_published_version_is_the_one() -> None:
    flow = copy.deepcopy(TENANT["flows"][0])
    first = flow["versions"][0]
    flow["versions"] = [first, {**first, "flow_version": 3, "status": "draft"}, {**first, "flow_version": 2}]
    published = read({**TENANT, "flows": [flow]}).flows[0].published()
    assert published is not None
    assert published.flow_version == 2


def test_five_thousand_agents_are_read_and_looked_over_in_seconds() -> None:
    queues = [{"queue_id": f"q{n}", "queue_name": f"Queue {n}"} for n in range(200)]
    agents = [
        {"user_id": f"a{n}", "display_name": f"Agent {n}", "queues": [f"q{(n + k) % 200}" for k in range(5)]}
        for n in range(5000)
    ]
    begun = time.process_time()
    assert list(warnings(read({"queues": queues, "agents": agents}))) == []
    assert time.process_time() - begun < 5  # 0.2 s by themselves; a list searched for each entry takes minutes
