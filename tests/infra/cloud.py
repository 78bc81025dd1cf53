"""A CloudFormation that keeps one stack in memory, in whatever state a test wants it."""

# ruff: noqa: ARG002 - the arguments are CloudFormation's, and it has only one stack here

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

NO_CHANGE = "The submitted information didn't contain changes."


class Cloud:
    """What `Stack` calls, and what it did. `ends` is how the next thing under way ends."""

    def __init__(self, status: str | None = None) -> None:
        self.status = status
        self.ends: str | None = None
        self.change_sets: dict[str, dict[str, Any]] = {}
        self.body: dict[str, Any] = {}
        self.given: dict[str, str] = {}
        self.changes = [{"Action": "Add", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}]
        self.done: list[str] = []
        self.templates: dict[str, dict[str, Any]] = {}
        self.reason = ""
        """Why a change set that was made cannot be carried out."""
        self.refuses = ""
        """Why none is made."""
        self.code = "ValidationError"
        self.goes_back = True
        self.outputs: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self.resources: list[dict[str, str]] = []
        self.exceptions = type("Exceptions", (), {"ClientError": ClientError})

    def describe_stacks(self, StackName: str) -> Any:
        status = self._status_of(StackName, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in self.outputs.items()]
        found = {"StackStatus": status, "Outputs": outputs}
        if self.ends is not None and status.endswith("_IN_PROGRESS"):
            self.status, self.ends = (None if self.ends == "gone" else self.ends), None
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in self.given.items()]
        return {"Stacks": [{**found, "Parameters": parameters}]}

    def describe_stack_events(self, StackName: str) -> Any:
        return {"StackEvents": self.events}

    def get_template(self, StackName: str, TemplateStage: str) -> Any:
        return {"TemplateBody": self.body}

    def create_change_set(self, **given: Any) -> None:
        if self.refuses:
            raise ClientError({"Error": {"Code": self.code, "Message": self.refuses}}, "CreateChangeSet")
        self.done.append(f"{given['ChangeSetType'].lower()} change set")
        if given["ChangeSetType"] == "CREATE":
            assert self.status in (None, "REVIEW_IN_PROGRESS")
            self.status = "REVIEW_IN_PROGRESS"
        else:
            assert self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
        self.change_sets[given["ChangeSetName"]] = given

    def describe_change_set(self, StackName: str, ChangeSetName: str) -> Any:
        given = self.change_sets[ChangeSetName]
        parameters = {each["ParameterKey"]: each["ParameterValue"] for each in given["Parameters"]}
        if self.reason:
            return {"Status": "FAILED", "StatusReason": self.reason}
        if (self.templates.get(given["TemplateURL"]), parameters) == (self.body, self.given):
            return {"Status": "FAILED", "StatusReason": NO_CHANGE}
        return {"Status": "CREATE_COMPLETE", "Changes": [{"ResourceChange": each} for each in self.changes]}

    def execute_change_set(self, StackName: str, ChangeSetName: str) -> None:
        given = self.change_sets[ChangeSetName]
        self.change_sets.clear()
        self.done.append("execute")
        kind = given["ChangeSetType"]
        self.status = f"{kind}_IN_PROGRESS"
        self.ends = self.ends or f"{kind}_COMPLETE"
        self.body = self.templates.get(given["TemplateURL"], {})
        self.given = {each["ParameterKey"]: each["ParameterValue"] for each in given["Parameters"]}

    def delete_change_set(self, StackName: str, ChangeSetName: str) -> None:
        del self.change_sets[ChangeSetName]
        self.done.append("withdraw")

    def delete_stack(self, StackName: str) -> None:
        self.done.append("delete")
        self.status, self.ends = "DELETE_IN_PROGRESS", "gone"
        self.body, self.given = {}, {}

    def continue_update_rollback(self, StackName: str) -> None:
        self.done.append("continue")
        ends = "UPDATE_ROLLBACK_COMPLETE" if self.goes_back else "UPDATE_ROLLBACK_FAILED"
        self.status, self.ends = "UPDATE_ROLLBACK_IN_PROGRESS", ends

    def get_paginator(self, name: str) -> Any:
        assert name in ("list_change_sets", "list_stack_resources")
        return self

    def paginate(self, StackName: str) -> Any:
        self._status_of(StackName, "ListChangeSets")
        names = [{"ChangeSetName": name, "ExecutionStatus": "AVAILABLE"} for name in self.change_sets]
        return [{"Summaries": names, "StackResourceSummaries": self.resources}]

    def _status_of(self, name: str, operation: str) -> str:
        if self.status is None:
            error = {"Error": {"Code": "ValidationError", "Message": f"{name} does not exist"}}
            raise ClientError(error, operation)  # type: ignore[arg-type]
        return self.status
