"""The tenant's configuration as one document."""

from __future__ import annotations

from typing import Any

from pydantic import RootModel

from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.operations import configuring


class Document(RootModel[dict[str, Any]]):
    """The tenant's document: queues, agents, flows."""


def get_configuration(call: Call[None]) -> Answer:
    current = call.world.store.configuration(call.world.store.configuration_version())
    headers = {"ETag": f'"{current.version}"'}
    return Answer(200, {"version": current.version, "document": dict(current.document)}, headers)


def apply_configuration(call: Call[Document]) -> Answer:
    version = configuring.apply(call.world, call.body.root, call.if_match()).version
    return Answer(200, {"version": version}, {"ETag": f'"{version}"'})


_PATH = "/v2/contact_center/configuration"
MAX_DOCUMENT_BYTES = 5 * 1024 * 1024

ENDPOINTS = (
    Endpoint("GET", _PATH, "configuration.read", "Read the tenant's document", get_configuration),
    Endpoint(
        "PUT",
        _PATH,
        "configuration.write",
        "Check and apply the tenant's document",
        apply_configuration,
        body=Document,
        max_body=MAX_DOCUMENT_BYTES,
    ),
)
