"""What counts as a number: variables arrive as text or as numbers, and both compare as numbers where they are one."""

from __future__ import annotations

from math import isfinite
from typing import Any


def number(value: Any) -> int | float | None:
    """The number that a value is or is written as; a whole one exactly, since a long reference is one too. What is
    written like no number or an infinite one, such as a surname, is a text."""
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not isfinite(found):
        return None
    try:
        return int(value) if isinstance(value, str | int) else found
    except ValueError:
        return found
