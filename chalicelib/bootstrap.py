"""The one place that wires: the environment, the AWS clients and the adapters become a `World`."""

from __future__ import annotations

import os
import secrets
import time
from functools import cache
from typing import Any

from chalice.app import BaseLambdaEvent

from chalicelib.world import World


def world_of(event: BaseLambdaEvent) -> World:
    """The world, for one event: what is written and logged from now on carries the id of this invocation."""
    from aws_lambda_powertools import Logger

    Logger().set_correlation_id(event.context.aws_request_id)
    return world()


@cache
def world() -> World:
    """The world of this process, made when it is first needed and kept."""
    from aws_lambda_powertools import Logger
    from botocore.config import Config
    from botocore.session import get_session

    from chalicelib.messaging.eventbridge import EventBus
    from chalicelib.messaging.poster import HttpPoster
    from chalicelib.messaging.sqs import SqsTransport
    from chalicelib.storage.dynamodb import DynamoStore

    config = Config(
        retries={"mode": "standard", "total_max_attempts": 4},
        connect_timeout=2,
        read_timeout=5,
        max_pool_connections=10,
    )
    environment = os.environ
    session: Any = get_session()
    bus = environment["INTERLEAVE_EVENT_BUS"]
    bucket = environment.get("INTERLEAVE_ARCHIVE")  # the sweeper alone is told of it
    if bucket:
        from chalicelib.archive.s3 import S3Archive
    return World(
        store=DynamoStore(
            session.create_client("dynamodb", config=config),
            table=environment["INTERLEAVE_TABLE"],
            index=environment["INTERLEAVE_INDEX"],
            shards=int(environment["INTERLEAVE_SHARDS"]),
            cause=Logger().get_correlation_id,
        ),
        transport=SqsTransport(
            session.create_client("sqs", config=config),
            doorbell_url=environment["INTERLEAVE_DOORBELL_URL"],
            queue_prefix=environment["INTERLEAVE_QUEUE_PREFIX"],
            deliveries_url=environment["INTERLEAVE_DELIVERIES_URL"],
            dead_deliveries_url=environment["INTERLEAVE_DEAD_DELIVERIES_URL"],
            bus=EventBus(session.create_client("events", config=config), bus) if bus else None,
        ),
        now=lambda: time.time_ns() // 1_000_000,
        token=secrets.token_bytes,
        account_id=environment["INTERLEAVE_ACCOUNT_ID"],
        poster=HttpPoster(),
        archive=S3Archive(session.create_client("s3", config=config), bucket) if bucket else None,
    )
