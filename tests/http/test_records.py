"""Datasets that are read row by row: engagements, timelines, logs, statuses, operations."""

from __future__ import annotations

import csv
import io
import json
from base64 import urlsafe_b64decode
from typing import Any

import jsonschema
import pytest

from chalicelib.http.areas import records
from chalicelib.http.areas.records import RECORDS
from chalicelib.http.marks import page_token
from chalicelib.operations import desk
from chalicelib.operations.ordering import Order
from chalicelib.reporting.definitions import SUMMED
from tests.reporting.test_lives import handled
from tests.support.api import Api, api_of
from tests.support.worlds import MemoryCentre, memory_centre

DATASETS = "/v2/contact_center/analytics/dataset/historical"


def after(*works: str) -> tuple[Api, list[str]]:
    centre = memory_centre()
    ids = [withdrawn(centre, each) for each in works]
    centre.consume()
    return api_of(centre), ids


def withdrawn(centre: MemoryCentre, work_item_id: str) -> str:
    engagement_id = centre.start(work_item_id)
    centre.clock.pass_seconds(1)
    desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
    return engagement_id


def rows(api: Api, dataset: str, by: str = "sue", **query: str) -> list[dict[str, Any]]:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    api.centre.clock.pass_seconds(1)
    reply = api.by(by).get(f"{DATASETS}/{dataset}?{text}")
    assert reply.status == 200, reply.body
    return reply.body[dataset]  # type: ignore[no-any-return]


def test_an_engagement_is_a_row_with_real_times() -> None:
    centre = memory_centre()
    engagement_id = handled(centre)
    centre.consume()
    (row,) = rows(api_of(centre), "engagement")
    assert (row["engagement_id"], row["channel"], row["queues"], row["users"]) == (
        engagement_id,
        "work_item",
        ["billing"],
        ["ana", "ben"],
    )
    assert (row["start_time"], row["end_time"]) == ("2025-11-23T17:46:40.000Z", "2025-11-23T17:49:25.000Z")
    assert (row["waited_ms"], row["handled_ms"], row["first_offer_ms"]) == (35_000, 100_000, 10_000)


def test_a_timeline_tells_who_had_it_doing_what() -> None:
    centre = memory_centre()
    handled(centre)
    centre.consume()
    (row,) = rows(api_of(centre), "engagement_timelines")
    told = {
        (line["entity_type"], line["entity_id"]): [each["segment"] for each in line["segments"]]
        for line in row["entity_timelines"]
        if line["entity_type"] != "Flow"
    }
    assert told == {
        ("Queue", "billing"): ["queue_waiting", "queue_waiting"],
        ("Agent", "ana"): ["agent_ring", "agent_conversation", "agent_park", "agent_conversation"],
        ("Agent", "ben"): ["agent_ring", "agent_conversation"],
    }
    assert all(each["end_time"] for line in row["entity_timelines"] for each in line["segments"])


def test_pages_hold_every_row_once_though_more_is_closed_meanwhile() -> None:
    api, ids = after("A", "B", "C", "D", "E")
    api.centre.clock.pass_seconds(1)
    found: list[str] = []
    token = ""
    for n in range(9):
        body = api.by("sue").get(f"{DATASETS}/engagement?page_size=2&next_page_token={token}").body
        found += [each["engagement_id"] for each in body["engagement"]]
        token = body["next_page_token"]
        if not token:
            break
        withdrawn(api.centre, f"LATER-{n}")  # type: ignore[arg-type]
        api.centre.consume()
    assert found == ids


