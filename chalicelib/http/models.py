"""The bodies of requests. Unknown fields, wrong types and unsafe links are refused; errors name the field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from math import isfinite
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from chalicelib.configuration.profiles import ChannelName
from chalicelib.configuration.vocabulary import LONGEST_ID
from chalicelib.engagements.model import IDENTITIES
from chalicelib.errors import FieldError, InvalidRequest

M = TypeVar("M", bound=BaseModel)
MAX_BODY_BYTES = 64 * 1024
MAX_LINK = 2048
FIRST_YEAR, LAST_YEAR = 1970, 5137
"""Keys hold times of 14 digits, in milliseconds since 1970."""
DEEPEST = 100
"""Levels of lists and objects in a body: what it becomes a part of is kept as JSON, which is read up to 200 deep."""
EXACT = 2**53
"""Up to here a float says a whole number exactly."""


def https_link(value: str) -> str:
    """An https link in its canonical form; a link without a scheme is taken as https, as Zoom's samples need."""
    if any(ord(char) <= 32 or ord(char) == 127 or char == "\\" for char in value):
        raise ValueError("must be a link without spaces, control characters or backslashes")
    if ":" not in value.split("/", 1)[0]:
        value = f"https://{value.lstrip('/')}"
    try:
        parts = urlsplit(value)
        possible = parts.port != 0
    except ValueError:  # which tells what was given
        possible = False
    if not possible:
        raise ValueError("must be a link with a host and a port that there can be")
    if parts.scheme.lower() != "https" or not parts.hostname or "@" in parts.netloc:
        raise ValueError("must be an https:// link with a host and without credentials")
    return parts._replace(scheme="https", netloc=parts.netloc.lower()).geturl()


def iso_time(value: str) -> str:
    """An ISO 8601 time, with or without a zone."""
    try:
        datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError("must be an ISO 8601 time such as 2026-10-01T00:00:00Z") from error
    return value


def time_to_come(value: str) -> str:
    """An ISO 8601 time that keys can hold and answers can tell, in whichever zone."""
    if not FIRST_YEAR <= datetime.fromisoformat(iso_time(value)).year <= LAST_YEAR:
        raise ValueError(f"must be between the years {FIRST_YEAR} and {LAST_YEAR}")
    return value


def plain_number(value: float) -> int | float:
    """A whole number as one."""
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def number_in(text: str) -> int | None:
    """The number that a header, a path or a parameter holds; None where it is none, or has more than nine digits."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


Short = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Number = Annotated[float, AfterValidator(plain_number), PlainSerializer(lambda value: value, return_type=int | float)]
"""Said to be one type, so that what is no number is told once."""
Link = Annotated[str, Field(min_length=1, max_length=MAX_LINK), AfterValidator(https_link)]
Time = Annotated[str, Field(max_length=40), AfterValidator(iso_time)]

Moment = Annotated[str, Field(max_length=40), AfterValidator(time_to_come)]


class Body(BaseModel):
    """What every body has in common: strict types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, defer_build=True)


