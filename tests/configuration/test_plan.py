"""What would change, what is worth a look, and one entry at a time: over whole tenants."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from chalicelib.configuration import resources
from chalicelib.configuration.document import read, write
from chalicelib.configuration.kinds import KINDS
from chalicelib.configuration.plan import plan
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.warnings import warnings
from tests.configuration.strategies import tenants
from tests.configuration.test_bad_documents import GOOD, changed
from tests.support.size import examples


@given(tenants(), tenants())
@settings(max_examples=examples(20, 500))
def test_a_plan_is_empty_only_where_nothing_differs(one: Tenant, other: Tenant) -> None:
    assert plan(write(one), write(one)) == []
    assert (plan(write(one), write(other)) == []) == (one == other)


@given(tenants())
@settings(max_examples=examples(20, 500))
def test_the_apis_view_and_the_documents_agree(tenant: Tenant) -> None:
    document: Any = write(tenant)
    for kind in KINDS:
        for row in resources.rows(document, kind):
            key = row[kind.id_field]
            assert resources.find(document, kind, key) == row
            shown = resources.to_wire(kind, row)
            assert read(resources.change(document, kind, key, resources.from_wire(kind, shown))) == tenant


@given(tenants())
@settings(max_examples=examples(20, 500))
def test_what_is_added_and_removed_again_leaves_no_trace(tenant: Tenant) -> None:
    document: Any = write(tenant)
    for kind, row in (
        ("queues", {"queue_id": "another-one", "queue_name": "Another"}),
        ("agents", {"user_id": "somebody-else", "display_name": "Else"}),
    ):
        (found,) = (each for each in KINDS if each.name == kind)
        more, made = resources.add(document, found, dict(row), lambda: "x")
        assert made == row
        assert [(step.sign, step.id) for step in plan(document, write(read(more)))] == [("+", row[found.id_field])]
        assert read(resources.remove(more, found, row[found.id_field])) == tenant


def test_a_new_entry_is_given_an_id_after_its_name() -> None:
    (queues,) = (kind for kind in KINDS if kind.name == "queues")
    made = [
        resources.add(GOOD, queues, {"queue_name": name}, lambda: "made-up")[1]["queue_id"]
        for name in ("Night shift (FR)", "Billing", "…")
    ]
    assert made == ["night-shift-fr", "made-up", "made-up"]


READY = {"user_id": "ana", "display_name": "Ana", "queues": ["billing"]}
REQUIRED = {"skill_category_id": "products", "skill_category_required": True, "minimum_proficiency_level": 2}
NEEDS = {"priority": 1, "skills": [{"skill": "french", "level": 5}]}
WARNED = [
    ("a queue nobody serves", "queues/0", {"queue_id": "new", "queue_name": "New"}, "/queues/0", "Nobody serves"),
    ("a skill nobody has", "agent_routing_profiles/0/priorities", [REQUIRED], "/queues/0/agent_routing_pro", "level 2"),
    ("a level nobody has", "flows/0/versions/0/steps/1/otherwise", NEEDS, "/flows/0/versions/0/steps/1", "level 5"),
    ("no place for the channel", "agents/0/queues", ["calls"], "/agents/0/capacity", "no place for voice"),
    ("an agent without a queue", "agents/0/queues", [], "/agents/0/queues", "serves no queue"),
    ("hours that never open", "business_hours/0/weekly", {}, "/business_hours/0/weekly", "never open"),
    ("nothing published", "flows/0/versions/0/status", "draft", "/flows/0/versions", "No version is published"),
]


@pytest.mark.parametrize(("path", "value", "pointer", "says"), [w[1:] for w in WARNED], ids=[w[0] for w in WARNED])
def test_what_only_bites_at_run_time_is_warned_of(path: str, value: Any, pointer: str, says: str) -> None:
    document = changed(path, value)
    if path == "queues/0":
        document["queues"] = [*GOOD["queues"], value]
        pointer = f"/queues/{len(GOOD['queues'])}"
    else:
        document["queues"][0] |= {"agent_routing_profile_id": "p", "business_hours_id": "h"}
    found = [(each.pointer, each.message) for each in warnings(read(document))]
    assert any(at.startswith(pointer) and says in message for at, message in found), found
