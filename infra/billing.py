"""Counts what AWS would bill for, from the calls that are made. Counting does not jitter; timing does.

Rules, from the price pages of DynamoDB, SQS and S3: a write costs one unit a KB (twice that in a transaction), also
when its condition fails; an index costs one unit more for each of its rows that is put, changed or removed (two where
its key changes); a strongly consistent read costs one unit a 4 KB, an eventually consistent one half; ten SQS messages
are one request; writing an object to S3 costs as much as listing some, and its bytes are kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

Item = Mapping[str, Any]
INDEX_KEY = ("gpk", "gsk")
PROJECTED = ("waiting",)


class Touch(NamedTuple):
    """Write units that went to one partition key of the table, or of the index."""

    key: str
    units: float


class Meter:
    """Watches boto3 clients and adds up billed units by kind."""

    def __init__(self) -> None:
        self.billed: dict[str, float] = {}
        self.touches: list[Touch] = []
        """Where the write units went, in order."""
        self._rows: dict[tuple[str, str], Item] = {}
        self._pending: dict[str, Any] = {}
        self.is_paused = False
        """Whether what is called now is remembered but not billed."""

    def watch(self, client: Any) -> None:
        """Count this client's calls from now on."""
        client.meta.events.register("before-parameter-build", self._asked)
        client.meta.events.register("after-call", self._answered)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """What is called inside is remembered but not billed."""
        self.is_paused = True
        try:
            yield
        finally:
            self.is_paused = False

    def _bill(self, kind: str, units: float) -> None:
        if not self.is_paused:
            self.billed[kind] = self.billed.get(kind, 0) + units

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self._pending[model.name] = params

    def _answered(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        params = self._pending.pop(model.name)
        held = http_response.status_code < 300
        match model.name:
            case "PutItem":
                self._write(params["Item"], held, 1)
            case "UpdateItem":
                self._update(params, held)
            case "TransactWriteItems":
                for action in params["TransactItems"]:
                    ((kind, what),) = action.items()
                    self._write(what["Item"] if kind == "Put" else what["Key"], held and kind == "Put", 2)
            case "BatchWriteItem":
                for requests in params["RequestItems"].values():
                    for request in requests:
                        ((kind, what),) = request.items()
                        self._write(what["Item"] if kind == "PutRequest" else what["Key"], held, 1)
            case "GetItem":
                self._read([parsed.get("Item", {})], 1.0)
            case "BatchGetItem":
                keys = sum(len(wanted["Keys"]) for wanted in params["RequestItems"].values())
                items = [item for found in parsed.get("Responses", {}).values() for item in found]
                self._read(items + [{}] * (keys - len(items)), 1.0)
            case "Query" | "Scan":
                whole = sum(size_of(item) for item in parsed.get("Items", []))
                factor = 1.0 if params.get("ConsistentRead") else 0.5
                self._bill("read_units", max(1, math.ceil(whole / 4096)) * factor)
            case "PutObject":
                self._bill("s3_requests", 1)
                self._bill("s3_bytes", params["Body"].getbuffer().nbytes)  # botocore has made a file of it
            case "ListObjectsV2":
                self._bill("s3_requests", 1)
            case _:
                self._bill("sqs_requests", 1)

    def _write(self, item: Item, held: bool, factor: int) -> None:
        self._written(item["pk"]["S"], factor * max(1, math.ceil(size_of(item) / 1024)))
        if held:
            key = (item["pk"]["S"], item["sk"]["S"])
            for index_key in index_writes(self._rows.get(key, {}), item):
                self._written(index_key, 1)
            self._rows[key] = item

    def _written(self, key: str, units: float) -> None:
        self._bill("write_units", units)
        if not self.is_paused:
            self.touches.append(Touch(key, units))

    def _update(self, params: dict[str, Any], held: bool) -> None:
        """The only update there is sets the index's attributes: `SET a = :a, …`."""
        key = (params["Key"]["pk"]["S"], params["Key"]["sk"]["S"])
        values = params["ExpressionAttributeValues"]
        assignments = params["UpdateExpression"].removeprefix("SET ").split(", ")
        changes = {name: values[value] for name, value in (each.split(" = ") for each in assignments)}
        self._write({**params["Key"], **self._rows.get(key, {}), **changes}, held, 1)

    def _read(self, items: list[Item], factor: float) -> None:
        for item in items:
            self._bill("read_units", max(1, math.ceil(size_of(item) / 4096)) * factor)


def index_writes(before: Item, after: Item) -> list[str]:
    """The keys of the index that a change of a row writes to, one unit each."""
    old = tuple(str(before.get(name)) for name in INDEX_KEY) if "gpk" in before else None
    new = tuple(str(after.get(name)) for name in INDEX_KEY) if "gpk" in after else None
    if old != new:
        return [row["gpk"]["S"] for row in (before, after) if "gpk" in row]
    changed = any(before.get(name) != after.get(name) for name in PROJECTED)
    return [after["gpk"]["S"]] if new is not None and changed else []


def size_of(item: Item) -> int:
    """A row's size in bytes, by DynamoDB's rules: names, text and bytes as they are, numbers by their digits."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            return math.ceil(len(content.lstrip("-")) / 2) + 1
        case _:
            raise ValueError(f"no row has an attribute of kind {kind}")