class Channel(Body):
    """Where the work comes from; live channels are started by their adapters."""

    channel: ChannelName
    channel_source: Annotated[str, Field(min_length=1, max_length=40)] = "API"

    @field_validator("channel_source")
    @classmethod
    def as_zoom_has_it(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("channel") == "work_item" and value.upper() != "API":
            raise ValueError("must be API for a work item")
        return value


class FlowEntry(Body):
    """The Entry ID that selects the flow."""

    flow_entry_id: Short


class Consumer(Body):
    """For whom the work is done."""

    consumer_display_name: Short
    consumer_external_id: Short | None = None
    consumer_email: Short | None = None
    consumer_number: Short | None = None


class WorkItemDetails(Body):
    """What may be said of the work beside its id and its name."""

    work_item_desc: Annotated[str, Field(max_length=16_384)] | None = None
    work_item_type_id: Short | None = None
    work_item_type: Short | None = None
    work_item_due_date: Time | None = None
    work_item_origin: Short | None = None
    work_item_priority: Number | None = None
    work_item_transcript_url: Link | None = None
    work_item_hyperlink: Link | None = None


class WorkItemVariables(WorkItemDetails):
    """The work, as the system of record describes it."""

    work_item_name: Short
    work_item_id: Short | None = None


class Variable(Body):
    """A custom variable, named `global_custom.<group>.<variable>`."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    value: Annotated[str, Field(max_length=1024)]


def _work_item() -> list[Channel]:
    """Made when it is needed: the first instance of a model has its validator built."""
    return [Channel(channel="work_item", channel_source="API")]


class StartEngagement(Body):
    """Zoom's body, and `on_conflict`: what to do where the same work is active."""

    flow: FlowEntry
    work_item_variables: WorkItemVariables
    channels: Annotated[list[Channel], Field(min_length=1, max_length=1, default_factory=_work_item)]
    consumers: Annotated[list[Consumer], Field(max_length=10)] = []
    variables: Annotated[list[Variable], Field(max_length=50)] = []
    language_code: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    on_conflict: Literal["fail", "use_existing"] = "fail"
    not_before: Moment | None = None
    """When the work enters its queue; without a zone it is UTC."""


class StartOne(StartEngagement):
    """One of many."""

    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class TryFlow(Body):
    """What a flow is tried with; nothing comes of it."""

    given: dict[str, Any] = {}
    """Variables, as the cases beside a flow give them."""
    answers: dict[str, Any] = {}
    """What the steps that ask are told, by their name or place."""
    at: str | None = None
    """ISO 8601; now, where it is not said."""


class StartMany(Body):
    """Up to 100 starts, each with an Idempotency-Key of its own or none, and a result of its own."""

    engagements: Annotated[list[StartOne], Field(min_length=1, max_length=100)]


class WorkItemChanges(WorkItemDetails):
    """Only the fields that are given change; null takes one away."""


ACTIONS = Literal[
    "transfer to queue",
    "transfer to agent",
    "transfer to flow",
    "release",
    "end",
    "activate",
    "deactivate",
    "switch",
]
CHANGES = ("work_item_variables", "variables", "priority")
GOES_WITH: Mapping[str | None, tuple[str, ...]] = {
    None: CHANGES,
    "transfer to queue": ("target_queue_id", "keep_skills"),
    "transfer to agent": ("target_agent_id", "keep_skills"),
    "transfer to flow": ("target_flow_id", "keep_skills"),
    "end": ("disposition", "ended_by"),
    "deactivate": ("wake_at",),
    "switch": ("target_channel",),
}
"""Action → what may be said with it; None is no action."""


class UpdateEngagement(Body):
    """An action, or other variables. What goes with which action, and with no other: `disposition` and `ended_by` with
    `end`, `wake_at` with `deactivate`, `target_…` and `keep_skills` with a transfer, `target_channel` with `switch`."""

    engagement_action: ACTIONS | None = None
    disposition: Short | None = None
    ended_by: Literal["consumer", "source"] = "source"
    """Who ended what no agent has ended: the consumer, by leaving, or the source, which withdraws it."""
    wake_at: Moment | None = None
    target_queue_id: Short | None = None
    target_agent_id: Short | None = None
    target_flow_id: Short | None = None
    """The flow's Entry ID."""
    keep_skills: bool = True
    target_channel: ChannelName | None = None
    work_item_variables: WorkItemChanges | None = None
    variables: Annotated[list[Variable], Field(max_length=50)] | None = None
    priority: Annotated[int, Field(ge=0, le=999)] | None = None
    """Where it stands in its queue; the higher, the sooner."""

    @model_validator(mode="after")
    def one_thing_at_a_time(self) -> Self:
        """What is null says nothing."""
        action, said = self.engagement_action, self.model_dump(exclude_unset=True, exclude_none=True)
        if (action is None) == said.keys().isdisjoint(CHANGES):
            raise ValueError("send an `engagement_action`, or new variables or a priority, and not both")
        odd = [f"`{name}`" for name in said if name not in ("engagement_action", *GOES_WITH.get(action, ()))]
        if odd:
            what = action or "a change of variables or priority"
            raise ValueError(f"leave out {' and '.join(odd)}: {what} takes no such field")
        return self


class TakePart(Body):
    """How: `consult` names the agent who is asked."""

    mode: Literal["monitor", "whisper", "barge", "consult", "take_over", "leave"]
    user_id: Short | None = None


class IdentifyConsumer(Body):
    """One consumer, by the first of these that came with his work."""

    consumer_external_id: Short | None = None
    consumer_email: Short | None = None
    consumer_number: Short | None = None

    def identity(self) -> dict[str, str]:
        """The field that is given."""
        given = {name: getattr(self, name) for name in IDENTITIES}
        return {name: value for name, value in given.items() if value is not None}

    @model_validator(mode="after")
    def by_one_of_them(self) -> Self:
        if len(self.identity()) != 1:
            raise ValueError(f"send one of {', '.join(IDENTITIES)}")
        return self


class ExportConsumer(IdentifyConsumer):
    """Whose data, and from which start on (`next_from` of the answer before)."""

    model_config = ConfigDict(alias_generator=lambda name: name.rstrip("_"))

    from_: Time | None = None


class ApplyDocument(Body):
    """A document, and why it is applied. `release`: agents who are not in it give back what they hold."""

    document: dict[str, Any]
    comment: Annotated[str, Field(max_length=1024)] = ""
    release: bool = False


class AssignAgents(Body):
    """Who serves the queue from now on, besides those who do."""

    user_ids: Annotated[list[Short], Field(min_length=1, max_length=30)]


class SkillLevel(Body):
    """A skill, and how well the agent has it."""

    skill_id: Annotated[str, Field(min_length=1, max_length=100)]
    max_proficiency_level: Annotated[int, Field(ge=1, le=5)] = 1


class AssignSkills(Body):
    """What the agent can do from now on, besides what he can."""

    skills: Annotated[list[SkillLevel], Field(min_length=1, max_length=100)]


class NewEntryPoint(Body):
    """An Entry ID; without a name it is called by its id."""

    entry_id: Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"^[^,]*$")]
    entry_name: Short | None = None


