"""Errors of a reader that tried every kind of step and condition, reduced to those of the kind that was meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

KINDS = frozenset(
    {
        *("Choose", "Set", "OpenHours", "Split", "QueueStatistics", "Consumer", "Call"),
        *("RouteTo", "OtherFlow", "OverflowOf", "End"),
        *("Test", "Expression", "AllOf", "AnyOf", "Not"),
        *("SignedByHmac", "ByPassword", "ByToken"),
    }
)
"""How the reader calls the members of unions; they are told apart by the first field that each must have."""


def meant(errors: Sequence[Any]) -> list[Any]:
    """The errors (of pydantic) without those of kinds whose own field is not there, and without the kinds' names."""
    lacking: dict[tuple[Any, ...], list[str]] = {}
    tried: dict[tuple[Any, ...], set[str]] = {}
    for each in errors:
        *above, kind = each["loc"][:-1] or ("",)
        for n, part in enumerate(each["loc"]):
            if part in KINDS:
                tried.setdefault(each["loc"][:n], set()).add(part)
        if each["type"] == "missing" and kind in KINDS:
            lacking.setdefault((*above, kind), []).append(str(each["loc"][-1]))
    kept = [each for each in errors if not any(each["loc"][:n] in lacking for n in range(len(each["loc"])))]
    nothing = [
        {"loc": place, "type": "no_kind", "msg": f"Say what it is: one of {_named(place, kinds, lacking)}."}
        for place, kinds in tried.items()
        if all((*place, kind) in lacking for kind in kinds) and not any(place[:n] in lacking for n in range(len(place)))
    ]
    return [{**each, "loc": tuple(part for part in each["loc"] if part not in KINDS)} for each in [*kept, *nothing]]


def _named(place: tuple[Any, ...], kinds: set[str], lacking: dict[tuple[Any, ...], list[str]]) -> str:
    return ", ".join(sorted({lacking[(*place, kind)][0] for kind in kinds}))
