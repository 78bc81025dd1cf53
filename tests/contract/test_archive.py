"""What every archive promises. The same cases for a folder and for each S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalicelib.archive.folder import FolderArchive
from chalicelib.archive.protocol import Archive
from chalicelib.archive.s3 import S3Archive
from chalicelib.errors import LostRace
from tests.contract.conftest import PLACES, clients_of
from tests.support.worlds import Clients

KEY = "facts/day=2026-01-05/07.jsonl.gz"


@pytest.fixture(params=["folder", *PLACES])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Archive]:
    if request.param == "folder":
        yield FolderArchive(tmp_path)
    else:
        with clients_of(request.param, request) as clients, bucket(clients) as facts:
            yield facts


@contextmanager
def bucket(clients: Clients) -> Iterator[S3Archive]:
    """A new one, gone after."""
    s3, name = clients.client("s3"), f"{clients.table}-facts"
    region = s3.meta.region_name
    placed = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **placed)
    try:
        yield S3Archive(s3, name)
    finally:
        for each in s3.list_objects_v2(Bucket=name).get("Contents", ()):
            s3.delete_object(Bucket=name, Key=each["Key"])
        s3.delete_bucket(Bucket=name)


def test_a_file_is_seen_once_it_is_written_and_no_other(archive: Archive) -> None:
    assert archive.seen(KEY) is None
    archive.put(KEY, b"one", None)
    assert archive.seen(KEY)
    assert archive.seen(KEY.removesuffix(".gz")) is None
    assert archive.seen(KEY.replace("07", "08")) is None


def test_what_is_written_again_takes_the_place_of_what_was_seen(archive: Archive) -> None:
    archive.put(KEY, b"one", None)
    one = archive.seen(KEY)
    archive.put(KEY, b"two", one)
    assert archive.seen(KEY) not in (None, one)
    archive.put(KEY, b"one", archive.seen(KEY))
    assert archive.seen(KEY) == one


def test_nothing_that_was_not_seen_is_overwritten(archive: Archive) -> None:
    archive.put(KEY, b"one", None)
    one = archive.seen(KEY)
    archive.put(KEY, b"two", one)
    two = archive.seen(KEY)
    for seen in (None, one):
        with pytest.raises(LostRace):
            archive.put(KEY, b"three", seen)
    assert archive.seen(KEY) == two


def test_what_was_seen_and_is_gone_is_a_lost_race(archive: Archive) -> None:
    archive.put(KEY, b"one", None)
    with pytest.raises(LostRace):
        archive.put(KEY.replace("07", "08"), b"one", archive.seen(KEY))


def test_what_s3_refuses_for_another_reason_is_not_taken_for_a_race(clients: Clients) -> None:
    gone = S3Archive(clients.client("s3"), f"{clients.table}-nowhere")
    for refused in (lambda: gone.seen(KEY), lambda: gone.put(KEY, b"one", None)):
        with pytest.raises(ClientError):
            refused()
