"""The agent's side of the API, told as a day at the desk."""

from __future__ import annotations

import pytest

from tests.support.api import Api, Reply, zoom_body
from tests.support.worlds import TENANT

START = "/v2/contact_center/engagement"
MINE = "/v2/contact_center/users/me/assignments"


def ready(api: Api, agent: str = "ana") -> None:
    reply = api.by(agent).patch("/v2/contact_center/users/me/status", {"status_id": "Ready"})
    assert (reply.status, reply.body) == (204, None)
    api.centre.ring()


def started(api: Api, work: str = "CASE-1", kind: str = "invoice") -> str:
    body = zoom_body(work)
    body["work_item_variables"]["work_item_type"] = kind
    engagement_id: str = api.by("crm").post(START, body).body["engagement_id"]
    api.centre.ring()
    return engagement_id


def offered(api: Api, agent: str = "ana", kind: str = "invoice") -> tuple[str, str]:
    engagement_id = started(api, kind=kind)
    ready(api, agent)
    (offer,) = api.by(agent).get(MINE).body["assignments"]
    return engagement_id, offer["offer_id"]


def accepted(api: Api, agent: str = "ana", kind: str = "invoice") -> str:
    engagement_id, offer_id = offered(api, agent, kind)
    assert api.by(agent).post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id}).status == 200
    return engagement_id


def act(api: Api, agent: str, engagement_id: str, action: str, **headers: str) -> Reply:
    return api.by(agent).patch(f"{START}s/{engagement_id}", {"engagement_action": action}, **headers)


def state(api: Api, engagement_id: str) -> str:
    found: str = api.by("sue").get(f"{START}s/{engagement_id}").body["state"]
    return found


def test_a_ready_agent_is_offered_what_waits_and_sees_what_it_is(api: Api) -> None:
    engagement_id = started(api)
    assert api.by("ana").get(MINE).body["assignments"] == []
    ready(api)
    (offer,) = api.by("ana").get(MINE).body["assignments"]
    assert offer["engagement_id"] == engagement_id
    assert (offer["state"], offer["channel"], offer["queue_id"], offer["version"]) == (
        "offered",
        "work_item",
        "billing",
        2,
    )
    assert offer["offer_expires_at"] == "2025-11-23T17:47:10.000Z"
    assert offer["work_item_variables"]["work_item_desc"] == "It does not work"


def test_polling_costs_little(api: Api) -> None:
    ready(api)
    first = api.by("ana").get(MINE)
    again = api.by("ana").get(MINE, If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, None)
    started(api)
    offered = api.by("ana").get(MINE, If_None_Match=first.headers["etag"])
    assert (offered.status, len(offered.body["assignments"])) == (200, 1)


@pytest.mark.parametrize("seen", ["W/{}", '"other", {}', 'W/"other",W/{}', "*"])
def test_a_tag_that_was_seen_is_found_weak_and_in_a_list(api: Api, seen: str) -> None:
    """RFC 9110, 13.1.2."""
    ready(api)
    tag = api.by("ana").get(MINE).headers["etag"]
    assert api.by("ana").get(MINE, If_None_Match=seen.format(tag)).status == 304


@pytest.mark.parametrize("seen", ['"other"', 'W/"other"', '"*"', "*, {}x", ""])
def test_a_tag_that_was_not_seen_is_not_found(api: Api, seen: str) -> None:
    ready(api)
    tag = api.by("ana").get(MINE).headers["etag"]
    assert api.by("ana").get(MINE, If_None_Match=seen.format(tag.strip('"'))).status == 200


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("respond-async, return=representation", 200),
        ('Return = "representation"; for=desk, wait=5', 200),
        ('note="a, b", return=representation', 200),
        ("return=minimal, return=representation", 204),
        ('note="a, return=representation"', 204),
        ("return", 204),
        ("respond-async", 204),
        ('"', 204),
    ],
)
def test_what_a_client_prefers_may_be_one_of_several(api: Api, prefer: str, status: int) -> None:
    """RFC 7240: what is said first holds."""
    assert act(api, "ana", accepted(api), "deactivate", Prefer=prefer).status == status


