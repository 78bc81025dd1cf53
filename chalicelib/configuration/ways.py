"""Where work goes by itself: only to queues of its channel, since elsewhere nobody may have a place for it.

Which channel comes to a flow is known only when work comes: that of the flow, and what other flows and the overflow of
queues bring, which its conditions may tell apart. So a flow may lead to the queues of any channel that comes to it, and
who brings work of a channel must find one road that takes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import FieldError
from chalicelib.flows.document import End, Flow, OtherFlow, OverflowOf
from chalicelib.flows.roads import all_steps, ends_of

ANY = "any"
"""What a road that ends the work takes."""


def check_ways(tenant: Tenant) -> Iterator[FieldError]:
    """Every way that work cannot go, by place. All references of the tenant lead somewhere."""
    for q, queue in enumerate(tenant.queues):
        overflow = queue.overflow.queue_id if queue.overflow else None
        for name, to in (("overflow", overflow), ("orphans", queue.orphans.queue_id)):
            if to is not None and tenant.own_queues[to].channel != queue.channel:
                yield FieldError(f"/queues/{q}/{name}/queue_id", f"{_other(tenant, to, {queue.channel})}.")
    yield from _through_flows(tenant)


@dataclass
class _Ways:
    """Of one flow, in every version that runs or may: where its roads end, and which flows they go on with."""

    ends: list[tuple[str, str]] = field(default_factory=list)
    """The place that names it, and the queue."""
    onward: list[tuple[str, str]] = field(default_factory=list)
    """The place that names it, and the flow's id."""
    comes: set[str] = field(default_factory=set)
    """Channels of the work that comes to it."""
    takes: set[str] = field(default_factory=set)
    """Channels that it has a road for."""


def _through_flows(tenant: Tenant) -> Iterator[FieldError]:
    ways = {flow.flow_id: _ways(f"/flows/{f}", flow, tenant) for f, flow in enumerate(tenant.flows)}
    overflowing = [
        (f"/queues/{q}/overflow/flow_entry_id", queue.channel, tenant.flow_by_entry_id[queue.overflow.flow_entry_id])
        for q, queue in enumerate(tenant.queues)
        if queue.overflow and queue.overflow.flow_entry_id is not None
    ]
    for _, channel, flow in overflowing:
        ways[flow.flow_id].comes.add(channel)
    for _ in ways:  # as far as a way can lead
        for each in ways.values():
            for _, flow_id in each.onward:
                ways[flow_id].comes |= each.comes
                each.takes |= ways[flow_id].takes
    for each in ways.values():
        for at, queue_id in each.ends:
            if tenant.own_queues[queue_id].channel not in each.comes:
                yield FieldError(at, f"{_other(tenant, queue_id, each.comes)}, or give the flow its `channel`.")
        for at, flow_id in each.onward:
            yield from _nowhere(at, each.comes, flow_id, ways[flow_id])
    for at, channel, flow in overflowing:
        yield from _nowhere(at, {channel}, flow.flow_id, ways[flow.flow_id])


def _ways(at: str, flow: Flow, tenant: Tenant) -> _Ways:
    ways = _Ways(comes={flow.channel})
    for v, version in enumerate(flow.versions):
        if version.status == "archived":
            continue
        ways.ends += ends_of(f"{at}/versions/{v}", version)
        for place, _, step in all_steps(f"{at}/versions/{v}/steps", version.steps):
            match step:
                case OtherFlow(flow=entry_id):
                    ways.onward.append((f"{place}/flow", tenant.flow_by_entry_id[entry_id].flow_id))
                case OverflowOf(overflow=queue_id):
                    to = tenant.own_queues[queue_id].overflow
                    assert to is not None
                    if to.flow_entry_id is not None:
                        ways.onward.append((f"{place}/overflow", tenant.flow_by_entry_id[to.flow_entry_id].flow_id))
                    elif to.queue_id is not None:
                        ways.ends.append((f"{place}/overflow", to.queue_id))
                    else:
                        ways.takes.add(ANY)
                case End():
                    ways.takes.add(ANY)
    ways.takes |= {tenant.own_queues[queue_id].channel for _, queue_id in ways.ends}
    return ways


def _nowhere(at: str, channels: set[str], flow_id: str, ways: _Ways) -> Iterator[FieldError]:
    if ways.takes and ways.takes.isdisjoint({*channels, ANY}):
        yield FieldError(at, f"The flow {flow_id!r} has no road to a queue for {_named(channels)}; add one to it.")


def _other(tenant: Tenant, queue_id: str, channels: set[str]) -> str:
    return f"Queue {queue_id!r} is for {tenant.own_queues[queue_id].channel}; name one for {_named(channels)}"


def _named(channels: set[str]) -> str:
    return " or ".join(sorted(channels))
