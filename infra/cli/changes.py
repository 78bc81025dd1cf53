"""What applying a document would change: entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any, NamedTuple

import yaml


class Change(NamedTuple):
    """An entry that is added (`+`), removed (`-`) or changed (`~`, with the fields that differ)."""

    sign: str
    part: str
    id: str
    fields: tuple[str, ...] = ()


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference between two documents as `configuration.document.write` makes them."""
    return [each for part in dict.fromkeys([*before, *after]) for each in _of_part(part, before, after)]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The same as lines of YAML, as `diff -u` shows them."""
    old, new = (
        yaml.safe_dump(dict(each), sort_keys=False, allow_unicode=True).splitlines() for each in (before, after)
    )
    return list(unified_diff(old, new, "applied", "given", lineterm=""))


def _of_part(part: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    old, new = _entries(before.get(part)), _entries(after.get(part))
    for key in dict.fromkeys([*old, *new]):
        if key not in new:
            yield Change("-", part, key)
        elif key not in old:
            yield Change("+", part, key)
        elif old[key] != new[key]:
            yield Change("~", part, key, _fields(old[key], new[key]))
    stayed = [key for key in old if key in new]
    if stayed != [key for key in new if key in old]:
        yield Change("~", part, "*", ("order",))


def _entries(part: Any) -> dict[str, Any]:
    """A part's entries by the id that stands first in each; a part that is no list is one entry."""
    if isinstance(part, list):
        return {str(next(iter(entry.values()))): entry for entry in part}
    return {} if part is None else {"": part}


def _fields(old: Any, new: Any) -> tuple[str, ...]:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return ()
    return tuple(name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name))
