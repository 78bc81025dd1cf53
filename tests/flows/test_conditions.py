"""What conditions make of variables, which arrive as text as often as not."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from chalicelib.flows.conditions import Test, holds


@pytest.mark.parametrize(
    ("op", "have", "want", "expected"),
    [
        ("equal_to", "true", True, True),
        ("equal_to", True, "true", True),
        ("equal_to", "false", False, True),
        ("equal_to", "false", True, False),
        ("not_equal_to", "true", True, False),
        ("in", "true", (True,), True),
        ("equal_to", "Nan", "Nan", True),
        ("equal_to", "inf", "Infinity", False),
        ("greater_than", "inf", 5, False),
        ("in", "5", 5, False),
        ("contains", "5 copies", 5, True),
        ("contains", "5 copies", 5.0, True),
        ("contains", 5.0, "5.", False),
        ("equal_to", "12345678901234568", "12345678901234567", False),
        ("equal_to", "12345678901234567", 12345678901234567, True),
        ("greater_than", "12345678901234568", 12345678901234567, True),
        ("equal_to", "5.0", 5, True),
        ("equal_to", "1" * 5000, "1" * 5000, True),
    ],
)
def test_truth_is_written_small_and_a_number_is_finite(op: Any, have: Any, want: Any, expected: bool) -> None:
    read: Test = TypeAdapter(Test).validate_python({"field": "a", "op": op, "value": want})
    assert holds(read, {"a": have}) is expected
