"""The commands about a tenant's stack: what they refuse, what they tell, and what is done in which order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError
from typer.testing import CliRunner

from chalicelib.storage.dynamodb import DynamoStore
from infra import package, sessions
from infra.cli import app, smoke
from infra.cli.connection import Options
from infra.cli.deployment import FIRST_CLIENT, OWN_CLIENT
from infra.cli.failures import Failed
from infra.cli.smoke import Check
from infra.client import Reply
from tests.infra.test_deploy import Following, built
from tests.support.api import Api
from tests.support.command_line import Ran, interleave
from tests.support.worlds import TABLE, aws

GATEWAY = "https://a1b2.execute-api.us-east-1.amazonaws.com"
OUTPUTS = {
    "TableName": TABLE["TableName"],
    "EndpointURL": "https://acme.example/",
    "GatewayURL": GATEWAY,
    "SweeperName": "sweeper",
}


class Tenant:
    """The API of a tenant that was just deployed, without a configuration."""

    def call(self, *_: Any, **__: str) -> Reply:
        return Reply(200, {}, {"version": 0})

    def token(self) -> str:
        return "token"

    def close(self) -> None:
        """There is nothing to let go of."""


@dataclass
class Account:
    """An account with a stack in it, and somebody who types commands."""

    cloud: Following
    checks: list[Check] = field(default_factory=lambda: [Check("health", True, "fine")])
    reached: list[Options] = field(default_factory=list)

    def interleave(self, *arguments: str) -> Ran:
        def connect(options: Options) -> Tenant:
            self.reached.append(options)
            return Tenant()

        result = CliRunner().invoke(app, list(arguments), obj=connect)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Ran(result.exit_code, result.stdout, result.stderr)

    def client(self, client_id: str) -> Any:
        return DynamoStore(boto3.client("dynamodb"), TABLE["TableName"]).client(client_id)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    folder = built(tmp_path / "package", "one", "TenantAccountId")
    with aws():
        found = Account(Following())
        found.cloud.outputs = OUTPUTS
        real = sessions.Session.client

        def client(session: Any, name: str) -> Any:
            return found.cloud if name == "cloudformation" else real(session, name)

        monkeypatch.setattr(sessions.Session, "client", client)
        monkeypatch.setattr(package, "build", lambda _: folder)
        monkeypatch.setattr(smoke, "checks", lambda *_: iter(found.checks))
        yield found


def test_the_first_deployment_tells_the_first_client_once(account: Account) -> None:
    first = account.interleave("deploy", "acme", "--json")
    assert first.code == 0, first.error
    told = first.document
    assert (told["endpoint"], told["account_id"]) == ("https://acme.example", "acme")
    assert told["credentials"]["client_id"] == FIRST_CLIENT
    second = account.interleave("deploy", "acme", "--json").document
    assert (second["changes"], second["credentials"]) == ([], None)
    lost = account.interleave("deploy", "acme", "--new-secret", "--json").document
    assert lost["credentials"]["client_secret"] != told["credentials"]["client_secret"]
    assert len(account.client(FIRST_CLIENT).secrets) == 1


def test_a_tenant_is_tried_at_its_gateway_while_its_domain_leads_nowhere_yet(account: Account) -> None:
    """Where to point the domain is told by the deployment itself, so that none can wait for it."""
    target = "d-1.execute-api.us-east-1.amazonaws.com"
    account.cloud.outputs = {**OUTPUTS, "DomainTarget": target}
    told = account.interleave("deploy", "acme", "--json").document
    assert [each.url for each in account.reached] == [GATEWAY]
    assert (told["endpoint"], told["domain_target"]) == ("https://acme.example", target)
    assert account.interleave("status", "acme", "--json").document["DomainTarget"] == target


def test_a_new_gateway_that_does_not_answer_yet_is_waited_for(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the configuration is asked for: a first deployment would end there."""
    answers = iter([False, False, True])
    come_in = []

    def token(_: Tenant) -> str:
        if not next(answers):
            raise Failed("The token endpoint answered 404: {'message': 'Not Found'}")
        come_in.append(True)
        return "token"

    def call(_: Tenant, *__: Any, **___: str) -> Reply:
        if not come_in:
            raise Failed("The token endpoint answered 404: {'message': 'Not Found'}")
        return Reply(200, {}, {"version": 0})

    monkeypatch.setattr(Tenant, "token", token)
    monkeypatch.setattr(Tenant, "call", call)
    monkeypatch.setattr("infra.cli.smoke.time.sleep", lambda _: None)
    ran = account.interleave("deploy", "acme", "--json")
    assert ran.code == 0, ran.error
    assert [each["name"] for each in ran.document["checks"]] == ["a token", "health"]