def test_what_an_agent_does_answers_with_the_tag_of_his_next_poll(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    accepted = api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id})
    parked = act(api, "ana", engagement_id, "deactivate", Prefer="return=representation")
    assert accepted.headers["etag"] != parked.headers["etag"]
    assert parked.headers["content-location"] == MINE
    assert api.by("ana").get(MINE, If_None_Match=parked.headers["etag"]).status == 304


def test_every_desk_asks_soon_for_others_may_change_what_is_on_it(api: Api) -> None:
    """A desk that is full, or whose agent is not Ready, is told as soon of a barge, a status, a reassignment."""
    api.by("sue").patch("/v2/contact_center/users/ana/status", {"status_id": "Not Ready"})
    idle = api.by("ana").get(MINE)
    api.by("sue").patch("/v2/contact_center/users/ana/status", {"status_id": "Ready"})
    forced = api.by("ana").get(MINE, If_None_Match=idle.headers["etag"])
    engagement_id = accepted(api)
    full = api.by("ana").get(MINE)
    api.by("sue").post(f"{START}s/{engagement_id}/monitor", {"mode": "barge"})
    barged = api.by("ana").get(MINE, If_None_Match=full.headers["etag"])
    assert (forced.body["status"]["status_name"], forced.body["status"]["changed_by"]) == ("Ready", "supervisor:sue")
    assert barged.body["assignments"][0]["participants"] == [{"user_id": "sue", "mode": "barge"}]
    assert {each.headers["retry-after"] for each in (idle, forced, full, barged)} == {"2"}


def test_accepting_makes_it_mine_and_answers_with_what_is_next(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    reply = api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id})
    assert reply.status == 200
    assert [(each["engagement_id"], each["state"]) for each in reply.body["assignments"]] == [
        (engagement_id, "assigned")
    ]


def test_i7_an_offer_can_be_accepted_once_and_only_in_time(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    path = f"{MINE}/{engagement_id}/accept"
    assert api.by("ana").post(path, {"offer_id": "another"}).status == 409
    api.centre.clock.pass_seconds(30)
    late = api.by("ana").post(path, {"offer_id": offer_id})
    assert (late.status, late.body["code"], late.body["state"], late.body["version"]) == (409, 2908, "offered", 2)
    assert api.by("ben").post(path, {"offer_id": offer_id}).status == 404


def test_a_declined_offer_goes_to_somebody_else(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    ready(api, "ben")
    reply = api.by("ana").post(f"{MINE}/{engagement_id}/decline", {"offer_id": offer_id, "reason": "lunch"})
    assert (reply.status, reply.body["assignments"]) == (200, [])
    api.centre.ring()
    (offer,) = api.by("ben").get(MINE).body["assignments"]
    assert offer["engagement_id"] == engagement_id
    api.centre.route()
    assert api.by("ana").get(MINE).body["assignments"] == [], "not to the same agent at once"


def test_a_missed_offer_goes_back_by_the_ring_that_was_set_for_its_end(api: Api) -> None:
    engagement_id, _ = offered(api)
    api.centre.consume()
    api.centre.clock.pass_seconds(31)
    api.centre.ring()
    assert state(api, engagement_id) == "queued"
    assert api.by("ana").get(MINE).body["assignments"] == []
    api.centre.consume()
    api.centre.clock.pass_seconds(60)
    api.centre.ring()
    assert len(api.by("ana").get(MINE).body["assignments"]) == 1, "after the cool-down he is asked again"


def test_an_auto_accept_queue_hands_work_over_at_once(api: Api) -> None:
    engagement_id = started(api, kind="express")
    ready(api)
    (assigned,) = api.by("ana").get(MINE).body["assignments"]
    assert (assigned["state"], assigned["version"]) == ("assigned", 3)
    names = [each["event_name"] for each in api.by("ana").get(f"{START}s/{engagement_id}/events").body["events"]]
    assert names == ["start", "offer", "accept"]


def test_ending_frees_the_place_and_the_next_one_comes(api: Api) -> None:
    first = accepted(api)
    second = started(api, "CASE-2")
    assert act(api, "ana", first, "end").status == 204
    assert state(api, first) == "closed"
    api.centre.ring()
    (offer,) = api.by("ana").get(MINE).body["assignments"]
    assert offer["engagement_id"] == second


def test_ending_can_answer_with_what_is_next(api: Api) -> None:
    first = accepted(api)
    reply = act(api, "ana", first, "end", Prefer="return=representation")
    assert (reply.status, reply.body["assignments"]) == (200, [])


def test_parked_work_frees_its_place_and_is_taken_up_again(api: Api) -> None:
    first = accepted(api)
    second = started(api, "CASE-2")
    assert act(api, "ana", first, "deactivate").status == 204
    api.centre.ring()
    states = {e["engagement_id"]: e["state"] for e in api.by("ana").get(MINE).body["assignments"]}
    assert states == {first: "inactive", second: "offered"}
    full = act(api, "ana", first, "activate")
    assert (full.status, full.body["code"]) == (409, 2909)
    act(api, "sue", second, "end")
    assert act(api, "ana", first, "activate").status == 204
    assert state(api, first) == "assigned"


def test_wrap_up_holds_the_place_until_the_agent_ends_it(api: Api) -> None:
    engagement_id = accepted(api, "ben", kind="other")
    assert act(api, "ben", engagement_id, "end").status == 204
    (wrapping,) = api.by("ben").get(MINE).body["assignments"]
    assert (wrapping["state"], wrapping["wrap_up_expires_at"]) == ("wrap_up", "2025-11-23T17:47:40.000Z")
    reply = api.by("ben").post(f"{MINE}/{engagement_id}/wrap_up", {"disposition": "Solved"})
    assert (reply.status, reply.body["assignments"]) == (200, [])
    closed = api.by("ben").get(f"{START}s/{engagement_id}").body
    assert (closed["state"], closed["disposition"], closed["end_reason"]) == ("closed", "Solved", "completed")


def test_wrap_up_ends_by_itself_when_its_time_is_over(api: Api) -> None:
    engagement_id = accepted(api, "ben", kind="other")
    act(api, "ben", engagement_id, "end")
    api.centre.consume()
    api.centre.clock.pass_seconds(61)
    api.centre.ring()
    assert state(api, engagement_id) == "closed"


def test_leaving_takes_offers_back_at_once(api: Api) -> None:
    engagement_id, offer_id = offered(api)
    reply = api.by("ana").patch("/v2/contact_center/users/me/status", {"status_id": "2", "sub_status_id": "20"})
    assert reply.status == 204
    assert state(api, engagement_id) == "queued"
    assert api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer_id}).status == 404
    status = api.by("ana").get("/v2/contact_center/users/me/status").body
    assert (status["status_name"], status["sub_status_id"], status["load"]) == ("Not Ready", "20", {})


