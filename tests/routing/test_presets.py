"""Occupancy as other systems have it, by the cases of their documentation."""

from __future__ import annotations

import pytest

from chalicelib.routing import presets
from chalicelib.routing.decide import decide
from chalicelib.routing.filter import unmet
from chalicelib.routing.model import QueueRules, Requirement
from chalicelib.routing.occupancy import Closing, Criterion, OccupancyRules, parking, room
from chalicelib.routing.scores import Selector, label_score, selector_score, worker_score
from chalicelib.routing.widen import Need
from tests.routing.worlds import NOW, agent, work

ZOOM = presets.zoom({"messaging": 4, "email": 20, "work_item": 3}, max_agent_load={"messaging": 50})
CONNECT = presets.connect({"voice": (1, "own"), "chat": (3, "any"), "task": (2, "any"), "email": (2, "own")})
TWILIO = presets.twilio({"voice": 1, "chat": 3})
SALESFORCE = presets.salesforce(
    10, 4, {"voice": (10, "primary"), "chat": (3, "primary"), "work_item": (2, "interruptible")}
)
JOB_ROUTER = presets.job_router(100, {"voice": (100, 1), "chat": (33, None), "email": (20, 2)})

CASES: list[tuple[str, presets.Preset, dict[str, int], dict[str, int]]] = [
    ("Zoom: an idle agent", ZOOM, {}, {"voice": 1, "video": 1, "messaging": 4, "email": 20, "work_item": 3}),
    ("Zoom: on a call nothing else comes", ZOOM, {"voice": 1}, {"voice": 0, "messaging": 0, "work_item": 0}),
    ("Zoom: nor during video", ZOOM, {"video": 1}, {"voice": 0, "email": 0}),
    ("Zoom: a full channel closes itself only", ZOOM, {"work_item": 3}, {"work_item": 0, "messaging": 4, "voice": 1}),
    ("Zoom: below the maximum load calls still come", ZOOM, {"messaging": 1}, {"voice": 1, "messaging": 3}),
    ("Zoom: from it on they do not", ZOOM, {"messaging": 2}, {"voice": 0, "video": 0, "messaging": 2, "email": 20}),
    ("Connect: nothing on top of voice", CONNECT, {"voice": 1}, {"voice": 0, "chat": 0, "task": 0, "email": 0}),
    ("Connect: anything on top of chats", CONNECT, {"chat": 2}, {"voice": 1, "chat": 1, "task": 2}),
    ("Connect: only e-mail on top of e-mail", CONNECT, {"email": 1}, {"email": 1, "chat": 0, "voice": 0}),
    ("Connect: every channel in hand must agree", CONNECT, {"chat": 1, "email": 1}, {"task": 0, "chat": 0, "email": 1}),
    ("Twilio: channels do not know of one another", TWILIO, {"voice": 1}, {"voice": 0, "chat": 3}),
    ("Twilio: a channel that is not configured", TWILIO, {}, {"sms": 0}),
    ("Salesforce: units are shared", SALESFORCE, {"chat": 2}, {"chat": 1, "voice": 0}),
    ("Salesforce: full of interruptible work", SALESFORCE, {"work_item": 2}, {"work_item": 0, "chat": 3, "voice": 1}),
    ("Salesforce: the call takes all units", SALESFORCE, {"voice": 1}, {"chat": 0, "work_item": 2}),
    ("Job Router: one call takes all capacity", JOB_ROUTER, {"voice": 1}, {"chat": 0, "email": 0}),
    ("Job Router: jobs of different cost share it", JOB_ROUTER, {"chat": 2}, {"chat": 1, "email": 1, "voice": 0}),
    ("Job Router: the maximum number of jobs", JOB_ROUTER, {"email": 2}, {"email": 0, "chat": 1}),
]


