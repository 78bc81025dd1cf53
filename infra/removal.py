"""The end of a tenant: its stack, then what the stack leaves behind, each thing only when it is safely exported.

The stack goes first, so that nothing is accepted any more; its table outlives it, is exported and only then deleted. A
run that dies in between is finished by the next: tables and queues are found by their names.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra import backup
from infra.stacks import Say, Stack

WEEK = 7
"""Days for which AWS keeps a key that is to be deleted, at least."""


class Leftovers:
    """What a tenant's stack does not own, or keeps: its tables and their key, and the queues made at run time."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._sqs = session.client("sqs")
        self._kms = session.client("kms")
        self._stack = stack

    def tables(self) -> list[str]:
        """Tables of this stack, or of an earlier one of its name."""
        named = re.compile(rf"{re.escape(self._stack)}-Table-[A-Za-z0-9]+")
        pages = self._dynamodb.get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"] if named.fullmatch(name)]

    def queues(self) -> list[str]:
        """The addresses of its work-item queues and of their dead letters."""
        pages = self._sqs.get_paginator("list_queues").paginate(QueueNamePrefix=f"{self._stack}-queue-")
        return [url for page in pages for url in page.get("QueueUrls", ())]

    def delete_table(self, table: str) -> None:
        """Delete a table, also one that is protected."""
        if self._dynamodb.describe_table(TableName=table)["Table"].get("DeletionProtectionEnabled"):
            self._dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
            self._dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
        self._dynamodb.delete_table(TableName=table)
        self._dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})

    def delete_queue(self, url: str) -> None:
        """Delete a queue with what is in it: hints, never work."""
        self._sqs.delete_queue(QueueUrl=url)

    def end_key(self) -> str | None:
        """Have the key deleted that its tables were encrypted by, in a week; its id. Only when no table is left."""
        alias = f"alias/{self._stack}"
        pages = self._kms.get_paginator("list_aliases").paginate()
        aliases = {each["AliasName"]: each.get("TargetKeyId") for page in pages for each in page["Aliases"]}
        key: str | None = aliases.get(alias)
        if key is None:
            return None
        if self._kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            self._kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=WEEK)
        self._kms.delete_alias(AliasName=alias)
        return key


def destroy(session: Any, stack: Stack, folder: Path, say: Say) -> list[Path]:
    """Remove a tenant; the files of its final export. Done again, it goes on. Raises `DeployFailed`."""
    left = Leftovers(session, stack.name)
    say(f"Deleting the stack {stack.name} …")
    stack.delete()
    files = []
    for table in left.tables():
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        file = folder / f"{table}-{moment}.jsonl.gz"
        count = backup.save(session.client("dynamodb"), table, file, say)
        say(f"  {count} rows of {table} are in {file}")
        files.append(file)
        left.delete_table(table)
        say(f"  {table} deleted")
    key = left.end_key()
    if key is not None:
        say(f"  The key {key} is deleted in {WEEK} days; until then that can be called off")
    for url in left.queues():
        left.delete_queue(url)
        say(f"  {url.rsplit('/', 1)[-1]} deleted")
    return files
