"""Live channels: what an adapter of a telephone or chat system may count on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.reporting.definitions import SUMMED
from tests.http.test_desk import MINE, START, accepted, act, ready, started, state
from tests.http.test_life import ONE, USERS, commands_of, configured, monitor, patch, read
from tests.support.api import Api
from tests.support.worlds import TENANT

REPORTS = "/v2/contact_center/analytics/dataset/historical/"
LIVE: dict[str, Any] = {
    "queues": [*TENANT["queues"], {"queue_id": "calls", "queue_name": "Calls", "channel": "voice"}],
    "agents": [
        {
            "user_id": "ana",
            "display_name": "Ana",
            "queues": ["billing", "calls"],
            "occupancy_profile_id": "zoom",
            "addresses": {"voice": "sip:ana@example.com"},
        },
        TENANT["agents"][1],
    ],
    "occupancy_profiles": [
        {
            "occupancy_profile_id": "zoom",
            "capacity": {"voice": 1, "work_item": 2},
            "closings": [{"when": [{"channel": "voice", "percent": 100}]}],
        }
    ],
    "flows": [
        *TENANT["flows"],
        {
            "flow_id": "calls",
            "flow_name": "Calls",
            "channel": "voice",
            "entry_points": [{"entry_id": "entry-calls", "entry_name": "Calls"}],
            "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "calls"}}]}],
        },
    ],
}


class TestLiveChannels:
    def call(self, api: Api) -> str:
        body = {
            "channels": [{"channel": "voice", "channel_source": "+15550100"}],
            "flow": {"flow_entry_id": "entry-calls"},
            "work_item_variables": {"work_item_name": "A call"},
        }
        reply = api.by("crm").post(START, body)
        assert (reply.status, reply.body["channels"][0]["channel"]) == (201, "voice")
        api.centre.ring()
        found: str = reply.body["engagement_id"]
        return found

    def answered(self, api: Api) -> str:
        ready(api)
        call = self.call(api)
        (offer,) = api.by("ana").get(MINE).body["assignments"]
        assert api.by("ana").post(f"{MINE}/{call}/accept", {"offer_id": offer["offer_id"]}).status == 200
        return call

    def test_a_call_is_an_engagement_like_any_other_and_keeps_work_items_away(self, api: Api) -> None:
        configured(api, **LIVE)
        ready(api)
        call = self.call(api)
        (offer,) = api.by("ana").get(MINE).body["assignments"]
        assert (offer["engagement_id"], offer["connect_to"]) == (call, "sip:ana@example.com")
        api.by("ana").post(f"{MINE}/{call}/accept", {"offer_id": offer["offer_id"]})
        work = started(api)
        api.centre.settle()
        assert state(api, work) == "queued", "Occupied"
        act(api, "ana", call, "end")
        api.centre.settle()
        assert state(api, work) == "offered"

    @pytest.mark.parametrize("ringing", [False, True])
    @pytest.mark.parametrize(("ended_by", "reason"), [("consumer", "abandoned"), ("source", "cancelled")])
    def test_a_consumer_who_hangs_up_while_waiting_is_not_a_call_that_was_withdrawn(
        self, api: Api, ringing: bool, ended_by: str, reason: str
    ) -> None:
        configured(api, **LIVE)
        if ringing:
            ready(api)
        call = self.call(api)
        api.centre.clock.pass_seconds(7)
        assert patch(api, "crm", call, engagement_action="end", ended_by=ended_by).status == 204
        assert (read(api, call)["state"], read(api, call)["end_reason"]) == ("closed", reason)
        assert commands_of(api, call)[-1] == {"consumer": "abandon", "source": "cancel"}[ended_by]
        (row,) = api.by("sue").get(REPORTS + "queue_performance").body["queue_performance"]
        counted = {name: row[name] for name in SUMMED["queue_performance"].measures if row[name]}
        assert counted == {f"{reason}_count": 1, "waited_ms": 7000}

    def test_an_agent_whose_call_was_abandoned_while_it_rang_keeps_his_idle_time(self, api: Api) -> None:
        configured(api, **LIVE)
        ready(api)
        since = api.centre.occupancy("ana").idle_since
        call = self.call(api)
        api.centre.clock.pass_seconds(7)
        patch(api, "crm", call, engagement_action="end", ended_by="consumer")
        assert (api.centre.occupancy("ana").idle_since, api.centre.occupancy("ana").held) == (since, {})

    @pytest.mark.parametrize(("wrap_up", "then"), [(30, "wrap_up"), (0, "closed")])
    def test_a_consumer_who_hangs_up_after_talking_leaves_the_agent_his_wrap_up(
        self, api: Api, wrap_up: int, then: str
    ) -> None:
        queues = [*TENANT["queues"], {**LIVE["queues"][-1], "wrap_up_time": wrap_up}]
        configured(api, **{**LIVE, "queues": queues})
        call = self.answered(api)
        assert patch(api, "crm", call, engagement_action="end", ended_by="consumer").status == 204
        assert state(api, call) == then
        late = patch(api, "crm", call, engagement_action="end", ended_by="consumer")
        assert (late.status, late.body["state"]) == (409, then), "saying it again cuts no wrap-up"
        api.centre.clock.pass_seconds(31)
        api.centre.settle()
        assert (state(api, call), read(api, call)["end_reason"]) == ("closed", "completed")

    def test_what_stands_where_nobody_said_how_it_ended_stands_where_the_consumer_left(self, api: Api) -> None:
        done = {"disposition_id": "done", "disposition_name": "Solved"}
        calls = {**LIVE["queues"][-1], "dispositions": {"dispositions": ["done"], "default_disposition_id": "done"}}
        configured(api, **{**LIVE, "queues": [*TENANT["queues"], calls], "dispositions": [done]})
        call = self.answered(api)
        assert patch(api, "crm", call, engagement_action="end", ended_by="consumer").status == 204
        assert (api.centre.read(call).state, api.centre.read(call).disposition) == ("closed", "Solved")

    def test_only_who_started_it_says_that_the_consumer_has_left(self, api: Api) -> None:
        configured(api, **LIVE)
        call = self.call(api)
        assert patch(api, "sue", call, engagement_action="end", ended_by="consumer").status == 403
        assert patch(api, "ana", call, engagement_action="end", ended_by="consumer").status == 404

    @pytest.mark.parametrize("who", ["ana", "sue", "adm"])
    def test_whoever_has_the_call_does_not_say_that_the_consumer_has_left(self, api: Api, who: str) -> None:
        """It would close it without the disposition that its queue requires."""
        configured(api, **LIVE)
        call = self.answered(api)
        assert patch(api, who, call, engagement_action="end", ended_by="consumer", disposition="Bye").status == 403
        assert state(api, call) == "assigned"

    def test_work_items_keep_clear_of_calls_that_a_telephone_system_routes(self, api: Api) -> None:
        configured(api, **LIVE)
        place = f"{USERS}/ana/occupancy/call-77"
        for _ in range(2):
            assert api.by("crm").call("PUT", place, {"channel": "voice"}).status == 204
        ready(api)
        work = started(api)
        api.centre.settle()
        assert state(api, work) == "queued"
        status = api.by("sue").get(f"{USERS}/ana/status").body
        assert (status["load"], status["elsewhere"]) == ({"voice": 1}, {"call-77": "voice"})
        assert api.by("crm").call("DELETE", place).status == 204
        api.centre.settle()
        assert state(api, work) == "offered"
        assert api.by("ben").call("PUT", place, {"channel": "voice"}).status == 404, "an agent reports his own"

    def test_the_system_that_carries_a_call_is_told_whom_to_connect_and_nobody_else(self, api: Api) -> None:
        supervisor = {
            "user_id": "sue",
            "display_name": "Sue",
            "queues": [],
            "addresses": {"voice": "sip:sue@x.example"},
        }
        configured(api, **{**LIVE, "agents": [*LIVE["agents"], supervisor]})
        waiting = self.call(api)
        assert "connect_to" not in api.by("crm").get(f"{ONE}/{waiting}").body
        patch(api, "crm", waiting, engagement_action="end", ended_by="consumer")
        call = self.answered(api)
        monitor(api, "sue", call, "barge")
        told = api.by("crm").get(f"{ONE}/{call}").body
        assert told["connect_to"] == "sip:ana@example.com"
        assert told["participants"] == [{"user_id": "sue", "mode": "barge", "connect_to": "sip:sue@x.example"}]
        assert "sip:" not in json.dumps([api.by("sue").get(f"{ONE}/{call}").body, *self.events(api, call)])
        patch(api, "crm", call, engagement_action="end", ended_by="consumer")
        assert "sip:" not in json.dumps(api.by("crm").get(f"{ONE}/{call}").body)

    def events(self, api: Api, engagement_id: str) -> list[Any]:
        api.centre.consume()
        return [*api.by("sue").get(f"{ONE}/{engagement_id}/events").body["events"]]

    def test_a_work_item_goes_on_as_a_call(self, api: Api) -> None:
        configured(api, **LIVE)
        engagement_id = accepted(api)
        assert "connect_to" not in api.by("crm").get(f"{ONE}/{engagement_id}").body
        reply = patch(api, "ana", engagement_id, engagement_action="switch", target_channel="voice")
        assert api.by("crm").get(f"{ONE}/{engagement_id}").body["connect_to"] == "sip:ana@example.com"
        assert (reply.status, read(api, engagement_id)["channel"]) == (204, "voice")
        assert api.by("sue").get(f"{USERS}/ana/status").body["load"] == {"voice": 1}
        assert patch(api, "ana", engagement_id, engagement_action="switch", target_channel="email").status == 409
