"""The end of a tenant: its stack, then what the stack leaves behind, each thing only when it is safely exported.

The stack goes first, so that nothing is accepted any more; its table outlives it, is exported and only then deleted. A
run that dies in between is finished by the next: tables and queues are found by their names.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from infra import backup
from infra.sessions import queue_urls
from infra.stacks import DeployFailed, Say, Stack

TAG = "interleave-stack"
"""By this an archive's bucket says whose it is: CloudFormation cuts the name of a bucket short."""
PATIENCE: Any = {"Delay": 1, "MaxAttempts": 1800}
"""Half an hour, in seconds: a large table takes minutes to go."""
GOING = "DELETING"
UNREADABLE = ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED")
"""How a table is whose key was disabled or deleted."""
WEEK = 7
"""Days for which AWS keeps a key that is to be deleted, at least."""


class Leftovers:
    """What a tenant's stack does not own, or keeps: its tables, its archive, their key, and queues made at run time."""

    def __init__(self, session: Any, stack: str) -> None:
        self._dynamodb = session.client("dynamodb")
        self._sqs = session.client("sqs")
        self._kms = session.client("kms")
        self._s3 = session.client("s3")
        self._stack = stack
        self._region = session.region_name

    def tables(self) -> list[str]:
        """Tables of this stack, or of an earlier one of its name."""
        named = re.compile(rf"{re.escape(self._stack)}-Table-[A-Za-z0-9]+")
        pages = self._dynamodb.get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"] if named.fullmatch(name)]

    def queues(self) -> list[str]:
        """The addresses of its work-item queues and of their dead letters."""
        return list(queue_urls(self._sqs, f"{self._stack}-queue-"))

    def archives(self) -> list[str]:
        """The buckets of this stack's archive, or of an earlier one's of its name. Those of another region are listed
        too, and are of another tenant of that name."""
        named = [each["Name"] for each in self._s3.list_buckets()["Buckets"]]
        tagged = [name for name in named if name.startswith("interleave-") and self._stack in self._tagged(name)]
        return [name for name in tagged if self._is_here(name)]

    def keys(self) -> list[str]:
        """The name of its key."""
        return [name for name in self._aliases() if name == f"alias/{self._stack}"]

    def _is_here(self, bucket: str) -> bool:
        where = self._s3.get_bucket_location(Bucket=bucket)["LocationConstraint"]
        return bool((where or "us-east-1") == self._region)  # S3 has no word for its first region

    def _tagged(self, bucket: str) -> list[str]:
        try:
            tags = self._s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchTagSet", "NoSuchBucket"):
                return []
            raise
        return [each["Value"] for each in tags if each["Key"] == TAG]

    def delete_archive(self, bucket: str) -> None:
        """Delete a bucket with all that is or was in it."""
        for page in self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            if found:
                objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
                failed = self._s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
                if failed.get("Errors"):
                    raise DeployFailed(
                        f"{bucket} keeps {failed['Errors'][0]['Key']}: {failed['Errors'][0].get('Message')}",
                        "Correct that, then run the same command again.",
                    )
        self._s3.delete_bucket(Bucket=bucket)

    def state(self, table: str) -> str | None:
        """The status of a table; None once it is gone, which may be before it is listed no more."""
        found = self._described(table)
        return None if found is None else str(found["TableStatus"])

    def delete_table(self, table: str) -> None:
        """Delete a table, also one that is protected; one that is going is waited for, one that is gone passed over."""
        found = self._described(table)
        if found is None:
            return
        if found.get("DeletionProtectionEnabled"):
            self._dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
            self._dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig=PATIENCE)
        self._dynamodb.delete_table(TableName=table)
        self._dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig=PATIENCE)

    def _described(self, table: str) -> dict[str, Any] | None:
        try:
            return dict(self._dynamodb.describe_table(TableName=table)["Table"])
        except self._dynamodb.exceptions.ResourceNotFoundException:
            return None

    def delete_queue(self, url: str) -> None:
        """Delete a queue with what is in it: hints, never work."""
        self._sqs.delete_queue(QueueUrl=url)

    def hand_key_on(self, bucket: str) -> str | None:
        """Let an archive that stays have the key of its stack, under its own name, if it has none yet; the key's id."""
        aliases = self._aliases()
        own, key = (aliases.get(f"alias/{name}") for name in (bucket, self._stack))
        if key is not None and own is None:
            self._kms.create_alias(AliasName=f"alias/{bucket}", TargetKeyId=key)
        return own or key

    def end_key(self, name: str, needed: Collection[str | None] = ()) -> str | None:
        """Have the key of that name deleted, in a week; its id. One that has another name too only loses this one.

        `needed`: keys that have just got another name. Names are listed some minutes after they were given.
        """
        aliases = self._aliases()
        key = aliases.pop(f"alias/{name}", None)
        if key is None:
            return None
        goes = key not in {*aliases.values(), *needed}
        if goes and self._kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            self._kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=WEEK)
        self._kms.delete_alias(AliasName=f"alias/{name}")
        return key if goes else None

    def _aliases(self) -> dict[str, str | None]:
        pages = self._kms.get_paginator("list_aliases").paginate()
        return {each["AliasName"]: each.get("TargetKeyId") for page in pages for each in page["Aliases"]}


def destroy(session: Any, stack: Stack, folder: Path, say: Say, *, with_archive: bool = False) -> list[Path]:
    """Remove a tenant; the files of its final export. Done again, it goes on. Raises `DeployFailed`.

    Its archive stays, with the key that it is read by, unless it is to go too.
    """
    left = Leftovers(session, stack.name)
    say(f"Deleting the stack {stack.name} …")
    empty = stack.stillborn()
    stack.delete()
    for table in empty:
        left.delete_table(table)
        say(f"  {table}, in which nothing was, deleted")
    files = []
    for table in left.tables():
        state = left.state(table)
        if state in UNREADABLE:
            raise DeployFailed(
                f"{table} cannot be read, for its key was disabled or deleted; what is left of {stack.name} stays.",
                "Enable the key, or call its deletion off; where it is gone, delete the table by hand. "
                "Then run the same command again.",
            )
        if state not in (None, GOING):
            files.append(_export(session, table, folder, say))
        left.delete_table(table)
        say(f"  {table} deleted")
    ended, needed = [], []
    for bucket in left.archives():
        if with_archive:
            ended.append(left.end_key(bucket))
            left.delete_archive(bucket)
            say(f"  {bucket} deleted")
        else:
            needed.append(left.hand_key_on(bucket))
            say(f"  {bucket} stays")
    for key in filter(None, [*ended, left.end_key(stack.name, needed)]):
        say(f"  The key {key} is deleted in {WEEK} days; until then that can be called off")
    for url in left.queues():
        left.delete_queue(url)
        say(f"  {url.rsplit('/', 1)[-1]} deleted")
    return files


def _export(session: Any, table: str, folder: Path, say: Say) -> Path:
    file = folder / f"{table}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl.gz"
    count = backup.save(session.client("dynamodb"), table, file, say)
    say(f"  {count} rows of {table} are in {file}")
    return file
