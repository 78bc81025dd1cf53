"""What would change if a document were applied: entry by entry, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from chalicelib.configuration.kinds import LISTS, Document, Kind, Row

Sign = Literal["+", "-", "~"]


@dataclass(frozen=True, slots=True)
class Step:
    """One entry that is added, removed or changed; of a changed one, its fields with their old and new values."""

    sign: Sign
    kind: str
    id: str
    fields: tuple[tuple[str, Any, Any], ...] = ()
    """Place within the entry, before, after."""


def plan(before: Document, after: Document) -> list[Step]:
    """Every difference between two documents as `write` makes them; none where they are the same."""
    names = {kind.name for kind in LISTS}
    steps = [step for kind in LISTS for step in _of_kind(kind, before, after)]
    for name in sorted({*before, *after} - names):
        fields = tuple(_fields(name, before.get(name), after.get(name)))
        if fields:
            steps.append(Step("~", "settings", name, fields))
    return steps


def _of_kind(kind: Kind, before: Document, after: Document) -> Iterator[Step]:
    old, new = _by_id(kind, before), _by_id(kind, after)
    for key in [*old, *(each for each in new if each not in old)]:
        if key not in new:
            yield Step("-", kind.name, key)
        elif key not in old:
            yield Step("+", kind.name, key)
        elif old[key] != new[key]:
            yield Step("~", kind.name, key, tuple(_fields("", old[key], new[key])))
    stayed = [key for key in old if key in new]
    if stayed != [key for key in new if key in old]:
        yield Step("~", kind.name, "*", (("order", stayed, [key for key in new if key in old]),))


def _by_id(kind: Kind, document: Document) -> dict[str, Row]:
    return {row[kind.id_field]: row for row in document.get(kind.name, ())}


def _fields(at: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(each for each in new if each not in old)]:
            yield from _fields(f"{at}/{name}" if at else name, old.get(name), new.get(name))
    elif old != new:
        yield at, old, new
