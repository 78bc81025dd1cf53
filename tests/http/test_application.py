"""The Lambda handler behind both kinds of gateway: events of payload format 1.0, and what reaches no operation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.http.api import all_endpoints, subject
from chalicelib.http.application import Application
from chalicelib.http.endpoint import Answer, Endpoint
from tests.support.worlds import Centre


def echo(name: str) -> Any:
    return lambda call: Answer(200, {"operation": name, **call.path, **call.query})


ROUTES = [
    ("GET", "/works/{work_id}", "read"),
    ("PATCH", "/works/{work_id}", "change"),
    ("POST", "/works/mine", "take"),
    ("GET", "/works/mine/notes", "my notes"),
    ("GET", "/works/{work_id}/notes", "notes"),
    ("GET", "/works/{work_id}/{part}", "part"),
]


@pytest.fixture
def application() -> Application:
    made = Application("interleave", lambda: None)  # type: ignore[arg-type, return-value]
    endpoints = []
    for method, path, name in ROUTES:
        handler = echo(name)
        handler.__name__ = name
        endpoints.append(Endpoint(method, path, None, name, handler, query=("q",)))
    made.add(endpoints)
    return made


def event(method: str, path: str, resource: str = "$default", **more: Any) -> dict[str, Any]:
    """As an HTTP API sends it (payload format 1.0)."""
    return {
        "version": "1.0",
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "requestContext": {"httpMethod": method, "resourcePath": resource, "requestId": "r-1", "path": path},
        "pathParameters": None,
        "stageVariables": None,
        "body": None,
        "isBase64Encoded": False,
        **more,
    }


@pytest.mark.parametrize(
    ("method", "path", "operation", "parameters"),
    [
        ("GET", "/works/7", "read", {"work_id": "7"}),
        ("PATCH", "/works/7", "change", {"work_id": "7"}),
        ("POST", "/works/mine", "take", {}),
        ("GET", "/works/mine", "read", {"work_id": "mine"}),
        ("GET", "/works/mine/notes", "my notes", {}),
        ("GET", "/works/7/notes", "notes", {"work_id": "7"}),
        ("GET", "/works/7/history", "part", {"work_id": "7", "part": "history"}),
        ("GET", "/works/a%20b", "read", {"work_id": "a b"}),
        ("GET", "/works/50%2541", "read", {"work_id": "50%41"}),
    ],
)
@pytest.mark.parametrize("route", ["$default", "/{proxy+}"])
def test_a_gateway_of_one_route_reaches_every_operation(
    application: Application, route: str, method: str, path: str, operation: str, parameters: dict[str, str]
) -> None:
    answer = application(event(method, path, route), None)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == {"operation": operation, **parameters}


def test_a_gateway_that_knows_the_routes_is_believed(application: Application) -> None:
    given = event("GET", "/stage/works/7", "/works/{work_id}", pathParameters={"work_id": "8"})
    assert json.loads(application(given, None)["body"]) == {"operation": "read", "work_id": "8"}


def test_a_gateway_that_knows_the_routes_leaves_the_escapes_to_us(application: Application) -> None:
    """So a REST API does: github.com/aws/chalice/issues/511."""
    given = event("GET", "/stage/works/50%2541", "/works/{work_id}", pathParameters={"work_id": "50%2541"})
    assert json.loads(application(given, None)["body"]) == {"operation": "read", "work_id": "50%41"}


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/works", 404, "not-found"),
        ("GET", "/works/", 404, "not-found"),
        ("GET", "/works/7/notes/1", 404, "not-found"),
        ("GET", "/works//notes", 404, "not-found"),
        ("DELETE", "/works/7", 405, "method-not-allowed"),
        ("OPTIONS", "/works/mine", 405, "method-not-allowed"),
    ],
)
def test_what_reaches_no_operation_is_a_problem_document(
    application: Application, method: str, path: str, status: int, slug: str
) -> None:
    answer = application(event(method, path), None)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], answer["headers"]["Content-Type"]) == (status, "application/problem+json")
    assert body["type"] == f"urn:interleave:problem:{slug}"
    assert (body["status"], body["request_id"]) == (status, "r-1")
    assert {"title", "detail", "code", "message"} <= body.keys()


def test_a_wrong_method_is_told_the_right_ones(application: Application) -> None:
    assert application(event("DELETE", "/works/7"), None)["headers"]["Allow"] == "GET, PATCH"


def test_a_wrong_content_type_is_a_problem_document(application: Application) -> None:
    answer = application(event("PATCH", "/works/7", headers={"content-type": "text/html"}), None)
    body = json.loads(answer["body"])
    assert answer["statusCode"] == body["status"] == 415
    assert body["type"] == "urn:interleave:problem:unsupported-media-type"


@pytest.mark.parametrize("endpoint", all_endpoints(), ids=lambda each: f"{each.method} {each.path}")
def test_every_operation_of_the_api_is_found_by_its_path(endpoint: Endpoint, centre: Centre) -> None:
    made = Application("interleave", lambda: centre.world)
    made.open(subject(endpoint.path))
    path = endpoint.path.replace("{", "a-").replace("}", "")
    found = made._operation(endpoint.method, path)
    assert found is not None
    assert found[0] == endpoint.path


def test_what_there_is_not_leaves_nothing_behind_however_often_it_is_asked_for(application: Application) -> None:
    before = set(application._open)
    for n in range(3):
        assert application(event("GET", f"/nothing-{n}"), None)["statusCode"] == 404
    assert application._open == before
