"""Lists and live numbers, as clients ask for them; and who sees what."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.api import Api, api_of, zoom_body
from tests.support.worlds import TENANT, memory_centre

ENGAGEMENTS = "/v2/contact_center/engagements"
STATISTICS = "/v2/contact_center/statistics"


def started(api: Api, number: int, by: str = "crm") -> str:
    api.centre.clock.pass_seconds(1)
    return str(api.by(by).post("/v2/contact_center/engagement", zoom_body(str(number))).body["engagement_id"])


def ids(reply: Any) -> list[str]:
    assert reply.status == 200, reply.body
    return [each["engagement_id"] for each in reply.body["engagements"]]


@pytest.fixture
def busy(api: Api) -> dict[str, str]:
    """One engagement in each of three states."""
    api.centre.ready("ana")
    done = started(api, 1)
    api.centre.settle()
    api.centre.accept(done)
    api.centre.end(done)
    held = started(api, 2)
    api.centre.settle()
    api.centre.accept(held)
    waits = started(api, 3)
    api.centre.settle()
    return {"closed": done, "assigned": held, "queued": waits}


def test_open_ones_come_first_then_closed_ones(api: Api, busy: dict[str, str]) -> None:
    listed = ids(api.by("sue").get(ENGAGEMENTS))
    assert listed == [*sorted([busy["assigned"], busy["queued"]]), busy["closed"]]
    row = api.by("sue").get(f"{ENGAGEMENTS}?state=assigned").body["engagements"][0]
    assert row == api.by("sue").get(f"{ENGAGEMENTS}/{busy['assigned']}").body


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("state=open", {"assigned", "queued"}),
        ("state=closed", {"closed"}),
        ("state=queued", {"queued"}),
        ("user_id=ana", {"assigned", "closed"}),
        ("user_id=ben", set()),
        ("queue_id=billing", {"assigned", "queued", "closed"}),
        ("queue_id=general", set()),
        ("channel=voice", set()),
        ("state=closed&from=2025-11-20T00:00:00Z&to=2025-11-21T00:00:00Z", set()),
    ],
)
def test_filters(api: Api, busy: dict[str, str], query: str, expected: set[str]) -> None:
    listed = ids(api.by("sue").get(f"{ENGAGEMENTS}?{query}"))
    assert set(listed) == {busy[state] for state in expected}


@pytest.mark.parametrize(
    ("client", "expected"),
    [
        ("sue", {"assigned", "queued", "closed"}),
        ("adm", {"assigned", "queued", "closed"}),
        ("crm", {"assigned", "queued", "closed"}),
        ("other", set()),
        ("ana", {"assigned", "closed"}),
        ("ben", set()),
    ],
)
def test_everybody_sees_what_is_his_i12(api: Api, busy: dict[str, str], client: str, expected: set[str]) -> None:
    store = api.centre.world.store
    crm = store.client("crm")
    assert crm is not None
    store.put_client(replace(crm, client_id="other", subject="other", version=0))
    if client == "other":
        api.tokens["other"] = api.log_in("other", "crm-secret").body["access_token"]
    assert set(ids(api.by(client).get(ENGAGEMENTS))) == {busy[state] for state in expected}
    assert set(ids(api.by("ben").get(f"{ENGAGEMENTS}?user_id=ana"))) == set(), "asking for another's shows nothing"


def test_pages_go_on_from_open_to_closed(api: Api, busy: dict[str, str]) -> None:
    seen: list[str] = []
    token = None
    for _ in range(9):
        query = "page_size=1" if token is None else f"page_size=1&next_page_token={token}"
        reply = api.by("sue").get(f"{ENGAGEMENTS}?{query}")
        seen += ids(reply)
        token = reply.body["next_page_token"]
        if not token:
            break
    assert sorted(seen) == sorted(busy.values())
    assert token == ""


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=lost", "query/state"),
        ("page_size=0", "query/page_size"),
        ("page_size=301", "query/page_size"),
        ("page_size=x", "query/page_size"),
        ("next_page_token=%21", "query/next_page_token"),
        ("next_page_token=AAAA", "query/next_page_token"),
        ("state=open&next_page_token=Y2xvc2VkOg", "query/next_page_token"),
        ("from=yesterday", "query/from"),
        ("from=2025-01-01T00:00:00Z", "query/from"),
        ("colour=red", "query/colour"),
    ],
)
def test_a_bad_question_names_the_parameter(api: Api, query: str, field: str) -> None:
    reply = api.by("sue").get(f"{ENGAGEMENTS}?{query}")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, field)


def test_live_numbers(api: Api, busy: dict[str, str]) -> None:
    api.centre.clock.pass_seconds(90)
    queues = api.by("sue").get(f"{STATISTICS}/queues").body["queues"]
    billing = next(each for each in queues if each["queue_id"] == "billing")
    assert billing == {
        "queue_id": "billing",
        "queue_name": "Billing",
        "channel": "work_item",
        "open": True,
        "waiting": 1,
        "waiting_within_service_level": None,
        "oldest_wait_seconds": 90,
        "waiting_by_age": [
            {"up_to_seconds": limit, "waiting": int(limit == 900)}
            for limit in (60, 900, 3600, 14_400, 86_400, 604_800, None)
        ],
        "offers": 0,
        "in_work": 1,
        "users": {"ready": 1, "not_ready": 0, "offline": 1},
        "free": 0,
        "free_by_channel": {"work_item": 0},
        "estimated_wait_seconds": None,
    }
    ana = api.by("adm").get(f"{STATISTICS}/users").body["users"][0]
    assert (ana["user_name"], ana["status_name"], ana["load"], ana["free"]) == (
        "Ana", "Ready", {"work_item": 1}, {"work_item": 0},
    )  # fmt: skip
    (work,) = ana["engagements"]
    assert (work["engagement_id"], work["state"]) == (busy["assigned"], "assigned")
    assert "work_item_variables" not in work
    for client in ("crm", "ana"):
        assert api.by(client).get(f"{STATISTICS}/users").status == 403


@pytest.mark.parametrize(
    ("seconds", "up_to"), [(0, 60), (60, 60), (61, 900), (3601, 14_400), (604_800, 604_800), (604_801, None)]
)
def test_what_waits_is_counted_by_its_age(seconds: int, up_to: int | None) -> None:
    centre = memory_centre()
    centre.start("CASE-1")
    centre.settle()
    centre.clock.pass_seconds(seconds)
    queues = {each["queue_id"]: each for each in api_of(centre).by("sue").get(f"{STATISTICS}/queues").body["queues"]}
    assert [each["up_to_seconds"] for each in queues["billing"]["waiting_by_age"] if each["waiting"]] == [up_to]
    assert not any(each["waiting"] for each in queues["general"]["waiting_by_age"])


def test_free_places_are_told_by_channel() -> None:
    centre = memory_centre()
    agents = [{**each, "capacity": {"work_item": 2, "voice": 1}} for each in TENANT["agents"]]
    centre.configure({**TENANT, "agents": agents})
    api = api_of(centre)

    def free(queue_id: str) -> dict[str, int]:
        queues = api.by("sue").get(f"{STATISTICS}/queues").body["queues"]
        return next(each["free_by_channel"] for each in queues if each["queue_id"] == queue_id)  # type: ignore[no-any-return]

    assert free("billing") == {}
    centre.ready("ana", "ben")
    assert (free("billing"), free("general")) == ({"voice": 2, "work_item": 4}, {"voice": 1, "work_item": 2})
    centre.start("CASE-1")
    centre.settle()
    assert free("billing") == {"voice": 2, "work_item": 3}


@pytest.mark.parametrize(("seconds", "within"), [(0, 2), (60, 2), (61, 1), (100, 1), (101, 0)])
def test_what_waits_is_within_the_service_level_up_to_its_threshold(api: Api, seconds: int, within: int) -> None:
    queues = [{**each, "service_level": {"threshold": 100}} for each in TENANT["queues"]]
    api.centre.configure({**TENANT, "queues": queues})
    api.centre.start("CASE-1")
    api.centre.clock.pass_seconds(40)
    api.centre.start("CASE-2")
    api.centre.settle()
    api.centre.clock.pass_seconds(seconds)
    (busy_one,) = (each for each in api.by("sue").get(f"{STATISTICS}/queues").body["queues"] if each["waiting"])
    assert (busy_one["waiting"], busy_one["waiting_within_service_level"]) == (2, within)


def test_what_waits_is_listed_by_urgency_where_that_is_asked_for(api: Api) -> None:
    """What the router would give out first stands first, then what is in hands; page by page."""
    held = started(api, 0)
    api.centre.ready("ana")
    api.centre.settle()
    api.centre.accept(held)
    waits = [started(api, number) for number in range(1, 6)]
    api.centre.settle()
    assert api.by("sue").patch(f"{ENGAGEMENTS}/{waits[3]}", {"priority": 900}).status == 204
    api.centre.settle()
    urgent = [waits[3], *waits[:3], waits[4]]
    query = f"{ENGAGEMENTS}?state=open&order=urgency"
    assert ids(api.by("sue").get(query)) == [*urgent, held]
    assert ids(api.by("sue").get(f"{query}&queue_id=billing")) == [*urgent, held]
    listed, token = [], ""
    while True:
        page = api.by("sue").get(f"{query}&page_size=4&next_page_token={token}")
        listed += ids(page)
        token = page.body["next_page_token"]
        if not token:
            break
    assert listed == [*urgent, held]
    assert ids(api.by("ana").get(query)) == [held]
    assert api.by("sue").get(f"{ENGAGEMENTS}?order=whim").body["errors"][0]["pointer"] == "query/order"


MOST_BYTES = 6_000_000
"""Of an answer of a function."""


@pytest.mark.parametrize("order", ["id", "urgency"])
def test_a_page_ends_before_its_answer_is_too_large(api: Api, order: str) -> None:
    """Characters that are not ASCII take six bytes of it, or twelve."""
    wanted = set()
    for number in range(70):
        item = {"work_item_id": f"L{number}", "work_item_name": "x", "work_item_desc": "é" * 16_000}
        body = json.dumps(zoom_body(work_item_variables=item), ensure_ascii=False).encode()
        wanted.add(api.by("crm").call("POST", "/v2/contact_center/engagement", body).body["engagement_id"])
    api.centre.settle()
    for each in sorted(wanted)[:35]:
        api.by("crm").patch(f"{ENGAGEMENTS}/{each}", {"engagement_action": "end"})
    api.centre.settle()
    listed: list[str] = []
    token, pages = "", 0
    while token or not pages:
        page = api.by("sue").get(f"{ENGAGEMENTS}?page_size=300&order={order}&next_page_token={token}")
        assert len(json.dumps(page.body)) < MOST_BYTES
        listed += ids(page)
        token, pages = page.body["next_page_token"], pages + 1
    assert (set(listed), len(listed)) == (wanted, 70)
    assert pages > 1
