"""Names that lead nowhere or stand twice, and the nearest of those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chalicelib.errors import FieldError

MOST_LISTED = 8


def missing(kind: str, wanted: str, known: Iterable[str]) -> str:
    """What to say of a name that leads nowhere."""
    return f"There is no {kind} {wanted!r}; {_instead(kind, wanted, list(known))}"


def _instead(kind: str, wanted: str, known: list[str]) -> str:
    from difflib import get_close_matches  # only errors pay for it

    near = get_close_matches(wanted, known, n=1) or get_close_matches(wanted.lower(), [k.lower() for k in known], n=1)
    if near:
        exact = next(each for each in known if each in near or each.lower() in near)
        return f"did you mean {exact!r}?"
    if not known:
        return f"there is no {kind} at all yet: add one."
    listed = ", ".join(sorted(known)[:MOST_LISTED])
    return f"there are {listed}{' and more' if len(known) > MOST_LISTED else ''}."


def refers(at: str, kind: str, to: str | None, known: Iterable[str]) -> Iterator[FieldError]:
    """An error where a reference leads nowhere."""
    if to is not None and to not in known:
        yield FieldError(at, missing(kind, to, known))


def free(at: str, wanted: str, no_ids: Iterable[str]) -> Iterator[FieldError]:
    """An error for an id that means something else in the API's paths."""
    if wanted in no_ids:
        yield FieldError(at, f"{wanted!r} means something else in the API's paths; choose another id.")


def unique(at: str, ids: Iterable[object], field: str = "") -> Iterator[FieldError]:
    """An error for each that stands more than once; `field` is what makes the place exact."""
    seen: set[object] = set()
    for n, each in enumerate(ids):
        if each in seen:
            shown = each[-1] if isinstance(each, tuple) else each
            place = f"{at}/{n}/{field}" if field else f"{at}/{n}"
            yield FieldError(place, f"{shown!r} stands here more than once; give this one another.")
        seen.add(each)
