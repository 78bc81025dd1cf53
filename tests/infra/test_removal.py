"""What a destroyed tenant leaves: a file with every row, and nothing else; and nothing of its neighbours."""

from __future__ import annotations

import base64
import gzip
import json
import stat
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra import backup
from infra.removal import Leftovers, destroy
from infra.stacks import DeployFailed, Stack
from tests.infra.cloud import Cloud
from tests.support.worlds import TABLE, Session, aws

MINE = "interleave-acme-Table-ABC123"
NEIGHBOURS = ("interleave-acme-two-Table-ABC123", "interleave-acm-Table-ABC123", "interleave-acme-Table2-A-B")
QUEUES = ("interleave-acme-queue-support", "interleave-acme-queue-support-dead")
OTHER_QUEUES = ("interleave-acme-two-queue-support", "interleave-acme-Doorbell-1")


def row(n: int) -> dict[str, Any]:
    return {"pk": {"S": f"WORK#{n}"}, "sk": {"S": "HEAD"}, "part": {"B": b"\x00\xff"}}


@pytest.fixture
def account() -> Any:
    with aws():
        dynamodb, sqs = boto3.client("dynamodb"), boto3.client("sqs")
        for name in (MINE, *NEIGHBOURS):
            dynamodb.create_table(**{**TABLE, "TableName": name, "DeletionProtectionEnabled": name == MINE})
        for n in range(30):
            dynamodb.put_item(TableName=MINE, Item=row(n))
        for name in (*QUEUES, *OTHER_QUEUES):
            sqs.create_queue(QueueName=name)
        yield dynamodb, sqs


def destroyed(cloud: Cloud, folder: Path, *, with_archive: bool = False) -> list[Path]:
    stack = Stack(cloud, "interleave-acme", lambda _: None, pause=lambda _: None)
    return destroy(Session(), stack, folder, lambda _: None, with_archive=with_archive)


def tables(dynamodb: Any) -> set[str]:
    return set(dynamodb.list_tables()["TableNames"]) - {TABLE["TableName"]}


def queues(sqs: Any) -> set[str]:
    return {url.rsplit("/", 1)[-1] for url in sqs.list_queues(QueueNamePrefix="interleave-")["QueueUrls"]}


def test_every_row_is_exported_and_everything_of_the_tenant_is_gone(account: Any, tmp_path: Path) -> None:
    dynamodb, sqs = account
    cloud = Cloud("CREATE_COMPLETE")
    (file,) = destroyed(cloud, tmp_path)
    with gzip.open(file, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    assert {each["pk"]["S"] for each in rows} == {f"WORK#{n}" for n in range(30)}
    assert base64.b64decode(rows[0]["part"]["B"]) == b"\x00\xff"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]
    assert (cloud.status, tables(dynamodb), queues(sqs)) == (None, set(NEIGHBOURS), set(OTHER_QUEUES))


def test_a_run_that_died_is_finished_by_the_next(account: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dynamodb, sqs = account
    cloud = Cloud("CREATE_COMPLETE")

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    for where, step in ((backup, "save"), (Leftovers, "delete_table"), (Leftovers, "delete_queue")):
        with monkeypatch.context() as patched:
            patched.setattr(where, step, dies)
            with pytest.raises(KeyboardInterrupt):
                destroyed(cloud, tmp_path)
        assert (MINE in tables(dynamodb)) == (step != "delete_queue")
    assert cloud.status is None
    assert destroyed(cloud, tmp_path) == []
    assert queues(sqs) == set(OTHER_QUEUES)


def test_the_key_goes_last_in_a_week_and_only_the_tenants_own(account: Any, tmp_path: Path) -> None:
    kms = boto3.client("kms")
    keys = {name: kms.create_key()["KeyMetadata"]["KeyId"] for name in ("interleave-acme", "interleave-acme-two")}
    for name, key in keys.items():
        kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
    for _ in range(2):
        destroyed(Cloud("CREATE_COMPLETE"), tmp_path)
    states = {name: kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for name, key in keys.items()}
    assert states == {"interleave-acme": "PendingDeletion", "interleave-acme-two": "Enabled"}
    own = [each["AliasName"] for each in kms.list_aliases()["Aliases"] if each["AliasName"].startswith("alias/inter")]
    assert own == ["alias/interleave-acme-two"]


def test_an_archive_stays_with_its_key_until_it_is_to_go_too(account: Any, tmp_path: Path) -> None:
    kms, s3 = boto3.client("kms"), boto3.client("s3")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=key)
    buckets = {"interleave-acme-a-1": "interleave-acme", "interleave-acme-a-2": "interleave-acme-a"}
    for bucket, stack in buckets.items():
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "interleave-stack", "Value": stack}]})
    s3.create_bucket(Bucket="interleave-packages-1-us-east-1")
    mine = next(iter(buckets))
    s3.put_bucket_versioning(Bucket=mine, VersioningConfiguration={"Status": "Enabled"})
    for n in range(3):
        s3.put_object(Bucket=mine, Key="facts/day=2026-01-05/07.jsonl.gz", Body=str(n).encode())
    s3.delete_object(Bucket=mine, Key="facts/day=2026-01-05/07.jsonl.gz")

    def left() -> tuple[set[str], str]:
        named = {each["Name"] for each in s3.list_buckets()["Buckets"]}
        return named & set(buckets), kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]

    for _ in range(2):
        destroyed(Cloud("CREATE_COMPLETE"), tmp_path)
        assert left() == (set(buckets), "Enabled")
    names = {each["AliasName"]: each.get("TargetKeyId") for each in kms.list_aliases()["Aliases"]}
    assert names.get(f"alias/{mine}") == key, "the archive's name is its key's"
    assert "alias/interleave-acme" not in names, "a new stack of this name makes its own"
    for _ in range(2):
        destroyed(Cloud(None), tmp_path, with_archive=True)
        assert left() == (set(buckets) - {mine}, "PendingDeletion")


