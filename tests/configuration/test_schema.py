"""The JSON Schema that editors use agrees with the reader."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from chalicelib.configuration.document import write
from chalicelib.configuration.schema import schema
from chalicelib.configuration.tenant import Tenant
from infra import documents
from infra.demo import incidents
from tests.configuration.strategies import tenants
from tests.configuration.test_bad_documents import GOOD
from tests.infra.test_documents import STARTER
from tests.support.worlds import TENANT

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
DOCUMENTS = {
    "the tests' tenant": TENANT,
    "one of every kind": GOOD,
    "the demo": incidents.tenant(incidents.load()),
    "the starter": documents.load(STARTER).document,
}


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_of_ours_are_valid(name: str) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(DOCUMENTS[name])] == []


@given(tenants())
@settings(max_examples=30)
def test_whatever_is_written_is_valid(tenant: Tenant) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(write(tenant))] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [("colour", "red"), ("queues/0/wrap_up_tim", 3), ("queues/0/offer_timeout", 901), ("agents/0/queues", "billing")],
)
def test_what_the_reader_refuses_by_type_the_schema_does(path: str, value: Any) -> None:
    document = copy.deepcopy(GOOD)
    *parents, last = path.split("/")
    place: Any = document
    for part in parents:
        place = place[int(part)] if part.isdecimal() else place[part]
    place[last] = value
    assert not VALIDATOR.is_valid(document)


def test_it_tells_what_a_kind_and_a_field_mean() -> None:
    queue = SCHEMA["$defs"]["Queue"]
    assert queue["description"] == "A queue of one channel. Durations in seconds."
    assert queue["properties"]["offer_timeout"]["description"].startswith("How long an agent may take to accept.")
    assert SCHEMA["properties"]["moved_queues"]["description"].startswith("Queues that are gone")
    hours = SCHEMA["$defs"]["Hours"]
    assert hours["properties"]["closure_sets"]["description"] == "Closed on their days too."
    assert "Interval" in SCHEMA["$defs"]
