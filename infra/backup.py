"""A tenant's rows in a file, and back into a tenant: its own or another.

A line of JSON a row, as DynamoDB has it. AWS's own point-in-time recovery is for an accident of the last 35 days; this
is for taking a tenant elsewhere.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.configuration.document import effective
from chalicelib.messaging.sqs import SqsTransport
from chalicelib.storage.dynamodb import RESTORED, DynamoStore
from infra.stacks import Say

BATCH = 25
EVERY = 10_000
"""Rows between two words on how far it is."""
CURRENT = ("CONFIG", "CURRENT")
KEPT = ("CLIENTS", "SECRET")
"""Where a tenant has a client or signing keys of its own already, these stay: nobody is locked out."""
SPOKEN_OF = ("HEAD", "OCCUPANCY")
"""Rows whose changes the stream tells the outside; that they were put back is none of its business."""


class NotABackup(Exception):
    """The file was not written by `save`, or is damaged; the message says how."""


class NotEmpty(Exception):
    """The tenant has a configuration, and so perhaps work, that a restore would mix with."""


def save(dynamodb: Any, table: str, file: Path, say: Say) -> int:
    """Write every row of a table; how many. Only the owner may read the file, which is there when it is whole."""
    part = file.with_name(f"{file.name}.part")
    part.touch(mode=0o600)
    count = 0
    with gzip.open(part, "wt") as out:
        for row in _rows(dynamodb, table):
            out.write(json.dumps(row, default=_text_of) + "\n")
            count += 1
            if count % EVERY == 0:
                say(f"  {count} rows …")
    part.rename(file)
    return count


def load(session: Any, outputs: dict[str, str], file: Path, say: Say) -> int:
    """Put the rows of a file into a tenant that has no configuration yet; how many.

    The row that says which configuration holds comes last: until then nothing is routed there, and a restore that died
    is done again from the beginning. The SQS queues of its work-item queues are made before it. Raises `NotEmpty`,
    `NotABackup`.
    """
    dynamodb, table = session.client("dynamodb"), outputs["TableName"]
    store = DynamoStore(dynamodb, table)
    if store.configuration_version():
        raise NotEmpty
    count, current = 0, None
    batch: list[dict[str, Any]] = []
    for row in _lines(file):
        key = (row["pk"]["S"], row["sk"]["S"])
        count += 1
        if key == CURRENT:
            current = row
        elif key[0] in KEPT:
            _put_if_new(dynamodb, table, row)
        else:
            batch.append(row | {RESTORED: {"BOOL": True}} if key[1] in SPOKEN_OF else row)
        if len(batch) == BATCH:
            _put(dynamodb, table, batch)
            batch = []
        if count % EVERY == 0:
            say(f"  {count} rows …")
    _put(dynamodb, table, batch)
    if current is not None:
        _make_queues(session, outputs, store, int(current["version"]["N"]))
        _put(dynamodb, table, [current])
    return count


def _make_queues(session: Any, outputs: dict[str, str], store: DynamoStore, version: int) -> None:
    found = store.configuration(version)
    transport = SqsTransport(session.client("sqs"), outputs["DoorbellUrl"], outputs["QueuePrefix"], "", "")
    for queue_id in effective(found.document, found.removed).queue_by_id:
        transport.create_queue(queue_id)


def _put(dynamodb: Any, table: str, rows: list[dict[str, Any]]) -> None:
    wanted: Any = {table: [{"PutRequest": {"Item": row}} for row in rows]} if rows else {}
    while wanted:
        wanted = dynamodb.batch_write_item(RequestItems=wanted).get("UnprocessedItems")


def _put_if_new(dynamodb: Any, table: str, row: dict[str, Any]) -> None:
    try:
        dynamodb.put_item(TableName=table, Item=row, ConditionExpression="attribute_not_exists(pk)")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return


def _rows(dynamodb: Any, table: str) -> Iterator[dict[str, Any]]:
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                yield _row_of(json.loads(line))
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise NotABackup(str(error)) from error


def _row_of(row: Any) -> dict[str, Any]:
    if not isinstance(row, dict) or not {"pk", "sk"} <= row.keys():
        raise ValueError("a line is no row of a table")
    return {name: _value_of(value) for name, value in row.items()}


def _value_of(value: dict[str, Any]) -> dict[str, Any]:
    return {"B": base64.b64decode(value["B"])} if "B" in value else value


def _text_of(value: Any) -> str:
    """Bytes as base64, which is what DynamoDB's own JSON has."""
    return base64.b64encode(value).decode()
