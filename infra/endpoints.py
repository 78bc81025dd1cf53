"""Where a tenant's API is: where its stack says, behind the emulator that was named, or on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

LOCAL_FILE = Path(".interleave/local.json")
"""Where and who the local stack of this folder is, while it runs."""


def address(outputs: Mapping[str, str], endpoint_url: str | None) -> str:
    """The base URL, without a slash at its end."""
    return outputs["EndpointURL"].rstrip("/") if endpoint_url is None else _emulated(outputs, endpoint_url)


def gateway(outputs: Mapping[str, str], endpoint_url: str | None) -> str:
    """The same of the gateway itself, which answers before a domain of one's own leads to it."""
    return outputs["GatewayURL"] if endpoint_url is None else _emulated(outputs, endpoint_url)


def _emulated(outputs: Mapping[str, str], endpoint_url: str) -> str:
    if "HttpApiId" in outputs:
        return f"{endpoint_url}/_aws/execute-api/{outputs['HttpApiId']}"
    return f"{endpoint_url}/restapis/{outputs['RestAPIId']}/api/_user_request_"
