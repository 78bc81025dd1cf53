"""A day in a contact centre: a call, two chats and ten work items, with everything that can come between.

The day itself is in a_day.py; whatever a step brings about is looked for in history, events and explanation by day.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.reporting.definitions import SUMMED
from chalicelib.routing import presets
from tests.simulation.a_day import DOCUMENT, TIMELINE, opened, play
from tests.simulation.day import V2, Day
from tests.support.size import LONG
from tests.support.worlds import aws, aws_centre, memory_centre

REPORTS = f"{V2}/analytics/dataset/historical/"
WORKS = ["T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "T09", "T10", "call", "chat-1", "chat-2"]
QUEUES = {
    "billing": {"handled_count": 8, "within_service_level_count": 7, "service_level_count": 8, "cancelled_count": 1},
    "calls": {"handled_count": 1},
    "chats": {"handled_count": 1, "abandoned_count": 1},
    "claims": {"handled_count": 2},
}
AGENTS = {
    "ana": {"offered_count": 5, "handled_count": 4, "refused_count": 1},
    "ben": {"offered_count": 6, "handled_count": 5, "missed_count": 1},
    "cleo": {"offered_count": 3, "handled_count": 2, "transferred_count": 1},
}
HAPPENED = {
    "decline": ("T02", 1),
    "miss": ("T02", 1),
    "refuse_transfer": ("T02", 1),
    "transfer": ("T02", 1),
    "deactivate": ("T05", 1),
    "activate": ("T05", 1),
    "flag": ("T07", 2),
    "observe": ("call", 2),
    "leave": ("call", 1),
    "switch": ("T03", 1),
    "abandon": ("chat-2", 1),
    "cancel": ("T10", 1),
}
"""What is out of the ordinary: where, and how often."""


@pytest.fixture(scope="module", params=["memory", "dynamodb"] if LONG else ["memory"])
def day(request: pytest.FixtureRequest) -> Iterator[Day]:
    """The day, over each pair of adapters, when it is over."""
    if request.param == "memory":
        played = opened(memory_centre(configured=False))
        play(played)
        yield played
    else:
        with aws() as clients:
            played = opened(aws_centre(clients, configured=False))
            play(played)
            yield played


def test_it_goes_as_it_is_told(day: Day) -> None:
    """Where it is meant to go otherwise: python -m tests.simulation.a_day > tests/simulation/a_day.txt"""
    assert "\n".join(day.timeline) + "\n" == TIMELINE.read_text()


def test_everything_is_closed_and_says_how(day: Day) -> None:
    found = {name: day.read(name) for name in WORKS}
    assert set(day.names.values()) == set(WORKS)
    assert {each["state"] for each in found.values()} == {"closed"}
    otherwise = {name: each["end_reason"] for name, each in found.items() if each["end_reason"] != "completed"}
    assert otherwise == {"T10": "cancelled", "chat-2": "abandoned"}


def test_what_is_out_of_the_ordinary_happened_once_and_where_it_should(day: Day) -> None:
    happened = Counter((each["event_name"], name) for name in WORKS for each in day.history(name))
    usual = {"start", "offer", "accept", "finish", "close"}
    assert {command: (name, n) for (command, name), n in happened.items() if command not in usual} == HAPPENED


def test_the_reports_agree_with_what_happened(day: Day) -> None:
    assert _counts(_rows(day, "queue_performance"), "queue_id") == QUEUES
    assert _counts(_rows(day, "agent_performance"), "user_id") == AGENTS
    history = [each for name in WORKS for each in day.history(name)]
    for dataset, measure in (("queue_performance", "waited_ms"), ("agent_performance", "parked_ms")):
        assert sum(row[measure] for row in _rows(day, dataset)) == _spent(history, measure)
    for dataset in ("agent_performance", "flow_performance", "disposition"):
        assert sum(row["handled_ms"] for row in _rows(day, dataset)) == _spent(history, "handled_ms")


def test_what_flows_started_and_how_it_ended_is_every_engagement_once(day: Day) -> None:
    flows, endings = _rows(day, "flow_performance"), _rows(day, "disposition")
    for name, count in {"engagement": 13, "completed": 11, "cancelled": 1, "abandoned": 1, "transferred": 1}.items():
        assert sum(row[f"{name}_count"] for row in flows) == count
    assert sum(row["engagement_count"] for row in endings) == len(WORKS)


def test_a_stream_that_is_delivered_again_tells_nothing_new(day: Day) -> None:
    before = [_rows(day, each) for each in SUMMED]
    heard = {engagement_id: dict(events) for engagement_id, events in day.heard.items()}
    day.centre.consume()
    day.centre.deliver()
    assert day.heard == heard
    assert [_rows(day, each) for each in SUMMED] == before


def test_every_delivery_was_taken(day: Day) -> None:
    for webhook in DOCUMENT["webhooks"]:
        path = f"{V2}/webhooks/{webhook['webhook_id']}/deliveries"
        attempts = day.by("adm").get(path).body["deliveries"]
        assert len(attempts) >= sum(len(events) for events in day.heard.values())
        assert all(each["delivered"] for each in attempts)


def test_a_call_makes_its_agent_occupied_as_zooms_rules_do() -> None:
    (profile,) = DOCUMENT["occupancy_profiles"]
    preset = presets.zoom({"messaging": 2, "work_item": 2})
    assert profile["capacity"] == preset.capacity
    assert [each["when"][0]["channel"] for each in profile["closings"]] == [
        criterion.channel for closing in preset.occupancy.closings for criterion in closing.when
    ]


def _rows(day: Day, dataset: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = day.by("sue").get(f"{REPORTS}{dataset}?interval=1d").body[dataset]
    return rows


def _counts(rows: list[dict[str, Any]], by: str) -> dict[str, dict[str, int]]:
    """The counts that are not 0, over all channels."""
    totals: dict[str, Counter[str]] = {}
    for row in rows:
        counted = {name: n for name, n in row.items() if name.endswith("_count")}
        totals.setdefault(row[by], Counter()).update(counted)
    return {key: {name: n for name, n in total.items() if n} for key, total in totals.items()}


def _spent(history: list[dict[str, Any]], measure: str) -> int:
    """The same, added up from the history; the time that an offer rang is waiting too where it was accepted."""
    visits = [each for each in history if each["event_name"] in ("accept", "abandon", "cancel")]
    if measure == "waited_ms":
        return sum(each["event_content"]["waited_ms"] + each["event_content"].get("rang_ms", 0) for each in visits)
    parts = [each for each in history if each["event_name"] in ("close", "transfer")]
    return sum(each["event_content"][measure] for each in parts)
