"""One CloudFormation stack: what state it is in, what a change set would change, carrying it out, and its end.

Whatever state an earlier run left the stack in, the next one goes on from there: nothing is remembered outside AWS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

SHORTEST_SECONDS = 0.2
LONGEST_SECONDS = 3.0
TIMEOUT_SECONDS = 1800.0
NO_CHANGES = ("didn't contain changes", "No updates")
UNKNOWN_TYPES = "Unrecognized resource types"
"""What is said of resources that are not to be had: in a region, or of an emulator."""
STILLBORN = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED")
"""A stack whose creation failed: it can only be deleted."""
OURS = "interleave-"
"""How the names of our change sets begin."""
KEPT = ("AWS::DynamoDB::Table",)
"""What holds a tenant's work: no deployment replaces it or takes it out."""
Say = Callable[[str], None]
Parameters = dict[str, str]


class DeployFailed(Exception):
    """It did not work; the message says why, and `step` what to do next."""

    def __init__(self, message: str, step: str = "") -> None:
        super().__init__(message)
        self.step = step


@dataclass(frozen=True, slots=True)
class Change:
    """What a change set would do to one resource."""

    action: str
    """Add, Modify, Remove or Dynamic."""
    resource: str
    kind: str
    replaced: str
    """`True`, `False`, `Conditional`, or nothing."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change set that waits to be carried out."""

    name: str
    changes: tuple[Change, ...]


