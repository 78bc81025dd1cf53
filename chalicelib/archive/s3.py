"""The archive as a bucket in S3. Two sweeps at once are told apart by conditional writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from chalicelib.errors import LostRace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHANGED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")
"""What S3 answers where an object is not, or is no longer, the one that was seen."""


class S3Archive:
    """A bucket, which encrypts by itself. What it refuses raises: the schedule comes again."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    @property
    def name(self) -> str:
        return self._bucket

    def seen(self, key: str) -> str | None:
        listed = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)
        return next((each["ETag"] for each in listed.get("Contents", ()) if each["Key"] == key), None)

    def put(self, key: str, content: bytes, seen: str | None) -> None:
        try:
            if seen is None:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
            else:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfMatch=seen)
        except ClientError as error:
            if error.response["Error"]["Code"] not in CHANGED:
                raise
            raise LostRace("Another sweep wrote the same hour at the same moment.") from error