def test_released_work_goes_back_to_the_queue_with_its_age(api: Api) -> None:
    engagement_id = accepted(api)
    before = api.by("ana").get(f"{START}s/{engagement_id}").body["queued_time"]
    api.centre.clock.pass_seconds(100)
    assert act(api, "ana", engagement_id, "release").status == 204
    after = api.by("sue").get(f"{START}s/{engagement_id}").body
    assert (after["state"], after["queued_time"]) == ("queued", before)


def test_an_agent_cannot_end_what_is_only_offered(api: Api) -> None:
    engagement_id, _ = offered(api)
    assert (act(api, "ana", engagement_id, "end").status, state(api, engagement_id)) == (409, "offered")


def test_the_source_withdraws_its_work_also_out_of_an_agents_hands(api: Api) -> None:
    engagement_id = accepted(api)
    assert act(api, "crm", engagement_id, "deactivate").status == 403, "but that is all that it may do with it"
    assert act(api, "crm", engagement_id, "end").status == 204
    found = api.by("crm").get(f"{START}s/{engagement_id}").body
    assert (found["state"], found["end_reason"]) == ("closed", "cancelled")
    assert api.by("ana").get(MINE).body["assignments"] == []
    assert api.centre.occupancy("ana").held == {}


@pytest.mark.parametrize("action", ["activate", "deactivate", "release", "end"])
def test_a_command_in_the_wrong_state_says_the_state_and_version(api: Api, action: str) -> None:
    engagement_id = accepted(api)
    act(api, "ana", engagement_id, "end")
    reply = act(api, "ana", engagement_id, action)
    assert (reply.status, reply.body["code"], reply.body["state"], reply.body["version"]) == (409, 2907, "closed", 4)


