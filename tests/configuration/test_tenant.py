"""The tenant's document: what it says comes back, and what is wrong with it is named by place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.configuration.document import read, write
from chalicelib.configuration.profiles import Agent, Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import InvalidRequest
from tests.support.worlds import TENANT


def test_a_document_comes_back_as_it_was_written() -> None:
    assert write(read(TENANT)) == TENANT


names = st.text("abcXYZ019_-", min_size=1, max_size=12)
queues = st.lists(
    st.builds(
        Queue,
        queue_id=names,
        queue_name=st.text(max_size=9),
        offer_timeout=st.integers(1, 900),
        auto_accept=st.booleans(),
        wrap_up_time=st.integers(0, 300),
    ),
    unique_by=lambda queue: queue.queue_id,
    max_size=4,
)


@st.composite
def tenants(draw: st.DrawFn) -> Tenant:
    some = draw(queues)
    served = st.lists(st.sampled_from([queue.queue_id for queue in some]), unique=True) if some else st.just([])
    agent = st.builds(
        Agent,
        user_id=names,
        display_name=st.text(max_size=9),
        queues=served.map(tuple),
        skills=st.dictionaries(names, st.integers(1, 5), max_size=2),
        capacity=st.dictionaries(st.sampled_from(["work_item", "voice"]), st.integers(0, 100)),
    )
    agents = draw(st.lists(agent, unique_by=lambda each: each.user_id, max_size=4))
    return Tenant(queues=tuple(some), agents=tuple(agents))


@given(tenants())
def test_any_tenant_survives_being_written_and_read(tenant: Tenant) -> None:
    assert read(write(tenant)) == tenant


PROFILE = {"agent_routing_profile_id": "p", "time_steps": [10, -1], "priorities": [{"skill_category_id": "x"}]}
PROFILES = "/agent_routing_profiles/0"
CHOSEN_AND_TAKEN = {
    "queue_id": "billing",
    "queue_name": "Billing",
    "distribution": "simultaneous",
    "auto_accept": True,
}
STEPS = "flows/0/versions/0/steps"
WRONG = [
    ("an unknown field", "queues/0/colour", "red", "/queues/0/colour"),
    ("a name that is no name for a queue", "queues/0/queue_id", "a queue!", "/queues/0/queue_id"),
    ("an offer that never ends", "queues/0/offer_timeout", 901, "/queues/0/offer_timeout"),
    ("a wrap-up of the wrong type", "queues/0/wrap_up_time", "long", "/queues/0/wrap_up_time"),
    ("a queue twice", "queues/1/queue_id", "billing", "/queues"),
    ("an agent twice", "agents/1/user_id", "ana", "/agents"),
    ("an agent in a queue that is not there", "agents/0/queues/0", "nowhere", "/agents/0/queues/0"),
    ("a skill beyond 5", "agents/0/skills", {"french": 6}, "/agents/0/skills/french"),
    ("a flow into a queue that is not there", f"{STEPS}/0/otherwise/queue_id", "nowhere", f"/{STEPS}/0"),
    ("a priority beyond the highest", f"{STEPS}/1/otherwise/priority", 1000, f"/{STEPS}/1"),
    ("a flow that finds no queue", f"{STEPS}/0/otherwise", {"priority": 1}, f"/{STEPS}"),
    ("an operator that is none", f"{STEPS}/0/choose/0/when/op", "sounds_like", f"/{STEPS}/0/choose/0/when/op"),
    ("an Entry ID twice", "flows/1/entry_points/0/entry_id", "entry-tickets", "/flows/entry_points"),
    ("a limit without a place to go to", "queues/0/max_wait_time", 60, "/queues/0/overflow"),
    ("two places to go to", "queues/0/overflow", {"queue_id": "general", "end": True}, "/queues/0/overflow"),
    ("no place to go to", "queues/0/overflow", {}, "/queues/0/overflow"),
    ("an overflow into nowhere", "queues/0/overflow", {"queue_id": "nowhere"}, "/queues/0/overflow/queue_id"),
    ("an overflow in a circle", "queues/0/overflow", {"queue_id": "billing"}, "/queues/0/overflow"),
    ("an overflow by no Entry ID", "queues/0/overflow", {"flow_entry_id": "x"}, "/queues/0/overflow/flow_entry_id"),
    ("a profile that is not there", "queues/0/agent_routing_profile_id", "x", "/queues/0/agent_routing_profile_id"),
    ("nobody's profile", "queues/0/consumer_routing_profile_id", "x", "/queues/0/consumer_routing_profile_id"),
    ("hours that are not there", "queues/0/business_hours_id", "x", "/queues/0/business_hours_id"),
    ("a group of nobody", "queues/0/agent_groups", [{"group_id": "x"}], "/queues/0/agent_groups/0/group_id"),
    ("a profile of no agent", "agents/0/occupancy_profile_id", "x", "/agents/0/occupancy_profile_id"),
    ("steps without an end", "agent_routing_profiles", [{**PROFILE, "time_steps": [10]}], f"{PROFILES}/time_steps"),
    ("a step of no time", "agent_routing_profiles", [{**PROFILE, "time_steps": [0, -1]}], f"{PROFILES}/time_steps"),
    ("a category that is not there", "agent_routing_profiles", [PROFILE], f"{PROFILES}/priorities/0"),
    ("hours on the moon", "business_hours", [{"business_hours_id": "h", "timezone": "Moon/Sea"}], "/business_hours/0"),
    ("everybody's choice taken at once", "queues/0", CHOSEN_AND_TAKEN, "/queues/0/auto_accept"),
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
