"""Datasets that are added up: what stands in them, grouped, filtered, by the page, and what is behind."""

from __future__ import annotations

import csv
import io
from typing import Any

import jsonschema
import pytest

from chalicelib.engagements import agents
from chalicelib.engagements.model import DAY_MS
from chalicelib.http.areas import reports
from chalicelib.operations import desk, rolling, sessions
from chalicelib.operations.ordering import Order
from chalicelib.reporting.definitions import SUMMED
from tests.flows.support import document_with
from tests.http.test_records import raw
from tests.operations.test_rolling import sweeps
from tests.reporting.test_lives import handled
from tests.support.api import api_of
from tests.support.worlds import NOW, TENANT, MemoryCentre, memory_centre

DATASETS = "/v2/contact_center/analytics/dataset/historical"
WORDS = {
    "reasons": [{"sub_status_id": "lunch"}],
    "dispositions": [{"disposition_id": "done", "disposition_name": "Solved"}],
    "queues": [{**TENANT["queues"][0], "dispositions": {"dispositions": ["done"]}}, *TENANT["queues"][1:]],
}


def a_day() -> MemoryCentre:
    """Ana and Ben handle CASE-1, which is started again and withdrawn; ana is at lunch in the end."""
    centre = memory_centre()
    centre.configure({**TENANT, **WORDS})
    rolling.roll_up(centre.world)
    handled(centre)  # closed without a disposition
    again = centre.start("CASE-1")
    centre.settle()
    centre.accept(again)
    centre.clock.pass_seconds(30)
    holder = centre.read(again).agent_id or ""
    desk.end(centre.world, Order(again, f"agent:{holder}", holder), "done")
    withdrawn = centre.start("CASE-2")
    desk.cancel(centre.world, Order(withdrawn, "integration:crm"), "changed her mind")
    sessions.set_status(centre.world, "ana", "not_ready", "lunch", "agent:ana")
    centre.clock.pass_seconds(60)
    sessions.set_status(centre.world, "ana", "offline", None, "agent:ana")
    centre.consume()
    centre.clock.pass_seconds(1)
    return centre


DAY = a_day()
API = api_of(DAY)
ROLLED = a_day()
sweeps(ROLLED, NOW + 2 * DAY_MS)
QUERY = "from=2025-11-23T00:00:00Z&to=2025-11-24T00:00:00Z&interval=1d"


def asked(dataset: str, query: str = "", by: str = "sue", centre: MemoryCentre = DAY) -> list[dict[str, Any]]:
    reply = api_of(centre).by(by).get(f"{DATASETS}/{dataset}?{QUERY}{query}")
    assert reply.status == 200, reply.body
    return reply.body[dataset]  # type: ignore[no-any-return]


def told(row: dict[str, Any], *names: str) -> dict[str, Any]:
    """The numbers of a row that are not 0, or those that are named."""
    return {name: row[name] for name in names or row if names or (row[name] and name.endswith(("_ms", "_count")))}


def test_a_flow_tells_what_became_of_what_it_started() -> None:
    (row,) = asked("flow_performance")
    assert (row["flow_id"], row["flow_version"], row["flow_entry_id"], row["channel"]) == (
        "tickets",
        "1",
        "entry-tickets",
        "work_item",
    )
    assert told(row, "engagement_count", "completed_count", "cancelled_count", "abandoned_count") == {
        "engagement_count": 3,
        "completed_count": 2,
        "cancelled_count": 1,
        "abandoned_count": 0,
    }
    assert told(row, "repeated_count", "reopened_count", "transferred_count", "transfer_rate_in_percentage") == {
        "repeated_count": 1,
        "reopened_count": 1,
        "transferred_count": 1,
        "transfer_rate_in_percentage": 33,
    }
    assert told(row, "first_offered_count", "first_offer_ms", "first_accepted_count", "first_accept_ms") == {
        "first_offered_count": 2,
        "first_offer_ms": 10_000,
        "first_accepted_count": 2,
        "first_accept_ms": 15_000,
    }
    assert (row["handled_ms"], row["parked_ms"], row["first_accept_p90_ms"]) == (130_000, 30_000, 14_900)


def test_a_timecard_tells_time_by_status_and_reason() -> None:
    (ana,) = asked("agent_timecard")  # ben's status goes on
    ready = 155_000 + 30_000
    assert (ana["user_name"], told(ana)) == (
        "Ana",
        {
            "signed_in_ms": ready + 60_000,
            "ready_ms": ready,
            "occupied_ms": ana["occupied_ms"],
            "not_ready_ms": 60_000,
        },
    )
    assert ana["occupancy_in_percentage"] == 100 * ana["occupied_ms"] // ready > 0
    (lunch,) = asked("agent_timecard", "&group_by=user_id,sub_status_id&sub_status_id=lunch")
    assert (lunch["user_id"], lunch["sub_status_id"]) == ("ana", "lunch")
    assert told(lunch) == {"signed_in_ms": 60_000, "not_ready_ms": 60_000}
    assert asked("agent_timecard", by="ana") == [ana]
    assert asked("agent_timecard", by="ben") == []