def test_if_match_guards_against_a_change_in_between(api: Api) -> None:
    engagement_id = accepted(api)
    tag = api.by("ana").get(f"{START}s/{engagement_id}").headers["etag"]
    assert act(api, "ana", engagement_id, "deactivate", If_Match=tag).status == 204
    stale = act(api, "ana", engagement_id, "activate", If_Match=tag)
    assert (stale.status, stale.body["version"]) == (412, 4)
    assert act(api, "ana", engagement_id, "activate", If_Match="nonsense").status == 400


def test_the_work_can_be_found_by_its_own_id_and_name(api: Api) -> None:
    engagement_id = started(api)
    path = "/v2/contact_center/work_items?work_item_id=CASE-1&work_item_name=A%20case"
    assert api.by("crm").get(path).body["engagement_id"] == engagement_id
    assert api.by("crm").get(path.replace("CASE-1", "CASE-2")).status == 404
    reply = api.by("crm").get("/v2/contact_center/work_items?work_item_id=CASE-1")
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, "query/work_item_name")


def test_the_history_of_an_engagement_is_complete_also_when_it_is_long(api: Api) -> None:
    engagement_id = accepted(api)
    for _ in range(10):
        act(api, "ana", engagement_id, "deactivate")
        act(api, "ana", engagement_id, "activate")
        api.centre.consume()
    act(api, "ana", engagement_id, "end")
    again = started(api)
    api.centre.consume()
    events = api.by("sue").get(f"{START}s/{engagement_id}/events").body["events"]
    assert [each["version"] for each in events] == list(range(1, 25))
    assert api.by("sue").get(f"{START}s/{engagement_id}").body["state"] == "closed"
    assert state(api, again) in ("queued", "offered")


@pytest.mark.parametrize(
    "body", [{"status_id": "Dancing"}, {"status_id": "3", "sub_status_id": "20"}, {}, {"status_id": 3}]
)
def test_a_status_that_is_none_is_refused(api: Api, body: dict[str, object]) -> None:
    assert api.by("ana").patch("/v2/contact_center/users/me/status", body).status == 400


def test_a_supervisor_sets_an_agents_status_but_not_of_somebody_unknown(api: Api) -> None:
    assert api.by("sue").patch("/v2/contact_center/users/ana/status", {"status_id": "3"}).status == 204
    assert api.by("sue").patch("/v2/contact_center/users/nobody/status", {"status_id": "3"}).status == 404


def test_a_supervisor_is_told_why_work_waits(api: Api) -> None:
    engagement_id = started(api)
    why = api.by("sue").get(f"{START}s/{engagement_id}/explanation").body
    assert (why["state"], why["ahead"]) == ("queued", 0)
    assert {user["user_id"]: user["reason"] for user in why["users"]}["ana"] == "not_ready"
    assert "nobody can take it now" in why["text"]
    assert api.by("ana").get(f"{START}s/{engagement_id}/explanation").status == 403


def test_an_agent_takes_what_is_next_in_a_manual_queue(api: Api) -> None:
    first, *rest = TENANT["queues"]
    api.centre.configure({**TENANT, "queues": [{**first, "distribution": "manual"}, *rest]})
    api.centre.clock.pass_seconds(5)
    engagement_id = started(api)
    api.centre.settle()
    ready(api)
    reply = api.by("ana").post(f"{MINE}/pull", {"queue_id": "billing"})
    assert [(each["engagement_id"], each["state"]) for each in reply.body["assignments"]] == [
        (engagement_id, "assigned")
    ]
    refused = api.by("ana").post(f"{MINE}/pull", {"queue_id": "express"})
    assert (refused.status, refused.body["errors"][0]["field"]) == (400, "queue_id")


def test_parked_work_comes_back_at_its_time(api: Api) -> None:
    engagement_id = accepted(api)
    body = {"engagement_action": "deactivate", "wake_at": "2025-11-23T17:50:00Z"}
    assert api.by("ana").patch(f"{START}s/{engagement_id}", body).status == 204
    assert api.by("sue").get(f"{START}s/{engagement_id}").body["wake_at"] == "2025-11-23T17:50:00.000Z"
    api.centre.clock.pass_seconds(300)
    api.centre.settle()
    assert state(api, engagement_id) == "assigned"


