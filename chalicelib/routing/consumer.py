"""Who is next, by what is known of the work: consumer routing profiles.

A profile is asked once, when work enters the queue; its answer stays with the work. Top priorities put it before
everything that has none; accumulated priorities let it gain points with every hour of waiting; the order says what
decides among equals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any, ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.routing.numbers import number

AttributeType = Literal[
    "entrance_to_queue", "new_customer", "returning_customer", "release_to_queue", "skills", "global_variable"
]
Operator = Literal["equal_to", "greater_than", "less_than", "contains"]
STRICT: dict[str, Any] = {"extra": "forbid"}
MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing to look for in work, after Zoom's consumer routing profiles."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    attribute_type: AttributeType
    ids: tuple[str, ...] = ()
    """Skills, of which it asks for any."""
    enter_queue_start_time: time | None = None
    enter_queue_end_time: time | None = None
    """The window may pass midnight; its end is outside. From a time to the same one it is the whole day."""
    timezone: str = "UTC"
    max_returning_minutes: int | None = None
    """How long a consumer counts as returning; for ever where it is not given."""
    variable_name: str | None = None
    operator: Operator = "equal_to"
    variable_values: tuple[str, ...] = ()
    """The comparison holds if it holds with any of them. Numbers compare as numbers."""


@dataclass(frozen=True, slots=True)
class Accumulated:
    """Work with this attribute gains `incremental_rate` points of priority an hour."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    attribute: Attribute
    incremental_rate: int


@dataclass(frozen=True, slots=True)
class ConsumerProfile:
    """How a queue ranks what waits in it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    top_priorities: tuple[Attribute, ...] = ()
    accumulated_priorities: tuple[Accumulated, ...] = ()
    ageing_rate: int = 0
    """Points an hour that all work gains, so that nothing starves."""
    order: Literal["age", "due_date", "service_level"] = "age"
    handling_time: int = 0
    """Seconds that the work takes; a due date is met by starting this much earlier (least slack first)."""
    service_level_threshold: int = 86_400
    """Seconds in which work should be taken; also the due date of work that has none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of work when it enters a queue. Times are epoch milliseconds."""

    entered_at: int
    due_at: int | None = None
    skills: frozenset[str] = frozenset()
    variables: Mapping[str, Any] = field(default_factory=dict)
    released: bool = False
    last_seen_at: int | None = None
    """When the consumer's engagement before this one began."""


class Standing(NamedTuple):
    """How work stands in its queue, as in `Waiting`."""

    top: bool = False
    rate: int = 0
    target_at: int | None = None


USUAL = Standing()


def standing_of(profile: ConsumerProfile, facts: Facts) -> Standing:
    """What the profile makes of the facts. Rates of several attributes add up."""
    gains = [each.incremental_rate for each in profile.accumulated_priorities if applies(each.attribute, facts)]
    top = any(applies(attribute, facts) for attribute in profile.top_priorities)
    return Standing(top, profile.ageing_rate + sum(gains), _target(profile, facts))


def asks_who_comes_back(profile: ConsumerProfile) -> bool:
    """Whether it matters when the consumer was last seen."""
    asked = [*profile.top_priorities, *(each.attribute for each in profile.accumulated_priorities)]
    return any(attribute.attribute_type in ("new_customer", "returning_customer") for attribute in asked)


def applies(attribute: Attribute, facts: Facts) -> bool:
    """Whether work has the attribute."""
    match attribute.attribute_type:
        case "entrance_to_queue":
            return _within(attribute, facts.entered_at)
        case "new_customer":
            return not _returning(attribute, facts)
        case "returning_customer":
            return _returning(attribute, facts)
        case "release_to_queue":
            return facts.released
        case "skills":
            return bool(facts.skills & set(attribute.ids))
        case "global_variable":
            found = facts.variables.get(attribute.variable_name or "")
            return found is not None and any(
                _compares(found, attribute.operator, value) for value in attribute.variable_values
            )


def _target(profile: ConsumerProfile, facts: Facts) -> int | None:
    if profile.order == "age":
        return None
    by_service_level = facts.entered_at + profile.service_level_threshold * 1000
    if profile.order == "service_level":
        return by_service_level
    due_at = by_service_level if facts.due_at is None else facts.due_at
    return due_at - profile.handling_time * 1000


def _returning(attribute: Attribute, facts: Facts) -> bool:
    if facts.last_seen_at is None:
        return False
    longest = attribute.max_returning_minutes
    return longest is None or facts.entered_at - facts.last_seen_at <= longest * MINUTE


def _within(attribute: Attribute, at: int) -> bool:
    start, end = attribute.enter_queue_start_time or time.min, attribute.enter_queue_end_time or time.max
    clock = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(attribute.timezone)).time()
    return start <= clock < end if start < end else clock >= start or clock < end


def _compares(found: Any, operator: Operator, value: str) -> bool:
    if operator == "contains":
        return value in (found if isinstance(found, list | tuple) else str(found))
    left, right = number(found), number(value)
    if left is None or right is None:
        return operator == "equal_to" and str(found) == value
    if operator == "equal_to":
        return left == right
    return left > right if operator == "greater_than" else left < right
