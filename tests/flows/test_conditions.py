"""What conditions make of variables, which arrive as text as often as not."""

from __future__ import annotations

from typing import Any

import pytest

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
    ],
)
def test_truth_is_written_small_and_a_number_is_finite(op: Any, have: Any, want: Any, expected: bool) -> None:
    assert holds(Test("a", op, want), {"a": have}) is expected
