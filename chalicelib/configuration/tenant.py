"""The tenant's document: queues, agents and flows, checked as a whole.

`read` turns a JSON-like document into a `Tenant`, or raises `InvalidRequest` that names every place that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, ClassVar

from pydantic import Field, TypeAdapter, ValidationError

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.flows.document import STRICT, Choose, Flow, FlowVersion, Route
from chalicelib.routing.model import Distribution
from chalicelib.routing.rank import HIGHEST_PRIORITY

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
"""Part of AWS resource names too, hence short and plain."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of one channel. Durations in seconds."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: Identifier
    queue_name: str
    channel: str = "work_item"
    offer_timeout: Annotated[int, Field(ge=1, le=900)] = 30
    """How long an agent may take to accept. At most 900: the longest delay of an SQS message."""
    auto_accept: bool = False
    distribution: Distribution = "longest_idle"
    wrap_up_time: Annotated[int, Field(ge=0, le=300)] = 0
    cool_down: Annotated[int, Field(ge=0, le=3600)] = 60
    """How long no offer of the same engagement goes to an agent who declined or missed it."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent: the queues served, skills with proficiency 1–5, and places by channel."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    user_id: Identifier
    display_name: str
    queues: tuple[str, ...]
    skills: Mapping[str, Annotated[int, Field(ge=1, le=5)]] = field(default_factory=dict)
    capacity: Mapping[str, Annotated[int, Field(ge=0, le=100)]] = field(default_factory=lambda: {"work_item": 1})


@dataclass(frozen=True)
class Tenant:
    """Everything configured, as one document."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queues: tuple[Queue, ...] = ()
    agents: tuple[Agent, ...] = ()
    flows: tuple[Flow, ...] = ()

    @cached_property
    def queue_by_id(self) -> Mapping[str, Queue]:
        return {queue.queue_id: queue for queue in self.queues}

    @cached_property
    def agent_by_id(self) -> Mapping[str, Agent]:
        return {agent.user_id: agent for agent in self.agents}

    @cached_property
    def flow_by_entry_id(self) -> Mapping[str, Flow]:
        return {point.entry_id: flow for flow in self.flows for point in flow.entry_points}

    @cached_property
    def agents_of_queue(self) -> Mapping[str, tuple[str, ...]]:
        """The ids of the agents who serve each queue."""
        serving: dict[str, list[str]] = {queue.queue_id: [] for queue in self.queues}
        for agent in self.agents:
            for queue_id in agent.queues:
                serving[queue_id].append(agent.user_id)
        return {queue_id: tuple(ids) for queue_id, ids in serving.items()}


_reader: TypeAdapter[Tenant] = TypeAdapter(Tenant)


def read(document: Any) -> Tenant:
    """The tenant that a JSON-like document describes."""
    try:
        tenant = _reader.validate_python(document)
    except ValidationError as error:
        raise InvalidRequest("The configuration is not valid.", _fields(error)) from error
    wrong = list(_check(tenant))
    if wrong:
        raise InvalidRequest("The configuration contradicts itself.", wrong)
    return tenant


def write(tenant: Tenant) -> dict[str, Any]:
    """The document that describes a tenant; `read(write(t)) == t`."""
    document: dict[str, Any] = _reader.dump_python(tenant, mode="json", by_alias=True, exclude_defaults=True)
    return document


def _fields(error: ValidationError) -> list[FieldError]:
    return [
        FieldError("/" + "/".join(str(part) for part in each["loc"]), each["msg"])
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _check(tenant: Tenant) -> Iterator[FieldError]:
    """What the types cannot say: unique ids, references that lead somewhere, flows that always find a queue."""
    yield from _unique("/queues", [queue.queue_id for queue in tenant.queues])
    yield from _unique("/agents", [agent.user_id for agent in tenant.agents])
    yield from _unique("/flows", [flow.flow_id for flow in tenant.flows])
    yield from _unique("/flows/entry_points", [p.entry_id for flow in tenant.flows for p in flow.entry_points])
    queues = {queue.queue_id for queue in tenant.queues}
    for a, agent in enumerate(tenant.agents):
        for q, queue_id in enumerate(agent.queues):
            if queue_id not in queues:
                yield FieldError(f"/agents/{a}/queues/{q}", f"There is no queue {queue_id!r}.")
    for f, flow in enumerate(tenant.flows):
        yield from _unique(f"/flows/{f}/versions", [str(version.flow_version) for version in flow.versions])
        for v, version in enumerate(flow.versions):
            yield from _check_flow(f"/flows/{f}/versions/{v}", version, queues)


def _check_flow(at: str, version: FlowVersion, queues: set[str]) -> Iterator[FieldError]:
    finds_queue = False
    for s, step in enumerate(version.steps):
        routes = [*(b.route for b in step.choose), step.otherwise] if isinstance(step, Choose) else [step.set_]
        finds_queue = finds_queue or all(route.queue_id is not None for route in routes)
        for route in routes:
            yield from _check_route(f"{at}/steps/{s}", route, queues)
    if not finds_queue:
        yield FieldError(f"{at}/steps", "No step gives every engagement a queue; add an `otherwise` with one.")


def _check_route(at: str, route: Route, queues: set[str]) -> Iterator[FieldError]:
    if route.queue_id is not None and route.queue_id not in queues:
        yield FieldError(at, f"There is no queue {route.queue_id!r}.")
    if route.priority is not None and not 0 <= route.priority <= HIGHEST_PRIORITY:
        yield FieldError(at, f"Priority {route.priority} is not within 0 and {HIGHEST_PRIORITY}.")


def _unique(at: str, ids: list[str]) -> Iterator[FieldError]:
    for duplicate in sorted({each for each in ids if ids.count(each) > 1}):
        yield FieldError(at, f"{duplicate!r} stands here more than once.")
