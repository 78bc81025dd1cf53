"""What the outside is told, through the deployed package: deliveries to a webhook, and the tenant's bus."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from infra.client import Api
from infra.demo.play import START
from tests.e2e.conftest import Running
from tests.e2e.test_journey import body, play, until

pytestmark = pytest.mark.e2e

CONFIGURATION = "/v2/contact_center/configuration"
HOOK = "/v2/contact_center/webhooks/crm"


def listener(running: Running) -> tuple[Any, str]:
    """A queue that gets everything that is put on the bus."""
    sqs, events = running.stack.session.client("sqs"), running.stack.session.client("events")
    url = sqs.create_queue(QueueName=f"listener-{secrets.token_hex(4)}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus = running.stack.outputs["EventBusName"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["interleave"]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "listener", "Arn": arn}])
    return sqs, url


def test_i13_a_start_is_told_on_the_bus_and_to_the_webhook(running: Running) -> None:
    sqs, url = listener(running)

    async def story(by: Callable[[str], Api]) -> None:
        admin = by("admin")
        document = (await admin.expect(200, "GET", CONFIGURATION))["document"]
        hook = {"webhook_id": "crm", "url": "https://crm.invalid/hook"}
        await admin.expect(200, "PUT", CONFIGURATION, {**document, "webhooks": [hook]})
        await asyncio.sleep(5.5)  # until every function has looked at the configuration again
        started = await by("integration").expect(201, "POST", START, body(secrets.token_hex(8)))
        event_id = f"{started['engagement_id']}.1"

        async def attempted() -> Any:
            listed = (await admin.expect(200, "GET", f"{HOOK}/deliveries"))["deliveries"]
            return [each for each in listed if each["event_id"] == event_id]

        (first, *_) = await until(attempted)
        assert (first["delivered"], first["problem"]) == (False, "The name crm.invalid leads nowhere.")

        async def heard() -> Any:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            said = [json.loads(message["Body"])["detail"] for message in answer.get("Messages", [])]
            return [each for each in said if each["id"] == event_id]

        (event,) = await until(heard)
        assert (event["specversion"], event["type"]) == ("1.0", "contact_center.engagement_started")
        await admin.expect(200, "PUT", CONFIGURATION, document)
        path = f"{START}s/{started['engagement_id']}"
        await by("integration").expect(204, "PATCH", path, {"engagement_action": "end"})

    play(running, story)
