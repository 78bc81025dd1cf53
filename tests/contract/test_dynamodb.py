"""What only the store on DynamoDB can be late for: between what it reads and what it writes, somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.engagements.model import Note
from chalicelib.errors import LostRace
from chalicelib.storage.dynamodb import DynamoStore
from tests.contract.test_store import engagement
from tests.support.worlds import NOW, aws, aws_centre


@pytest.fixture
def store() -> Iterator[DynamoStore]:
    with aws() as clients:
        store = aws_centre(clients, configured=False).world.store
        assert isinstance(store, DynamoStore)
        yield store


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
