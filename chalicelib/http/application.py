"""Chalice behind any API gateway: what no operation answers is answered here, and refusals are problem documents.

An operation is registered with the first request to its subject: a function that starts to answer one imports no other.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote

from chalice.app import Chalice, Response

from chalicelib.http import api, problems
from chalicelib.http.endpoint import Endpoint, respond
from chalicelib.http.turnstile import Turnstile
from chalicelib.world import World

CATCH_ALL = ("$default", "/{proxy+}")
"""What gateways call the route of whatever has no other. It is the only one that our HTTP API has."""
CONTENT_TYPES = ["application/json", "application/x-www-form-urlencoded", "application/octet-stream", "text/plain"]
Event = dict[str, Any]


class Application(Chalice):  # type: ignore[misc]  # Chalice has no types
    """The Lambda handler.

    A REST API says which operation a request is for (`resourcePath`, `pathParameters`). A route that
    catches all says nothing: the operation is found from the path here, so that a gateway of one route serves them all.
    What escapes a gateway has left in a parameter are undone here, once, and nowhere else.
    """

    def __init__(self, app_name: str, world: Callable[[], World]) -> None:
        super().__init__(app_name=app_name)
        self._world = world
        self._turnstile = Turnstile()
        self._open: set[str] = set()
        self._by_length: dict[int, list[str]] = {}

    def open(self, subject: str) -> None:
        """Give the operations on a subject their routes."""
        if subject in api.AREAS and subject not in self._open:  # anybody may ask for what there is not
            self.add(api.endpoints(subject))
            self._open.add(subject)

    def open_all(self) -> None:
        """Give all operations their routes, for whoever reads the routes themselves."""
        for subject in api.AREAS:
            self.open(subject)

    def add(self, endpoints: Iterable[Endpoint]) -> None:
        """Give each endpoint its route."""
        for endpoint in endpoints:
            self.route(endpoint.path, methods=[endpoint.method], content_types=CONTENT_TYPES)(self._view(endpoint))
        self._by_length = defaultdict(list)
        for template in sorted(self.routes, key=lambda each: [part.startswith("{") for part in each.split("/")]):
            self._by_length[template.count("/") + 1].append(template)

    def _view(self, endpoint: Endpoint) -> Callable[..., Response]:
        def view(**path: str) -> Response:
            return respond(endpoint, self.current_request, path, self._world, self._turnstile)

        view.__name__ = endpoint.handler.__name__
        return view

    def __call__(self, event: Event, context: Any) -> Event:
        request = event.get("requestContext", {})
        caught = request.get("resourcePath") in CATCH_ALL
        self.open(api.subject(event["path"] if caught else request["resourcePath"]))
        path, parameters = request["resourcePath"], event.get("pathParameters") or {}
        if caught:
            found = self._operation(request["httpMethod"], event["path"])
            if found is None:
                return _refusal(
                    404, "There is nothing at this address; GET /openapi.json lists what there is.", request
                )
            path, parameters = found
        parameters = {name: unquote(given) for name, given in parameters.items()}
        known = {**event, "pathParameters": parameters, "requestContext": {**request, "resourcePath": path}}
        answer: Event = super().__call__(known, context)
        refused = _chalice_refused(answer)
        if refused is None:
            return answer
        kept = {name: value for name, value in answer["headers"].items() if name == "Allow"}
        return _refusal(answer["statusCode"], refused, request, **kept)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        """The route that a request belongs to, and its parameters; what is literal goes before what is not."""
        parts = path.split("/")
        fitting = [template for template in self._by_length.get(len(parts), []) if _fits(template.split("/"), parts)]
        if not fitting:
            return None
        route = next((template for template in fitting if method in self.routes[template]), fitting[0])
        named = zip(route.split("/"), parts, strict=True)
        return route, {name[1:-1]: given for name, given in named if name.startswith("{")}


def _fits(template: list[str], parts: list[str]) -> bool:
    return all(
        wanted == given or (given and wanted.startswith("{")) for wanted, given in zip(template, parts, strict=True)
    )


def _chalice_refused(answer: Event) -> str | None:
    """What Chalice says where it, and no operation, refused a request."""
    if answer["statusCode"] < 400 or answer["headers"].get("Content-Type") == problems.CONTENT_TYPE:
        return None
    said = json.loads(answer["body"])
    return str(said["Message"])


def _refusal(status: int, detail: str, request: Event, **headers: str) -> Event:
    body = problems.refusal(status, detail, str(request.get("requestId", "")))
    return {
        "statusCode": status,
        "headers": {"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store", **headers},
        "multiValueHeaders": {},
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
