"""Schemathesis asks every operation for what nobody thought of, and holds each answer against the OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from chalicelib.http.api import all_endpoints
from chalicelib.http.endpoint import Endpoint
from chalicelib.http.openapi import describe
from tests.support.api import api_of, zoom_body
from tests.support.size import examples
from tests.support.worlds import memory_centre
from tests.support.wsgi import wsgi_of

CASES = examples(4, 100)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
START = "/v2/contact_center/engagement"
THERE = {"queue_id": "billing", "user_id": "ana", "flow_id": "tickets", "entry_id": "entry-tickets", "version": "1"}
"""Ids of what the tenant has: half of the cases ask for these."""
DOCUMENT: dict[str, Any] = describe(all_endpoints())
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize("endpoint", all_endpoints(), ids=lambda each: f"{each.method} {each.path}")
def test_whatever_is_asked_is_answered_as_the_document_says(endpoint: Endpoint) -> None:
    api = api_of(memory_centre()).by("adm")
    there = {**THERE, "engagement_id": api.by("crm").post(START, zoom_body()).body["engagement_id"]}
    SCHEMA.app = wsgi_of(api)
    operation = SCHEMA[endpoint.path][endpoint.method]
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode))

    @settings(max_examples=CASES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(cases, st.booleans())
    def asked(case: Any, of_what_is_there: bool) -> None:
        if of_what_is_there:
            case.path_parameters.update({name: there[name] for name in case.path_parameters if name in there})
        answer = case.call(headers={"Authorization": f"Bearer {api.token}"})
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.headers
            assert answer.json()["status"] == answer.status_code

    asked()