class Stack:
    """One stack by its name. Calls raise `DeployFailed` where CloudFormation refuses or fails."""

    def __init__(
        self, cloudformation: Any, name: str, say: Say = print, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.name = name
        self._cloudformation = cloudformation
        self._say = say
        self._pause = pause

    def described(self) -> dict[str, Any] | None:
        """The stack as CloudFormation describes it; None if there is none."""
        try:
            found: dict[str, Any] = self._cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except self._cloudformation.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def status(self) -> str | None:
        """Its status; None if there is none."""
        found = self.described()
        return None if found is None else str(found["StackStatus"])

    def exists(self) -> bool:
        """Whether there is a stack with resources, not only a change set under review."""
        return self.status() not in (None, "REVIEW_IN_PROGRESS", *STILLBORN)

    def outputs(self) -> dict[str, str]:
        """What the stack says of itself."""
        found = self.described()
        if found is None:
            raise DeployFailed(f"There is no stack {self.name}.", "Check the name, the region and the profile.")
        if not found.get("Outputs"):
            raise DeployFailed(
                f"The stack {self.name} is {found['StackStatus']}, and says nothing of itself.",
                "`interleave status` says how it is; deploying it again goes on from there.",
            )
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    def parameters(self) -> Parameters:
        """What it was deployed with."""
        found = self.described() or {}
        return {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}

    def template(self) -> dict[str, Any]:
        """The template that is deployed, as it was given; empty if there is no stack."""
        if not self.exists():
            return {}
        found: dict[str, Any] = self._cloudformation.get_template(StackName=self.name, TemplateStage="Original")
        return dict(found["TemplateBody"])

    def stillborn(self) -> list[str]:
        """The tables that a creation which failed has left: there was never work in them, and their key is on its way
        out."""
        if self.status() not in STILLBORN:
            return []
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.name)
        kept = [each for page in pages for each in page["StackResourceSummaries"] if each["ResourceType"] in KEPT]
        return [each["PhysicalResourceId"] for each in kept if each.get("PhysicalResourceId")]

    def settle(self) -> list[str]:
        """Get the stack where it can be deployed to: wait for what is under way, and clear away what failed.

        What that leaves for others to clear away are tables; see `stillborn`.
        """
        tables: list[str] = []
        status = self.status()
        if status not in (None, "REVIEW_IN_PROGRESS") and str(status).endswith("_IN_PROGRESS"):
            self._say(f"{self.name} is {status}: waiting for that …")
            status = self._ended()
        if status == "UPDATE_ROLLBACK_FAILED":
            self._say(f"{self.name} is {status}: going on with that …")
            self._cloudformation.continue_update_rollback(StackName=self.name)
            failures: list[str] = []
            status = self._ended(failures=failures)
            if status == "UPDATE_ROLLBACK_FAILED":
                raise DeployFailed(
                    f"The way back of {self.name} ended as {status} again. {' '.join(failures)}".rstrip(),
                    "Correct what its events name, then run the same command again.",
                )
        if status in STILLBORN:
            self._say(f"{self.name} is {status}: its creation failed, so it is created anew …")
            tables = self.stillborn()
            self.delete()
            status = None
        if status == "DELETE_FAILED":
            raise DeployFailed(f"{self.name} could not be deleted.", "Run `interleave destroy` again, then deploy.")
        if status is not None:
            self._tidy()
        return tables

    def propose(self, url: str, parameters: Parameters) -> Proposal | None:
        """Make a change set; None if it would change nothing."""
        kind = "UPDATE" if self.exists() else "CREATE"
        name = f"{OURS}{time.time_ns()}"
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())]
        try:
            self._cloudformation.create_change_set(
                StackName=self.name,
                ChangeSetName=name,
                ChangeSetType=kind,
                TemplateURL=url,
                Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
                Parameters=given,
            )
        except self._cloudformation.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            raise _refused(error.response["Error"]["Message"]) from error
        for _ in self._moments("prepare the change"):
            found = self._cloudformation.describe_change_set(StackName=self.name, ChangeSetName=name)
            if found["Status"] == "CREATE_COMPLETE":
                return Proposal(name, tuple(self._changes(name)))
            if found["Status"] == "FAILED":
                reason = found.get("StatusReason", "")
                self.withdraw(name)
                if any(each in reason for each in NO_CHANGES):
                    return None
                raise _refused(reason)
        raise AssertionError("unreachable")

    def withdraw(self, name: str) -> None:
        """Take a change set back, and the stack that was only there for its sake."""
        self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=name)
        if self.status() == "REVIEW_IN_PROGRESS":
            self.delete()

    def carry_out(self, proposal: Proposal) -> None:
        """Do what was proposed, and tell of each resource as it is done."""
        lost = [each for each in proposal.changes if each.kind in KEPT and _takes_away(each)]
        if lost:
            named = ", ".join(each.resource for each in lost)
            self.withdraw(proposal.name)
            raise DeployFailed(
                f"This would replace or take out {named}, which holds the tenant's work; nothing was changed.",
                "Move the work to a new tenant instead, or change the stack by hand.",
            )
        seen = {each["EventId"] for each in self._events()}
        self._cloudformation.execute_change_set(StackName=self.name, ChangeSetName=proposal.name)
        failures: list[str] = []
        status = self._ended(seen, failures, {each.resource for each in proposal.changes})
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            why = f" {failures[0]}" if failures else ""
            raise DeployFailed(
                f"The stack {self.name} ended as {status}.{why}", "Correct that, then run the same command again."
            )

    def delete(self) -> None:
        """Delete it, and wait for that."""
        found = self.described()
        if found is None:
            return
        seen = {each["EventId"] for each in self._events()}
        self._cloudformation.delete_stack(StackName=self.name)
        failures: list[str] = []
        status = self._ended(seen, failures)
        if status is not None:
            raise DeployFailed(f"The stack {self.name} ended as {status}. {' '.join(failures)}", "Run it again.")

    def _tidy(self) -> None:
        """Take back the change sets that earlier runs did not come to carry out."""
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(StackName=self.name)
        for each in [each for page in pages for each in page["Summaries"]]:
            if each["ChangeSetName"].startswith(OURS) and each.get("ExecutionStatus") == "AVAILABLE":
                self._cloudformation.delete_change_set(StackName=self.name, ChangeSetName=each["ChangeSetName"])

    def _changes(self, name: str) -> Iterator[Change]:
        more: dict[str, str] = {}
        while True:
            page = self._cloudformation.describe_change_set(StackName=self.name, ChangeSetName=name, **more)
            for each in page.get("Changes", []):
                change = each["ResourceChange"]
                yield Change(
                    change["Action"],
                    change["LogicalResourceId"],
                    change["ResourceType"],
                    change.get("Replacement", ""),
                )
            if "NextToken" not in page:
                return
            more = {"NextToken": page["NextToken"]}

    def _ended(
        self, seen: set[str] | None = None, failures: list[str] | None = None, of: set[str] | None = None
    ) -> str | None:
        """The status in which what is under way ends; None once the stack is gone.

        Events that were seen are passed over; failures are added; resources are told of when they are done, by default
        all of them.
        """
        known = {each["EventId"] for each in self._events()} if seen is None else seen
        for _ in self._moments("finish"):
            status = self.status()
            self._tell(known, failures if failures is not None else [], of)
            if status is None or not status.endswith("_IN_PROGRESS"):
                return status
        raise AssertionError("unreachable")

    def _tell(self, seen: set[str], failures: list[str], of: set[str] | None) -> None:
        for event in reversed(self._events()):
            if event["EventId"] in seen:
                continue
            seen.add(event["EventId"])
            status, resource = event.get("ResourceStatus", ""), event["LogicalResourceId"]
            if status.endswith("_FAILED"):
                failures.append(f"{resource}: {event.get('ResourceStatusReason', 'no reason given')}")
                self._say(f"  {failures[-1]}")
            elif status.endswith("_COMPLETE") and resource != self.name and (of is None or resource in of):
                self._say(f"  {resource} {status.lower().replace('_', ' ')}")

    def _events(self) -> list[dict[str, Any]]:
        """The newest events, newest first; none once the stack is gone."""
        try:
            found = self._cloudformation.describe_stack_events(StackName=self.name)
        except self._cloudformation.exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                return []
            raise
        return list(found["StackEvents"])

    def _moments(self, what: str) -> Iterator[None]:
        """Moments to look again, further and further apart. Raises `DeployFailed` when it takes too long."""
        wait, waited = SHORTEST_SECONDS, 0.0
        while waited < TIMEOUT_SECONDS:
            yield
            self._pause(wait)
            waited += wait
            wait = min(wait * 1.2, LONGEST_SECONDS)
        raise DeployFailed(
            f"CloudFormation does not {what} in time.", "Run the same command again: it goes on from here."
        )


def _refused(reason: str) -> DeployFailed:
    step = "Correct that, then run the same command again."
    if UNKNOWN_TYPES in reason:
        step = "Leave out the setting that brings them (`archive: true` brings Glue and Athena): an emulator may have "
        step += "none. docs/deploying.md says what is missing there."
    return DeployFailed(f"CloudFormation refuses the change, and nothing was done: {reason}", step)


def _takes_away(change: Change) -> bool:
    return change.action == "Remove" or change.replaced == "True"
