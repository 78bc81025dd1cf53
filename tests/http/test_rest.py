"""Reports, configuration, the API's own description, and what no answer may ever contain."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from chalicelib.errors import InterleaveError
from chalicelib.http.api import all_endpoints
from chalicelib.http.problems import KINDS
from chalicelib.operations import rolling
from chalicelib.reporting.facts import Fact
from tests.http.test_desk import act, offered
from tests.support.api import Api, zoom_body
from tests.support.worlds import NOW, TENANT, MemoryCentre

REPORT = "/v2/contact_center/analytics/dataset/historical"


def test_the_first_report_counts_what_happened_once_however_often_the_stream_is_delivered(api: Api) -> None:
    centre = api.centre
    engagement_id, offer_id = offered(api)
    centre.clock.pass_seconds(5)
    mine = f"/v2/contact_center/users/me/assignments/{engagement_id}"
    api.by("ana").post(f"{mine}/accept", {"offer_id": offer_id})
    centre.clock.pass_seconds(100)
    act(api, "ana", engagement_id, "end")
    for _ in range(3):
        centre.consume()
    centre.clock.pass_seconds(1)
    (queue,) = api.by("sue").get(f"{REPORT}/queue_performance").body["queue_performance"]
    assert (queue["queue_name"], queue["handled_count"], queue["waited_ms"]) == ("Billing", 1, 5000)
    assert queue["start_time"] == "2025-11-23T17:45:00.000Z"
    (agent,) = api.by("sue").get(f"{REPORT}/agent_performance?interval=1d").body["agent_performance"]
    assert (agent["user_name"], agent["handled_count"], agent["handled_ms"]) == ("Ana", 1, 100_000)
    assert agent["start_time"] == "2025-11-23T00:00:00.000Z"
    assert api.by("ana").get(f"{REPORT}/agent_performance").body["agent_performance"] != []
    assert api.by("ben").get(f"{REPORT}/agent_performance").body["agent_performance"] == []


@pytest.mark.parametrize(
    "query",
    [
        "from=yesterday",
        "from=2025-11-23T00:00:00Z&to=2025-11-22T00:00:00Z",
        "from=2025-01-01T00:00:00Z&to=2025-12-01T00:00:00Z",
        "interval=7m",
        "behind=happiness",
        "timezone=Mars/Olympus",
        "timezone=../UTC",
        "surprise=1",
    ],
)
def test_a_report_that_cannot_be_asked_for_says_why(api: Api, query: str) -> None:
    reply = api.by("sue").get(f"{REPORT}/queue_performance?{query}")
    assert (reply.status, reply.body["errors"][0]["pointer"].split("/")[0]) == (400, "query")


def test_a_report_by_days_spans_a_year_and_any_other_a_month(api: Api) -> None:
    done = {"offered_count": 1, "handled_count": 1, "handled_ms": 7000}
    days = [NOW - n * 86_400_000 for n in (360, 100, 1)]
    api.centre.store.record(
        [Fact("agent_performance", f"e{at}", 4, at, "work_item", "billing", "ana", done) for at in days]
    )
    year = "from=2024-11-24T00:00:00Z&to=2025-11-24T00:00:00Z"
    found = api.by("sue").get(f"{REPORT}/agent_performance?{year}&interval=1d").body["agent_performance"]
    assert [row["start_time"][:10] for row in found] == ["2024-11-28", "2025-08-15", "2025-11-22"]
    assert {row["handled_p90_ms"] for row in found} == {6950}
    assert api.by("sue").get(f"{REPORT}/agent_performance?{year}&interval=1h").status == 400
    assert api.by("sue").get(f"{REPORT}/agent_performance?{year}&interval=1d&behind=handled_ms").status == 400


@pytest.mark.parametrize("rolled", [False, True])
def test_a_queue_report_shows_an_agent_what_is_his(api: Api, rolled: bool) -> None:
    centre = api.centre
    rolling.roll_up(centre.world)
    visit = {"handled_count": 1, "waited_ms": 1000}
    centre.store.record(
        [Fact("queue_performance", f"e{who}", 3, NOW, "work_item", "billing", who, visit) for who in ("ana", "ben")]
    )
    centre.clock.pass_seconds(1800 if rolled else 1)
    rolling.roll_up(centre.world)
    assert (centre.store.coverage().upto > NOW) is rolled
    for who, count in (("sue", 2), ("ana", 1)):
        (row,) = api.by(who).get(f"{REPORT}/queue_performance?from=2025-11-23T17:45:00Z").body["queue_performance"]
        assert (who, row["handled_count"]) == (who, count)


def test_behind_a_number_stand_the_engagements_that_it_comes_from(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    api.centre.clock.pass_seconds(5)
    api.by("ana").post(f"/v2/contact_center/users/me/assignments/{engagement_id}/accept", {"offer_id": offer_id})
    api.centre.consume()
    api.centre.clock.pass_seconds(1)
    (row,) = api.by("sue").get(f"{REPORT}/queue_performance?behind=waited_ms").body["queue_performance"]
    accepted = {"engagement_id": engagement_id, "version": 3, "time": "2025-11-23T17:46:45.000Z", "waited_ms": 5000}
    assert (row["waited_ms"], row["behind"]) == (5000, [accepted])
    (row,) = api.by("sue").get(f"{REPORT}/queue_performance?behind=abandoned_count").body["queue_performance"]
    assert (row["abandoned_count"], row["behind"]) == (0, [])


def test_live_numbers_tell_the_wait_of_what_comes_now_and_who_is_idle(api: Api) -> None:
    centre = api.centre

    def billing() -> Any:
        queues = api.by("sue").get("/v2/contact_center/statistics/queues").body["queues"]
        return next(each["estimated_wait_seconds"] for each in queues if each["queue_id"] == "billing")

    def idle_since() -> Any:
        users = api.by("sue").get("/v2/contact_center/statistics/users").body["users"]
        return next(each["idle_since"] for each in users if each["user_id"] == "ana")

    rolling.roll_up(centre.world)
    assert (billing(), idle_since()) == (None, None)
    centre.ready("ana")
    assert billing() == {"at_least": 0, "expected": 0, "at_most": 0}
    assert idle_since() == "2025-11-23T17:46:40.000Z"
    first, second = centre.start("CASE-1"), centre.start("CASE-2")
    centre.settle()
    centre.accept(first)
    assert (billing(), idle_since()) == (None, None), "nothing was finished yet"
    centre.clock.pass_seconds(60)
    centre.end(first)
    centre.settle()
    centre.accept(second)
    assert billing() is None, "and nothing is rolled up"
    centre.clock.pass_seconds(1200)
    rolling.roll_up(centre.world)
    assert billing()["expected"] == 60, "the next place is free after one more"


@pytest.mark.parametrize("of", ["queues", "users"])
def test_live_numbers_that_have_not_changed_are_not_sent_again(api: Api, of: str) -> None:
    path = f"/v2/contact_center/statistics/{of}"
    tag = api.by("sue").get(path).headers["etag"]
    api.centre.clock.pass_seconds(1)
    assert api.by("sue").get(path, If_None_Match=tag).status == 304
    api.centre.ready("ana")
    assert api.by("sue").get(path, If_None_Match=tag).status == 200


def test_the_configuration_is_read_changed_and_guarded(api: Api) -> None:
    path = "/v2/contact_center/configuration"
    first = api.by("adm").get(path)
    assert first.body["document"]["queues"] == TENANT["queues"]
    document = {**TENANT, "queues": [*TENANT["queues"], {"queue_id": "new", "queue_name": "New"}]}
    changed = api.by("adm").call("PUT", path, document, {"If-Match": first.headers["etag"]})
    assert (changed.status, changed.body["version"]) == (200, first.body["version"] + 1)
    assert api.centre.world.transport.drain("new").notices == ()
    assert api.by("adm").call("PUT", path, document, {"If-Match": first.headers["etag"]}).status == 412
    assert api.by("sue").call("PUT", path, document).status == 403
    bad = api.by("adm").call("PUT", path, {**TENANT, "queues": []})
    assert bad.status == 400
    assert "/agents/0/queues/0" in [each["pointer"] for each in bad.body["errors"]]


def test_what_was_just_configured_is_known_at_once(api: Api) -> None:
    path = "/v2/contact_center/configuration"
    assert api.by("crm").post("/v2/contact_center/engagement", zoom_body()).status == 201
    flow = {**TENANT["flows"][0], "flow_id": "new", "entry_points": [{"entry_id": "new", "entry_name": "New"}]}
    agent = {"user_id": "cy", "display_name": "Cy", "queues": ["billing"]}
    document = {**TENANT, "flows": [*TENANT["flows"], flow], "agents": [*TENANT["agents"], agent]}
    assert api.by("adm").call("PUT", path, document).status == 200
    body = zoom_body("CASE-2", flow={"flow_entry_id": "new"})
    assert api.by("crm").post("/v2/contact_center/engagement", body).status == 201
    assert api.by("sue").patch("/v2/contact_center/users/cy/status", {"status_id": "3"}).status == 204


def test_the_description_names_every_operation(api: Api) -> None:
    document = api.get("/openapi.json").body
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert document["openapi"] == "3.1.0"
    assert described == {(each.method, each.path) for each in all_endpoints()}


def test_health_needs_no_token(api: Api) -> None:
    assert api.get("/health").body == {"status": "ok"}


def test_every_error_has_its_answer() -> None:
    assert set(KINDS) == set(InterleaveError.__subclasses__())


CANARY = "Zx9-canary"


def test_nothing_personal_is_in_any_log_or_refusal(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.loads(json.dumps(zoom_body()).replace("Jill Chill", CANARY).replace("It does not work", CANARY))
    wrong = ({"language_code": CANARY}, {"x": CANARY}, {"consumers": [{"consumer_email": CANARY, "x": 1}]})
    refusals = [api.by("crm").post("/v2/contact_center/engagement", {**body, **each}) for each in wrong]
    api.by("crm").post("/v2/contact_center/engagement", body)
    refusals.append(api.by("crm").post("/v2/contact_center/engagement", body))
    assert [each.status for each in refusals] == [400, 400, 400, 409]
    assert CANARY not in json.dumps([each.body for each in refusals])
    api.centre.consume()
    assert CANARY not in caplog.text
    assert CANARY not in json.dumps([record.__dict__ for record in caplog.records], default=str)


def test_what_should_never_happen_is_a_problem_without_its_words(
    api: Api, centre: MemoryCentre, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    crm = api.by("crm")

    def broken(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr(centre.store, "start", broken)
    reply = crm.post("/v2/contact_center/engagement", zoom_body())
    assert (reply.status, reply.headers["content-type"]) == (500, "application/problem+json")
    assert CANARY not in json.dumps(reply.body) + json.dumps([r.__dict__ for r in caplog.records], default=str)