def test_a_report_that_is_too_large_for_one_answer_comes_by_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = asked("flow_performance", "&group_by=end_reason")
    monkeypatch.setattr(reports, "MOST_ROWS", 2)
    first = API.by("sue").get(f"{DATASETS}/flow_performance?{QUERY}&group_by=end_reason").body
    assert (len(whole), first["flow_performance"], first["page_size"]) == (3, whole[:2], 2)
    after = first["next_page_token"]
    rest = API.by("sue").get(f"{DATASETS}/flow_performance?{QUERY}&group_by=end_reason&next_page_token={after}").body
    assert (rest["flow_performance"], rest["next_page_token"]) == (whole[2:], "")


def test_what_is_behind_numbers_comes_by_the_page_too_or_is_asked_for_in_smaller_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    query = f"{QUERY}&group_by=end_reason,disposition_id&behind=engagement_count"
    whole = asked("flow_performance", "&group_by=end_reason,disposition_id&behind=engagement_count")
    assert [len(row["behind"]) for row in whole] == [0, 1, 1, 1]
    monkeypatch.setattr(reports, "MOST_BEHIND", 2)
    first = API.by("sue").get(f"{DATASETS}/flow_performance?{query}").body
    after = first["next_page_token"]
    rest = API.by("sue").get(f"{DATASETS}/flow_performance?{query}&next_page_token={after}").body
    assert (first["flow_performance"], rest["flow_performance"]) == (whole[:3], whole[3:])
    refused = API.by("sue").get(f"{DATASETS}/flow_performance?{QUERY}&group_by=&behind=engagement_count")
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "query/behind")


def test_an_engagement_costs_what_its_agents_time_does() -> None:
    """130 s were worked on three engagements, one of which nobody took."""
    assert asked("flow_performance")[0]["cost_per_engagement"] is None
    centre = a_day()
    centre.configure({**TENANT, **WORDS, "agent_hour_cost": 36})
    centre.clock.pass_seconds(5)
    (row,) = asked("flow_performance", centre=centre)
    assert row["cost_per_engagement"] == round((row["handled_ms"] + row["wrapped_ms"]) / 100_000 / 3, 4) == 0.4333
    costs = {each["disposition_id"]: each["cost_per_engagement"] for each in asked("disposition", centre=centre)}
    assert costs == {"done": 0.3, None: 0.5}
    assert [row["cost_per_engagement"] for row in asked("flow_performance", by="ana", centre=centre)] == [None]


