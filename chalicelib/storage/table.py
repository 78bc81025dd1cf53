"""One DynamoDB table: its calls, what is tried again, and how a row is spelled.

Rows are named by a pair of texts. A row is a document (`doc`) beside the few attributes that conditions, the index and
TTL need.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from chalicelib.errors import LostRace, TooManyRequests
from chalicelib.storage import codec

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

T = TypeVar("T")
Item = dict[str, Any]
Key = tuple[str, str]

CONFLICT_ATTEMPTS = 6
IN_CONFLICT = "The write stayed in conflict with others; try again."
THROTTLED = ("ThrottlingException", "ProvisionedThroughputExceededException", "RequestLimitExceeded")


class Table:
    """The table and its one index, which is sparse: (gpk, gsk)."""

    def __init__(
        self, client: DynamoDBClient, name: str, index: str, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._name = name
        self._index = index
        self._pause = pause
        client.meta.events.register("after-call.dynamodb", _too_busy)

    # Reading

    def get(self, key: Key) -> Item | None:
        found = self._client.get_item(TableName=self._name, Key=key_of(key), ConsistentRead=True)
        return found.get("Item")

    def get_all(self, keys: Iterable[Key]) -> Iterator[Item]:
        """The rows that are there, in any order, each once: no read may name the same row twice."""
        for chunk in _chunks(sorted(set(keys)), 100):
            wanted: Any = {"Keys": [key_of(key) for key in chunk], "ConsistentRead": True}
            for attempt in range(CONFLICT_ATTEMPTS):
                answer = self._client.batch_get_item(RequestItems={self._name: wanted})
                yield from answer["Responses"].get(self._name, [])
                wanted = answer.get("UnprocessedKeys", {}).get(self._name)
                if not wanted:
                    break
                self._pause(0.05 * 2**attempt)
            else:
                raise LostRace("The table is too busy to read from; try again.")

    def query(self, partition: str, first: str, last: str) -> Iterator[Item]:
        """A partition's rows from one to another, both included, in order."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :first AND :last",
            ExpressionAttributeValues={":pk": {"S": partition}, ":first": {"S": first}, ":last": {"S": last}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def last(self, partition: str, before: str = "~") -> Item | None:
        """A partition's last row of those before a key."""
        found = self._client.query(
            TableName=self._name,
            KeyConditionExpression="pk = :pk AND sk < :before",
            ExpressionAttributeValues={":pk": {"S": partition}, ":before": {"S": before}},
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=1,
        )
        return next(iter(found["Items"]), None)

    def indexed(self, partition: str, upto: str = "~", most: int | None = None) -> Iterator[Item]:
        """The rows of a partition of the index, in order; a moment old. A page has at most `most`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._name,
            IndexName=self._index,
            KeyConditionExpression="gpk = :gpk AND gsk <= :upto",
            ExpressionAttributeValues={":gpk": {"S": partition}, ":upto": {"S": upto}},
            PaginationConfig={"PageSize": most} if most else {},
        )
        for page in pages:
            yield from page["Items"]

    def scan(self, after: Key | None, most: int, kept: str, values: Mapping[str, str]) -> tuple[list[Item], Key | None]:
        """Of the next `most` rows those that a filter keeps; and the last of them all, if there are more."""
        page = self._client.scan(
            TableName=self._name,
            Limit=most,
            FilterExpression=kept,
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
            **({"ExclusiveStartKey": key_of(after)} if after else {}),  # type: ignore[arg-type]
        )
        last = page.get("LastEvaluatedKey")
        return page["Items"], None if last is None else (last["pk"]["S"], last["sk"]["S"])

    # Writing

    def put(self, row: Item) -> None:
        """A row, whatever stood there."""
        self._patiently(lambda: self._client.put_item(TableName=self._name, Item=row))

    def put_all(self, rows: Iterable[Item]) -> None:
        """Rows that may be put again; of those with the same key, the last."""
        last = {place_of(row): row for row in rows}
        for chunk in _chunks([{"PutRequest": {"Item": row}} for row in last.values()], 25):
            self._write_all(list(chunk))

    def delete_all(self, keys: Iterable[Key]) -> None:
        for chunk in _chunks([{"DeleteRequest": {"Key": key_of(key)}} for key in sorted(keys)], 25):
            self._write_all(list(chunk))

    def update(self, key: Key, *, update: str, condition: str, values: Mapping[str, Any]) -> bool:
        """Change a row in place; whether the condition held."""
        try:
            self._patiently(
                lambda: self._client.update_item(
                    TableName=self._name,
                    Key=key_of(key),
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                )
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def try_put(self, put: Item) -> Item | None:
        """None where the put of `conditional` held; otherwise the row that stood in its way."""
        try:
            self._patiently(lambda: self._client.put_item(**put))
        except self._client.exceptions.ConditionalCheckFailedException as error:
            refused: Any = error.response
            return dict(refused.get("Item", {}))
        return None

    def transact(self, actions: list[Item]) -> list[Item] | None:
        """None where the transaction held; otherwise the reasons, one an action, of which one is a condition that did
        not hold. Raises `LostRace` where others stayed in its way.

        The token is made of the actions, so the same logical write sent again after a lost answer applies once.
        """
        token = hashlib.sha256(repr(actions).encode()).hexdigest()[:32]
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                self._client.transact_write_items(
                    TransactItems=actions,  # type: ignore[arg-type]
                    ClientRequestToken=token,
                )
                return None
            except self._client.exceptions.TransactionCanceledException as error:
                cancelled: Any = error.response
                reasons: list[Item] = cancelled["CancellationReasons"]
                codes = {reason.get("Code") for reason in reasons}
                if "ConditionalCheckFailed" in codes:
                    return reasons
                if not codes & {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
                    raise
            except ClientError as error:
                if error.response["Error"]["Code"] != "TransactionInProgressException":
                    raise
            self._pause(0.01 * 2**attempt)
        raise LostRace(IN_CONFLICT)

    def conditional(
        self, row: Item, condition: str, values: Mapping[str, Any] | None = None, names: Mapping[str, str] | None = None
    ) -> Item:
        """A put that holds only on a condition, for `try_put` or `transact`."""
        put: Item = {
            "TableName": self._name,
            "Item": row,
            "ConditionExpression": condition,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if names:
            put["ExpressionAttributeNames"] = dict(names)
        if values:
            put["ExpressionAttributeValues"] = dict(values)
        return put

    def succeeding(self, row: Item, seen: int) -> Item:
        """A put that holds only if the row has the version that was seen; 0 is that there was none."""
        if seen:
            return self.conditional(row, "version = :seen", {":seen": number(seen)})
        return self.conditional(row, "attribute_not_exists(pk)")

    def unconditional(self, row: Item) -> Item:
        """A put for `transact`."""
        return {"TableName": self._name, "Item": row}

    def absent(self, key: Key) -> Item:
        """For `transact`: that there is no such row."""
        return {
            "TableName": self._name,
            "Key": key_of(key),
            "ConditionExpression": "attribute_not_exists(pk)",
        }

    def follow(self, key: Key, document: str | bytes, seen: int) -> None:
        """Put the next version of a row, if the one seen is still there. Raises `LostRace`."""
        row = {**key_of(key), "version": number(seen + 1), "doc": stored(document)}
        old = self.try_put(self.succeeding(row, seen))
        if old is not None and not same(row, old):
            raise LostRace("Somebody else changed it at the same moment.")

    def first(self, key: Key, candidate: str) -> str:
        """A secret that stays what it was first."""
        known = self.get(key)
        if known is None:
            row = {**key_of(key), "secret": {"S": candidate}}
            known = self.try_put(self.conditional(row, "attribute_not_exists(pk)")) or row
        return str(known["secret"]["S"])

    # What no one row can hold

    def whole(self, dumped: str | bytes, expires_at: int | None = None) -> Item:
        """A document as an attribute of a row. What no one row can hold is kept in parts, before anything points to it.

        The parts are named by what is in them: whoever writes the same document writes the same rows.
        """
        if len(dumped) <= codec.LARGEST_PART:
            return {"doc": stored(dumped)}
        whole = dumped if isinstance(dumped, bytes) else dumped.encode()
        digest = hashlib.sha256(whole).hexdigest()
        until = {} if expires_at is None else {"expires_at": number(expires_at)}
        for n, first in enumerate(range(0, len(whole), codec.LARGEST_PART)):
            part = {"B": whole[first : first + codec.LARGEST_PART]}
            self.put({**key_of((f"DOCUMENT#{digest}", f"{n:04d}")), "part": part, **until})
        return {"parts": {"S": digest}}

    def document(self, row: Item) -> str | bytes:
        """A document that `whole` put into a row."""
        if "doc" in row:
            return loaded(row["doc"])
        parts = self.query(f"DOCUMENT#{row['parts']['S']}", "0", "~")
        return b"".join(bytes(part["part"]["B"]) for part in parts)

    def _patiently(self, write: Callable[[], object]) -> None:
        """Write a row. One that a transaction is at is tried again: it refuses whatever else comes at that moment."""
        for attempt in range(CONFLICT_ATTEMPTS):
            try:
                write()
                return
            except self._client.exceptions.TransactionConflictException:
                self._pause(0.01 * 2**attempt)
        raise LostRace(IN_CONFLICT)

    def _write_all(self, requests: list[Item]) -> None:
        for attempt in range(CONFLICT_ATTEMPTS):
            answer = self._client.batch_write_item(RequestItems={self._name: requests})  # type: ignore[dict-item]
            requests = answer.get("UnprocessedItems", {}).get(self._name, [])  # type: ignore[assignment]
            if not requests:
                return
            self._pause(0.05 * 2**attempt)
        raise LostRace("The table is too busy to write to; try again.")


def key_of(key: Key) -> Item:
    """The attributes that name a row."""
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def place_of(row: Mapping[str, Any]) -> Key:
    """What names a row."""
    return str(row["pk"]["S"]), str(row["sk"]["S"])


def number(value: int) -> dict[str, str]:
    """A number as an attribute."""
    return {"N": str(value)}


def stored(document: str | bytes) -> dict[str, Any]:
    """A document as an attribute."""
    return {"S": document} if isinstance(document, str) else {"B": document}


def loaded(attribute: Mapping[str, Any]) -> str | bytes:
    """The document in an attribute."""
    return attribute["S"] if "S" in attribute else bytes(attribute["B"])


def same(wanted: Item, old: Item) -> bool:
    """Whether the row in the way is the one that was to be put: the answer to an earlier sending was lost."""
    return bool(old.get("doc") == wanted["doc"] and old.get("version") == wanted["version"])


def _too_busy(parsed: Mapping[str, Any], **_: Any) -> None:
    """Whoever asks a table that is throttled, and stays so while the client tries again, is told to come back."""
    if parsed.get("Error", {}).get("Code") in THROTTLED:
        raise TooManyRequests("The table is too busy; wait a second.", retry_after=1)


def _chunks(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
