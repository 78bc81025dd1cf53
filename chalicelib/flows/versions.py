"""The life of a flow's versions: drafted, published, archived. Published and archived ones stay as they are."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.errors import NotFound
from chalicelib.flows.document import Case, Flow, FlowVersion, Step


def add(flow: Flow, steps: tuple[Step, ...], cases: tuple[Case, ...] = ()) -> Flow:
    """With a new draft, numbered after the newest version."""
    newest = max((version.flow_version for version in flow.versions), default=0)
    return replace(flow, versions=(*flow.versions, FlowVersion(newest + 1, "draft", steps, cases)))


def publish(flow: Flow, flow_version: int) -> Flow:
    """With this version published; what was published before is archived. Raises `NotFound`."""
    known(flow, flow_version)

    def turned(version: FlowVersion) -> FlowVersion:
        if version.flow_version == flow_version:
            return replace(version, status="published")
        return replace(version, status="archived") if version.status == "published" else version

    return replace(flow, versions=tuple(turned(version) for version in flow.versions))


def known(flow: Flow, flow_version: int) -> FlowVersion:
    """One of its versions. Raises `NotFound`."""
    for version in flow.versions:
        if version.flow_version == flow_version:
            return version
    raise NotFound(f"Flow {flow.flow_name!r} has no version {flow_version}.")
