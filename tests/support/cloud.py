"""A table and queues for a few tests, in an account of AWS or in an emulator; none of them stays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

from chalicelib.storage.table import Table, place_of
from infra.sessions import Session
from tests.support.worlds import TABLE, Clients


class Cloud:
    """One table, emptied before each use, and queues with new names each time: SQS gives no name twice within a minute.

    `moment`: for so many seconds the index may be behind, a new queue not be there, and a message not be found.
    """

    def __init__(self, session: Session, moment: int) -> None:
        self.session = session
        self.name = f"interleave-test-{token_hex(8)}"
        self._use = 0
        self._urls: set[str] = set()
        self._dynamodb, self._sqs = session.client("dynamodb"), session.client("sqs")
        self._streams = session.client("dynamodbstreams")
        self._table = Table(self._dynamodb, self.name, "by_work")
        self._moment = moment
        of_table, of_queues = self._dynamodb.meta.events, self._sqs.meta.events
        of_table.register("before-parameter-build.dynamodb.TransactWriteItems", self._is_of_this_use)
        of_table.register("before-parameter-build.dynamodb.Query", self._index_catches_up)
        of_queues.register("before-parameter-build.sqs.SendMessageBatch", self._queue_appears)
        of_queues.register("before-parameter-build.sqs.ReceiveMessage", self._all_is_found)
        of_queues.register("after-call.sqs.CreateQueue", self._note)

    @contextmanager
    def standing(self) -> Iterator[Cloud]:
        """The table is there."""
        self._dynamodb.create_table(**{**TABLE, "TableName": self.name})
        made = self._dynamodb.get_waiter("table_exists")
        try:
            made.wait(TableName=self.name)
            yield self
        finally:
            made.wait(TableName=self.name)  # what is still being made cannot be deleted
            self._dynamodb.delete_table(TableName=self.name)

    @contextmanager
    def empty(self) -> Iterator[Clients]:
        """Nothing is in the table, nor in the queues."""
        self._clear()
        self._use += 1
        name = f"{self.name}-{self._use}"
        try:
            urls = [
                self._sqs.create_queue(QueueName=f"{name}-{each}")["QueueUrl"]
                for each in ("doorbell", "deliveries", "dead")
            ]
            yield Clients(
                self._dynamodb,
                self._sqs,
                self._streams,
                *urls,
                table=self.name,
                queue_prefix=f"{name}-queue-",
                client=self.session.client,
                pause=time.sleep,
            )
        finally:
            while self._urls:
                self._sqs.delete_queue(QueueUrl=self._urls.pop())

    def _clear(self) -> None:
        pages = self._dynamodb.get_paginator("scan")
        rows = pages.paginate(TableName=self.name, ProjectionExpression="pk, sk", ConsistentRead=True)
        self._table.delete_all([place_of(row) for page in rows for row in page["Items"]])

    def _note(self, parsed: dict[str, Any], **_: Any) -> None:
        if "QueueUrl" in parsed:
            self._urls.add(parsed["QueueUrl"])

    def _is_of_this_use(self, params: dict[str, Any], **_: Any) -> None:
        """What another test has written is not written again for ten minutes."""
        if "ClientRequestToken" in params:
            params["ClientRequestToken"] = f"{params['ClientRequestToken'][:28]}{self._use:x}"

    def _index_catches_up(self, params: dict[str, Any], **_: Any) -> None:
        if "IndexName" in params:
            time.sleep(self._moment)

    def _queue_appears(self, **_: Any) -> None:
        time.sleep(self._moment)

    def _all_is_found(self, params: dict[str, Any], **_: Any) -> None:
        params["WaitTimeSeconds"] = self._moment
