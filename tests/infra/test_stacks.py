"""Whatever state a run left a stack in, the next one goes on from there; and no run takes the tenant's work away."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.stacks import DeployFailed, Stack
from tests.infra.cloud import Cloud

TABLE = {"LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
LEFT = {"interleave-1": {"ChangeSetType": "CREATE", "TemplateURL": "old", "Parameters": []}}


def stack_in(cloud: Cloud, said: list[str] | None = None) -> Stack:
    return Stack(cloud, "interleave-acme", (said if said is not None else []).append, pause=lambda _: None)


def deployed(cloud: Cloud) -> None:
    stack = stack_in(cloud)
    stack.settle()
    proposal = stack.propose("new", {"Api": "http"})
    assert proposal is not None
    stack.carry_out(proposal)


@pytest.mark.parametrize(
    ("status", "ends", "done", "then"),
    [
        (None, None, ["create change set", "execute"], "CREATE_COMPLETE"),
        ("REVIEW_IN_PROGRESS", None, ["create change set", "execute"], "CREATE_COMPLETE"),
        ("CREATE_IN_PROGRESS", "CREATE_COMPLETE", ["update change set", "execute"], "UPDATE_COMPLETE"),
        ("UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE", ["update change set", "execute"], "UPDATE_COMPLETE"),
        ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", ["delete", "create change set", "execute"], "CREATE_COMPLETE"),
        ("ROLLBACK_COMPLETE", None, ["delete", "create change set", "execute"], "CREATE_COMPLETE"),
        ("ROLLBACK_FAILED", None, ["delete", "create change set", "execute"], "CREATE_COMPLETE"),
        ("CREATE_FAILED", None, ["delete", "create change set", "execute"], "CREATE_COMPLETE"),
        ("DELETE_IN_PROGRESS", "gone", ["create change set", "execute"], "CREATE_COMPLETE"),
        ("UPDATE_COMPLETE", None, ["update change set", "execute"], "UPDATE_COMPLETE"),
        ("UPDATE_ROLLBACK_FAILED", None, ["continue", "update change set", "execute"], "UPDATE_COMPLETE"),
    ],
)
def test_a_deployment_goes_on_from_any_state(status: str | None, ends: str | None, done: list[str], then: str) -> None:
    cloud = Cloud(status)
    cloud.ends = ends
    deployed(cloud)
    assert (cloud.done, cloud.status) == (done, then)


def test_a_stack_that_could_not_be_deleted_is_destroyed_first() -> None:
    with pytest.raises(DeployFailed, match="could not be deleted") as failed:
        deployed(Cloud("DELETE_FAILED"))
    assert "interleave destroy" in failed.value.step


def test_a_change_set_that_was_never_carried_out_is_taken_back() -> None:
    cloud = Cloud("REVIEW_IN_PROGRESS")
    cloud.change_sets = {**LEFT, "somebody-elses": LEFT["interleave-1"]}
    stack_in(cloud).settle()
    assert list(cloud.change_sets) == ["somebody-elses"]


def test_the_same_again_changes_nothing() -> None:
    cloud = Cloud()
    deployed(cloud)
    cloud.templates["new"] = cloud.body
    assert stack_in(cloud).propose("new", {"Api": "http"}) is None
    assert cloud.change_sets == {}
    assert stack_in(cloud).propose("new", {"Api": "rest"}) is not None


def test_a_plan_of_a_new_tenant_leaves_nothing() -> None:
    cloud = Cloud()
    stack = stack_in(cloud)
    proposal = stack.propose("new", {})
    assert proposal is not None
    stack.withdraw(proposal.name)
    assert (cloud.status, cloud.change_sets) == (None, {})


@pytest.mark.parametrize("change", [{"Action": "Remove"}, {"Action": "Modify", "Replacement": "True"}])
def test_nothing_that_holds_the_work_is_replaced_or_taken_out(change: dict[str, Any]) -> None:
    cloud = Cloud("CREATE_COMPLETE")
    cloud.changes = [{**TABLE, **change}]  # type: ignore[list-item]
    with pytest.raises(DeployFailed, match="Table, which holds the tenant's work; nothing was changed"):
        deployed(cloud)
    assert "execute" not in cloud.done
    assert cloud.change_sets == {}


def test_what_failed_is_told_with_its_reason_and_the_next_step() -> None:
    cloud = Cloud("CREATE_COMPLETE")
    said: list[str] = []
    stack = stack_in(cloud, said)
    proposal = stack.propose("new", {})
    assert proposal is not None
    cloud.ends = "UPDATE_ROLLBACK_COMPLETE"
    seen, cloud.events = cloud.events, []
    assert not seen
    original = cloud.execute_change_set

    def execute(**given: Any) -> None:
        original(**given)
        why = {"EventId": "1", "LogicalResourceId": "Queue", "ResourceStatus": "UPDATE_FAILED"}
        cloud.events = [{**why, "ResourceStatusReason": "no such key"}]

    cloud.execute_change_set = execute  # type: ignore[method-assign]
    with pytest.raises(DeployFailed, match=r"ended as UPDATE_ROLLBACK_COMPLETE\. Queue: no such key") as failed:
        stack.carry_out(proposal)
    assert said == ["  Queue: no such key"]
    assert failed.value.step


UNKNOWN = "Template format error: Unrecognized resource types: [AWS::Athena::NamedQuery]"


@pytest.mark.parametrize(
    ("reason", "step"), [("Template error: no such resource", "Correct that"), (UNKNOWN, "`archive: true`")]
)
@pytest.mark.parametrize("at_once", [False, True])
def test_what_cloudformation_refuses_is_told_and_leaves_nothing(reason: str, step: str, at_once: bool) -> None:
    """It refuses a change set when it is made, or when it is prepared."""
    cloud = Cloud()
    cloud.reason, cloud.refuses = ("", reason) if at_once else (reason, "")
    with pytest.raises(DeployFailed) as failed:
        stack_in(cloud).propose("new", {})
    assert str(failed.value) == f"CloudFormation refuses the change, and nothing was done: {reason}"
    assert step in failed.value.step
    assert (cloud.status, cloud.change_sets) == (None, {})


def test_what_somebody_may_not_do_is_no_fault_of_the_change() -> None:
    cloud = Cloud()
    cloud.refuses, cloud.code = "User is not authorized", "AccessDenied"
    with pytest.raises(ClientError, match="not authorized"):
        stack_in(cloud).propose("new", {})


def test_a_way_back_that_fails_again_is_told_and_nothing_is_asked_of_it() -> None:
    cloud = Cloud("UPDATE_ROLLBACK_FAILED")
    cloud.goes_back = False
    with pytest.raises(DeployFailed, match="ended as UPDATE_ROLLBACK_FAILED again") as failed:
        deployed(cloud)
    assert "the same command" in failed.value.step
    assert cloud.done == ["continue"]


def test_waiting_has_an_end() -> None:
    cloud = Cloud("UPDATE_IN_PROGRESS")
    with pytest.raises(DeployFailed, match="in time") as failed:
        stack_in(cloud).settle()
    assert "it goes on from here" in failed.value.step
