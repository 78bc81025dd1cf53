"""Whether a tenant that was just deployed works: called as a client would, and nothing of it can be seen after."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from chalicelib.operations.credentials import TOKEN_SECONDS
from infra.cli.connection import Tenant
from infra.cli.failures import Failed

PATIENCE_SECONDS = 60.0
"""A new gateway may take a moment until it answers everywhere."""
PROBLEM = "application/problem+json"
NOWHERE = "/v2/contact_center/nowhere"
CONFIGURATION = "/v2/contact_center/configuration"


class Check(NamedTuple):
    """One thing that was tried."""

    name: str
    ok: bool
    text: str


def checks(tenant: Tenant, lambda_client: Any, sweeper: str) -> Iterator[Check]:
    """Try what a tenant must do; the sweeper runs once more than its schedule asks for."""
    health = tenant.call("GET", "/health")
    yield Check("health", health.status == 200, f"GET /health answers {health.status}")
    read = tenant.call("GET", CONFIGURATION)
    yield Check("an authenticated read", read.status == 200, f"the configuration answers {read.status}")
    anonymous = tenant.call("GET", CONFIGURATION, Authorization="Bearer nobody")
    yield Check("a bad token", anonymous.status == 401, f"it answers {anonymous.status}")
    lost = tenant.call("GET", NOWHERE)
    kind = {name.lower(): value for name, value in lost.headers.items()}.get("content-type", "")
    is_problem = lost.status == 404 and kind.startswith(PROBLEM)
    yield Check("an unknown address", is_problem, f"it answers {lost.status} as {kind}")
    swept = lambda_client.invoke(FunctionName=sweeper, Payload=json.dumps(_SCHEDULED).encode())
    failed = swept.get("FunctionError")
    yield Check("the sweeper", failed is None, "it runs" if failed is None else f"it fails: {failed}; see its logs")


def token(tenant: Tenant) -> Check:
    """Try to come in, with patience: whatever is done there comes after this."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            tenant.token()
        except Failed as failure:
            if time.monotonic() > ends:
                return Check("a token", False, failure.message)
            time.sleep(1)
        else:
            return Check("a token", True, f"one is issued, for {TOKEN_SECONDS // 60} minutes")


_SCHEDULED = {
    "version": "0",
    "id": "00000000-0000-0000-0000-000000000000",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "",
    "time": "1970-01-01T00:00:00Z",
    "region": "",
    "resources": [],
    "detail": {},
}
