"""The order of what waits, case by case."""

from __future__ import annotations

import pytest

from chalicelib.routing.model import Waiting
from chalicelib.routing.rank import HIGHEST_PRIORITY, HOUR, overtaken_until, rank, rank_key
from tests.routing.worlds import work

FIRST: list[tuple[str, dict[str, object], dict[str, object], int]] = [
    ("priority before age", {"priority": 2, "queued_at": 9}, {"priority": 1, "queued_at": 0}, 0),
    ("top before priority", {"top": True}, {"priority": 9}, 0),
    ("age among equals", {"queued_at": 1}, {"queued_at": 2}, 0),
    ("what should be taken sooner, before age", {"queued_at": 2, "target_at": 5}, {"queued_at": 1, "target_at": 6}, 0),
    ("without a target, it is when it came", {"queued_at": 3}, {"queued_at": 1, "target_at": 4}, 0),
    ("age where targets are equal", {"queued_at": 1, "target_at": 5}, {"queued_at": 2, "target_at": 5}, 0),
    ("a rate has gained nothing yet", {"priority": 1}, {"rate": 1}, HOUR - 1),
    ("a rate has overtaken", {"rate": 1}, {"priority": 1}, HOUR + 1),
    ("a rate gains since it came", {"priority": 1}, {"rate": 1, "queued_at": HOUR}, HOUR + 1),
    ("twice the rate, half the time", {"rate": 2}, {"priority": 1}, HOUR // 2 + 1),
]


@pytest.mark.parametrize(("first", "second", "now"), [case[1:] for case in FIRST], ids=[case[0] for case in FIRST])
def test_who_goes_first(first: dict[str, object], second: dict[str, object], now: int) -> None:
    one, other = work("b", **{"queued_at": 0, **first}), work("a", **{"queued_at": 0, **second})
    assert rank(one, now) < rank(other, now)


def test_at_last_the_id_decides() -> None:
    assert rank(work("a")) < rank(work("b"))


def test_without_a_moment_it_is_the_rank_of_the_beginning() -> None:
    assert rank(work(rate=5)) == rank(work(rate=5), 0)


UNTIL: list[tuple[str, Waiting, int | None]] = [
    ("who gains nothing can always be overtaken", work(rate=0, queued_at=5), None),
    ("an hour for a point an hour", work(rate=1, priority=HIGHEST_PRIORITY - 1, queued_at=5), 5 + HOUR),
    ("the highest cannot be overtaken", work(rate=1, priority=HIGHEST_PRIORITY, queued_at=5), 5),
    ("rounded up to the millisecond", work(rate=7, priority=HIGHEST_PRIORITY - 1, queued_at=0), 514_286),
]


@pytest.mark.parametrize(("waiting", "until"), [case[1:] for case in UNTIL], ids=[case[0] for case in UNTIL])
def test_until_when_it_can_be_overtaken(waiting: Waiting, until: int | None) -> None:
    found = overtaken_until(waiting)
    assert found == until
    assert until is None or isinstance(found, int)


def test_the_key_of_the_index_is_as_it_has_always_been() -> None:
    """Rows that are kept have it; another would mix with them in another order."""
    waiting = work("e1", priority=2, queued_at=77, target_at=1234)
    assert rank_key(waiting) == "1997#00000000001234#00000000000077#e1"
    assert rank_key(work("e1", priority=HIGHEST_PRIORITY, queued_at=77, top=True)).startswith("0000#00000000000077#")
