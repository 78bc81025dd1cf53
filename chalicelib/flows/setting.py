"""What surrounds a flow in the tenant's document: everything that a step can refer to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from chalicelib.flows.conditions import STRICT
from chalicelib.flows.document import Flow
from chalicelib.routing.hours import BusinessHours


@dataclass(frozen=True, slots=True)
class SystemOfRecord:
    """A system that flows may ask: the only hosts that they reach. Its secret is read through the API."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    system_id: str
    url: str
    """https, a public host; what every path begins with."""


@dataclass(frozen=True, slots=True)
class ConsumerList:
    """Consumers by external id, e-mail address or number, such as the VIPs."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    consumer_list_id: str
    consumers: tuple[str, ...]


class Place(Protocol):
    """Where a queue's overflow leads: one of these."""

    @property
    def queue_id(self) -> str | None: ...
    @property
    def flow_entry_id(self) -> str | None: ...
    @property
    def end(self) -> bool: ...


@dataclass(frozen=True)
class Setting:
    """By id, what is configured."""

    flows: Mapping[str, Flow] = field(default_factory=dict)
    """By Entry ID."""
    overflows: Mapping[str, Place | None] = field(default_factory=dict)
    """By queue, for every queue there is."""
    hours: Mapping[str, BusinessHours] = field(default_factory=dict)
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    agents: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By id, the queues that he serves."""
    skills: Collection[str] | None = None
    """None where the tenant names no skills by category: then any will do."""
    systems: Mapping[str, SystemOfRecord] = field(default_factory=dict)
