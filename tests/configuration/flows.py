"""Small flows for whole tenants; what a flow can say in full is the business of the flows' own tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.flows.document import FlowVersion

_versions: TypeAdapter[tuple[FlowVersion, ...]] = TypeAdapter(tuple[FlowVersion, ...])


def versions(queues: list[str]) -> st.SearchStrategy[tuple[FlowVersion, ...]]:
    """One or two versions that lead to these queues."""
    version = st.builds(_version, st.sampled_from(queues), st.sampled_from(queues), st.integers(0, 99))
    return st.lists(version, min_size=1, max_size=2).map(_numbered)


def _version(first: str, other: str, priority: int) -> dict[str, Any]:
    when = {"field": "work_item_type", "op": "equal_to", "value": "invoice"}
    choose = {"choose": [{"when": when, "route": {"queue_id": first}}], "otherwise": {"queue_id": other}}
    return {"status": "published", "steps": [choose, {"set": {"priority": priority}}]}


def _numbered(made: list[dict[str, Any]]) -> tuple[FlowVersion, ...]:
    return _versions.validate_python([{"flow_version": n + 1, **each} for n, each in enumerate(made)])
