"""Schemathesis against the deployed package: every operation, through the gateway."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from chalicelib.http.api import all_endpoints
from chalicelib.http.endpoint import Endpoint
from infra.client import Api
from infra.demo.incidents import load, start_body
from infra.demo.play import START
from tests.e2e.conftest import Running, local_stack
from tests.http.test_fuzzed import CHECKS, DOCUMENT
from tests.support.size import LONG

CASES = int(os.environ.get("INTERLEAVE_CASES", "40"))
CONFIGURATION = "/v2/contact_center/configuration"
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not LONG, reason="it takes ten minutes: make test-long")]


class Tenant:
    """A tenant of its own: what is asked for may change everything in it."""

    def __init__(self, running: Running) -> None:
        self.local = running.local
        self.document = self.ask(lambda api: api.expect(200, "GET", CONFIGURATION))["document"]

    def ask(self, what: Callable[[Api], Awaitable[Any]], client: str = "admin") -> Any:
        async def call() -> Any:
            async with aiohttp.ClientSession() as session:
                api = Api(session, self.local["url"], self.local["account_id"], **self.local["clients"][client])
                return await what(api)

        return asyncio.run(call())

    def as_it_was(self) -> tuple[str, dict[str, str]]:
        """A token, and ids of what is there, whatever was asked before."""
        self.ask(lambda api: api.call("PUT", f"{CONFIGURATION}?release=true", self.document))
        body = start_body(load()[0])
        body["work_item_variables"]["work_item_id"] = os.urandom(6).hex()
        started = self.ask(lambda api: api.expect(201, "POST", START, body), "integration")
        flow = self.document["flows"][0]
        there = {
            "engagement_id": started["engagement_id"],
            "queue_id": self.document["queues"][0]["queue_id"],
            "user_id": self.document["agents"][0]["user_id"],
            "flow_id": flow["flow_id"],
            "entry_id": flow["entry_points"][0]["entry_id"],
            "version": "1",
        }
        return self.ask(lambda api: api.token()), there


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with local_stack(tmp_path_factory.mktemp("fuzzed")) as running:
        yield Tenant(running)


@pytest.mark.parametrize("endpoint", all_endpoints(), ids=lambda each: f"{each.method} {each.path}")
def test_whatever_is_asked_is_answered_as_the_document_says(tenant: Tenant, endpoint: Endpoint) -> None:
    token, there = tenant.as_it_was()
    operation = SCHEMA[endpoint.path][endpoint.method]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(max_examples=CASES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases, st.booleans())
    def asked(case: Any, of_what_is_there: bool) -> None:
        if of_what_is_there:
            case.path_parameters.update({name: there[name] for name in case.path_parameters if name in there})
        answer = case.call(base_url=tenant.local["url"], headers={"Authorization": f"Bearer {token}"})
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.headers
            assert answer.json()["status"] == answer.status_code

    asked()
