"""The words that a tenant adds: what is known of work (variables), and how it ended (dispositions)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

STRICT: dict[str, Any] = {"extra": "forbid"}
IDENTIFIER = r"^[A-Za-z0-9_-]{1,40}$"
Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
"""Part of AWS resource names too, hence short and plain."""
LONGEST_ID = 255
"""Characters of ids that are chosen freely: keys of rows, which hold a kilobyte, are made of ids."""
WORD = r"^[A-Za-z0-9_ -]{1,30}$"
Word = Annotated[str, Field(pattern=WORD)]

DataType = Literal[
    "string",
    "number",
    "boolean",
    "date_time",
    "currency",
    "percentage",
    "email",
    "url",
    "phone",
    "json",
    "array",
]
MASK = "****"
"""What is shown instead of a masked value."""


@dataclass(frozen=True, slots=True)
class VariableGroup:
    """A group of variables; its name is part of theirs."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    variable_group_id: Identifier
    variable_group_name: Word


@dataclass(frozen=True, slots=True)
class Variable:
    """A custom variable, which work names `global_custom.<group>.<variable>`. What is declared is held to its type."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    variable_id: Identifier
    variable_name: Word
    variable_group_id: str
    variable_description: Annotated[str, Field(max_length=200)] = ""
    data_type: DataType = "string"
    values: tuple[Annotated[str, Field(max_length=1024)], ...] = ()
    """Where there are any, no other value is taken."""
    default_value: Annotated[str, Field(max_length=1024)] | None = None
    """What work has that does not say."""
    mask_variable_data: bool = False
    """Agents and explanations never see its value; the rules of flows and profiles still go by it."""

    def fault(self, value: str) -> str | None:
        """What is wrong with a value, or None."""
        holds, wanted = _TYPES[self.data_type]
        if not holds(value):
            return f"{self.variable_name} must be {wanted}."
        if self.values and value not in self.values:
            return f"{self.variable_name} must be one of {', '.join(self.values)}."
        return None


@dataclass(frozen=True, slots=True)
class Disposition:
    """How work can have ended. An inactive one is kept for the reports, and no longer taken."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    disposition_id: Identifier
    disposition_name: Annotated[str, Field(min_length=1, max_length=255)]
    status: Literal["active", "inactive"] = "active"


@dataclass(frozen=True, slots=True)
class DispositionSet:
    """Dispositions that several queues share."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    disposition_set_id: Identifier
    disposition_set_name: str = ""
    dispositions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueDispositions:
    """How work of a queue may end. Where neither dispositions nor sets are named, any text will do."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    dispositions: tuple[str, ...] = ()
    disposition_sets: tuple[str, ...] = ()
    disposition_required: bool = False
    """Who closes work has to say how it ended."""
    default_disposition_id: str | None = None
    """What stands where nobody said, such as after a wrap-up that ran out."""


@dataclass(frozen=True, slots=True)
class LaunchUrl:
    """A page that the agent's client opens. `{work_item_id}` and other variables in it are filled in."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    launch_trigger: Literal["ringing", "answered", "ended"]
    launch_url: Annotated[str, Field(pattern=r"^https://[^\s@]+$", max_length=2048)]


def _number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


def _link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        possible = bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a bracket that is not closed, or a port of letters
        return False
    return parts.scheme == "https" and possible and "@" not in parts.netloc and " " not in text


def _json(text: str, kind: type = object) -> bool:
    try:
        return isinstance(json.loads(text), kind)
    except (ValueError, RecursionError):
        return False


_TYPES: Mapping[DataType, tuple[Callable[[str], bool], str]] = {
    "string": (lambda _: True, "text"),
    "number": (_number, "a number such as 12.5"),
    "boolean": (lambda text: text in ("true", "false"), "true or false"),
    "date_time": (lambda text: re.fullmatch(r"\d{1,14}", text) is not None, "a time as a Unix timestamp"),
    "currency": (_number, "an amount such as 12.50"),
    "percentage": (_number, "a percentage such as 12.5"),
    "email": (lambda text: re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text) is not None, "an e-mail address"),
    "url": (_link, "an https:// link"),
    "phone": (lambda text: re.fullmatch(r"\+[1-9]\d{1,14}", text) is not None, "a phone number such as +33123456789"),
    "json": (_json, "JSON"),
    "array": (lambda text: _json(text, list), "a JSON array"),
}
