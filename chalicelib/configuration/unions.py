"""Errors of a reader that tried every kind of step and condition, reduced to those of the kind that was meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from chalicelib.configuration.naming import missing

Place = tuple[Any, ...]

KINDS = frozenset(
    {
        *("Choose", "Set", "OpenHours", "Split", "QueueStatistics", "Consumer", "Call"),
        *("RouteTo", "OtherFlow", "OverflowOf", "End"),
        *("Test", "Expression", "AllOf", "AnyOf", "Not"),
        *("SignedByHmac", "ByPassword", "ByToken"),
    }
)
"""How the reader calls the members of unions."""
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")


def meant(errors: Sequence[Any]) -> list[Any]:
    """The errors (of pydantic) without those of other kinds than the one that was meant, and without the kinds' names.

    Meant is the kind that lacks the fewest fields and knows the most of those that are there.
    """
    kept = list(errors)
    for place in sorted({place for each in errors for place in _places(each)}, key=len):
        there = [each for each in kept if each["loc"][: len(place)] == place]
        if there:
            kept = [each for each in kept if each not in there] + _of_one_kind(place, there)
    return [
        {**each, "loc": tuple(part for n, part in enumerate(each["loc"]) if not _is_kind(each, n))} for each in kept
    ]


def _places(error: Any) -> Iterator[Place]:
    """Where a reader had a choice."""
    loc: Place = error["loc"]
    return (loc[:n] for n in range(len(loc)) if _is_kind(error, n))


def _is_kind(error: Any, n: int) -> bool:
    """Whether a part of a place is a kind's name, and not that of a field that somebody calls so."""
    return error["loc"][n] in KINDS and not (error["type"] in UNKNOWN and n == len(error["loc"]) - 1)


def _of_one_kind(place: Place, errors: list[Any]) -> list[Any]:
    """Of the errors below a choice, those of what was meant; one that says so where that cannot be told."""
    own = [each for each in errors if len(each["loc"]) > len(place) and _is_kind(each, len(place))]
    others = [each for each in errors if each not in own]
    if any(len(each["loc"]) == len(place) + 1 for each in own):
        return [*others, own[0]]  # it is no object at all
    faults = Counter({each["loc"][len(place)]: 0 for each in own})
    faults.update(each["loc"][len(place)] for each in own if len(each["loc"]) == len(place) + 2 and _is_field(each))
    fewest = [kind for kind, count in faults.items() if count == min(faults.values())]
    if len(fewest) == 1:
        return [*others, *(each for each in own if each["loc"][len(place)] == fewest[0])]
    lacking = {each["loc"][-2]: str(each["loc"][-1]) for each in reversed(own) if each["type"] == "missing"}
    names = sorted(set(lacking.values()))  # of each kind, the first field that it must have
    unknown = sorted({str(each["loc"][-1]) for each in own if each["type"] in UNKNOWN})
    if unknown:
        return [*others, {"loc": (*place, unknown[0]), "type": "no_kind", "msg": missing("field", unknown[0], names)}]
    return [*others, {"loc": place, "type": "no_kind", "msg": f"Say what it is: one of {', '.join(names)}."}]


def _is_field(error: Any) -> bool:
    """Whether it says that a field is missing, or is one too many."""
    return error["type"] == "missing" or error["type"] in UNKNOWN