class AddEntryPoints(Body):
    """The Entry IDs that lead to the flow from now on, besides those that do."""

    entry_points: Annotated[list[NewEntryPoint], Field(min_length=1, max_length=100)]


class RemoveEntryPoints(Body):
    """The Entry IDs that lead to the flow no longer."""

    entry_ids: Annotated[list[Short], Field(min_length=1, max_length=100)]


class RollBack(Body):
    """To which version, and why; `release` as in applying."""

    version: Annotated[int, Field(ge=1, lt=10**9)]
    comment: Annotated[str, Field(max_length=1024)] = ""
    release: bool = False


class Replay(Body):
    """From when, and until when; until now where it is not given."""

    model_config = ConfigDict(alias_generator=lambda name: name.rstrip("_"))

    from_: Time
    to: Time | None = None


class PutSecret(Body):
    """A secret that a foreign system has made."""

    secret: Annotated[str, Field(min_length=16, max_length=255, pattern=r"^[!-~]+$")]


class AddNote(Body):
    """What is written beside the work."""

    note: Annotated[str, Field(min_length=1, max_length=4096)]


class OptOut(Body):
    """The queues from which nothing is taken for now."""

    opt_out: Annotated[list[Short], Field(max_length=200)]


class Elsewhere(Body):
    """The channel of the work that another system gave."""

    channel: ChannelName


class PullWork(Body):
    """From which queue."""

    queue_id: Short


class AnswerOffer(Body):
    """Which offer is meant; an old one is refused."""

    offer_id: Short


class DeclineOffer(AnswerOffer):
    """Why the offer is declined, for the reports."""

    reason: Short | None = None


class WrapUp(Body):
    """How the work ended; or how much longer it takes."""

    disposition: Short | None = None
    extend_seconds: Annotated[int, Field(ge=1, le=86_400)] | None = None

    @model_validator(mode="after")
    def ended_or_extended(self) -> Self:
        if self.disposition is not None and self.extend_seconds is not None:
            raise ValueError("send a `disposition`, which ends the wrap-up, or `extend_seconds`, and not both")
        return self


class SetStatus(Body):
    """A status by id or name: 1 Offline, 2 Not Ready, 3 Ready; a reason only with Not Ready."""

    status_id: Short
    sub_status_id: Short | None = None


def parse(model: type[M], raw: bytes, max_bytes: int = MAX_BODY_BYTES) -> M:
    """The body of a request. Raises `InvalidRequest` that names every field at fault."""
    if len(raw) > max_bytes:
        message = f"At most {max_bytes} bytes; this body has {len(raw)}."
        raise InvalidRequest("The body is too large.", [FieldError("/", message)])
    given = said(raw or b"{}")
    wrong = list(_unreadable("", given))
    if wrong:
        raise InvalidRequest("Validation Failed.", wrong)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidRequest("Validation Failed.", [_field(each) for each in error.errors()]) from None


def said(raw: bytes, remedy: str = "") -> Any:
    """What a body says. Raises `InvalidRequest` for what is no JSON, such as NaN."""
    try:
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        wrong = FieldError("/", f"This is not JSON{remedy}.")
        raise InvalidRequest("Validation Failed.", [wrong]) from None


def _unreadable(at: str, value: Any, level: int = 0) -> Iterator[FieldError]:
    """What could not be read again once it is kept: a number that no float is, and what is nested too deep."""
    if level > DEEPEST:
        yield FieldError(at, f"At most {DEEPEST} lists and objects within one another.")
    elif isinstance(value, float) and not isfinite(value):
        yield FieldError(at, "The number is too large.")
    elif isinstance(value, dict | list):
        inner: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in inner:
            yield from _unreadable(f"{at}/{name}", each, level + 1)


def _field(error: Any) -> FieldError:
    """Only the place and the rule: the value at fault may be personal, and stays out of the answer."""
    return FieldError("/" + "/".join(str(part) for part in error["loc"]), str(error["msg"]))
