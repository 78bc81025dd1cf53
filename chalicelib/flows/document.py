"""A flow: versions of an ordered list of steps, each of which adds to the route, asks something, or ends the flow.

A step's exits may hold steps of their own; after them the flow goes on with what follows the step. Steps only nest
and follow one another, so a flow ends by its shape. The dataclasses are what the configuration's reader makes of a
tenant's document (a trailing underscore is not part of a field's name there: `set_` is written `set`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from chalicelib.flows.conditions import STRICT, Condition, Expression
from chalicelib.flows.intake import Intake
from chalicelib.routing.model import Requirement

Value = str | bool | int | float | Expression
"""Something written down, or what an expression finds."""


@dataclass(frozen=True, slots=True)
class Route:
    """What a flow decides; what a step leaves out stays as it was."""

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
class Due:
    """A due date by rule: so many seconds from now, of which only those within the business hours count."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    seconds: int
    business_hours_id: str | None = None


@dataclass(frozen=True, slots=True)
class Assignment(Route):
    """What a step adds: to the route, to the variables, a due date.

    Variables named `global_custom.…` stay with the engagement; all others are the flow's own.
    """

    variables: Mapping[str, Value] = field(default_factory=dict)
    due: Due | None = None


@dataclass(frozen=True, slots=True)
class Exit(Assignment):
    """Where a step leads: what it adds, and the steps that only this exit has."""

    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A condition and the exit that it leads to."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    when: Condition
    route: Exit
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Choose:
    """The first branch, from the top, whose condition holds; `otherwise` where none does."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    choose: tuple[Branch, ...]
    otherwise: Exit
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Set:
    """Always adds this."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    set_: Assignment
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Whether business hours, by their id, are open now."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    hours: str
    open_: Exit
    closed: Exit
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a split."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    percent: float
    route: Exit
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """By percentage. The same engagement always takes the same exit of the same step."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    split: tuple[Share, ...]
    name: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """Looks at a queue: variables `queue.<id>.waiting`, `.oldest_seconds` and `.agents_ready`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_statistics: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LookUp:
    """What is asked about the consumer."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    returning_within: int | None = None
    """Seconds."""
    lists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Consumer:
    """Looks the consumer up: variables `consumer.returning` and `consumer.list.<id>`, true or false."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    consumer: LookUp
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A POST of JSON to a system of record that the tenant's document names; signed like a webhook's delivery."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    system_id: str
    path: str
    body: Mapping[str, Value] = field(default_factory=dict)
    result: Mapping[str, str] = field(default_factory=dict)
    """By variable, JMESPath over the answer's body."""
    timeout: int = 3000
    """Milliseconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """Asks a system of record. Goes on where it answered 2xx with JSON, else by `failed`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    http: Request
    failed: Exit
    name: str | None = None


@dataclass(frozen=True, slots=True)
class RouteTo:
    """Adds this, and the flow is done."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    route: Assignment
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OtherFlow:
    """Goes on with another flow's published version, by Entry ID, and does not come back."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OverflowOf:
    """Goes where a queue's overflow leads, and the flow is done."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    overflow: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The engagement is closed at once, and the flow is done."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    end: Literal[True]
    name: str | None = None


Step = (
    Choose | Set | OpenHours | Split | QueueStatistics | Consumer | Call | RouteTo | OtherFlow | OverflowOf | End
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """A given and what is expected of it: how a flow is tested without anything around it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    case: str
    """What it shows, in words."""
    expect: Mapping[str, Any]
    """What `cases.PARTS` names: only what is named is compared."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Variables."""
    at: str = "2026-01-05T12:00:00Z"
    """ISO 8601. By default a Monday at noon."""
    answers: Mapping[str, Any] = field(default_factory=dict)
    """By the name or place of the step that asks."""


@dataclass(frozen=True, slots=True)
class FlowVersion:
    """One version of a flow. An engagement keeps the version it started with."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow_version: int
    status: Literal["draft", "published", "archived"]
    steps: tuple[Step, ...]
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """The Entry ID that a system of record quotes; it belongs to one flow."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    entry_id: str
    entry_name: str
    intake: Intake | None = None
    """How a foreign system's webhook becomes a start."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow with its versions and Entry IDs."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    flow_id: str
    flow_name: str
    versions: tuple[FlowVersion, ...]
    entry_points: tuple[EntryPoint, ...] = ()
    channel: str = "work_item"

    def entry_point(self, entry_id: str) -> EntryPoint | None:
        """One of its Entry IDs."""
        return next((point for point in self.entry_points if point.entry_id == entry_id), None)

    def published(self) -> FlowVersion | None:
        """The newest published version."""
        versions = [version for version in self.versions if version.status == "published"]
        return max(versions, key=lambda version: version.flow_version, default=None)


def exits(step: Step) -> list[tuple[str, Exit]]:
    """The exits of a step by name; a branch without one is called by its number. None: it just goes on, or ends."""
    match step:
        case Choose(choose=branches, otherwise=otherwise):
            named = [(branch.name or str(n), branch.route) for n, branch in enumerate(branches, 1)]
            return [*named, ("otherwise", otherwise)]
        case OpenHours(open_=is_open, closed=closed):
            return [("open", is_open), ("closed", closed)]
        case Split(split=shares):
            return [(share.name or str(n), share.route) for n, share in enumerate(shares, 1)]
        case Call(failed=failed):
            return [("failed", failed)]
        case _:
            return []
