"""The event handlers: what they do with messages that nobody can read."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from chalicelib.errors import TooManyRequests
from chalicelib.handlers import deliver, doorbell, schedule, stream
from chalicelib.handlers.observe import metrics, observe_events
from chalicelib.messaging.protocol import Delivery
from chalicelib.operations import recording
from chalicelib.storage.protocol import Attempt
from tests.support.worlds import TENANT, MemoryCentre, aws, aws_centre


def test_a_ring_that_cannot_be_read_fails_alone_and_is_counted(
    centre: MemoryCentre, capsys: pytest.CaptureFixture[str]
) -> None:
    engagement_id = centre.start()
    centre.ready("ana")
    rings = [{"messageId": "1", "body": "nonsense"}, {"messageId": "2", "body": '{"queue_id":"billing"}'}]
    centre.consume()
    assert doorbell.answer(centre.world, rings) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert centre.read(engagement_id).state == "offered"
    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "PoisonedMessages" in line]
    assert metrics[0]["PoisonedMessages"] == [1.0]


def test_a_delivery_that_breaks_has_no_other_one_made_again(
    centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    centre.configure({**TENANT, "webhooks": [{"webhook_id": "crm", "url": "https://crm.example.com/hook"}]})
    bodies = [Delivery("crm", f"e{n}", "contact_center.engagement_started", "{}") for n in range(3)]
    records = [{"messageId": each.event_id, "body": json.dumps(asdict(each))} for each in bodies]
    keep = centre.store.keep_attempt

    def busy(attempt: Attempt) -> None:
        if attempt.event_id == "e1":
            raise TooManyRequests("The table is too busy.", 1)
        keep(attempt)

    monkeypatch.setattr(centre.store, "keep_attempt", busy)
    assert deliver.take(centre.world, records) == {"batchItemFailures": [{"itemIdentifier": "e1"}]}
    assert [attempt.event_id for attempt in centre.store.attempts("crm", 0, centre.clock.at + 1, 9)] == ["e0", "e2"]
    logged = [record.__dict__ for record in caplog.records if record.msg == "failed"]
    assert [(each["event_id"], each["error"]) for each in logged] == [("e1", "TooManyRequests")]


def test_waits_and_offers_that_nobody_took_are_measured(
    centre: MemoryCentre, capsys: pytest.CaptureFixture[str]
) -> None:
    centre.start()
    centre.consume()
    centre.clock.pass_seconds(20)
    schedule.run(centre.world)
    centre.ready("ana")
    schedule.run(centre.world)
    centre.clock.pass_seconds(31)
    schedule.run(centre.world)
    with metrics():
        observe_events(recording.record(centre.world, centre.store.stream))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    measured = {name: line[name] for line in reversed(lines) for name in line if name[0].isupper()}
    assert measured["OldestWait"] == [20_000.0]
    assert measured["StartToOffer"] == [20_000.0]
    assert measured["OffersMissed"] == [1.0]
    assert "RouterLap" in measured


def test_a_ring_for_what_is_not_there_is_no_trouble(centre: MemoryCentre) -> None:
    rings = [
        {"messageId": str(n), "body": json.dumps(body)}
        for n, body in enumerate(({"queue_id": "gone"}, {"agent_id": "gone"}, {"engagement_id": "gone"}, {}))
    ]
    assert doorbell.answer(centre.world, rings) == {"batchItemFailures": []}


def _records() -> list[dict[str, Any]]:
    with aws() as clients:
        centre = aws_centre(clients)
        centre.start("CASE-1")
        centre.start("CASE-2", work_item_desc="x" * 2000)
        arn = clients.dynamodb.describe_table(TableName="interleave")["Table"]["LatestStreamArn"]
        shard = clients.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = clients.streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
            "ShardIterator"
        ]
        records: list[dict[str, Any]] = clients.streams.get_records(ShardIterator=iterator)["Records"]
        return records


def test_from_a_record_that_cannot_be_read_on_the_batch_is_left_for_another_try(centre: MemoryCentre) -> None:
    records = _records()
    heads = [n for n, each in enumerate(records) if each["dynamodb"]["Keys"]["sk"]["S"] == "HEAD"]
    broken = records[heads[1]]["dynamodb"]
    broken["NewImage"]["doc"] = {"S": "{}"}
    answer = stream.take_in(centre.world, records)
    assert answer == {"batchItemFailures": [{"itemIdentifier": broken["SequenceNumber"]}]}
    assert len(centre.transport.drain("billing").notices) == 1, "what came before it was taken in"


def test_rows_that_expire_are_no_news(centre: MemoryCentre) -> None:
    records = _records()
    for each in records:
        each["dynamodb"]["OldImage"] = each["dynamodb"].pop("NewImage")
    assert stream.take_in(centre.world, records) == {"batchItemFailures": []}
    assert centre.transport.drain("billing").notices == ()