def test_people_are_told_what_would_change_how_far_it_is_and_what_to_set(account: Account) -> None:
    ran = account.interleave("deploy", "acme")
    assert "+  Queue  AWS::SQS::Queue" in ran.out
    assert "export INTERLEAVE_URL=https://acme.example\n" in ran.out
    assert "  export INTERLEAVE_CLIENT_SECRET=" in ran.out
    assert "ok  health: fine" in ran.error


def test_credentials_are_not_made_before_everything_works(account: Account) -> None:
    """Whoever reads JSON gets them with the result; a failure before must not lose them."""
    account.checks = [Check("health", False, "GET /health answers 503")]
    failed = account.interleave("deploy", "acme", "--json")
    assert (failed.code, failed.out) == (1, "")
    told = json.loads(failed.error)
    assert told["places"] == ["health: GET /health answers 503"]
    assert "interleave rollback acme" in told["next"]
    assert account.client(FIRST_CLIENT) is None
    account.checks = []
    assert account.interleave("deploy", "acme", "--json").document["credentials"]


@pytest.mark.parametrize("ok", [True, False])
def test_a_deployments_own_client_has_a_secret_only_as_long(account: Account, ok: bool) -> None:
    account.checks = [Check("health", ok, "")]
    account.interleave("deploy", "acme")
    assert [each.client_id for each in account.reached] == [OWN_CLIENT]
    assert account.client(OWN_CLIENT).secrets == ()


def test_a_plan_shows_and_stops(account: Account) -> None:
    planned = account.interleave("deploy", "acme", "--plan", "--json")
    assert (planned.code, [each["resource"] for each in planned.document["changes"]]) == (2, ["Queue"])
    assert (account.cloud.status, account.reached) == (None, [])
    account.interleave("deploy", "acme")
    same = account.interleave("upgrade", "acme", "--plan")
    assert (same.code, same.out) == (0, "The stack needs no change.\n")


@pytest.mark.parametrize("command", ["upgrade", "status", "rollback"])
@pytest.mark.parametrize("status", [None, "ROLLBACK_COMPLETE"])
def test_what_is_not_there_is_not_upgraded(account: Account, command: str, status: str | None) -> None:
    account.cloud.status = status
    ran = account.interleave(command, "acme")
    assert ran.code == 1
    if status is None or command != "status":
        assert ran.error == "Error: acme is not deployed in us-east-1.\nNext: `interleave deploy acme` deploys it.\n"


@pytest.mark.parametrize(
    "arguments", [("backup", "acme"), ("restore", "acme", "acme.gz"), ("dlq", "list", "--stack", "acme")]
)
def test_a_stack_that_has_not_come_to_its_outputs_is_told(account: Account, arguments: tuple[str, ...]) -> None:
    account.cloud.status, account.cloud.outputs = "CREATE_IN_PROGRESS", {}
    ran = account.interleave(*arguments)
    assert ran.code == 1
    assert "interleave-acme is CREATE_IN_PROGRESS" in ran.error
    assert "interleave status" in ran.error