def test_a_key_whose_new_name_is_not_listed_yet_stays_for_its_archive(account: Any) -> None:
    """KMS lists a name some minutes after it was given."""
    kms = boto3.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=key)
    left = Leftovers(Session(), "interleave-acme")
    needed = left.hand_key_on("interleave-acme-a-1")
    kms.delete_alias(AliasName="alias/interleave-acme-a-1")  # as if it were not listed
    assert (needed, left.end_key("interleave-acme", [needed])) == (key, None)
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"


def only_one(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The client of DynamoDB that every session gives from now on."""
    dynamodb, client = boto3.client("dynamodb"), Session.client
    monkeypatch.setattr(Session, "client", lambda self, name: dynamodb if name == "dynamodb" else client(self, name))
    return dynamodb


class Slow:
    """A DynamoDB that takes its time to delete a table."""

    def __init__(self, dynamodb: Any, seconds: int) -> None:
        self.described, self.deleted = dynamodb.describe_table, dynamodb.delete_table
        self.seconds = seconds
        self.going: set[str] = set()

    def delete_table(self, TableName: str) -> None:
        self.going.add(TableName)

    def describe_table(self, TableName: str) -> Any:
        if TableName in self.going:
            self.seconds -= 1
            if self.seconds == 0:
                self.deleted(TableName=TableName)
        found = self.described(TableName=TableName)
        if TableName in self.going:
            found["Table"]["TableStatus"] = "DELETING"
        return found


@pytest.fixture
def slow(account: Any, monkeypatch: pytest.MonkeyPatch) -> Slow:
    dynamodb = only_one(monkeypatch)
    found = Slow(dynamodb, seconds=200)
    monkeypatch.setattr(dynamodb, "describe_table", found.describe_table)
    monkeypatch.setattr(dynamodb, "delete_table", found.delete_table)
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)
    return found


def test_a_table_that_takes_minutes_to_go_is_waited_for(account: Any, slow: Slow, tmp_path: Path) -> None:
    dynamodb, sqs = account
    assert len(destroyed(Cloud("CREATE_COMPLETE"), tmp_path)) == 1
    assert (tables(dynamodb), queues(sqs)) == (set(NEIGHBOURS), set(OTHER_QUEUES))


def test_a_table_that_is_going_already_is_not_exported_again(account: Any, slow: Slow, tmp_path: Path) -> None:
    """A run that died while it waited has exported it."""
    dynamodb, _ = account
    dynamodb.update_table(TableName=MINE, DeletionProtectionEnabled=False)
    slow.going.add(MINE)
    assert destroyed(Cloud(None), tmp_path) == []
    assert tables(dynamodb) == set(NEIGHBOURS)


@pytest.mark.parametrize("status", ["INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED"])
def test_a_table_whose_key_was_taken_away_stays_and_so_does_the_key(
    account: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    _, sqs = account
    kms, dynamodb = boto3.client("kms"), only_one(monkeypatch)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=key)
    monkeypatch.setattr(dynamodb, "describe_table", lambda **_: {"Table": {"TableStatus": status}})
    with pytest.raises(DeployFailed, match=f"{MINE} cannot be read") as failed:
        destroyed(Cloud("CREATE_COMPLETE"), tmp_path)
    assert "the same command" in failed.value.step
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert set(QUEUES) <= queues(sqs)


def test_the_table_of_a_creation_that_failed_needs_no_export(account: Any, tmp_path: Path) -> None:
    dynamodb, _ = account
    cloud = Cloud("ROLLBACK_COMPLETE")
    cloud.resources = [{"ResourceType": "AWS::DynamoDB::Table", "PhysicalResourceId": MINE}]
    assert destroyed(cloud, tmp_path) == []
    assert tables(dynamodb) == set(NEIGHBOURS)


def test_no_table_goes_without_its_rows_being_in_a_file(account: Any, tmp_path: Path) -> None:
    dynamodb, _ = account
    with pytest.raises(FileNotFoundError):
        destroyed(Cloud("CREATE_COMPLETE"), tmp_path / "nowhere")
    assert MINE in tables(dynamodb)


def test_an_archive_of_the_same_name_in_another_region_is_another_tenants(account: Any, tmp_path: Path) -> None:
    """Buckets are listed whatever their region; a tenant is in one."""
    s3 = boto3.client("s3", region_name="eu-west-3")
    there = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-3"}}
    s3.create_bucket(Bucket="interleave-acme-a-3", **there)  # type: ignore[arg-type]
    tags = {"TagSet": [{"Key": "interleave-stack", "Value": "interleave-acme"}]}
    s3.put_bucket_tagging(Bucket="interleave-acme-a-3", Tagging=tags)  # type: ignore[arg-type]
    destroyed(Cloud("CREATE_COMPLETE"), tmp_path, with_archive=True)
    assert "interleave-acme-a-3" in {each["Name"] for each in s3.list_buckets()["Buckets"]}


def test_a_key_that_alone_is_left_is_found(account: Any) -> None:
    kms, left = boto3.client("kms"), Leftovers(Session(), "interleave-acme")
    assert left.keys() == []
    kms.create_alias(AliasName="alias/interleave-acme", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    assert left.keys() == ["alias/interleave-acme"]
