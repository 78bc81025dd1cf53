"""What is on record of a contact centre's work, as a file: JSON with everything, or CSV with one engagement a line.

Times are ISO 8601 (without a zone, UTC), durations milliseconds, as in the events of the API.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter, ValidationError

from chalicelib.configuration.document import wrong_types
from chalicelib.errors import InvalidRequest
from chalicelib.routing.model import Requirement

STRICT: dict[str, Any] = {"extra": "forbid"}


def moment(value: Any) -> int:
    """ISO 8601 as epoch milliseconds."""
    if isinstance(value, int):
        return value
    at = datetime.fromisoformat(str(value))
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def time_text(at: int) -> str:
    """Epoch milliseconds as UTC ISO 8601."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[int, BeforeValidator(moment), PlainSerializer(time_text)]
Duration = Annotated[int, Field(ge=0)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where work went, and what it asked for there."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: str
    priority: int = 0
    skills: tuple[Requirement, ...] = ()
    user_id: str | None = None
    """The only agent who may have it."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay in a queue."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    queue_id: str
    priority: int
    since: Moment
    until: Moment
    end: Literal["taken", "left", "overflowed", "waiting"]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer to an offer."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    user_id: str
    says: Literal["accept", "decline", "miss"]
    offered_at: Moment
    after_ms: Duration = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One agent's part."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    user_id: str | None
    taken_at: Moment
    handled_ms: Duration
    wrapped_ms: Duration = 0
    parked: tuple[tuple[Duration, Duration], ...] = ()
    """After how much work it was parked, and for how long."""
    to: Place | None = None
    """Where it went then; null is nowhere, it was done."""
    is_released: bool = False
    """It went back to the queue that it came from."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One engagement."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    engagement_id: str
    queued_at: Moment
    to: Place
    channel: str = "work_item"
    flow_entry_id: str | None = None
    """Where it came in. The flow that a configuration has there decides anew where it goes; where none is named, or
    the flow asks what nobody can tell by now, it goes where it went."""
    work_item_variables: Mapping[str, Any] = field(default_factory=dict)
    variables: tuple[Mapping[str, str], ...] = ()
    language_code: str | None = None
    answers: tuple[Said, ...] = ()
    parts: tuple[Part, ...] = ()
    left_after_ms: Duration | None = None
    """It was withdrawn while it waited, after so long."""
    stays: tuple[Stay, ...] = ()
    due_at: Moment | None = None
    closed_at: Moment | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """From when on an agent was ready, or was not."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    at: Moment
    user_id: str
    ready: bool


@dataclass(frozen=True, slots=True)
class History:
    """A period."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    engagements: tuple[Recorded, ...]
    """In the order in which they came."""
    statuses: tuple[Status, ...] = ()
    """In order of time. Of whom nothing is said, his shift says when he is ready; without one he always is."""
    configuration: Mapping[str, Any] | None = None
    """The tenant's document of the time."""

    @property
    def start(self) -> int:
        """When the first thing happened (epoch ms)."""
        return min([*(each.queued_at for each in self.engagements), *(each.at for each in self.statuses)], default=0)

    @property
    def end(self) -> int:
        """When the last thing happened."""
        ends = [each.closed_at or each.queued_at for each in self.engagements]
        return max([*ends, *(each.at for each in self.statuses)], default=0)

    def between(self, start: int | None, end: int | None) -> History:
        """What came within start <= queued_at < end."""
        kept = tuple(
            each
            for each in self.engagements
            if (start is None or each.queued_at >= start) and (end is None or each.queued_at < end)
        )
        return History(kept, self.statuses, self.configuration)


_reader: TypeAdapter[History] = TypeAdapter(History)
_row: TypeAdapter[Recorded] = TypeAdapter(Recorded)


def read(path: Path) -> History:
    """What a file says. Raises `InvalidRequest` with every place at fault, `OSError`, `UnicodeDecodeError`."""
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return of(_from_rows(list(csv.DictReader(file))))
    try:
        found = _reader.validate_json(path.read_bytes())
    except ValidationError as error:
        raise InvalidRequest(f"{path} is no history.", wrong_types(error, History)) from None
    return of(found.engagements, found.statuses, found.configuration)


def of(
    engagements: Iterable[Recorded], statuses: Iterable[Status] = (), configuration: Mapping[str, Any] | None = None
) -> History:
    """A history in order of time."""
    ordered = sorted(engagements, key=lambda each: each.queued_at)
    return History(tuple(ordered), tuple(sorted(statuses, key=lambda each: each.at)), configuration)


def text(history: History) -> str:
    """What is kept of it, as JSON."""
    return json.dumps(_reader.dump_python(history, mode="json", exclude_defaults=True), indent=1) + "\n"


def _from_rows(rows: list[dict[str, str]]) -> Iterator[Recorded]:
    """The lines of a file. Where none says when work was taken, waits are not known: of those who left no more."""
    knows_waits = any(row.get("taken_at") for row in rows)
    for n, row in enumerate(rows):
        engagement = _from_row(n, row)
        yield engagement if knows_waits else replace(engagement, stays=())


NUMBERS = ("handled_ms", "wrapped_ms", "answered_ms", "left_after_ms", "priority")


def _from_row(n: int, row: dict[str, str]) -> Recorded:
    """One line: queue_id, queued_at and handled_ms; as far as they are known engagement_id, channel, priority, skills
    (`french:3 cards`), answered_ms, wrapped_ms, left_after_ms, due_at, user_id, taken_at."""
    given = {name: value for name, value in row.items() if value}
    try:
        number = {name: int(given[name]) for name in NUMBERS if name in given}
        at, left = moment(given["queued_at"]), number.get("left_after_ms")
        taken = moment(given.get("taken_at", at))
        place = Place(given["queue_id"], number.get("priority", 0), _skills(given.get("skills", "")))
        user_id, handled, wrapped = given.get("user_id"), number.get("handled_ms"), number.get("wrapped_ms", 0)
        if handled is None and left is None:
            raise KeyError("handled_ms")
    except (KeyError, ValueError) as error:
        raise InvalidRequest(
            f"Line {n + 2} of the history cannot be read: {error}. It needs queue_id, queued_at "
            "(ISO 8601) and handled_ms or left_after_ms."
        ) from None
    stays: tuple[Stay, ...] = ()
    closed_at = None
    if "taken_at" in given and handled is not None:
        stays, closed_at = (Stay(place.queue_id, place.priority, at, taken, "taken"),), taken + handled + wrapped
    elif left is not None:
        stays, closed_at = (Stay(place.queue_id, place.priority, at, at + left, "left"),), at + left
    answers = (Said(user_id or "", "accept", taken, number["answered_ms"]),) if "answered_ms" in number else ()
    return Recorded(
        engagement_id=given.get("engagement_id", f"line-{n + 2}"),
        queued_at=at,
        to=place,
        channel=given.get("channel", "work_item"),
        answers=answers,
        parts=() if handled is None else (Part(user_id, taken, handled, wrapped),),
        left_after_ms=left,
        stays=stays,
        due_at=moment(given["due_at"]) if "due_at" in given else None,
        closed_at=closed_at,
    )


def _skills(text: str) -> tuple[Requirement, ...]:
    named = (each.partition(":") for each in text.split())
    return tuple(Requirement(skill, int(level or 1)) for skill, _, level in named)