@pytest.mark.parametrize("dataset", ["variable_log", "engagement_log", "engagement_timelines"])
def test_a_page_ends_where_an_answer_is_full_and_the_next_one_goes_on(
    dataset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, ids = after("A", "B", "C")
    monkeypatch.setattr(records, "MOST_WEIGHT", 10)
    api.centre.clock.pass_seconds(1)
    pages: list[list[str]] = []
    token = ""
    while not pages or token:
        body = api.by("sue").get(f"{DATASETS}/{dataset}?next_page_token={token}").body
        pages.append([each["engagement_id"] for each in body[dataset]])
        token = body["next_page_token"]
    assert [list(dict.fromkeys(page)) for page in pages] == [*([each] for each in ids), []]


def test_a_year_is_looked_through_by_pages_that_may_be_empty() -> None:
    api, ids = after("A")
    end = "2026-11-01T00:00:00Z"
    query, found, pages = f"from=2025-11-01T00:00:00Z&to={end}", [], 0
    token = ""
    while pages == 0 or token:
        body = api.by("sue").get(f"{DATASETS}/engagement?{query}&next_page_token={token}").body
        found += [each["engagement_id"] for each in body["engagement"]]
        token, pages = body["next_page_token"], pages + 1
    assert (found, pages) == (ids, 6)


@pytest.mark.parametrize(
    ("query", "how_many"),
    [("queue_id=billing", 2), ("queue_id=general", 0), ("end_reason=cancelled,completed", 2), ("channel=voice", 0)],
)
def test_rows_are_filtered_by_their_dimensions(query: str, how_many: int) -> None:
    api, _ = after("A", "B")
    api.centre.clock.pass_seconds(1)
    assert len(api.by("sue").get(f"{DATASETS}/engagement?{query}").body["engagement"]) == how_many


def test_a_token_is_good_for_its_own_query_only() -> None:
    api, _ = after("A", "B")
    api.centre.clock.pass_seconds(1)
    token = api.by("sue").get(f"{DATASETS}/engagement?page_size=1").body["next_page_token"]
    for wrong in (f"engagement_log?next_page_token={token}", f"engagement?channel=voice&next_page_token={token}"):
        assert api.by("sue").get(f"{DATASETS}/{wrong}").status == 400


@pytest.mark.parametrize("window", ["0|99999999999999", "99999999999999|99999999999999", "9|8"])
def test_a_token_goes_on_in_no_window_that_cannot_be_asked_for(window: str) -> None:
    """Of three thousand years, each day is a question to the table."""
    api, _ = after("A", "B")
    api.centre.clock.pass_seconds(1)
    token = api.by("sue").get(f"{DATASETS}/engagement?page_size=1").body["next_page_token"]
    name, question, _, _, mark = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split("|")
    forged = page_token(f"{name}|{question}|{window}|{mark}")
    assert api.by("sue").get(f"{DATASETS}/engagement?next_page_token={forged}").status == 400


def raw(api: Api, path: str, accept: str = "") -> Any:
    api.centre.clock.pass_seconds(1)
    token = api.by("sue").token
    return api.http.http.get(path, headers={"Authorization": f"Bearer {token}", "Accept": accept})


def test_rows_come_as_csv_and_json_lines_too() -> None:
    api, ids = after("A", "B")
    table = raw(api, f"{DATASETS}/engagement?format=csv&page_size=1")
    assert table.headers["Content-Type"] == "text/csv"
    assert table.headers["Next-Page-Token"]
    assert [each["engagement_id"] for each in csv.DictReader(io.StringIO(table.body.decode()))] == ids[:1]
    lines = raw(api, f"{DATASETS}/engagement", "application/x-ndjson, */*").body.decode().splitlines()
    assert [json.loads(each)["engagement_id"] for each in lines] == ids
    assert raw(api, f"{DATASETS}/engagement?format=xml").status_code == 400


def test_a_log_shows_events_and_variables_to_those_who_may_read_the_engagement() -> None:
    api, (engagement_id,) = after("A")
    (row,) = rows(api, "engagement_log")
    assert [each["event_name"] for each in row["events"]] == ["start", "cancel"]
    assert {each["engagement_id"] for each in rows(api, "variable_log")} == {engagement_id}
    assert rows(api, "variable_log", by="ana") == []


def test_a_log_shows_nothing_of_what_has_gone_on_to_another_agent() -> None:
    centre = memory_centre()
    engagement_id = handled(centre)  # ana transferred it to ben
    centre.consume()
    api = api_of(centre)
    assert api.by("ana").get(f"/v2/contact_center/engagements/{engagement_id}").status == 404
    for dataset in ("engagement_log", "variable_log"):
        assert rows(api, dataset, by="ana") == []
        assert rows(api, dataset, by="ben") != []


def test_an_agent_sees_his_own_statuses() -> None:
    centre = memory_centre()
    centre.ready("ana", "ben")
    centre.clock.pass_seconds(60)
    centre.ready("ana", "ben")
    centre.consume()
    api = api_of(centre)
    assert [each["user_id"] for each in rows(api, "agent_status_history")] == ["ana", "ben"]
    (row,) = rows(api, "agent_status_history", by="ana")
    assert (row["status_name"], row["duration_ms"]) == ("Ready", 60_000)
    assert [each["user_id"] for each in rows(api, "agent_status_history", user_id="ben")] == ["ben"]


def test_the_operation_log_tells_who_applied_what_and_is_not_for_agents() -> None:
    api, _ = after()
    document = api.by("adm").get("/v2/contact_center/configuration").body["document"]
    for _ in range(2):
        document = {**document, "retention_days": document.get("retention_days", 30) + 1}
        reply = api.by("adm").post("/v2/contact_center/configuration/apply", {"document": document})
        assert reply.status < 300, reply.body
    assert [(each["operator"], each["version"]) for each in rows(api, "operation_log")] == [
        ("admin:adm", 3),
        ("admin:adm", 2),
    ]
    assert api.by("ana").get(f"{DATASETS}/operation_log").status == 403


@pytest.mark.parametrize("dataset", [each.name for each in RECORDS])
def test_each_row_has_the_columns_that_are_promised(dataset: str) -> None:
    centre = memory_centre()
    handled(centre)
    centre.ready("ana")
    centre.consume()
    (records,) = [each for each in RECORDS if each.name == dataset]
    api = api_of(centre)
    centre.clock.pass_seconds(1)
    path = f"{DATASETS}/{dataset}"
    described = api.get("/openapi.json").body["paths"][path]["get"]["responses"]["200"]["content"]
    body = api.by("adm").get(path).body
    assert body[dataset]
    assert all(set(row) == set(records.columns) for row in body[dataset])
    jsonschema.validate(body, described["application/json"]["schema"])
    assert set(described) == {"application/json", "text/csv", "application/x-ndjson"}


def listed(api: Api, who: str) -> dict[str, Any]:
    return {each["dataset_name"]: each for each in api.by(who).get(DATASETS).body["datasets"]}


def test_the_datasets_are_listed_with_what_each_has() -> None:
    api, _ = after()
    found = listed(api, "adm")
    assert set(SUMMED) | {each.name for each in RECORDS} | {"operation_log"} == set(found)
    assert found["agent_timecard"]["measures"] == list(SUMMED["agent_timecard"].measures)
    assert found["disposition"]["group_by"] == ["disposition_id", "queue_id", "channel"]
    statuses = found["agent_status_history"]
    assert statuses["filters"] == ["user_id", "status"]
    assert {"column_name": "sub_status_id", "column_type": "string"} in statuses["columns"]


def test_whatever_is_listed_can_be_read_by_whom_it_is_listed_for() -> None:
    api, _ = after()
    assert set(listed(api, "adm")) - set(listed(api, "ana")) == {"operation_log"}
    for who in ("adm", "sue", "ana"):
        for name in listed(api, who):
            assert rows(api, name, by=who) is not None
