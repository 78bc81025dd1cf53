"""What only the store on DynamoDB can be late for: between what it reads and what it writes, somebody else wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import amendments
from chalicelib.engagements.model import DAY_MS, Note
from chalicelib.errors import LostRace
from chalicelib.events.catalogue import PublicEvent
from chalicelib.operations.translation import waiting_of
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.protocol import Started
from chalicelib.storage.table import key_of, place_of
from tests.contract.test_store import engagement, receipt
from tests.support.worlds import NOW, Clients


@pytest.fixture
def store(clients: Clients) -> DynamoStore:
    return DynamoStore(clients.dynamodb, clients.table, shards=2, pause=lambda _: None)


def test_of_two_first_configurations_one_is_applied(store: DynamoStore) -> None:
    store.apply({"queues": []}, 0)
    with pytest.raises(LostRace):
        store.apply({"flows": []}, 0)
    assert store.configuration(1).document == {"queues": []}


def test_of_two_first_secrets_both_are_told_the_one_that_was_there_first(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.webhook_secret("crm", "one") == "one"
    monkeypatch.setattr(store._table, "get", lambda _: None)  # both looked before either wrote
    assert store.webhook_secret("crm", "two") == "one"


def test_a_note_that_is_forgotten_meanwhile_does_not_come_back(
    store: DynamoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = engagement()
    closed = replace(one, state="closed", closed_at=NOW)
    store.add_note(Note("n", one.engagement_id, NOW, "sue", "supervisor", "He called."), NOW + 1000)
    rows = list(store._beside("N", one.engagement_id))
    store.forget(one.engagement_id, NOW)
    monkeypatch.setattr(store, "_beside", lambda *_: iter(rows))  # it looked before
    store.end_notes(closed)
    monkeypatch.undo()
    assert store.notes(one.engagement_id) == []


def test_what_comes_again_after_the_shards_have_grown_is_told_once(clients: Clients) -> None:
    """The stream delivers for a day, and a replay sends what is listed."""
    few, many = (DynamoStore(clients.dynamodb, clients.table, shards=n) for n in (1, 7))
    events = [PublicEvent(f"e{n}", "t", NOW + n % 2, f"s{n}", 1) for n in range(9)]
    few.keep_events(events)
    many.keep_events(events)
    told = [each.event_id for each in many.events(NOW, NOW + 2, 100)]
    assert sorted(told) == sorted(each.event_id for each in events)
    assert many.events(NOW, NOW + 2, 4) == many.events(NOW, NOW + 2, 100)[:4]


def test_a_row_that_is_named_twice_is_read_once(store: DynamoStore) -> None:
    """A page of the index may show what has just moved at its old place and at its new one."""
    one = replace(engagement(), state="scheduled", not_before=NOW)
    store.start(one, None)
    rows = list(store._table.indexed(f"DUE#{store._shard(one.engagement_id)}"))
    assert len(list(store._table.get_all([place_of(row) for row in rows * 2]))) == 1


def test_the_beginning_of_long_work_is_kept_as_long_as_the_work_can_be_read(store: DynamoStore) -> None:
    one = replace(engagement(), kept_days=400)
    store.archive(one, one.trail)
    (row,) = store._beside("V", one.engagement_id)
    closed = replace(one, state="closed", closed_at=NOW + 399 * DAY_MS)
    assert closed.expires_at is not None
    assert int(row["expires_at"]["N"]) * 1000 >= closed.expires_at


def test_what_one_read_has_no_room_for_is_read_by_another(store: DynamoStore) -> None:
    """DynamoDB reads 16 MB at once."""
    places = [(f"LARGE#{n}", "1") for n in range(44)]
    for place in places:
        store._table.put({**key_of(place), "doc": {"S": "x" * 390_000}})
    assert sorted(place_of(row) for row in store._table.get_all(places)) == sorted(places)


def test_what_a_busy_table_left_of_a_batch_is_written_then(store: DynamoStore) -> None:
    rows = [{**key_of((f"ROW#{n}", "1"))} for n in range(30)]
    asked: list[int] = []

    def leave_some(params: Any, model: Any, **_: Any) -> Any:
        if model.name != "BatchWriteItem":
            return None
        (requests,) = json.loads(params["body"])["RequestItems"].values()
        asked.append(len(requests))
        if len(asked) > 1:
            return None
        return AWSResponse("", 200, {}, None), {"UnprocessedItems": {store._table._name: requests}}

    events = store._table._client.meta.events
    events.register_first("before-call", leave_some)
    try:
        store._table.put_all(rows)
    finally:
        events.unregister("before-call", leave_some)
    assert asked == [25, 25, 5]
    assert len(list(store._table.get_all(map(place_of, rows)))) == 30


@contextmanager
def transactions_of_others(store: DynamoStore, calls: int) -> Iterator[None]:
    """The next so many writes find that another transaction is at the same rows at this moment."""
    left = iter(range(calls))

    def busy(model: Any, **_: Any) -> Any:
        if model.name not in ("PutItem", "UpdateItem", "TransactWriteItems") or next(left, None) is None:
            return None
        code, more = "TransactionConflictException", {}
        if model.name == "TransactWriteItems":
            code = "TransactionCanceledException"
            more = {"CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}]}
        error = {"Error": {"Code": code, "Message": "busy"}, "ResponseMetadata": {"HTTPStatusCode": 400}, **more}
        return AWSResponse("", 400, {}, None), error

    events = store._table._client.meta.events
    events.register_first("before-call", busy)
    try:
        yield
    finally:
        events.unregister("before-call", busy)


class TestRowsOfAnotherTransaction:
    """A row that a transaction is at refuses every other write for that moment."""

    def test_a_write_of_one_row_is_tried_again(self, store: DynamoStore) -> None:
        with transactions_of_others(store, 2):
            assert store.start(engagement(), None) == Started()

    def test_what_has_to_wait_is_enlisted_all_the_same(self, store: DynamoStore) -> None:
        one = engagement()
        store.start(one, None)
        with transactions_of_others(store, 2):
            assert store.enlist(waiting_of(Tenant(), one))

    def test_a_start_that_stays_in_conflict_is_a_lost_race(self, store: DynamoStore) -> None:
        one = engagement()
        with transactions_of_others(store, 100), pytest.raises(LostRace):
            store.start(one, receipt(one))
        assert store.start(one, receipt(one)) == Started()

    def test_changes_that_stay_in_conflict_are_answered_one_by_one(self, store: DynamoStore) -> None:
        changes = []
        for n in range(2):
            one = engagement(f"CASE-{n}")
            store.start(one, None)
            changes.append(amendments.flag(one, ("due_date_at_risk",), now=NOW))
        with transactions_of_others(store, 100):
            assert store.commit_all(changes) == [False, False]
        assert store.commit_all(changes) == [True, True]

    def test_what_closed_work_said_is_not_left_out_because_its_row_is_busy(self, store: DynamoStore) -> None:
        one = engagement()
        closed = replace(one, state="closed", closed_at=NOW)
        with transactions_of_others(store, 100), pytest.raises(LostRace):
            store.archive(closed, one.trail)  # it comes again
        store.archive(closed, one.trail)
        assert store.archived(one.engagement_id)[0] == closed
