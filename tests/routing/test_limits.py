"""What a queue does not keep, case by case."""

from __future__ import annotations

import pytest

from chalicelib.routing.limits import Limits, next_overflow, overflowing
from chalicelib.routing.model import Waiting
from tests.routing.worlds import work

NOW = 1000
CASES: list[tuple[str, Limits, list[Waiting], dict[str, str]]] = [
    ("no limits keep everything", Limits(), [work("a", since=0, offers=99)], {}),
    (
        "closed keeps nothing",
        Limits(closed=True, most_offers=1),
        [work("a", offers=1), work("b")],
        {"a": "queue_closed", "b": "queue_closed"},
    ),
    ("up to the limit they stay", Limits(most_waiting=2), [work("a", since=1), work("b", since=2)], {}),
    (
        "of too many the last have to go",
        Limits(most_waiting=1),
        [work("a", since=3), work("b", since=1), work("c", since=2)],
        {"a": "queue_full", "c": "queue_full"},
    ),
    (
        "up to two are kept",
        Limits(most_waiting=2),
        [work("a", since=1), work("b", since=2), work("c", since=3)],
        {"c": "queue_full"},
    ),
    ("who came at the same time goes by id", Limits(most_waiting=1), [work("b"), work("a")], {"b": "queue_full"}),
    ("a queue of none keeps none", Limits(most_waiting=0), [work("a")], {"a": "queue_full"}),
    (
        "who leaves for another reason makes room",
        Limits(most_waiting=1, most_offers=3),
        [work("a", since=1, offers=3), work("b", since=2)],
        {"a": "offered_too_often"},
    ),
    ("below the offers it stays", Limits(most_offers=3), [work("a", offers=2)], {}),
    ("before its time it stays", Limits(longest_wait=100), [work("a", since=NOW - 99)], {}),
    ("at its time it goes", Limits(longest_wait=100), [work("a", since=NOW - 100)], {"a": "waited_too_long"}),
    (
        "closed is the first reason, offers the second",
        Limits(longest_wait=1, most_offers=1),
        [work("a", since=0, offers=1)],
        {"a": "offered_too_often"},
    ),
]


@pytest.mark.parametrize(("limits", "queued", "leaving"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_leaves_and_why(limits: Limits, queued: list[Waiting], leaving: dict[str, str]) -> None:
    assert overflowing(queued, NOW, limits) == leaving


def test_when_it_will_have_waited_too_long() -> None:
    assert next_overflow(work("a", since=7), Limits(longest_wait=100)) == 107
    assert next_overflow(work("a", since=7), Limits(most_waiting=1)) is None
