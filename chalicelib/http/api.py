"""The whole API, as a table of contents."""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.http.areas import (
    clients,
    console,
    desk,
    engagements,
    flows,
    intake,
    lists,
    privacy,
    reconciliation,
    records,
    reports,
    resources,
    service,
    staffing,
    statistics,
    supervision,
    tenant,
    users,
    webhooks,
)
from chalicelib.http.endpoint import Answer, Call, Endpoint


def openapi(call: Call[None]) -> Answer:
    return Answer(200, _description())


@cache
def _description() -> dict[str, Any]:
    from chalicelib.http.openapi import describe  # only whoever asks for it pays for the schema machinery

    return describe(ENDPOINTS)


ENDPOINTS: tuple[Endpoint, ...] = (
    *service.ENDPOINTS,
    Endpoint("GET", "/openapi.json", None, "Describe this API (OpenAPI 3.1)", openapi),
    *lists.ENDPOINTS,
    *engagements.ENDPOINTS,
    *supervision.ENDPOINTS,
    *desk.ENDPOINTS,
    *users.ENDPOINTS,
    *records.ENDPOINTS,
    *reports.ENDPOINTS,
    *reconciliation.ENDPOINTS,
    *statistics.ENDPOINTS,
    *tenant.ENDPOINTS,
    *resources.ENDPOINTS,
    *flows.ENDPOINTS,
    *staffing.ENDPOINTS,
    *webhooks.ENDPOINTS,
    *privacy.ENDPOINTS,
    *clients.ENDPOINTS,
    *intake.ENDPOINTS,
    *console.ENDPOINTS,
)
