"""A flow: an ordered list of steps, each of which adds to the route.

Conditions are structured, so that they can be compared, drawn and edited; nothing is ever evaluated as code.
The dataclasses are what the configuration's reader makes of a tenant's document (a trailing underscore is not
part of a field's name there: `any_` is written `any`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from chalicelib.routing.model import Requirement

STRICT: dict[str, Any] = {"extra": "forbid", "alias_generator": lambda name: name.rstrip("_")}
"""How the reader treats these dataclasses: unknown fields are refused."""

Operator = Literal["equal_to", "not_equal_to", "greater_than", "less_than", "contains", "in", "exists"]


@dataclass(frozen=True, slots=True)
class Test:
    """One field compared with a value. A field that is missing fails every test but `not_equal_to`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT
    __test__: ClassVar[bool] = False

    field: str
    op: Operator
    value: str | float | bool | tuple[str | float, ...] | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every condition in it is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    all_: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one condition in it is."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    any_: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the condition in it is not."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    not_: Condition


Condition = Test | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Route:
    """What a branch decides; what it leaves out stays as it was."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: str | None = None
    priority: int | None = None
    skills: tuple[Requirement, ...] | None = None
    user_id: str | None = None
    """The only agent who may have it."""
    preferred_user_id: str | None = None
    """The agent who is asked first; for `preferred_seconds` nobody else is."""
    preferred_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition and the route it leads to."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    when: Condition
    route: Route


@dataclass(frozen=True, slots=True)
class Choose:
    """The first branch, from the top, whose condition holds; `otherwise` where none does."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    choose: tuple[Branch, ...]
    otherwise: Route


@dataclass(frozen=True, slots=True)
class Set:
    """A step that always adds its route."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    set_: Route


Step = Choose | Set


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """One version of a flow. An engagement keeps the version it started with."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow_version: int
    status: Literal["draft", "published", "archived"]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """The Entry ID that a system of record quotes; it belongs to one flow."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    entry_id: str
    entry_name: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its versions and Entry IDs."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow_id: str
    flow_name: str
    versions: tuple[FlowVersion, ...]
    entry_points: tuple[EntryPoint, ...] = ()
    channel: str = "work_item"

    def published(self) -> FlowVersion | None:
        """The newest published version."""
        versions = [version for version in self.versions if version.status == "published"]
        return max(versions, key=lambda version: version.flow_version, default=None)