@pytest.mark.parametrize(("preset", "load", "rooms"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_room(preset: presets.Preset, load: dict[str, int], rooms: dict[str, int]) -> None:
    found = {channel: room(preset.occupancy, preset.capacity, load, channel) for channel in rooms}
    assert found == rooms


BUSY = OccupancyRules(closings=(Closing((Criterion("voice", 100), Criterion("messaging", 75))),))
PLACES = {"voice": 1, "messaging": 4, "work_item": 3}


@pytest.mark.parametrize(
    ("load", "work_items"), [({"voice": 1}, 3), ({"messaging": 3}, 3), ({"voice": 1, "messaging": 3}, 0)]
)
def test_the_criteria_of_a_rule_must_all_hold(load: dict[str, int], work_items: int) -> None:
    assert room(BUSY, PLACES, load, "work_item") == work_items


def test_a_call_may_come_on_top_of_three_work_items_parking_one() -> None:
    rules = OccupancyRules(closings=(Closing((Criterion("work_item", 100),)),), parks={"voice": "work_item"})
    assert room(rules, PLACES, {"work_item": 3}, "voice") == 0
    assert parking(rules, PLACES, {"work_item": 3}, "voice") == "work_item"
    assert parking(rules, PLACES, {"voice": 1, "work_item": 3}, "voice") is None
    busy = agent("a", capacity=PLACES, load={"work_item": 3}, occupancy=rules)
    (match,) = decide([work(channel="voice")], [busy], NOW)
    assert (match.agent_id, match.parks) == ("a", "work_item")
    idle = agent("b", capacity=PLACES, idle_since=99)
    (match,) = decide([work(channel="voice")], [busy, idle], NOW)
    assert (match.agent_id, match.parks) == ("b", None), "who is free goes first"


def test_unanswered_offers_count_against_a_cap() -> None:
    rules = OccupancyRules(most_offers=2)
    one_open = agent("a", capacity={"work_item": 9}, offers=1, occupancy=rules)
    assert len(decide([work("e1"), work("e2"), work("e3")], [one_open], NOW)) == 1
    full = agent("a", capacity={"work_item": 9}, offers=2, occupancy=rules)
    assert unmet(full, Need("billing", "work_item")) == "offers_open"


# Azure Job Router's documentation, "Distribution modes"

JOB_1 = {"language": "english", "department": "sales"}
JOB_2 = (Selector("department", "equal", "billing"), Selector("segment", "not_equal", "vip"))
JOB_3 = (Selector("language", "equal", "french"), Selector("sales", "at_least", 10), Selector("cost", "at_most", 10))


@pytest.mark.parametrize(
    ("worker", "score"),
    [
        ({"language": "english", "department": "sales"}, 1),
        ({"language": "english", "department": "marketing"}, 0.5),
        ({"language": "english"}, 0.5),
    ],
    ids="ABC",
)
def test_job_router_scores_workers_by_labels(worker: dict[str, str], score: float) -> None:
    assert label_score(worker, JOB_1) == score


@pytest.mark.parametrize(
    ("worker", "score"),
    [
        ({"department": "billing", "segment": "vip"}, 0.5),
        ({"department": "billing"}, 1),
        ({"department": "sales", "segment": "new"}, 0.5),
    ],
    ids="DEF",
)
def test_job_router_scores_workers_by_selectors(worker: dict[str, str], score: float) -> None:
    assert selector_score(worker, JOB_2) == score


@pytest.mark.parametrize(
    ("worker", "score"),
    [
        ({"language": "french", "sales": 10, "cost": 10}, 0.667),
        ({"language": "french", "sales": 15, "cost": 10}, 0.707),
        ({"language": "french", "sales": 10, "cost": 9}, 0.675),
    ],
    ids="GHI",
)
def test_job_router_scores_workers_by_how_far_they_exceed(worker: dict[str, float], score: float) -> None:
    assert round(selector_score(worker, JOB_3), 3) == score


def test_nobody_scores_where_nothing_is_asked_nor_by_what_he_lacks() -> None:
    assert label_score({"language": "french"}, {}) == 0
    assert selector_score({"language": "french"}, []) == 0
    assert selector_score({}, [Selector("french", "at_least", 2)]) == 0


def test_best_worker_mode_takes_the_highest_score() -> None:
    needs = (Requirement("sales", 2), Requirement("french", 1))
    workers = [agent("g", skills={"sales": 2, "french": 1}), agent("h", skills={"sales": 3, "french": 1}, idle_since=9)]
    assert worker_score(workers[1].skills, needs) > worker_score(workers[0].skills, needs)
    (match,) = decide([work(skills=needs)], workers, NOW, {"billing": QueueRules("best_worker")})
    assert match.agent_id == "h"


def test_job_routers_longest_idle_mode_is_the_lowest_load_ratio_then_who_is_idle_longest() -> None:
    minute = 60_000
    chats = {"A": (5, 3, 5), "B": (4, 3, 3), "C": (5, 3, 7), "D": (3, 0, 2)}
    workers = []
    for name, (total, taken, minutes) in chats.items():
        preset = presets.job_router(total, {"chat": (1, None)})
        workers.append(
            agent(
                name,
                capacity=preset.capacity,
                occupancy=preset.occupancy,
                load={"chat": taken},
                idle_since=9 * minute - minutes * minute,
            )
        )
    order = []
    while workers:
        (match,) = decide([work(channel="chat")], workers, NOW, {"billing": QueueRules("most_available")})
        order.append(match.agent_id)
        workers = [worker for worker in workers if worker.agent_id != match.agent_id]
    assert order == ["D", "C", "A", "B"]


@pytest.mark.parametrize(
    ("taken", "places", "percent", "holds"),
    [(0, 3, 0, False), (1, 3, 0, True), (2, 3, 67, False), (2, 3, 66, True), (100, 101, 100, False), (3, 3, 100, True)],
)
def test_from_which_load_on_a_criterion_holds(taken: int, places: int, percent: int, holds: bool) -> None:
    assert Criterion("voice", percent).holds({"voice": places}, {"voice": taken}) is holds
