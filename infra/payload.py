"""The emulator's HTTP API sends payload format 2.0, whatever its integration asks for: this makes it 1.0."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

Event = dict[str, Any]


def as_asked_for(event: Event) -> Event:
    """An event of an HTTP API in payload format 1.0; any other event as it is."""
    if event.get("version") != "2.0" or "http" not in event.get("requestContext", {}):
        return event
    context, http = event["requestContext"], event["requestContext"]["http"]
    route = context["routeKey"].rpartition(" ")[2]
    query: dict[str, list[str]] = {}
    for name, value in parse_qsl(event["rawQueryString"], keep_blank_values=True):
        query.setdefault(name, []).append(value)
    return {
        "version": "1.0",
        "resource": route,
        "path": event["rawPath"],
        "httpMethod": http["method"],
        "headers": event["headers"],
        "multiValueHeaders": {name: [value] for name, value in event["headers"].items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "requestContext": {
            "accountId": context["accountId"],
            "apiId": context["apiId"],
            "domainName": context["domainName"],
            "httpMethod": http["method"],
            "identity": {"sourceIp": http["sourceIp"], "userAgent": http["userAgent"]},
            "path": event["rawPath"],
            "protocol": http["protocol"],
            "requestId": context["requestId"],
            "requestTime": context["time"],
            "requestTimeEpoch": context["timeEpoch"],
            "resourcePath": route,
            "stage": context["stage"],
        },
        "pathParameters": event.get("pathParameters"),
        "stageVariables": None,
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    }
