"""What happens to work after the offer: transfers, supervision, changes, sessions, live channels, clocks."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from chalicelib.http.models import UpdateEngagement
from tests.flows.support import document_with
from tests.flows.test_steps import BY_TIER, CALL
from tests.http.test_desk import MINE, START, accepted, act, ready, started, state
from tests.support import canary
from tests.support.api import Api, Reply, zoom_body
from tests.support.worlds import TENANT

USERS = "/v2/contact_center/users"
ONE = START + "s"


def configured(api: Api, queue: dict[str, Any] | None = None, **changes: Any) -> None:
    document = copy.deepcopy({**TENANT, **changes})
    document["queues"][0] |= queue or {}
    api.centre.configure(document)
    api.centre.clock.pass_seconds(5)


def patch(api: Api, who: str, engagement_id: str, **body: Any) -> Reply:
    return api.by(who).patch(f"{ONE}/{engagement_id}", body)


def read(api: Api, engagement_id: str) -> dict[str, Any]:
    found: dict[str, Any] = api.by("sue").get(f"{ONE}/{engagement_id}").body
    return found


def commands_of(api: Api, engagement_id: str) -> list[str]:
    api.centre.consume()
    return [each["event_name"] for each in api.by("sue").get(f"{ONE}/{engagement_id}/events").body["events"]]


def monitor(api: Api, who: str, engagement_id: str, mode: str, **body: Any) -> Reply:
    return api.by(who).post(f"{ONE}/{engagement_id}/monitor", {"mode": mode, **body})


POLICIES = [
    ({"queues": "none"}, 409),
    ({"queues": ["express"]}, 409),
    ({"queues": ["general"]}, 204),
    ({"most": 0}, 409),
]


class TestTransfer:
    def test_to_a_queue_it_keeps_its_age_and_its_sender_is_free(self, api: Api) -> None:
        engagement_id = accepted(api)
        queued = read(api, engagement_id)["queued_time"]
        api.centre.clock.pass_seconds(30)
        body = {"engagement_action": "transfer to queue", "target_queue_id": "general"}
        assert patch(api, "ana", engagement_id, **body).status == 204
        found = read(api, engagement_id)
        assert (found["state"], found["queue_id"], found["queued_time"]) == ("queued", "general", queued)
        assert api.by("ana").get(MINE).body["assignments"] == []

    def test_to_an_agent_it_waits_for_him_alone(self, api: Api) -> None:
        engagement_id = accepted(api)
        body = {"engagement_action": "transfer to agent", "target_agent_id": "ben"}
        assert patch(api, "ana", engagement_id, **body).status == 204
        api.centre.settle()
        assert state(api, engagement_id) == "queued"
        ready(api, "ben")
        api.centre.settle()
        assert (state(api, engagement_id), read(api, engagement_id)["user_id"]) == ("offered", "ben")

    @pytest.mark.parametrize(
        ("agent", "why"),
        [({"queues": ["general"]}, "serve the queue"), ({"capacity": {"voice": 1}}, "no place for work_item")],
    )
    def test_to_an_agent_who_could_never_take_it_is_refused_and_he_is_not_listed(
        self, api: Api, agent: dict[str, Any], why: str
    ) -> None:
        agents = copy.deepcopy(TENANT["agents"])
        agents[1] |= agent
        configured(api, agents=[*agents, {**agents[0], "user_id": "cy"}])
        engagement_id = accepted(api)
        listed = api.by("ana").get(f"{ONE}/{engagement_id}/transfer/users").body["users"]
        assert [each["user_id"] for each in listed] == ["cy"]
        reply = patch(api, "ana", engagement_id, engagement_action="transfer to agent", target_agent_id="ben")
        assert (reply.status, state(api, engagement_id)) == (409, "assigned")
        assert why in reply.body["detail"]

    def test_to_an_agent_without_the_skill_that_its_queue_always_asks_for_is_refused(self, api: Api) -> None:
        queues = [{**TENANT["queues"][0], "agent_routing_profile_id": "french"}, *TENANT["queues"][1:]]
        line = {"skill_category_id": "languages", "skill_category_required": True, "default_skill_id": "french"}
        profile = {"agent_routing_profile_id": "french", "agent_routing_profile_name": "F", "priorities": [line]}
        category = {"skill_category_id": "languages", "skill_category_name": "L", "skills": ["french"]}
        configured(api, queues=queues, agent_routing_profiles=[profile], skill_categories=[category])
        engagement_id = accepted(api)
        assert api.by("ana").get(f"{ONE}/{engagement_id}/transfer/users").body["users"] == []
        reply = patch(api, "ana", engagement_id, engagement_action="transfer to agent", target_agent_id="ben")
        assert (reply.status, state(api, engagement_id)) == (409, "assigned")
        assert "skills" in reply.body["detail"]

    @pytest.mark.parametrize("kind", ["queue", "flow"])
    def test_it_does_not_go_to_another_channel(self, api: Api, kind: str) -> None:
        calls = {"queue_id": "calls", "queue_name": "Calls", "channel": "voice"}
        flows = copy.deepcopy(TENANT["flows"])
        flows[1] |= {"channel": "voice", "entry_points": [{"entry_id": "entry-calls", "entry_name": "Calls"}]}
        flows[1]["versions"][0] |= {"status": "published", "steps": [{"set": {"queue_id": "calls"}}]}
        agents = [{**each, "capacity": {"work_item": 1, "voice": 1}} for each in TENANT["agents"]]
        configured(api, queues=[*TENANT["queues"], calls], flows=flows, agents=agents)
        engagement_id = accepted(api)
        other, same = {"queue": ("calls", "general"), "flow": ("entry-calls", "entry-tickets")}[kind]
        field = f"target_{kind}_id"
        reply = patch(api, "ana", engagement_id, engagement_action=f"transfer to {kind}", **{field: other})
        assert (reply.status, state(api, engagement_id)) == (409, "assigned")
        assert "is for voice" in reply.body["detail"]
        assert "refuse_transfer" in commands_of(api, engagement_id)
        listed = api.by("ana").get(f"{ONE}/{engagement_id}/transfer/{kind}s").body[f"{kind}s"]
        assert other not in str(listed)
        assert same in str(listed)
        assert patch(api, "ana", engagement_id, engagement_action="switch", target_channel="voice").status == 204
        reply = patch(api, "ana", engagement_id, engagement_action=f"transfer to {kind}", **{field: other})
        assert (reply.status, read(api, engagement_id)["queue_id"]) == (204, "calls")

    def test_what_nobody_takes_stays_where_it_is_if_it_came_from_a_queue_that_is_gone(self, api: Api) -> None:
        configured(api, {"transfer": {"return_after": 60}})
        engagement_id = accepted(api)
        body = {"engagement_action": "transfer to queue", "target_queue_id": "general"}
        assert patch(api, "ana", engagement_id, **body).status == 204
        flows = copy.deepcopy(TENANT["flows"])
        flows[0]["versions"][0]["steps"] = [{"set": {"queue_id": "general"}}]
        agents = [{**agent, "queues": ["general"]} for agent in TENANT["agents"]]
        api.centre.configure({"queues": [TENANT["queues"][1]], "agents": agents, "flows": flows})
        api.centre.clock.pass_seconds(60)
        api.centre.settle()
        assert (read(api, engagement_id)["queue_id"], state(api, engagement_id)) == ("general", "offered")

    def test_through_a_flow_it_is_routed_anew(self, api: Api) -> None:
        flows = copy.deepcopy(TENANT["flows"])
        flows[1]["versions"][0] |= {"status": "published", "steps": [{"set": {"queue_id": "general", "priority": 8}}]}
        configured(api, flows=flows)
        engagement_id = accepted(api)
        body = {"engagement_action": "transfer to flow", "target_flow_id": "entry-draft"}
        assert patch(api, "ana", engagement_id, **body).status == 204
        assert (read(api, engagement_id)["queue_id"], read(api, engagement_id)["priority"]) == ("general", 8)

    def test_skills_go_with_it_unless_they_are_dropped(self, api: Api) -> None:
        flows = copy.deepcopy(TENANT["flows"])
        flows[0]["versions"][0]["steps"].append({"set": {"skills": [{"skill": "french", "level": 3}]}})
        configured(api, flows=flows)
        engagement_id = accepted(api)
        body = {"engagement_action": "transfer to queue", "target_queue_id": "general"}
        patch(api, "ana", engagement_id, **body, keep_skills=False)
        assert read(api, engagement_id)["skills"] == []

    @pytest.mark.parametrize(("policy", "status"), POLICIES, ids=[str(policy) for policy, _ in POLICIES])
    def test_only_where_the_policy_allows_it(self, api: Api, policy: dict[str, Any], status: int) -> None:
        configured(api, {"transfer": policy})
        engagement_id = accepted(api)
        body = {"engagement_action": "transfer to queue", "target_queue_id": "general"}
        assert patch(api, "ana", engagement_id, **body).status == status

    def test_what_the_policy_refused_is_on_record_and_changes_nothing_else(self, api: Api) -> None:
        configured(api, {"transfer": {"queues": ["express"]}})
        engagement_id = accepted(api)
        before = read(api, engagement_id)
        body = {"engagement_action": "transfer to queue", "target_queue_id": "general"}
        assert patch(api, "ben", engagement_id, **body).status == 404, "another's is not even refused"
        assert patch(api, "ana", engagement_id, **body).status == 409
        assert read(api, engagement_id) == {**before, "version": before["version"] + 1}
        api.centre.consume()
        refused = api.by("sue").get(f"{ONE}/{engagement_id}/events").body["events"][-1]
        assert (refused["event_name"], refused["actor"]) == ("refuse_transfer", "agent:ana")
        assert refused["event_content"]["to_queue_id"] == "general"
        assert "policy" in refused["event_content"]["reason"]

    def test_the_targets_that_the_policy_leaves_are_listed(self, api: Api) -> None:
        configured(api, {"transfer": {"queues": ["general"], "users": "none"}})
        engagement_id = accepted(api)
        listed = api.by("ana").get(f"{ONE}/{engagement_id}/transfer/queues").body
        assert listed == {"queues": [{"queue_id": "general", "queue_name": "General", "queue_description": ""}]}
        assert api.by("ana").get(f"{ONE}/{engagement_id}/transfer/users").body == {"users": []}
        flows = api.by("ana").get(f"{ONE}/{engagement_id}/transfer/flows").body["flows"]
        assert [each["flow_entry_id"] for each in flows] == ["entry-tickets"], "the other one is not published"
        assert api.by("ana").get(f"{ONE}/{engagement_id}/transfer/moons").status == 400

    @pytest.mark.parametrize(
        ("kind", "field"), [("queue", "target_queue_id"), ("agent", "target_agent_id"), ("flow", "target_flow_id")]
    )
    def test_what_is_not_there_is_not_refused_but_unknown_and_not_on_record(
        self, api: Api, kind: str, field: str
    ) -> None:
        """Whatever the policy is: what somebody has mistyped has no place in the history, nor in events."""
        configured(api, {"transfer": {"queues": "none", "users": "none", "flows": "none"}})
        engagement_id = accepted(api)
        reply = patch(api, "ana", engagement_id, engagement_action=f"transfer to {kind}", **{field: "jill-chill"})
        assert (reply.status, reply.body["errors"][0]["field"]) == (400, field)
        assert "refuse_transfer" not in commands_of(api, engagement_id)

    def test_what_nobody_takes_in_time_goes_back_to_its_sender(self, api: Api) -> None:
        configured(api, {"transfer": {"return_after": 60}})
        engagement_id = accepted(api)
        patch(api, "ana", engagement_id, engagement_action="transfer to queue", target_queue_id="general")
        api.centre.settle()
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert "give_back" in commands_of(api, engagement_id)
        assert (read(api, engagement_id)["queue_id"], read(api, engagement_id)["user_id"]) == ("billing", "ana")

    @pytest.mark.parametrize(
        "target",
        [
            {"engagement_action": "transfer to agent", "target_agent_id": "ben"},
            {"engagement_action": "transfer to queue", "target_queue_id": "general", "keep_skills": False},
            {"engagement_action": "transfer to flow", "target_flow_id": "entry-other"},
        ],
    )
    def test_what_goes_back_asks_for_what_it_asked_for_before(self, api: Api, target: dict[str, Any]) -> None:
        french = {"queue_id": "billing", "priority": 2, "skills": [{"skill": "french", "level": 3}]}
        (first, draft), (second, _) = (
            document_with({"set": route})["flows"] for route in (french, {"queue_id": "general", "priority": 1})
        )
        other = {"flow_id": "other", "entry_points": [{"entry_id": "entry-other", "entry_name": "Other"}]}
        configured(api, {"transfer": {"return_after": 60}}, flows=[first, draft, {**second, **other}])
        engagement_id = accepted(api)
        before = api.centre.read(engagement_id)
        assert (before.priority, [each.skill for each in before.skills]) == (2, ["french"])
        assert patch(api, "ana", engagement_id, **target).status == 204
        assert api.centre.read(engagement_id).skills == ()
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        after = api.centre.read(engagement_id)
        assert (after.queue_id, after.priority, after.skills) == ("billing", 2, before.skills)
        assert after.agent_id == "ana"

    def test_at_the_cap_no_target_is_listed_and_no_flow_is_asked(self, api: Api) -> None:
        asks = document_with(CALL, {"route": {"queue_id": "general"}})
        flows = [*asks["flows"][:1], *TENANT["flows"][1:]]
        configured(api, {"transfer": {"most": 0}}, systems_of_record=asks["systems_of_record"], flows=TENANT["flows"])
        engagement_id = accepted(api)
        configured(api, {"transfer": {"most": 0}}, systems_of_record=asks["systems_of_record"], flows=flows)
        for kind in ("queues", "users", "flows"):
            assert api.by("ana").get(f"{ONE}/{engagement_id}/transfer/{kind}").body[kind] == []
        target = {"engagement_action": "transfer to flow", "target_flow_id": "entry-tickets"}
        assert patch(api, "ana", engagement_id, **target).status == 409
        assert api.centre.posts.sent == []

    def test_a_priority_that_is_set_on_the_way_stays_where_it_goes_back(self, api: Api) -> None:
        configured(api, {"transfer": {"return_after": 60}})
        engagement_id = accepted(api)
        patch(api, "ana", engagement_id, engagement_action="transfer to queue", target_queue_id="general")
        patch(api, "sue", engagement_id, priority=777)
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert (read(api, engagement_id)["queue_id"], read(api, engagement_id)["priority"]) == ("billing", 777)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"engagement_action": "transfer to queue"}, "target_queue_id"),
            ({"engagement_action": "transfer to queue", "target_queue_id": "nowhere"}, "target_queue_id"),
            ({"engagement_action": "transfer to agent", "target_agent_id": "nobody"}, "target_agent_id"),
            ({"engagement_action": "transfer to flow", "target_flow_id": "none"}, "target_flow_id"),
            ({"engagement_action": "switch"}, "target_channel"),
        ],
    )
    def test_a_target_that_is_none_is_named(self, api: Api, body: dict[str, str], field: str) -> None:
        reply = patch(api, "ana", accepted(api), **body)
        assert (reply.status, reply.body["errors"][0]["field"]) == (400, field)


class TestSupervision:
    def test_several_may_take_part_and_the_owner_sees_who(self, api: Api) -> None:
        engagement_id = accepted(api)
        assert monitor(api, "sue", engagement_id, "monitor").body["participants"] == [
            {"user_id": "sue", "mode": "monitor"}
        ]
        monitor(api, "ana", engagement_id, "consult", user_id="ben")
        both = monitor(api, "sue", engagement_id, "barge").body["participants"]
        assert {each["user_id"]: each["mode"] for each in both} == {"sue": "barge", "ben": "consult"}
        assert api.by("ben").get(f"{ONE}/{engagement_id}").status == 200, "who is asked may see it"
        left = monitor(api, "sue", engagement_id, "leave").body
        assert left["participants"] == [{"user_id": "ben", "mode": "consult"}]
        assert monitor(api, "sue", engagement_id, "leave").status == 404

    def test_a_consulted_agent_takes_over(self, api: Api) -> None:
        engagement_id = accepted(api)
        assert monitor(api, "ben", engagement_id, "take_over").status == 404, "he has not been asked"
        monitor(api, "ana", engagement_id, "consult", user_id="ben")
        assert monitor(api, "ben", engagement_id, "take_over").body["user_id"] == "ben"
        assert act(api, "ana", engagement_id, "end").status == 404, "it is no longer hers"
        assert act(api, "ben", engagement_id, "end").status == 204

    def test_who_has_no_room_cannot_take_over(self, api: Api) -> None:
        configured(api, agents=[TENANT["agents"][0], {**TENANT["agents"][1], "capacity": {"work_item": 0}}])
        engagement_id = accepted(api)
        monitor(api, "ana", engagement_id, "consult", user_id="ben")
        assert monitor(api, "ben", engagement_id, "take_over").status == 409

    def test_who_is_no_agent_is_told_to_barge_instead(self, api: Api) -> None:
        engagement_id = accepted(api)
        monitor(api, "sue", engagement_id, "monitor")
        refused = monitor(api, "sue", engagement_id, "take_over")
        assert (refused.status, refused.body["title"]) == (403, "Only an agent can own work.")
        assert refused.body["remedy"].startswith("Barge instead")
        assert read(api, engagement_id)["user_id"] == "ana"

    def test_agents_do_not_monitor_one_another(self, api: Api) -> None:
        engagement_id = accepted(api)
        assert monitor(api, "ana", engagement_id, "monitor").status == 403
        assert monitor(api, "ben", engagement_id, "barge").status == 404

    def test_only_what_is_assigned_can_be_monitored(self, api: Api) -> None:
        reply = monitor(api, "sue", started(api), "monitor")
        assert (reply.status, reply.body["state"]) == (409, "queued")

    def test_notes_say_who_wrote_them_and_in_which_part(self, api: Api) -> None:
        engagement_id = accepted(api)
        monitor(api, "sue", engagement_id, "whisper")
        for who, text in (("ana", "The printer again."), ("sue", "Try the other tray.")):
            assert api.by(who).post(f"{ONE}/{engagement_id}/notes", {"note": text}).status == 201
            api.centre.clock.pass_seconds(1)
        notes = api.by("ana").get(f"{ONE}/{engagement_id}/notes").body["notes"]
        assert [(each["user_id"], each["kind"], each["note"]) for each in notes] == [
            ("ana", "note", "The printer again."),
            ("sue", "whisper", "Try the other tray."),
        ]
        assert api.by("ben").get(f"{ONE}/{engagement_id}/notes").status == 404

    def test_notes_end_before_they_are_more_than_an_answer_has_room_for(self, api: Api) -> None:
        """Each character of these is twelve in JSON."""
        engagement_id = accepted(api)
        notes = f"{ONE}/{engagement_id}/notes"
        written = 0
        while (reply := api.by("ana").post(notes, {"note": "\N{GRINNING FACE}" * 4096})).status == 201:
            written += 1
            assert written < 100
        assert (reply.status, reply.body["code"]) == (409, 2909)
        assert f"Its {written} notes" in reply.body["detail"]
        read = api.by("ana").get(notes).body["notes"]
        assert len(read) == written > 15
        assert len(json.dumps(read)) < 2_000_000

    def test_a_whisper_is_for_whoever_owned_it_then_and_for_supervisors(self, api: Api) -> None:
        engagement_id = accepted(api)
        monitor(api, "sue", engagement_id, "whisper")
        api.by("sue").post(f"{ONE}/{engagement_id}/notes", {"note": "Be quicker."})
        monitor(api, "ana", engagement_id, "consult", user_id="ben")
        api.by("ben").post(f"{ONE}/{engagement_id}/notes", {"note": "Try this."})

        def read_by(who: str) -> list[str]:
            return [each["note"] for each in api.by(who).get(f"{ONE}/{engagement_id}/notes").body["notes"]]

        for who in ("ana", "sue", "adm"):
            assert (who, sorted(read_by(who))) == (who, ["Be quicker.", "Try this."])
        for who in ("ben", "crm"):
            assert (who, read_by(who)) == (who, ["Try this."])
        patch(api, "ana", engagement_id, engagement_action="release")
        api.by("ana").patch("/v2/contact_center/users/me/status", {"status_id": "1"})
        api.by("ben").patch("/v2/contact_center/users/me/status", {"status_id": "3"})
        api.centre.settle()
        api.centre.accept(engagement_id)
        assert read_by("ben") == ["Try this."], "nor is it for the next owner"


class TestChanges:
    def test_a_higher_priority_brings_waiting_work_to_the_front(self, api: Api) -> None:
        first, second = started(api, "CASE-1"), started(api, "CASE-2")
        api.centre.settle()
        assert patch(api, "crm", second, priority=500).status == 204
        api.centre.settle()
        ready(api)
        assert (state(api, first), state(api, second)) == ("queued", "offered")

    def test_only_the_fields_that_are_given_change_and_the_history_names_no_value(self, api: Api) -> None:
        engagement_id = started(api)
        changes = {"work_item_desc": "Secret words", "work_item_origin": None}
        assert patch(api, "crm", engagement_id, work_item_variables=changes).status == 204
        variables = read(api, engagement_id)["work_item_variables"]
        assert (variables["work_item_desc"], variables["work_item_type"]) == ("Secret words", "invoice")
        assert "work_item_origin" not in variables
        api.centre.consume()
        events = api.by("sue").get(f"{ONE}/{engagement_id}/events").body["events"]
        assert events[-1]["event_content"] == {"fields": ["work_item_desc", "work_item_origin"]}

    def test_a_change_that_is_sent_again_changes_nothing(self, api: Api) -> None:
        engagement_id = started(api)
        change: dict[str, Any] = {"work_item_variables": {"work_item_desc": "Other words"}, "priority": 3}
        once, again = (patch(api, "crm", engagement_id, **change) for _ in range(2))
        assert (once.status, again.status) == (204, 204)
        assert once.headers["etag"] == again.headers["etag"]

    def test_one_thing_at_a_time(self, api: Api) -> None:
        engagement_id = started(api)
        assert patch(api, "crm", engagement_id).status == 400
        assert patch(api, "crm", engagement_id, engagement_action="end", priority=3).status == 400

    @pytest.mark.parametrize(
        ("body", "odd"),
        [
            ({"priority": 5, "disposition": "Solved", "ended_by": "consumer"}, ["disposition", "ended_by"]),
            (
                {"engagement_action": "end", "target_queue_id": "x", "wake_at": "2026-01-01"},
                ["wake_at", "target_queue_id"],
            ),
            ({"engagement_action": "end", "keep_skills": True}, ["keep_skills"]),
            ({"engagement_action": "deactivate", "disposition": "Solved"}, ["disposition"]),
            ({"engagement_action": "release", "target_channel": "voice"}, ["target_channel"]),
            (
                {"engagement_action": "transfer to queue", "target_queue_id": "general", "target_agent_id": "ben"},
                ["target_agent_id"],
            ),
        ],
    )
    def test_what_does_not_go_with_an_action_is_refused_by_name(
        self, api: Api, body: dict[str, Any], odd: list[str]
    ) -> None:
        engagement_id = accepted(api)
        before = read(api, engagement_id)
        refused = patch(api, "ana", engagement_id, **body)
        assert refused.status == 400
        (wrong,) = refused.body["errors"]
        assert [name for name in UpdateEngagement.model_fields if f"`{name}`" in wrong["message"]] == odd
        assert read(api, engagement_id) == before

    def test_what_is_null_says_nothing(self, api: Api) -> None:
        engagement_id = accepted(api)
        body = {"engagement_action": "release", "disposition": None, "wake_at": None, "priority": None}
        assert patch(api, "ana", engagement_id, **body).status == 204

    def test_another_systems_work_cannot_be_changed(self, api: Api) -> None:
        assert patch(api, "ben", started(api), priority=3).status == 404

    def test_many_are_started_at_once_each_with_a_result_of_its_own(self, api: Api) -> None:
        bodies = [zoom_body("CASE-1"), zoom_body("CASE-2"), zoom_body("CASE-1"), zoom_body("CASE-3", flow={})]
        bad = {"engagements": bodies}
        assert api.by("crm").post(f"{ONE}/batch", bad).status == 400, "a body that is wrong is wrong as a whole"
        bodies[3] = zoom_body("CASE-3", flow={"flow_entry_id": "unknown"})
        results = api.by("crm").post(f"{ONE}/batch", {"engagements": bodies}).body["engagements"]
        assert [each["status"] for each in results] == [201, 201, 409, 400]
        assert results[2]["problem"]["existing_engagement_id"] == results[0]["engagement"]["engagement_id"]

    def test_a_batch_whose_answer_would_be_too_large_starts_nothing(self, api: Api) -> None:
        """Nobody would know what has been started, were the answer not taken. In most scripts it is thrice as long."""
        desc = {"work_item_name": "x", "work_item_desc": "\N{CYRILLIC SMALL LETTER A}" * 16_384}
        one = zoom_body(work_item_variables=desc)
        body = json.dumps({"engagements": [one] * 100}, ensure_ascii=False).encode()
        refused = api.by("crm").post(f"{ONE}/batch", body)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/engagements")
        assert api.centre.store.stream == []
        assert api.by("crm").post(f"{ONE}/batch", {"engagements": [one] * 40}).status == 200

    def test_a_batch_whose_flows_take_long_is_answered_in_time(self, api: Api) -> None:
        """Nobody would know what has been started, were the function stopped in the middle of it."""

        def slow(*_: Any) -> bytes:
            api.centre.clock.pass_seconds(2.9)
            return b"{}"

        api.centre.configure(document_with(CALL, BY_TIER))
        api.centre.posts.receiver = slow
        api.centre.clock.pass_seconds(6)
        consumers = [{**canary.CONSUMER, "consumer_external_id": "C-1"}]  # whom the flow names to the system it asks
        bodies = [zoom_body(f"CASE-{n}", consumers=consumers) for n in range(10)]
        body = {"engagements": [{**each, "idempotency_key": f"k{n}"} for n, each in enumerate(bodies)]}
        first = [each["status"] for each in api.by("crm").post(f"{ONE}/batch", body).body["engagements"]]
        assert first == [201] * 7 + [429] * 3
        again = api.by("crm").post(f"{ONE}/batch", body).body["engagements"]
        assert [each["status"] for each in again] == [201] * 10
        assert len(api.centre.posts.sent) == 10

    def test_a_batch_is_safe_to_repeat(self, api: Api) -> None:
        body = {"engagements": [{**zoom_body("CASE-1"), "idempotency_key": "k1"}]}
        first, again = (api.by("crm").post(f"{ONE}/batch", body).body["engagements"][0] for _ in range(2))
        assert first["engagement"]["engagement_id"] == again["engagement"]["engagement_id"]


ORPHANS: list[tuple[dict[str, Any], str, str]] = [
    ({}, "queued", "billing"),
    ({"policy": "hold"}, "assigned", "billing"),
    ({"queue_id": "general"}, "queued", "general"),
]


class TestSessions:
    def test_an_agent_opts_out_of_a_queue(self, api: Api) -> None:
        assert api.by("ana").patch(f"{USERS}/me/queues", {"opt_out": ["billing"]}).status == 204
        engagement_id = started(api)
        ready(api)
        assert state(api, engagement_id) == "queued"
        api.by("ana").patch(f"{USERS}/me/queues", {"opt_out": []})
        api.centre.ring()
        assert state(api, engagement_id) == "offered"
        assert api.by("ana").patch(f"{USERS}/me/queues", {"opt_out": ["general"]}).status == 400

    def test_an_unknown_reason_is_refused_where_there_are_known_ones(self, api: Api) -> None:
        configured(api, reasons=[{"sub_status_id": "break"}])
        for reason, status in (("break", 204), ("holiday", 400)):
            body = {"status_id": "Not Ready", "sub_status_id": reason}
            assert api.by("ana").patch(f"{USERS}/me/status", body).status == status

    @pytest.mark.parametrize(("policy", "wanted", "queue_id"), ORPHANS, ids=["requeue", "hold", "another queue"])
    def test_work_of_an_agent_whose_client_went_silent(
        self, api: Api, policy: dict[str, Any], wanted: str, queue_id: str
    ) -> None:
        configured(api, {"orphans": {"grace": 60, **policy}}, heartbeat_timeout=60)
        engagement_id = accepted(api)
        for _ in range(5):  # as long as the client beats, nothing happens
            api.centre.clock.pass_seconds(50)
            assert api.by("ana").post(f"{USERS}/me/heartbeat").status == 204
            api.centre.settle()
        assert state(api, engagement_id) == "assigned"
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert api.by("sue").get(f"{USERS}/ana/status").body["status_name"] == "Offline"
        assert state(api, engagement_id) == "assigned", "she may come back"
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert (state(api, engagement_id), read(api, engagement_id)["queue_id"]) == (wanted, queue_id)

    def test_work_that_is_held_for_an_agent_is_not_held_for_ever(self, api: Api) -> None:
        configured(api, {"orphans": {"policy": "hold", "held_for": 3600}})
        engagement_id = accepted(api)
        api.by("ana").patch(f"{USERS}/me/status", {"status_id": "Offline"})
        for wanted in ("assigned", "queued"):
            api.centre.clock.pass_seconds(1801)
            api.centre.settle()
            assert state(api, engagement_id) == wanted

    def test_an_agent_whose_shift_is_over_is_signed_out_and_one_who_works_overtime_is_not(self, api: Api) -> None:
        day = {"business_hours_id": "day", "weekly": {"sunday": [{"start": "09:00", "end": "18:00"}]}}
        agents = [{**agent, "shift_hours_id": "day"} for agent in TENANT["agents"]]
        configured(api, {"orphans": {"grace": 60}}, business_hours=[day], agents=agents)
        engagement_id = accepted(api)  # a Sunday, 17:46
        api.centre.clock.pass_seconds(900)
        api.centre.settle()
        assert api.by("sue").get(f"{USERS}/ana/status").body["status_name"] == "Offline"
        ready(api, "ben")  # comes after the end of his shift
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert (state(api, engagement_id), read(api, engagement_id)["user_id"]) == ("offered", "ben")
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert api.by("sue").get(f"{USERS}/ben/status").body["status_name"] == "Ready"

    def test_an_agent_who_came_before_his_shift_is_signed_out_when_it_ends(self, api: Api) -> None:
        day = {"business_hours_id": "day", "weekly": {"sunday": [{"start": "17:50", "end": "18:00"}]}}
        configured(api, business_hours=[day], agents=[{**agent, "shift_hours_id": "day"} for agent in TENANT["agents"]])
        ready(api)  # at 17:46
        for seconds, status in ((60, "Ready"), (300, "Ready"), (600, "Offline")):
            api.centre.clock.pass_seconds(seconds)
            api.centre.settle()
            assert api.by("sue").get(f"{USERS}/ana/status").body["status_name"] == status

    def test_a_forced_status_tells_who_forced_it(self, api: Api) -> None:
        ready(api)
        api.by("sue").patch(f"{USERS}/ana/status", {"status_id": "Not Ready"})
        assert api.centre.occupancy("ana").status_by == "supervisor:sue"
        assert api.by("sue").get(f"{USERS}/ana/status").body["changed_by"] == "supervisor:sue"

    def test_a_wrap_up_is_extended_up_to_what_the_queue_allows(self, api: Api) -> None:
        configured(api, {"wrap_up_time": 30, "max_wrap_up_time": 90})
        engagement_id = accepted(api)
        act(api, "ana", engagement_id, "end")
        for seconds in (60, 600):
            reply = api.by("ana").post(f"{MINE}/{engagement_id}/wrap_up", {"extend_seconds": seconds})
            assert reply.status == 200
        api.centre.clock.pass_seconds(89)
        api.centre.settle()
        assert state(api, engagement_id) == "wrap_up"
        api.centre.clock.pass_seconds(2)
        api.centre.settle()
        assert state(api, engagement_id) == "closed"

    def test_a_wrap_up_is_ended_or_extended_and_not_both(self, api: Api) -> None:
        configured(api, {"wrap_up_time": 30, "max_wrap_up_time": 90})
        engagement_id = accepted(api)
        act(api, "ana", engagement_id, "end")
        both = {"disposition": "done", "extend_seconds": 60}
        assert api.by("ana").post(f"{MINE}/{engagement_id}/wrap_up", both).status == 400
        assert state(api, engagement_id) == "wrap_up"

    def test_an_agent_starts_work_while_working(self, api: Api) -> None:
        accepted(api)
        assert api.by("ana").post(START, zoom_body("CASE-2")).status == 201


class TestClocks:
    def test_a_service_level_is_at_risk_and_then_breached_each_once(self, api: Api) -> None:
        configured(api, {"service_level": {"threshold": 100}})
        engagement_id = started(api)
        api.centre.settle()
        for seconds, flags in ((79, []), (1, ["service_level_at_risk"]), (20, ["service_level_breached"])):
            api.centre.clock.pass_seconds(seconds)
            api.centre.settle()
            api.centre.settle()
            assert [each for each in read(api, engagement_id)["flags"] if each.startswith("service")][-1:] == flags
        assert commands_of(api, engagement_id) == ["start", "flag", "flag"]

    def test_a_due_date_is_watched_until_the_work_is_done(self, api: Api) -> None:
        configured(api, {"service_level": {"due_date_warning": 600}})
        body = zoom_body()
        body["work_item_variables"]["work_item_due_date"] = "2025-11-23T18:00:00Z"
        engagement_id = api.by("crm").post(START, body).body["engagement_id"]
        api.centre.ring()
        ready(api)
        api.centre.settle()
        (offer,) = api.by("ana").get(MINE).body["assignments"]
        api.by("ana").post(f"{MINE}/{engagement_id}/accept", {"offer_id": offer["offer_id"]})
        for _ in range(20):
            api.centre.clock.pass_seconds(60)
            api.centre.settle()
        assert read(api, engagement_id)["flags"] == ["due_date_at_risk", "due_date_breached"]

    def test_another_due_date_is_watched_anew(self, api: Api) -> None:
        configured(api, {"service_level": {"due_date_warning": 600}})
        engagement_id = started(api)  # the sample's due date is long past
        for due, flags in (
            ("2025-11-23T18:00:00Z", []),
            ("2025-11-23T17:52:00Z", ["due_date_at_risk"]),
            ("2025-11-24T18:00:00Z", []),
            (None, []),
            ("2025-11-23T18:00:00Z", []),
        ):
            said = {"work_item_variables": {"work_item_due_date": due}}
            assert patch(api, "crm", engagement_id, **said).status == 204
            api.centre.settle()
            assert read(api, engagement_id).get("flags", []) == flags
        api.centre.clock.pass_seconds(900)
        api.centre.settle()
        api.centre.settle()
        assert read(api, engagement_id)["flags"] == ["due_date_at_risk", "due_date_breached"]
        assert commands_of(api, engagement_id).count("flag") == 3

    def test_what_is_overdue_from_the_start_says_so_at_once_and_costs_no_event(self, api: Api) -> None:
        engagement_id = started(api)  # the sample's due date is long past
        api.centre.settle()
        assert read(api, engagement_id)["flags"] == ["due_date_at_risk", "due_date_breached"]
        assert commands_of(api, engagement_id) == ["start"]