def test_where_a_tenant_is_not_is_told(account: Account) -> None:
    """In another region it may well be: nobody should deploy it a second time."""
    ran = account.interleave("status", "acme", "--region", "eu-west-3")
    assert (ran.code, ran.error.splitlines()[0]) == (1, "Error: acme is not deployed in eu-west-3.")


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (ClientError({"Error": {"Code": "ExpiredToken", "Message": "It has expired"}}, "DescribeStacks"), "Sign in"),
        (ClientError({"Error": {"Code": "AccessDenied", "Message": "No"}}, "DescribeStacks"), "what it may do"),
        (EndpointConnectionError(endpoint_url="https://x"), "network"),
        (ReadTimeoutError(endpoint_url="https://x"), "network"),
        (NoCredentialsError(), "--profile"),
    ],
)
def test_what_stands_between_somebody_and_aws_is_told_with_what_helps(
    account: Account, error: Exception, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: Any) -> Any:
        raise error

    monkeypatch.setattr(account.cloud, "describe_stacks", refused)
    ran = account.interleave("status", "acme", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert step in json.loads(ran.error)["next"]


def test_the_status_names_what_is_deployed(account: Account) -> None:
    account.interleave("deploy", "acme")
    found = account.interleave("status", "acme", "--json")
    assert (found.code, found.document["status"]) == (0, "CREATE_COMPLETE")
    assert found.document["endpoint"] == "https://acme.example"
    assert found.document["parameters"]["ApiType"] == "http"
    assert found.document["template"].startswith("interleave/")


def test_rollback_of_a_tenant_is_of_its_package_and_of_a_number_of_its_configuration(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: Api
) -> None:
    account.interleave("deploy", "acme")
    first = account.cloud.body["Resources"]
    later = built(tmp_path / "later", "two", "TenantAccountId")
    monkeypatch.setattr(package, "build", lambda _: later)
    account.interleave("upgrade", "acme")
    assert account.cloud.body["Resources"] != first
    ran = account.interleave("rollback", "acme")
    assert (ran.code, account.cloud.body["Resources"]) == (0, first)
    assert "There is no version 9." in interleave(api, "rollback", "9").error


def test_only_somebody_who_says_the_name_destroys(account: Account) -> None:
    account.interleave("deploy", "acme")
    for given in ((), ("--confirm", "acne")):
        ran = account.interleave("destroy", "acme", *given)
        assert (ran.code, ran.error.splitlines()[0]) == (1, "Error: Nothing was removed.")
    assert account.cloud.status == "CREATE_COMPLETE"
    assert account.interleave("destroy", "acme", "--confirm", "acme").code == 0
    assert account.cloud.status is None


def test_the_folder_of_the_export_is_there_before_anything_is_removed(account: Account) -> None:
    account.interleave("deploy", "acme")
    ran = account.interleave("destroy", "acme", "--confirm", "acme", "--to", "nowhere")
    assert (ran.code, ran.error.splitlines()[0]) == (1, "Error: nowhere is no folder.")
    assert account.cloud.status == "CREATE_COMPLETE"


def test_a_wrong_setting_or_name_is_told_before_anything_is_done(account: Account, tmp_path: Path) -> None:
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "acme.yaml").write_text("retention: 3")
    ran = account.interleave("deploy", "acme")
    assert (ran.code, account.cloud.done) == (1, [])
    assert "tenants/acme.yaml is not as it should be: retention: Extra inputs are not permitted" in ran.error
    assert "cannot be a tenant's name" in account.interleave("deploy", "a_b").error


def test_a_missing_region_is_told_with_the_next_step(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = account.interleave("deploy", "acme")
    assert (ran.code, ran.error.splitlines()[0]) == (1, "Error: No region is set.")


def test_a_profile_that_is_not_there_is_told(account: Account) -> None:
    ran = account.interleave("status", "acme", "--profile", "nobody")
    assert ran.code == 1
    assert "The config profile (nobody) could not be found" in ran.error
    assert "--profile" in ran.error


def test_a_key_that_a_destruction_did_not_come_to_is_ended_by_the_next(account: Account) -> None:
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=key)
    assert account.interleave("destroy", "acme", "--confirm", "acme").code == 0
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    assert "Nothing is left of acme in us-east-1." in account.interleave("destroy", "acme").out
