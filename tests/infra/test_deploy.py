"""What a deployment does besides CloudFormation: packages in S3, the way back, a tenant's settings."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import deploy, package
from infra.settings import Settings, settings_of
from infra.stacks import DeployFailed, Stack
from tests.infra.cloud import Cloud
from tests.support.worlds import TABLE, Session, aws


class Following(Cloud):
    """A CloudFormation that reads templates where they were uploaded."""

    def create_change_set(self, **given: Any) -> None:
        bucket, key = given["TemplateURL"].split("amazonaws.com/")[1].split("/", 1)
        body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        self.templates[given["TemplateURL"]] = json.loads(body)
        super().create_change_set(**given)


def built(folder: Path, what: str, *parameters: str) -> Path:
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / "deployment.zip", "w") as archive:
        archive.writestr("app.py", what)
    function = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./deployment.zip"}}
    template = {"Parameters": {name: {} for name in parameters}, "Resources": {"Router": function}}
    (folder / "sam.json").write_text(json.dumps(template))
    return folder


def put(cloud: Cloud, folder: Path, parameters: dict[str, str]) -> bool:
    stack = Stack(cloud, "interleave-acme", lambda _: None, pause=lambda _: None)
    proposal = deploy.proposed(Session(), stack, folder, deploy.template_of(folder), parameters, lambda _: None)
    if proposal is not None:
        stack.carry_out(proposal)
    return proposal is not None


def back(cloud: Cloud) -> None:
    stack = Stack(cloud, "interleave-acme", lambda _: None, pause=lambda _: None)
    proposal = deploy.proposed_back(Session(), stack, lambda _: None)
    assert proposal is not None
    stack.carry_out(proposal)


def code(cloud: Cloud) -> str:
    """Where the deployed code is; it is there."""
    where = cloud.body["Resources"]["Router"]["Properties"]["CodeUri"]
    assert boto3.client("s3").head_object(**where)["ContentLength"]
    return str(where["Key"])


def test_the_way_back_leads_to_the_package_before_and_forth_again(tmp_path: Path) -> None:
    first, second = built(tmp_path / "1", "one", "Api"), built(tmp_path / "2", "two", "Api", "New")
    cloud = Following()
    with aws():
        assert put(cloud, first, {"Api": "http"})
        one = code(cloud)
        assert put(cloud, second, {"Api": "http", "New": "x"})
        two = code(cloud)
        assert one != two
        assert not put(cloud, second, {"Api": "http", "New": "x"})
        assert put(cloud, second, {"Api": "rest", "New": "x"})  # another setting is no other package
        back(cloud)
        assert (code(cloud), cloud.given) == (one, {"Api": "rest"})
        back(cloud)
        assert code(cloud) == two


def test_there_is_no_way_back_from_the_first_package(tmp_path: Path) -> None:
    cloud = Following()
    with aws():
        put(cloud, built(tmp_path / "1", "one"), {})
        with pytest.raises(DeployFailed, match="has had no other package yet"):
            back(cloud)


def test_shards_grow_and_never_shrink(tmp_path: Path) -> None:
    first, second = built(tmp_path / "1", "one"), built(tmp_path / "2", "two", "Shards")
    cloud = Following()
    with aws():
        put(cloud, first, {})
        put(cloud, second, {"Shards": "4"})
        with pytest.raises(DeployFailed, match="has 4 shards and would have 2; nothing was changed"):
            put(cloud, second, {"Shards": "2"})
        with pytest.raises(DeployFailed, match="has 4 shards and would have 1"):
            back(cloud)
        assert put(cloud, second, {"Shards": "8"})


@pytest.mark.parametrize(("status", "ends"), [("ROLLBACK_COMPLETE", None), ("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")])
def test_the_table_of_a_creation_that_failed_goes_with_its_stack(tmp_path: Path, status: str, ends: str | None) -> None:
    """It holds nothing, its key is gone with the creation, and nobody could read or export it in a week."""
    cloud = Following(status)
    cloud.ends = ends
    cloud.resources = [
        {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": "interleave-acme-Table-NEW"},
        {"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": ""},
        {"ResourceType": "AWS::SQS::Queue", "PhysicalResourceId": "https://sqs/1/interleave-acme-Doorbell-1"},
    ]
    with aws():
        dynamodb = boto3.client("dynamodb")
        for name in ("NEW", "OLD"):
            table: Any = {**TABLE, "TableName": f"interleave-acme-Table-{name}", "DeletionProtectionEnabled": True}
            dynamodb.create_table(**table)
        assert put(cloud, built(tmp_path / "1", "one"), {})
        assert set(dynamodb.list_tables()["TableNames"]) - {TABLE["TableName"]} == {"interleave-acme-Table-OLD"}


def test_a_key_that_was_left_is_told_before_cloudformation_falls_over_its_name(tmp_path: Path) -> None:
    package, cloud = built(tmp_path / "1", "one", "CustomerKey"), Following()
    with aws():
        kms = boto3.client("kms")
        assert put(cloud, package, {"CustomerKey": "false"})
        kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
        for each in (cloud, Following()):
            done = list(each.done)
            with pytest.raises(DeployFailed, match="alias/interleave-acme is the name of a key already") as failed:
                put(each, package, {"CustomerKey": "true"})
            assert "interleave destroy" in failed.value.step
            assert each.done == done
        cloud.given = {"CustomerKey": "true"}
        assert put(cloud, built(tmp_path / "2", "two", "CustomerKey"), {"CustomerKey": "true"})


def test_a_rollback_by_cloudformation_takes_the_way_back_along(tmp_path: Path) -> None:
    cloud = Following()
    with aws():
        put(cloud, built(tmp_path / "1", "one"), {})
        good = cloud.body
        put(cloud, built(tmp_path / "2", "two"), {})
        cloud.body, cloud.status = good, "UPDATE_ROLLBACK_COMPLETE"  # as if the second had failed
        put(cloud, built(tmp_path / "3", "three"), {})
        back(cloud)
        assert code(cloud) == good["Resources"]["Router"]["Properties"]["CodeUri"]["Key"]


def test_the_bucket_is_closed_to_the_public_and_made_once(tmp_path: Path) -> None:
    with aws():
        for n in range(2):
            put(Following(), built(tmp_path / str(n), str(n)), {})
        s3 = boto3.client("s3")
        (bucket,) = [each["Name"] for each in s3.list_buckets()["Buckets"]]
        blocked = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    assert len(blocked) == 4


def test_the_template_is_no_larger_than_cloudformation_takes_from_s3() -> None:
    """1 MB; inline it would take 51,200 bytes only."""
    template = json.loads((package.build() / "sam.json").read_text())
    assert len(json.dumps(template)) < 500_000


# Settings


def test_without_a_file_everything_is_as_usual(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_of("acme") == Settings()


def test_settings_become_the_templates_parameters(tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(
        "api: rest\nthrottle: {requests_per_second: 50}\nevent_bus: true\nconfiguration: documents\n"
        "domain: {name: work.example.com, certificate: 'arn:aws:acm:eu-west-3:123456789012:certificate/abc-1'}\n"
    )
    found = settings_of("acme", file)
    parameters = found.parameters("acme")
    assert found.configuration == tmp_path / "documents"
    assert parameters["TenantAccountId"] == "acme"
    assert (parameters["ApiType"], parameters["DomainName"], parameters["CertificateId"]) == (
        "rest",
        "work.example.com",
        "abc-1",
    )
    assert (parameters["ThrottleRate"], parameters["ThrottleBurst"], parameters["EventBus"]) == ("50", "200", "true")


def test_every_parameter_of_the_template_has_a_setting(parameters: dict[str, Any]) -> None:
    assert Settings().parameters("acme").keys() == parameters.keys()
    for name, value in Settings().parameters("acme").items():
        if "Default" in parameters[name]:
            assert str(parameters[name]["Default"]) == value, name


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("regoin: eu-west-3", "regoin: Extra inputs are not permitted"),
        ("throttle: {burst: 0}", "throttle.burst: Input should be greater than or equal to 1"),
        ("api: soap", "api: Input should be 'http' or 'rest'"),
        ("domain: {name: work.example.com}", "domain.certificate: Field required"),
        ("log_retention_days: 31", "log_retention_days: "),
        ("- a list", "the file: "),
        ("a: b: c", "is no YAML"),
    ],
)
def test_a_wrong_setting_is_told_with_its_file_and_field(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "acme.yaml"
    file.write_text(text)
    with pytest.raises(DeployFailed) as failed:
        settings_of("acme", file)
    assert str(file) in str(failed.value)
    assert told in str(failed.value)
    assert failed.value.step


@pytest.mark.parametrize("name", ["lawson", "amazonia", "incognito"])
def test_a_name_that_cognito_takes_for_its_own_has_no_user_pool(tmp_path: Path, name: str) -> None:
    """The address at which people sign in has the tenant's name, and those words are refused in it."""
    file = tmp_path / "settings.yaml"
    file.write_text("user_pool: true")
    with pytest.raises(DeployFailed, match=f"{name} can have no user pool") as failed:
        settings_of(name, file)
    assert "identity provider" in failed.value.step
    assert settings_of("acme", file).user_pool


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DeployFailed, match="cannot be read: No such file"):
        settings_of("acme", tmp_path / "acme.yaml")


@pytest.mark.parametrize("name", ["Acme", "a_b", "-a", "a-", "a--b", "9a", "acme-queue", "a-queue-b", "a" * 33, ""])
def test_a_tenants_name_makes_no_stack_that_another_could_take_for_its_own(name: str) -> None:
    """`interleave-<tenant>-queue-…` are a tenant's work-item queues: nothing of another tenant may be named so."""
    with pytest.raises(DeployFailed, match="cannot be a tenant's name"):
        settings_of(name)
