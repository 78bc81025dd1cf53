"""Public holidays as closures: expanded before a document is applied, never in a Lambda."""

from __future__ import annotations

from typing import Any

import holidays

from chalicelib.configuration.document import pointer
from chalicelib.configuration.naming import missing
from chalicelib.errors import FieldError, InvalidRequest


def expand(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the `holidays` of its closure sets as `closures`, one a day, in order. Raises
    `InvalidRequest` for a country or a subdivision that has none. What is no such thing is left to the reader."""
    sets = document.get("closure_sets")
    if not isinstance(sets, list):
        return document
    return {**document, "closure_sets": [_expanded(n, each) for n, each in enumerate(sets)]}


def _expanded(n: int, closure_set: Any) -> Any:
    wanted = closure_set.get("holidays") if isinstance(closure_set, dict) else None
    if not isinstance(wanted, dict) or not {"country", "years"} <= wanted.keys():
        return closure_set
    country, subdivision = wanted["country"], wanted.get("subdivision")
    known = holidays.list_supported_countries()
    if country not in known:
        raise _refused(n, "country", missing("country", str(country), known))
    if subdivision is not None and subdivision not in known[country]:
        raise _refused(n, "subdivision", missing("subdivision", str(subdivision), known[country]))
    days = holidays.country_holidays(country, subdiv=subdivision, years=wanted["years"])
    named = [{"first": day.isoformat(), "last": day.isoformat()} for day in sorted(days)]
    own = closure_set.get("closures", [])
    rest = {name: value for name, value in closure_set.items() if name != "holidays"}
    return {**rest, "closures": [*own, *(each for each in named if each not in own)]}


def _refused(n: int, field: str, message: str) -> InvalidRequest:
    at = pointer(("closure_sets", n, "holidays", field))
    return InvalidRequest("There are no such holidays.", [FieldError(at, message)])
