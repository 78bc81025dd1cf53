"""From a request to the events that it brought: one id, in the request's log, in the row, in the recorder's log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Logger

from chalicelib import bootstrap
from chalicelib.http.application import Application
from chalicelib.storage.dynamodb import DynamoStore
from tests.support.api import Api, api_of, zoom_body
from tests.support.worlds import AwsCentre, aws, aws_centre


@pytest.fixture
def api() -> Iterator[Api]:
    with aws() as clients:
        centre = aws_centre(clients)
        centre.world.store = DynamoStore(
            clients.dynamodb, "interleave", shards=2, cause=Logger().get_correlation_id, pause=lambda _: None
        )
        yield api_of(centre)


def requested(api: Api, body: dict[str, Any], request_id: str) -> dict[str, Any]:
    application = Application("interleave", lambda: api.centre.world)
    path = "/v2/contact_center/engagement"
    answer = application(
        {
            "path": path,
            "httpMethod": "POST",
            "headers": {"content-type": "application/json", "authorization": f"Bearer {api.by('crm').token}"},
            "multiValueHeaders": {},
            "multiValueQueryStringParameters": None,
            "requestContext": {"httpMethod": "POST", "resourcePath": path, "requestId": request_id},
            "pathParameters": None,
            "stageVariables": None,
            "body": json.dumps(body),
            "isBase64Encoded": False,
        },
        None,
    )
    found: dict[str, Any] = json.loads(answer["body"])
    return found


def test_the_recorder_names_the_request_that_each_event_came_from(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    assert isinstance(api.centre, AwsCentre)
    started = [requested(api, zoom_body(f"CASE-{n}"), f"r-{n}")["engagement_id"] for n in (1, 2)]
    refused = requested(api, zoom_body("CASE-1"), "r-3")
    assert refused["request_id"] == Logger().get_correlation_id() == "r-3"
    caplog.set_level(logging.INFO)
    api.centre.consume()
    events = [each for record in caplog.records if record.msg == "recorded" for each in record.__dict__["events"]]
    assert events == [{"event_id": f"{id_}.1", "correlation_id": f"r-{n}"} for n, id_ in enumerate(started, 1)]


def test_what_a_function_does_by_itself_carries_its_invocation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "world", lambda: None)
    bootstrap.world_of(SimpleNamespace(context=SimpleNamespace(aws_request_id="i-1")))
    assert Logger().get_correlation_id() == "i-1"
