"""Versions are drafted, published and archived; a flow goes out to a file and comes back the same."""

from __future__ import annotations

import json

import pytest

from chalicelib.configuration.flow_file import export_flow, import_flow
from chalicelib.errors import InvalidRequest, NotFound
from chalicelib.flows import versions
from chalicelib.flows.document import Flow
from tests.flows.support import tenant_with
from tests.flows.test_steps import BY_TIER, CALL


@pytest.fixture
def flow() -> Flow:
    case = {"case": "it works", "given": {"a": 1}, "answers": {"crm": None}, "expect": {"queue_id": "general"}}
    return tenant_with(CALL, BY_TIER, version={"cases": [case]}).flows[0]


def statuses(flow: Flow) -> list[tuple[int, str]]:
    return [(version.flow_version, version.status) for version in flow.versions]


def test_a_new_version_is_a_draft_and_publishing_it_archives_the_one_before(flow: Flow) -> None:
    drafted = versions.add(flow, flow.versions[0].steps)
    assert statuses(drafted) == [(1, "published"), (2, "draft")]
    assert drafted.published() == flow.published()
    published = versions.publish(drafted, 2)
    assert statuses(published) == [(1, "archived"), (2, "published")]
    assert statuses(versions.publish(published, 2)) == statuses(published)
    assert statuses(versions.publish(published, 1)) == [(1, "published"), (2, "archived")]


def test_what_is_no_version_is_not_there(flow: Flow) -> None:
    for change in (versions.publish, export_flow):
        with pytest.raises(NotFound):
            change(flow, 2)


def test_a_flow_goes_out_to_a_file_and_comes_back_the_same(flow: Flow) -> None:
    two = versions.add(flow, flow.versions[0].steps, flow.versions[0].cases)
    assert import_flow(json.loads(json.dumps(export_flow(two)))) == two
    assert statuses(import_flow(export_flow(two, 2))) == [(2, "draft")]


def test_a_file_that_is_no_flow_says_where_it_is_wrong() -> None:
    version = {"flow_version": 1, "status": "published", "steps": [{"chose": []}]}
    with pytest.raises(InvalidRequest) as refused:
        import_flow({"flow_id": "f", "flow_name": "F", "versions": [version]})
    assert [each.pointer for each in refused.value.errors] == ["/versions/0/steps/0/chose"]
