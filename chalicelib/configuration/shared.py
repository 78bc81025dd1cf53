"""What several agents or business hours have in common: teams, and sets of closures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chalicelib.configuration.vocabulary import STRICT, Identifier
from chalicelib.routing.hours import Closure

COUNTRY = r"^[A-Z]{2}$"


@dataclass(frozen=True, slots=True)
class Team:
    """Agents who serve the same queues; a team within another serves that one's queues too."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    team_id: Identifier
    team_name: str = ""
    parent_team_id: str | None = None
    queues: tuple[str, ...] = ()
    supervisors: tuple[str, ...] = ()
    """Who looks after it and the teams within it, by user or client id.

    A supervisor whom no team names looks after everything.
    """


@dataclass(frozen=True, slots=True)
class Supervised:
    """Whom and what a supervisor of teams looks after."""

    agents: frozenset[str]
    queues: frozenset[str]


@dataclass(frozen=True, slots=True)
class Holidays:
    """A country's public holidays. The command line puts their dates into `closures` before it applies a document."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    country: Annotated[str, Field(pattern=COUNTRY)]
    """ISO 3166, such as FR."""
    years: tuple[Annotated[int, Field(ge=2000, le=2100)], ...]
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class ClosureSet:
    """Closures that several business hours share."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    closure_set_id: Identifier
    closure_set_name: str = ""
    closures: tuple[Closure, ...] = ()
    holidays: Holidays | None = None
