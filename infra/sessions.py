"""AWS clients of one account and region, or of an emulator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3

MOST_LISTED = 1000
"""Queues a page; without a number SQS stops after as many, and names no next page."""


class Session:
    """A boto3 session whose clients speak to `endpoint_url`, where one is given."""

    def __init__(
        self,
        region: str | None = None,
        profile: str | None = None,
        endpoint_url: str | None = None,
        key: str | None = None,
    ) -> None:
        self.endpoint_url = endpoint_url
        self._session = boto3.Session(
            aws_access_key_id=key, aws_secret_access_key=key, region_name=region, profile_name=profile
        )
        self.region_name = self._session.region_name

    def client(self, name: str) -> Any:
        """A new client of a service."""
        return self._session.client(name, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]


def queue_urls(sqs: Any, prefix: str) -> Iterator[str]:
    """The addresses of all queues whose names begin so."""
    for page in sqs.get_paginator("list_queues").paginate(QueueNamePrefix=prefix, MaxResults=MOST_LISTED):
        yield from page.get("QueueUrls", ())
