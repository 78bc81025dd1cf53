"""What applying a document would change, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any

import yaml
from rich.table import Table

from infra.cli.output import table

COLOURS = {"+": "green", "-": "red", "~": "yellow"}
LONGEST = 40
"""Characters of a value that the table shows."""


def shown(changes: list[dict[str, Any]], title: str) -> Table:
    """A plan's changes: a row each, a changed one with its fields."""
    rows = [[each["action"], each["kind"], each["id"], _fields(each)] for each in changes]
    made = table(title, ("", "what", "which", "fields"), rows)
    for row, each in zip(made.rows, changes, strict=True):
        row.style = COLOURS[each["action"]]
    return made


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The same as lines of YAML, as `diff -u` shows them."""
    old, new = (yaml.safe_dump(dict(each), allow_unicode=True).splitlines() for each in (before, after))
    return list(unified_diff(old, new, "applied", "given", lineterm=""))


def _fields(change: dict[str, Any]) -> str:
    return ", ".join(f"{f['field']}: {_short(f['before'])} → {_short(f['after'])}" for f in change.get("fields", ()))


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
