"""An endpoint: one operation of the API, the action it needs, and how a request becomes an answer."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from aws_lambda_powertools import Logger, single_metric
from aws_lambda_powertools.metrics import MetricUnit
from chalice.app import Request, Response
from pydantic import BaseModel

from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.errors import FieldError, InterleaveError, InvalidRequest, NotFound, TooManyRequests
from chalicelib.http import problems
from chalicelib.http.authorization import Principal, Resource, authorize
from chalicelib.http.models import MAX_BODY_BYTES, number_in, parse
from chalicelib.http.turnstile import Turnstile
from chalicelib.world import World

B = TypeVar("B", bound=BaseModel | None)
log = Logger()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint answers; no body is an empty one, and text is of the type that its headers say."""

    status: int = 200
    body: Mapping[str, Any] | str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call(Generic[B]):
    """A request as an endpoint sees it: authenticated, allowed in general, its body parsed."""

    world: World
    caller: Principal | None
    body: B
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    action: str
    raw: bytes = b""
    method: str = ""

    @property
    def principal(self) -> Principal:
        """The caller; only public endpoints have none."""
        assert self.caller is not None
        return self.caller

    def allow(self, resource: Resource) -> None:
        """Refuse if the object is out of the caller's reach."""
        authorize(self.principal, self.action, resource)

    def if_match(self) -> int | None:
        """The version in the If-Match header."""
        text = self.headers.get("if-match", "").strip().removeprefix("W/").strip('"')
        if not text or text == "*":
            return None
        version = number_in(text)
        if version is None:
            raise InvalidRequest("If-Match is not a version.", [FieldError("header/If-Match", "Send an ETag.")])
        return version

    def has_seen(self, tag: str) -> bool:
        """Whether the If-None-Match header names this tag, also as a weak one or among others, or any by `*`."""
        text = self.headers.get("if-none-match", "")
        return text.strip() == "*" or tag in re.findall(r'"[^"]*"', text)

    def preferred(self, name: str) -> str | None:
        """What the Prefer header (RFC 7240) says first of a preference; None where it says nothing of it."""
        for each in re.findall(r'(?:"[^"]*"|[^",])+', self.headers.get("prefer", "")):
            said, _, value = each.partition(";")[0].partition("=")
            if said.strip().lower() == name:
                return str(value.strip().strip('"'))
        return None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the API's table of contents."""

    method: str
    path: str
    action: str | None
    """None is public: the few endpoints that answer without a token."""
    summary: str
    handler: Callable[[Call[Any]], Answer]
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those that a caller may send, each with what it does."""
    takes_others: bool = False
    """Whether it passes over parameters that it does not know: who sends people here may add his own."""
    status: int = 200
    content_type: str = "application/json"
    """Of what it answers when all is well."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """By content type, the JSON Schema of what it answers when all is well, where that is told in detail."""
    max_body: int = MAX_BODY_BYTES
    scope: str | None = None
    """A scope that does instead of the action's."""


def respond(
    endpoint: Endpoint, request: Request, path: Mapping[str, str], world: Callable[[], World], turnstile: Turnstile
) -> Response:
    """Call the endpoint; whatever goes wrong becomes a problem document here and nowhere else."""
    request_id = str(request.context.get("requestId", ""))
    log.set_correlation_id(request_id)
    try:
        return _answered(endpoint.handler(_call(endpoint, request, path, world(), turnstile)))
    except InterleaveError as error:
        status, body = problems.problem(error, request_id)
        log.info("refused", operation=endpoint.handler.__name__, status=status)
        wait = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyRequests) else {}
    except Exception as error:  # noqa: BLE001 - the edge of the process: nothing above would turn it into an answer
        frames = [f"{f.name}:{f.lineno}" for f in traceback.extract_tb(error.__traceback__)[-5:]]
        # No message and no values: they may hold personal data.
        log.error("failed", operation=endpoint.handler.__name__, error=type(error).__name__, frames=frames)
        with single_metric(name="ApiFailures", unit=MetricUnit.Count, value=1, namespace="Interleave"):
            pass  # it is written out at the end
        status, body = problems.internal(request_id)
        wait = {}
    headers = {"Content-Type": problems.CONTENT_TYPE, "Cache-Control": "no-store", **wait}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="interleave"'
    return Response(json.dumps(body), headers, status)


def _call(
    endpoint: Endpoint, request: Request, path: Mapping[str, str], world: World, turnstile: Turnstile
) -> Call[Any]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    caller = None
    if endpoint.action is not None:
        from chalicelib.http.authentication import principal_of  # what reads tokens comes with the first one

        caller = principal_of(world, headers.get("authorization"))
        turnstile.admit(world, caller.actor)
        if caller.role == "supervisor":
            caller = replace(caller, supervised=world.tenant().supervised_by(caller.subject))
        authorize(caller, endpoint.action, scope=endpoint.scope)
    query = dict(request.query_params or {})
    unknown = [name for name in query if name not in endpoint.query and not endpoint.takes_others]
    if unknown:
        wrong = [FieldError(f"query/{name}", "There is no such parameter.") for name in unknown]
        raise InvalidRequest("Validation Failed.", wrong)
    if any(len(each) > LONGEST_ID for each in path.values()):
        raise NotFound("No such thing, or not yours.")
    raw = request.raw_body or b""
    body = parse(endpoint.body, raw, endpoint.max_body) if endpoint.body else None
    return Call(world, caller, body, path, query, headers, endpoint.action or "", raw, endpoint.method)


def _answered(answer: Answer) -> Response:
    headers = {"Cache-Control": "no-store", **answer.headers}
    if answer.body is None or isinstance(answer.body, str):
        return Response(answer.body or "", headers, answer.status)
    return Response(json.dumps(answer.body), {"Content-Type": "application/json", **headers}, answer.status)