def test_adherence_is_the_share_of_the_shift_that_an_agent_was_signed_in() -> None:
    """The shift is from 17:50 to 17:54; Ana is there from 17:47 to 17:53, and back at 17:55."""
    centre = memory_centre()
    weekly = {day: [{"start": "17:50", "end": "17:54"}] for day in ("sunday", "monday")}
    shift = {"business_hours_id": "shift", "business_hours_name": "Shift", "weekly": weekly}
    ana, ben = TENANT["agents"]
    team = {"team_id": "first", "team_name": "First line"}
    ana = {**ana, "shift_hours_id": "shift", "team_id": "first"}
    centre.configure({**TENANT, "agents": [ana, ben], "business_hours": [shift], "teams": [team]})
    minute = 60_000 * (centre.clock() // 3_600_000 * 60)
    for agent_id, at, status in (
        ("ana", 47, "ready"),
        ("ben", 48, "ready"),
        ("ana", 53, "offline"),
        ("ana", 55, "ready"),
    ):
        centre.clock.at = minute + 60_000 * at
        sessions.set_status(centre.world, agent_id, status, None, f"agent:{agent_id}")  # type: ignore[arg-type]
    sessions.set_status(centre.world, "ben", "offline", None, "agent:ben")
    centre.consume()
    centre.clock.pass_seconds(1)
    of_ana, of_ben = asked("agent_timecard", centre=centre)
    names = ("shift_ms", "adherent_ms", "adherence_in_percentage")
    assert told(of_ana, *names) == dict(zip(names, (240_000, 180_000, 75), strict=True))
    assert told(of_ben, *names) == dict(zip(names, (0, 0, None), strict=True))
    of_nobody, of_team = asked("agent_timecard", "&group_by=team_id", centre=centre)
    assert (of_team["team_id"], of_team["team_name"], of_team["shift_ms"]) == ("first", "First line", 240_000)
    assert (of_nobody["team_id"], of_nobody["signed_in_ms"]) == (None, of_ben["signed_in_ms"])
    assert asked("agent_timecard", "&group_by=user_id&team_id=first", centre=centre) == [of_ana]


def test_dispositions_are_counted_by_those_of_the_configuration_and_free_text_stays_out() -> None:
    rows = asked("disposition", "&group_by=disposition_id")
    assert [(each["disposition_id"], each["disposition_name"], each["engagement_count"]) for each in rows] == [
        (None, None, 2),
        ("done", "Solved", 1),
    ]
    assert [each["handled_ms"] for each in rows] == [100_000, 30_000]


@pytest.mark.parametrize("name", SUMMED)
def test_rolled_up_or_not_grouped_by_anything_it_adds_up_to_the_same(name: str) -> None:
    defined = SUMMED[name]
    (whole,) = asked(name, "&group_by=")
    assert any(whole[each] for each in defined.measures)
    for centre in (DAY, ROLLED):
        for by in (*((each,) for each in defined.dimensions), defined.dimensions):
            rows = asked(name, f"&group_by={','.join(by)}", centre=centre)
            assert len({tuple(row[each] for each in by) for row in rows}) == len(rows)
            assert {each: sum(row[each] for row in rows) for each in defined.measures} == told(whole, *defined.measures)


@pytest.mark.parametrize("name", SUMMED)
def test_behind_every_number_stand_its_engagements_or_statuses(name: str) -> None:
    for measure in SUMMED[name].measures:
        for row in asked(name, f"&behind={measure}", centre=ROLLED):
            assert sum(part[measure] for part in row["behind"]) == row[measure]
            assert all(part["user_id" if name == "agent_timecard" else "engagement_id"] for part in row["behind"])


@pytest.mark.parametrize(
    ("dataset", "query", "count", "number"),
    [
        ("flow_performance", "&end_reason=cancelled,abandoned", "engagement_count", 1),
        ("flow_performance", "&flow_id=orders", "engagement_count", 0),
        ("flow_performance", "&first_queue_id=billing&end_reason=completed", "engagement_count", 2),
        ("disposition", "&disposition_id=done", "engagement_count", 1),
        ("agent_performance", "&user_id=ben", "handled_count", 1),
        ("queue_performance", "&user_id=ana,ben", "handled_count", 3),
        ("queue_performance", "&flow_version=1", "cancelled_count", 1),
        ("queue_performance", "&flow_version=2", "cancelled_count", 0),
    ],
)
def test_what_is_counted_is_filtered(dataset: str, query: str, count: str, number: int) -> None:
    for centre in (DAY, ROLLED):
        assert sum(row[count] for row in asked(dataset, query, centre=centre)) == number


def test_what_is_closed_is_grouped_by_all_the_skills_that_it_asked_for_and_filtered_by_any_of_them() -> None:
    """Grouped, each engagement counts once; filtered by one skill, whatever else it asked for."""
    centre = memory_centre()
    rolling.roll_up(centre.world)
    for n, skills in enumerate(([], ["french"], ["german", "french"], ["german", "french"], ["german"])):
        steps = [{"set": {"queue_id": "billing", "skills": [{"skill": each} for each in skills]}}]
        centre.configure(document_with(*steps))
        centre.clock.pass_seconds(5)
        desk.cancel(centre.world, Order(centre.start(f"CASE-{n}"), "integration:crm"))
    centre.consume()
    for _ in range(2):
        rows = asked("flow_performance", "&group_by=skills", centre=centre)
        assert {row["skills"]: row["engagement_count"] for row in rows} == {
            None: 1,
            "french": 1,
            "french,german": 2,
            "german": 1,
        }
        for query, number in (("french", 3), ("german", 3), ("french,german", 4), ("", 1), ("dutch", 0)):
            rows = asked("disposition", f"&skills={query}&group_by=", centre=centre)
            assert (query, sum(row["engagement_count"] for row in rows)) == (query, number)
        sweeps(centre, NOW + 2 * DAY_MS)  # from the roll-ups now


def test_pages_hold_every_row_once_though_more_happens_meanwhile() -> None:
    centre = a_day()
    query = "&group_by=end_reason,disposition_id"
    wanted = asked("disposition", query, centre=centre)
    found: list[dict[str, Any]] = []
    token, api = "", api_of(centre)
    for n in range(9):
        path = f"{DATASETS}/disposition?{QUERY}{query}&page_size=1&next_page_token={token}"
        body = api.by("sue").get(path).body
        found += body["disposition"]
        token = body["next_page_token"]
        if not token:
            break
        if n == 0:
            withdrawn = centre.start("LATER")
            desk.cancel(centre.world, Order(withdrawn, "integration:crm"))
            centre.consume()
    assert len(found) == len(wanted) == 3
    assert [each["end_reason"] for each in found] == ["cancelled", "completed", "completed"]
    assert sum(each["engagement_count"] for each in found) == 3


def test_pages_hold_every_row_once_whatever_facts_say() -> None:
    centre = memory_centre()
    for reason in ("a", "a\nb", "a\tb", "ab", None):
        status = agents.set_status(centre.occupancy("ana"), "not_ready", reason, centre.clock(), reason_id=reason)
        centre.store.commit(status)
        centre.clock.pass_seconds(60)
    sessions.set_status(centre.world, "ana", "offline", None, "agent:ana")
    centre.consume()
    centre.clock.pass_seconds(1)
    query = "&group_by=sub_status_id,user_id"
    wanted = [each["sub_status_id"] for each in asked("agent_timecard", query, centre=centre)]
    found, token, api = [], "", api_of(centre)
    for _ in wanted:
        body = api.by("sue").get(f"{DATASETS}/agent_timecard?{QUERY}{query}&page_size=1&next_page_token={token}").body
        found += [each["sub_status_id"] for each in body["agent_timecard"]]
        token = body["next_page_token"]
    assert (len(wanted), found, token) == (5, wanted, "")


def test_a_token_is_good_for_its_own_question_only() -> None:
    first = f"disposition?{QUERY}&group_by=end_reason&page_size=1"
    token = API.by("sue").get(f"{DATASETS}/{first}").body["next_page_token"]
    for wrong in (
        "disposition?group_by=disposition_id&interval=1d",
        "flow_performance?group_by=end_reason&interval=1d",
    ):
        assert API.by("sue").get(f"{DATASETS}/{wrong}&next_page_token={token}").status == 400


def test_a_year_of_days_is_walked_by_pages() -> None:
    centre = memory_centre()
    rolling.roll_up(centre.world)
    for n in range(5):
        engagement_id = centre.start(f"CASE-{n}")
        desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
        centre.consume()
        sweeps(centre, centre.clock.at + 40 * DAY_MS)
    api, token, starts = api_of(centre), "", []
    path = f"{DATASETS}/queue_performance?from=2025-11-23T00:00:00Z&to=2026-11-22T00:00:00Z&interval=1d&page_size=2"
    while token is not None:
        body = api.by("sue").get(f"{path}&next_page_token={token}").body
        starts += [each["start_time"] for each in body["queue_performance"]]
        token = body["next_page_token"] or None
    assert len(starts) == len(set(starts)) == 5


@pytest.mark.parametrize("name", SUMMED)
def test_what_is_answered_is_what_the_document_says(name: str) -> None:
    described = API.by("sue").get("/openapi.json").body["paths"][f"{DATASETS}/{name}"]["get"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    for query in ("", f"&group_by={','.join(SUMMED[name].dimensions)}", "&page_size=1"):
        jsonschema.validate(API.by("sue").get(f"{DATASETS}/{name}?{QUERY}{query}").body, schema)
    row = schema["properties"][name]["items"]["properties"]
    assert all(row[measure]["description"] for measure in SUMMED[name].measures)


def test_rows_come_as_csv_with_the_next_page_in_a_header() -> None:
    found = raw(API, f"{DATASETS}/flow_performance?{QUERY}&group_by=end_reason&format=csv&page_size=1")
    (row,) = csv.DictReader(io.StringIO(found.body.decode()))
    assert found.headers["Next-Page-Token"]
    assert (list(row)[:3], row["end_reason"]) == (["start_time", "end_time", "end_reason"], "")  # started again
    assert row["repeated_count"] == "1"


@pytest.mark.parametrize(
    ("dataset", "query"),
    [
        ("flow_performance", "group_by=mood"),
        ("flow_performance", "behind=rang_ms"),
        ("flow_performance", "status=ready"),
        ("agent_timecard", "queue_id=billing"),
        ("agent_timecard", "group_by=user_id,queue_id"),
        ("operation_log", "group_by=user_id"),
        ("queue_performance", "timezone=Europe"),
        ("queue_performance", f"timezone={300 * 'a'}"),
        ("queue_performance", "from=9999-12-01&to=9999-12-31&interval=1d"),
        ("queue_performance", "from=0001-01-01&to=0001-01-02&timezone=America/New_York"),
    ],
)
def test_what_a_dataset_does_not_have_is_refused_by_name(dataset: str, query: str) -> None:
    reply = API.by("sue").get(f"{DATASETS}/{dataset}?{query}")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, f"query/{query.split('=')[0]}")
