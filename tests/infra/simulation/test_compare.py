"""Comparisons, their picture, and the search for the least staff, through the command line."""

from __future__ import annotations

import json
import random
from datetime import time
from math import exp
from pathlib import Path

import pytest
import yaml

from chalicelib.routing.hours import BusinessHours, Interval
from infra.cli.simulating import TITLE
from infra.demo import incidents, whatif
from infra.simulation import history, picture, result, staffing
from infra.simulation.compare import Question, recorded_figures, runs
from tests.infra.simulation.theory import erlang_c
from tests.support.api import Api, api_of
from tests.support.command_line import interleave
from tests.support.worlds import memory_centre

ROOT = Path(__file__).parents[3]


@pytest.fixture
def api() -> Api:
    return api_of(memory_centre())


def test_the_picture_in_the_readme_is_what_the_command_makes(api: Api, tmp_path: Path) -> None:
    made = tmp_path / "what-if.svg"
    assert interleave(api, "simulate", "--demo", "--picture", str(made)).code == 0
    assert made.read_text() == (ROOT / "docs" / "what-if.svg").read_text()
    readme = (ROOT / "README.md").read_text()
    assert "](docs/what-if.svg)" in readme
    assert "interleave simulate --demo --picture docs/what-if.svg" in readme


def test_the_same_seeds_give_the_same_result_to_the_byte_on_any_number_of_cores() -> None:
    tickets = incidents.load()
    question = Question(whatif.recorded(tickets), (whatif.staffed(tickets), whatif.pooled(tickets)))

    def told(workers: int) -> str:
        found = result.summary(["a", "b"], range(4), recorded_figures(question), runs(question, range(4), workers))
        return json.dumps(found) + picture.drawn(found, TITLE)

    assert told(1) == told(2) == told(1)


def _queue(tmp_path: Path, agents: int, hours: int) -> tuple[str, str]:
    """A file of Poisson arrivals, 60 an hour, each of five minutes on average, and a configuration for them."""
    chance, at, lines = random.Random(5), 0.0, ["queue_id,queued_at,handled_ms"]
    while at < hours * 3_600_000:
        at += chance.expovariate(1 / 60_000)
        lines.append(f"q,{history.time_text(round(at))},{round(chance.expovariate(1 / 300_000))}")
    config, file = tmp_path / "tenant.yaml", tmp_path / "history.csv"
    file.write_text("\n".join(lines) + "\n")
    document = {
        "queues": [{"queue_id": "q", "queue_name": "Q", "auto_accept": True, "service_level": {"threshold": 60}}],
        "agents": [{"user_id": f"a{n}", "display_name": f"A{n}", "queues": ["q"]} for n in range(agents)],
    }
    config.write_text(yaml.safe_dump(document))
    return str(file), str(config)


def test_the_least_staff_is_what_erlang_c_says(api: Api, tmp_path: Path) -> None:
    """80 % within a minute: P(wait > t) = C(c, a) exp(-(c - a) t / service)."""
    file, config = _queue(tmp_path, agents=4, hours=60)
    by_theory = next(c for c in range(6, 20) if erlang_c(c, 5.0) * exp(-(c - 5.0) / 5) <= 0.2)
    ran = interleave(api, "staff", "--history", file, "--config", config, "--target", "80", "--seeds", "2", "--json")
    assert ran.code == 0, ran.error
    (group,) = ran.document["groups"]
    assert (group["agents_before"], group["agents"]) == (4, by_theory)
    assert ran.document["service_level"]["mean"] >= 0.8


def test_what_left_is_on_record_as_left_and_over(tmp_path: Path) -> None:
    file, at = tmp_path / "history.csv", "2026-03-02T09:0{}:00Z"
    head, left = (
        "queue_id,queued_at,handled_ms,taken_at,left_after_ms,due_at",
        f"q,{at.format(0)},,,120000,{at.format(5)}",
    )
    file.write_text("\n".join([head, f"q,{at.format(0)},1000,{at.format(1)},,", left]))
    document = {"queues": [{"queue_id": "q", "queue_name": "Q", "service_level": {"threshold": 90}}]}
    figures = recorded_figures(Question(history.read(file), (document,)))
    assert (figures["service_level"], figures["missed_due_dates"]) == (0.5, 0)
    file.write_text("\n".join([head, f"q,{at.format(0)},1000,,,", left]))
    assert recorded_figures(Question(history.read(file), (document,))) == {}, "nobody knows who waited how long"


def test_copies_of_agents_come_and_go_as_the_members_of_their_group_did() -> None:
    ana, ben, eve = ({"user_id": each, "queues": ["q" if each != "eve" else "r"]} for each in ("ana", "ben", "eve"))
    of = staffing.groups({"agents": [ana, ben, eve]})
    known = tuple(
        history.Status(at, user_id, ready)
        for at, user_id, ready in ((1, "ana", True), (2, "ben", True), (3, "ana", False), (4, "eve", True))
    )
    counts = (4, 1)
    names = [each["user_id"] for each in staffing.staffed({}, of, counts)["agents"]]
    assert names == ["ana", "ben", "ana-3", "ana-4", "eve"]
    found = staffing.attended(history.History((), known), of, counts).statuses
    assert [(each.at, each.ready) for each in found if each.user_id == "ana-3"] == [(1, True), (3, False)]
    assert [(each.at, each.ready) for each in found if each.user_id == "ana-4"] == [(2, True)]
    assert {each.user_id for each in found} == {*names}


def test_what_cannot_be_replayed_says_why_and_what_next(api: Api, tmp_path: Path) -> None:
    assert "--history" in interleave(api, "simulate").error
    wrong = tmp_path / "history.csv"
    wrong.write_text("queue_id,queued_at\nq,tomorrow\n")
    assert "Line 2" in interleave(api, "simulate", "--history", str(wrong)).error
    _, config = _queue(tmp_path, agents=1, hours=1)
    wrong.write_text("queue_id,queued_at,handled_ms\nnowhere,2026-03-02T09:00:00Z,1000\n")
    said = interleave(api, "simulate", "--history", str(wrong), "--config", config, "--seeds", "0")
    assert "'nowhere'" in said.error


def test_a_history_that_is_kept_reads_as_it_was(tmp_path: Path) -> None:
    recorded = whatif.recorded(incidents.load())
    (tmp_path / "kept.json").write_text(history.text(recorded))
    assert history.read(tmp_path / "kept.json") == recorded


def test_hours_change_when_they_open_and_close_and_not_at_midnight_in_between() -> None:
    day = 86_400_000
    hours = BusinessHours(
        "UTC", {"thursday": (Interval(time(9), time.min),), "friday": (Interval(time.min, time(1)),)}
    )  # epoch 0 is a Thursday
    changes = hours.changes(0, 2 * day)
    assert changes == [(9 * 3_600_000, True), (day + 3_600_000, False)]
    assert all(hours.is_open(at) == is_open for at, is_open in changes)
