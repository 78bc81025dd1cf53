"""A tenant's rows go into a file and into another tenant, which goes on with the work and tells nobody of it again."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from chalicelib.configuration.tenant import Tenant
from chalicelib.handlers import schedule, stream
from chalicelib.messaging.sqs import SqsTransport
from chalicelib.operations import desk, routing
from chalicelib.operations.ordering import Order
from chalicelib.storage.dynamodb import RESTORED, DynamoStore
from chalicelib.storage.protocol import Client, SigningKey, SigningKeys
from infra import backup
from tests.support.worlds import NOW, TABLE, TENANT, AwsCentre, Session, aws, aws_centre

WEBHOOK = {"webhook_id": "crm", "url": "https://crm.example.com/hook"}
OTHER = "other"


@pytest.fixture
def centre() -> Iterator[AwsCentre]:
    """A tenant with work that waits, work in hand and work that is closed; beside it, one that was just deployed."""
    with aws() as clients:
        centre = aws_centre(clients)
        centre.configure({**TENANT, "webhooks": [WEBHOOK]})
        clients.dynamodb.create_table(**{**TABLE, "TableName": OTHER})
        centre.clock.pass_seconds(5)
        for work in ("CASE-1", "CASE-2"):
            centre.start(work, work_item_desc="x" * 2000)  # long enough to be kept as bytes
        centre.ready("ana")
        centre.settle()
        centre.accept(_offered(centre))
        desk.cancel(centre.world, Order(centre.start("CASE-3"), "integration:crm"))
        centre.consume()
        yield centre


def _offered(centre: AwsCentre) -> str:
    return next(each for each in centre.occupancy("ana").held)


def outputs() -> dict[str, str]:
    url = boto3.client("sqs").create_queue(QueueName="other-doorbell")["QueueUrl"]
    return {"TableName": OTHER, "DoorbellUrl": url, "QueuePrefix": "other-queue-"}


def rows(table: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = boto3.client("dynamodb").scan(TableName=table)["Items"]
    return {(str(row["pk"]["S"]), str(row["sk"]["S"])): dict(row) for row in found}


def restored() -> dict[tuple[str, str], dict[str, Any]]:
    """What was restored, without the sign that it was."""
    return {key: {n: v for n, v in row.items() if n != RESTORED} for key, row in rows(OTHER).items()}


def saved(centre: AwsCentre, folder: Path) -> Path:
    file = folder / "acme.jsonl.gz"
    assert backup.save(centre.clients.dynamodb, "interleave", file, print) == len(rows("interleave"))
    return file


def test_every_row_comes_back_as_it_was_and_the_queues_are_there(centre: AwsCentre, tmp_path: Path) -> None:
    file = saved(centre, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert backup.load(Session(), outputs(), file, print) == len(rows("interleave"))
    assert restored() == rows("interleave")
    made = {
        url.rsplit("/", 1)[-1] for url in centre.clients.sqs.list_queues(QueueNamePrefix="other-queue")["QueueUrls"]
    }
    assert {"other-queue-billing", "other-queue-billing-dead", "other-queue-express"} <= made


def test_the_work_goes_on_there_and_nobody_is_told_what_was_told_before(centre: AwsCentre, tmp_path: Path) -> None:
    there = outputs()
    backup.load(Session(), there, saved(centre, tmp_path), print)
    transport = SqsTransport(
        centre.clients.sqs, there["DoorbellUrl"], there["QueuePrefix"], centre.clients.deliveries_url, ""
    )
    centre.clients.sqs.purge_queue(QueueUrl=centre.clients.deliveries_url)
    store = DynamoStore(centre.clients.dynamodb, OTHER, shards=2, pause=lambda _: None)
    world = replace(centre.world, store=store, transport=transport)
    arn = centre.clients.dynamodb.describe_table(TableName=OTHER)["Table"]["LatestStreamArn"]
    shard = centre.clients.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    at = centre.clients.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = centre.clients.streams.get_records(ShardIterator=at["ShardIterator"])
    stream.take_in(world, records["Records"])
    assert told(centre) == 0
    held = _offered(centre)
    desk.end(world, Order(held, "agent:ana", "ana"), None)
    routing.route_everything(world)
    later = centre.clients.streams.get_records(ShardIterator=records["NextShardIterator"])["Records"]
    stream.take_in(world, later)
    assert told(centre) > 0, "what happens from now on is told"
    assert (store.occupancies(["ana"])["ana"].held.keys() or {held}) != {held}, "what waited was offered"


def told(centre: AwsCentre) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"]
    found: Any = centre.clients.sqs.get_queue_attributes(
        QueueUrl=centre.clients.deliveries_url,
        AttributeNames=names,  # type: ignore[arg-type]
    )["Attributes"]
    return sum(int(found[name]) for name in names)


def test_a_restore_that_died_is_done_again_and_routes_nothing_before(
    centre: AwsCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, there, store = saved(centre, tmp_path), outputs(), DynamoStore(centre.clients.dynamodb, OTHER)
    with monkeypatch.context() as patched:
        patched.setattr(backup, "_make_queues", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            backup.load(Session(), there, file, print)
    assert store.configuration_version() == 0
    backup.load(Session(), there, file, print)
    assert store.configuration_version() == centre.world.store.configuration_version()
    with pytest.raises(backup.NotEmpty):
        backup.load(Session(), there, file, print)


def test_a_sweep_in_the_middle_of_it_changes_nothing(
    centre: AwsCentre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would sign out agents of whom no configuration tells, and take from them what is not there yet."""
    file, there, store = saved(centre, tmp_path), outputs(), DynamoStore(centre.clients.dynamodb, OTHER)
    world = replace(centre.world, store=store, _tenant=Tenant(), _tenant_version=0)
    centre.clock.pass_seconds(600)
    put, swept = backup._put, []

    def put_and_sweep(*given: Any) -> None:
        put(*given)
        if not store.configuration_version():
            swept.append(schedule.run(world))

    monkeypatch.setattr(backup, "BATCH", 1)
    monkeypatch.setattr(backup, "_put", put_and_sweep)
    backup.load(Session(), there, file, print)
    assert len(swept) > 10
    assert restored() == rows("interleave")


def test_nobody_is_locked_out_of_the_tenant_that_is_restored_into(centre: AwsCentre, tmp_path: Path) -> None:
    before, store = centre.world.store, DynamoStore(centre.clients.dynamodb, OTHER)
    before.put_client(Client("admin", (), "admin", "old"))
    before.put_client(Client("crm", (), "integration", "crm"))
    before.put_signing_keys(SigningKeys((SigningKey("a", "old", NOW),)))
    store.put_client(Client("admin", (), "admin", "new"))
    keys = store.put_signing_keys(SigningKeys((SigningKey("b", "new", NOW),)))
    backup.load(Session(), outputs(), saved(centre, tmp_path), print)
    assert [each.subject for each in store.clients()] == ["new", "crm"]
    assert store.signing_keys() == keys
