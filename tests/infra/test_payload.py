"""What the local stack makes of the emulator's events is what AWS would have sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.http.application import Application
from chalicelib.http.endpoint import Answer, Endpoint
from infra.payload import as_asked_for

EVENT: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/works/a b",
    "rawQueryString": "q=1&r=a%2Cb&q=2&empty=",
    "headers": {"content-type": "application/json", "host": "x"},
    "requestContext": {
        "accountId": "000000000000",
        "apiId": "api",
        "domainName": "api.execute-api.localhost",
        "http": {
            "method": "POST",
            "path": "/works/a b",
            "protocol": "HTTP/1.1",
            "sourceIp": "::1",
            "userAgent": "curl",
        },
        "requestId": "r-1",
        "routeKey": "$default",
        "stage": "$default",
        "time": "25/Nov/2026:08:00:00 +0000",
        "timeEpoch": 1,
    },
    "pathParameters": None,
    "isBase64Encoded": False,
    "body": "{}",
}


def test_an_http_apis_event_is_of_payload_format_1() -> None:
    found = as_asked_for(EVENT)
    assert (found["version"], found["resource"], found["path"]) == ("1.0", "$default", "/works/a b")
    assert (found["httpMethod"], found["body"], found["isBase64Encoded"]) == ("POST", "{}", False)
    assert found["queryStringParameters"] == {"q": "2", "r": "a,b", "empty": ""}
    assert found["multiValueQueryStringParameters"] == {"q": ["1", "2"], "r": ["a,b"], "empty": [""]}
    assert found["multiValueHeaders"]["host"] == ["x"]
    context = found["requestContext"]
    assert (context["resourcePath"], context["httpMethod"], context["requestId"]) == ("$default", "POST", "r-1")
    assert context["identity"]["sourceIp"] == "::1"


def test_the_application_reads_it() -> None:
    application = Application("interleave", lambda: None)  # type: ignore[arg-type, return-value]

    def echo(call: Any) -> Answer:
        return Answer(200, {**call.path, **call.query, "body": call.raw.decode()})

    query = ("q", "r", "empty")
    application.add([Endpoint("POST", "/works/{work}", None, "", echo, query=query)])
    answer = application(as_asked_for(EVENT), None)
    assert json.loads(answer["body"]) == {"work": "a b", "q": "2", "r": "a,b", "empty": "", "body": "{}"}


@pytest.mark.parametrize("event", [{"Records": []}, {"resource": "/health", "requestContext": {}}, {"version": "0"}])
def test_any_other_event_is_left_as_it_is(event: dict[str, Any]) -> None:
    assert as_asked_for(event) is event