def test_work_for_later_is_scheduled_until_then(api: Api) -> None:
    reply = api.by("crm").post(START, zoom_body(not_before="2025-11-23T18:00:00Z"))
    engagement_id = reply.body["engagement_id"]
    found = api.by("sue").get(f"{START}s/{engagement_id}").body
    assert (reply.status, found["state"], found["not_before"]) == (201, "scheduled", "2025-11-23T18:00:00.000Z")
    api.centre.clock.pass_seconds(900)
    api.centre.settle()
    assert state(api, engagement_id) == "queued"


def test_an_agent_sees_what_would_come_next_and_nobody_elses(api: Api) -> None:
    engagement_id = started(api)
    api.centre.settle()
    answer = api.by("ana").get("/v2/contact_center/users/me/explanation").body
    assert answer == {
        "user_id": "ana",
        "next_engagement_id": None,
        "engagements": [{"engagement_id": engagement_id, "reason": "not_ready"}],
    }
    assert api.by("ana").get("/v2/contact_center/users/ben/explanation").status == 404
    assert api.by("sue").get("/v2/contact_center/users/nobody/explanation").status == 404


def test_the_explanation_tells_what_the_flow_decided(api: Api) -> None:
    engagement_id = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    why = api.by("sue").get(f"{START}s/{engagement_id}/explanation").body
    assert why["flows"] == [
        {
            "time": "2025-11-23T17:46:40.000Z",
            "event_name": "start",
            "flow": "tickets@1",
            "steps": [{"step": "1", "exit": "1"}, {"step": "2", "exit": "otherwise"}],
        }
    ]


class TestASupervisorWhoIsAnAgentToo:
    """He has a desk, as any agent has; what is on others' desks he reaches as a supervisor."""

    def test_he_is_offered_work_and_does_it(self, api: Api) -> None:
        sue = {"user_id": "sue", "display_name": "Sue", "queues": ["billing"]}
        api.centre.configure({**TENANT, "agents": [*TENANT["agents"], sue]})
        api.centre.clock.pass_seconds(5)
        assert api.by("sue").patch("/v2/contact_center/users/me/status", {"status_id": "3"}).status == 204
        work = api.by("crm").post("/v2/contact_center/engagement", zoom_body()).body["engagement_id"]
        api.centre.settle()
        (offer,) = api.by("sue").get(MINE).body["assignments"]
        assert api.by("ana").post(f"{MINE}/{work}/accept", {"offer_id": offer["offer_id"]}).status == 404
        body = {"offer_id": offer["offer_id"]}
        assert api.by("sue").post(f"{MINE}/{work}/accept", body).body["assignments"][0]["state"] == "assigned"
        parked = api.by("sue").call(
            "PATCH",
            f"/v2/contact_center/engagements/{work}",
            {"engagement_action": "deactivate"},
            {"Prefer": "return=representation"},
        )
        assert parked.body["assignments"][0]["state"] == "inactive"

    def test_his_own_work_and_status_are_his_where_he_looks_after_other_teams(self, api: Api) -> None:
        ana, ben = TENANT["agents"]
        sue = {"user_id": "sue", "display_name": "Sue", "queues": ["billing"]}
        teams = [{"team_id": "field", "queues": ["general"], "supervisors": ["sue"]}]
        api.centre.configure({**TENANT, "teams": teams, "agents": [ana, {**ben, "team_id": "field"}, sue]})
        api.centre.clock.pass_seconds(5)
        assert api.by("sue").patch("/v2/contact_center/users/me/status", {"status_id": "3"}).status == 204
        work = api.by("crm").post("/v2/contact_center/engagement", zoom_body()).body["engagement_id"]
        assert api.by("sue").get(f"/v2/contact_center/engagements/{work}").status == 404
        api.centre.settle()
        (offer,) = api.by("sue").get(MINE).body["assignments"]
        assert api.by("sue").post(f"{MINE}/{work}/decline", {"offer_id": offer["offer_id"]}).status == 200
        assert api.centre.read(work).trail[-1].actor == "supervisor:sue"

    def test_whoever_is_no_agent_has_an_empty_desk(self, api: Api) -> None:
        assert api.by("sue").get(MINE).body["assignments"] == []
        assert api.by("sue").post(f"{MINE}/pull", {"queue_id": "billing"}).status == 404
        assert api.by("adm").get(MINE).status == 403
