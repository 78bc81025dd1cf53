"""What moto and the emulator do, beside what AWS documents, is what docs/emulators.md says."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.storage.table import Item, key_of
from tests.support.worlds import Clients

PAGE = (Path(__file__).parents[2] / "docs" / "emulators.md").read_text()
AS_AWS = "as AWS"
KB = 1024
MB = 1024 * KB

Probe = Callable[[Clients], bool]
PROBES: dict[str, Probe] = {}
"""Whether what is asked behaves as AWS does, by what the page says that AWS does."""
SOMETIMES: set[str] = set()
"""What AWS does now and then, and cannot be made to do."""


def aws_does(what: str, sometimes: bool = False) -> Callable[[Probe], Probe]:
    def kept(probe: Probe) -> Probe:
        PROBES[what] = probe
        if sometimes:
            SOMETIMES.add(what)
        return probe

    return kept


# What is asked


def row(pk: str = "a", sk: str = "1", size: int = 0, **more: Any) -> Item:
    return {**key_of((pk, sk)), **({"doc": {"S": "x" * size}} if size else {}), **more}


def put(clients: Clients, item: Item, **terms: Any) -> Any:
    return clients.dynamodb.put_item(TableName=clients.table, Item=item, **terms)


def transact(clients: Clients, *puts: Item, **terms: Any) -> Any:
    actions = [{"Put": {"TableName": clients.table, **each}} for each in puts]
    return clients.dynamodb.transact_write_items(TransactItems=actions, **terms)


def batch(clients: Clients, *rows: Item) -> Any:
    return clients.dynamodb.batch_write_item(
        RequestItems={clients.table: [{"PutRequest": {"Item": each}} for each in rows]}
    )


def read_batch(clients: Clients, *rows: Item) -> Any:
    return clients.dynamodb.batch_get_item(RequestItems={clients.table: {"Keys": list(rows)}})


def error_of(call: Callable[[], object]) -> dict[str, Any]:
    """What was answered to a call that AWS refuses; nothing where it was taken."""
    try:
        call()
    except ClientError as error:
        answer: dict[str, Any] = error.response  # type: ignore[assignment]
        return answer
    return {}


def refused(call: Callable[[], object], code: str = "ValidationException") -> bool:
    return bool(error_of(call).get("Error", {}).get("Code", "").endswith(code))


ABSENT = {"ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


@aws_does("a put that is refused gives back the row in its way")
def _(clients: Clients) -> bool:
    put(clients, row(size=5))
    error = error_of(lambda: put(clients, row(), **ABSENT))
    return error["Error"]["Code"] == "ConditionalCheckFailedException" and error.get("Item") == row(size=5)


@aws_does("a transaction that is cancelled gives a reason for each action, and the rows in its way")
def _(clients: Clients) -> bool:
    put(clients, row("a", size=5))
    error = error_of(lambda: transact(clients, {"Item": row("b")}, {"Item": row("a"), **ABSENT}))
    first, second = error["CancellationReasons"]
    found = (first["Code"], second["Code"], second.get("Item"))
    return found == ("None", "ConditionalCheckFailed", row("a", size=5))


def count_twice(clients: Clients, token: str, *steps: int) -> int:
    for step in steps:
        update = {
            "TableName": clients.table,
            "Key": row(),
            "UpdateExpression": "ADD taken :n",
            "ExpressionAttributeValues": {":n": {"N": str(step)}},
        }
        clients.dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken=token)
    return int(clients.dynamodb.get_item(TableName=clients.table, Key=row())["Item"]["taken"]["N"])


@aws_does("a transaction that is sent again with its token is applied once")
def _(clients: Clients) -> bool:
    return count_twice(clients, "a" * 32, 1, 1) == 1


@aws_does("another transaction with the same token is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: count_twice(clients, "b" * 32, 1, 2), "IdempotentParameterMismatchException")


@aws_does("a transaction that names a row twice is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: transact(clients, {"Item": row()}, {"Item": row()}))


@aws_does("a transaction of more than 100 actions is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: transact(clients, *({"Item": row(f"{n}")} for n in range(101))))


@aws_does("a transaction of more than 4 MB is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: transact(clients, *({"Item": row(f"{n}", size=380 * KB)} for n in range(12))))


@aws_does("a transaction meets others at its rows, and is cancelled for it", sometimes=True)
def _(clients: Clients) -> bool:
    def conflict(n: int) -> bool:
        error = error_of(lambda: transact(clients, {"Item": row("a", size=n)}, {"Item": row("b", size=n)}))
        return "TransactionConflict" in {reason["Code"] for reason in error.get("CancellationReasons", [])}

    with ThreadPoolExecutor(8) as pool:
        return any(pool.map(conflict, range(1, 40)))


@aws_does("a row of more than 400 KB is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row(size=400 * KB)))


@aws_does("a row of more than 400 KB is refused in a batch")
def _(clients: Clients) -> bool:
    return refused(lambda: batch(clients, row(size=400 * KB)))


@aws_does("a row of more than 400 KB is refused in a transaction")
def _(clients: Clients) -> bool:
    call = lambda: transact(clients, {"Item": row(size=400 * KB)})  # noqa: E731
    return refused(call) or refused(call, "TransactionCanceledException")


@aws_does("a row that an update makes larger than 400 KB is refused")
def _(clients: Clients) -> bool:
    put(clients, row(size=300 * KB))
    return refused(
        lambda: clients.dynamodb.update_item(
            TableName=clients.table,
            Key=row(),
            UpdateExpression="SET waiting = :more",
            ExpressionAttributeValues={":more": {"S": "x" * 150 * KB}},
        )
    )


@aws_does("a batch of more than 25 writes is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: batch(clients, *(row(f"{n}") for n in range(26))))


@aws_does("a batch that writes a row twice is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: batch(clients, row(), row()))


@aws_does("a batch that reads more than 100 rows is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: read_batch(clients, *(row(f"{n}") for n in range(101))))


@aws_does("a batch that reads a row twice is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: read_batch(clients, row(), row()))


@aws_does("a batch reads no more than 16 MB, and names what it left")
def _(clients: Clients) -> bool:
    keys = [row(f"{n}") for n in range(44)]
    for key in keys:
        put(clients, key | row(key["pk"]["S"], size=390 * KB))
    return bool(read_batch(clients, *keys)["UnprocessedKeys"])


@aws_does("a query reads no more than 1 MB, and says where it stopped")
def _(clients: Clients) -> bool:
    for n in range(4):
        put(clients, row("a", f"{n}", size=380 * KB))
    found = clients.dynamodb.query(
        TableName=clients.table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}
    )
    return "LastEvaluatedKey" in found


@aws_does("the limit of a scan counts what its filter leaves out")
def _(clients: Clients) -> bool:
    for n in range(4):
        put(clients, row("a", f"{n}"))
    found = clients.dynamodb.scan(
        TableName=clients.table,
        Limit=2,
        FilterExpression="sk = :last",
        ExpressionAttributeValues={":last": {"S": "3"}},
    )
    return (found["Count"], found["ScannedCount"]) == (0, 2) and "LastEvaluatedKey" in found


@aws_does("an empty text in a key is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row("a", "")))


@aws_does("an empty text in a key of the index is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row(gpk={"S": "a"}, gsk={"S": ""})))


@aws_does("a partition key of more than 2,048 bytes is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row("é" * 1025)))


@aws_does("a sort key of more than 1,024 bytes is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row("a", "é" * 513)))


@aws_does("a word that is reserved is refused as a name")
def _(clients: Clients) -> bool:
    return refused(lambda: put(clients, row(), ConditionExpression="attribute_not_exists(state)"))


@aws_does("a value that no expression uses is refused")
def _(clients: Clients) -> bool:
    terms = {"ConditionExpression": "attribute_not_exists(pk)", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    return refused(lambda: put(clients, row(), **terms))


def of_index(clients: Clients, **terms: Any) -> Any:
    return clients.dynamodb.query(
        TableName=clients.table,
        IndexName="by_work",
        KeyConditionExpression="gpk = :gpk",
        ExpressionAttributeValues={":gpk": {"S": "WAIT"}},
        **terms,
    )


@aws_does("a consistent read of the index is refused")
def _(clients: Clients) -> bool:
    return refused(lambda: of_index(clients, ConsistentRead=True))


@aws_does("the index holds what it was told to, and the keys")
def _(clients: Clients) -> bool:
    put(clients, row(size=5, gpk={"S": "WAIT"}, gsk={"S": "1"}, waiting={"S": "w"}))
    (found,) = of_index(clients)["Items"]
    return sorted(found) == ["gpk", "gsk", "pk", "sk", "waiting"]


@aws_does("the index is a moment behind the table", sometimes=True)
def _(clients: Clients) -> bool:
    def behind(n: int) -> bool:
        put(clients, row(f"{n}", gpk={"S": "WAIT"}, gsk={"S": f"{n}"}))
        return f"{n}" not in [item["gsk"]["S"] for item in of_index(clients)["Items"]]

    return any(behind(n) for n in range(20))


def streamed(clients: Clients, act: Callable[[str], object]) -> list[tuple[str, str]]:
    """What a reader who is there already is told of a partition: what happened, to which row."""
    arn = clients.dynamodb.describe_table(TableName=clients.table)["Table"]["LatestStreamArn"]
    readers = [
        clients.streams.get_shard_iterator(StreamArn=arn, ShardId=each["ShardId"], ShardIteratorType="LATEST")
        for each in clients.streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    ]
    pk = token_hex(4)
    act(pk)
    put(clients, row(pk, "last"))
    found: list[tuple[str, str]] = []
    for _ in range(20):
        pages = [clients.streams.get_records(ShardIterator=each["ShardIterator"]) for each in readers]
        readers = [{"ShardIterator": each["NextShardIterator"]} for each in pages]
        told = [each["dynamodb"]["Keys"] | {"what": each["eventName"]} for page in pages for each in page["Records"]]
        found += [(each["what"], each["sk"]["S"]) for each in told if each["pk"]["S"] == pk]
        if found[-1:] == [("INSERT", "last")]:
            return found[:-1]
        clients.pause(0.5)
    return found


@aws_does("the stream tells its readers what a transaction wrote, each row on its own")
def _(clients: Clients) -> bool:
    told = streamed(clients, lambda pk: transact(clients, {"Item": row(pk, "1")}, {"Item": row(pk, "2")}))
    return sorted(told) == [("INSERT", "1"), ("INSERT", "2")]


@aws_does("the stream tells its readers what comes after a transaction that was cancelled")
def _(clients: Clients) -> bool:
    def act(pk: str) -> None:
        put(clients, row(pk, "1"))
        error_of(lambda: transact(clients, {"Item": row(pk, "2")}, {"Item": row(pk, "1"), **ABSENT}))
        put(clients, row(pk, "3"))

    return streamed(clients, act) == [("INSERT", "1"), ("INSERT", "3")]


@aws_does("the stream tells nothing of a put that changes nothing")
def _(clients: Clients) -> bool:
    return streamed(clients, lambda pk: [put(clients, row(pk, "1", size=5)) for _ in range(2)]) == [("INSERT", "1")]


def send(clients: Clients, *bodies: str, delay: int = 0) -> Any:
    entries = [{"Id": str(n), "MessageBody": body, "DelaySeconds": delay} for n, body in enumerate(bodies)]
    return clients.sqs.send_message_batch(QueueUrl=clients.doorbell_url, Entries=entries)


def not_taken(clients: Clients, *bodies: str, delay: int = 0) -> bool:
    """Whether the batch or each of its messages was refused."""
    answers: list[Any] = []
    error = error_of(lambda: answers.append(send(clients, *bodies, delay=delay)))
    return error.get("ResponseMetadata", {}).get("HTTPStatusCode") == 400 or not answers[0].get("Successful")


@aws_does("a message that is to be delayed for more than 15 minutes is refused")
def _(clients: Clients) -> bool:
    return not_taken(clients, "{}", delay=901)


@aws_does("a message of more than 1 MiB is refused")
def _(clients: Clients) -> bool:
    return not_taken(clients, "x" * (MB + 1))


@aws_does("messages that are more than 1 MiB together are refused")
def _(clients: Clients) -> bool:
    return not_taken(clients, *["x" * 120 * KB] * 10)


@aws_does("a batch of more than 10 messages is refused")
def _(clients: Clients) -> bool:
    return not_taken(clients, *["{}"] * 11)


@aws_does("a queue whose name has more than 80 characters is refused")
def _(clients: Clients) -> bool:
    return bool(error_of(lambda: clients.sqs.create_queue(QueueName=f"{clients.queue_prefix:q<81}")))


@aws_does("a queue that is there with other attributes is not created again")
def _(clients: Clients) -> bool:
    name = f"{clients.queue_prefix}x"
    clients.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"})
    return bool(error_of(lambda: clients.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "31"})))


@aws_does("a queue that was deleted cannot be created within a minute")
def _(clients: Clients) -> bool:
    name = f"{clients.queue_prefix}x"
    clients.sqs.delete_queue(QueueUrl=clients.sqs.create_queue(QueueName=name)["QueueUrl"])
    return bool(error_of(lambda: clients.sqs.create_queue(QueueName=name)))


# What the page says


def listed() -> dict[str, dict[str, str]]:
    """Of each row, what each place does."""
    table = PAGE[PAGE.index("| AWS |") :].split("\n\n")[0]
    rows = [re.split(r" *\| *", line)[1:4] for line in table.splitlines()[2:]]
    return {what: {"moto": moto, "emulator": emulator, "aws": AS_AWS} for what, moto, emulator in rows}


@pytest.mark.parametrize("what", PROBES)
def test_it_behaves_as_the_page_says(what: str, clients: Clients, request: pytest.FixtureRequest) -> None:
    place = request.node.callspec.params["clients"]
    if place == "aws" and what in SOMETIMES:
        pytest.skip("AWS does it now and then")
    assert PROBES[what](clients) == (listed()[what][place] == AS_AWS)


def test_the_page_lists_what_is_asked() -> None:
    assert list(listed()) == list(PROBES)
