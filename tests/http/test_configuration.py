"""The configuration API: the document as a whole, and each of its kinds in Zoom's paths. Both edit the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.configuration.kinds import KINDS
from chalicelib.http.api import all_endpoints
from chalicelib.operations.credentials import hash_secret
from chalicelib.storage.protocol import Client, Secret
from tests.support.api import Api, Reply, api_of
from tests.support.worlds import TENANT, memory_centre

BASE = "/v2/contact_center"
DOCUMENT = f"{BASE}/configuration"


@pytest.fixture
def api() -> Api:
    return api_of(memory_centre())


def put(api: Api, document: dict[str, Any], path: str = DOCUMENT, **headers: str) -> Reply:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.by("adm").call("PUT", path, document, names)


def delete(api: Api, path: str, **headers: str) -> Reply:
    return api.by("adm").call("DELETE", f"{BASE}/{path}", headers={n.replace("_", "-"): v for n, v in headers.items()})


class TestTheDocument:
    def test_what_is_applied_is_what_is_read(self, api: Api) -> None:
        document = {**TENANT, "queues": [*TENANT["queues"], {"queue_id": "new", "queue_name": "New"}]}
        applied = put(api, document, f"{DOCUMENT}?comment=One%20more")
        assert applied.status == 200
        read = api.by("sue").get(DOCUMENT)
        assert read.body["document"] == document
        assert read.body["comment"] == "One more"
        assert read.body["applied_by"] == "admin:adm"
        assert read.headers["etag"] == f'"{applied.body["version"]}"'

    def test_a_plan_after_it_was_applied_shows_nothing(self, api: Api) -> None:
        document = {**TENANT, "queues": [*TENANT["queues"], {"queue_id": "new", "queue_name": "New"}]}
        assert len(api.by("adm").post(f"{DOCUMENT}/plan", document).body["changes"]) == 1
        put(api, document)
        plan = api.by("adm").post(f"{DOCUMENT}/plan", document).body
        assert plan["changes"] == []
        assert plan["summary"] == {"add": 0, "change": 0, "remove": 0}

    def test_a_plan_names_what_is_added_changed_and_removed(self, api: Api) -> None:
        billing, general, express = TENANT["queues"]
        queues = [{**billing, "wrap_up_time": 5, "transfer": {"most": 3}}, general, {**express, "queue_id": "fast"}]
        agents = [{**TENANT["agents"][0], "queues": ["billing", "fast"]}, TENANT["agents"][1]]
        flow = {
            **TENANT["flows"][0],
            "versions": [{"flow_version": 2, "status": "published", "steps": [{"set": {"queue_id": "general"}}]}],
        }
        plan = (
            api.by("adm")
            .post(
                f"{DOCUMENT}/plan",
                {**TENANT, "queues": queues, "agents": agents, "flows": [flow], "heartbeat_timeout": 60},
            )
            .body
        )
        steps = {(each["action"], each["kind"], each["id"]): each.get("fields") for each in plan["changes"]}
        assert steps.keys() == {
            ("~", "queues", "billing"),
            ("-", "queues", "express"),
            ("+", "queues", "fast"),
            ("~", "agents", "ana"),
            ("~", "flows", "tickets"),
            ("-", "flows", "draft"),
            ("~", "settings", "heartbeat_timeout"),
        }
        assert steps["~", "queues", "billing"] == [
            {"field": "wrap_up_time", "before": None, "after": 5},
            {"field": "transfer", "before": None, "after": {"most": 3}},
        ]
        assert plan["warnings"] == []

    def test_the_order_of_a_list_is_a_change_too(self, api: Api) -> None:
        plan = api.by("adm").post(f"{DOCUMENT}/plan", {**TENANT, "agents": TENANT["agents"][::-1]}).body
        assert [each["fields"][0]["field"] for each in plan["changes"]] == ["order"]

    def test_warnings_are_shown_and_do_not_refuse(self, api: Api) -> None:
        document = {**TENANT, "queues": [*TENANT["queues"], {"queue_id": "new", "queue_name": "New"}]}
        applied = put(api, document)
        assert {each["pointer"] for each in applied.body["warnings"]} == {"/queues/3", "/flows/1/versions"}

    def test_versions_are_listed_newest_first_in_pages(self, api: Api) -> None:
        for n in range(4):
            put(api, {**TENANT, "heartbeat_timeout": 100 + n}, f"{DOCUMENT}?comment=n{n}")
        first = api.by("adm").get(f"{DOCUMENT}/versions?page_size=3").body
        assert [(each["version"], each["comment"]) for each in first["versions"]] == [(5, "n3"), (4, "n2"), (3, "n1")]
        assert first["total_records"] == 5
        token = first["next_page_token"]
        rest = api.by("adm").get(f"{DOCUMENT}/versions?page_size=3&next_page_token={token}").body
        assert [each["version"] for each in rest["versions"]] == [2, 1]
        assert rest["next_page_token"] == ""
        assert api.by("adm").get(f"{DOCUMENT}/versions/3").body["document"]["heartbeat_timeout"] == 101
        assert api.by("adm").get(f"{DOCUMENT}/versions/99").status == 404

    def test_a_rollback_restores_exactly(self, api: Api) -> None:
        before = api.by("adm").get(DOCUMENT).body
        put(api, {**TENANT, "queues": [*TENANT["queues"], {"queue_id": "new", "queue_name": "New"}]})
        back = api.by("adm").post(f"{DOCUMENT}/rollback", {"version": before["version"]})
        assert back.body["version"] == before["version"] + 2
        after = api.by("adm").get(DOCUMENT).body
        assert json.dumps(after["document"]) == json.dumps(before["document"])
        assert after["comment"] == f"Back to version {before['version']}"
        assert api.by("adm").post(f"{DOCUMENT}/rollback", {"version": 99}).status == 404

    def test_a_stale_etag_is_refused_and_a_fresh_one_is_not(self, api: Api) -> None:
        version = api.by("adm").get(DOCUMENT).body["version"]
        assert put(api, TENANT, If_Match=f'"{version - 1}"').status == 412
        assert put(api, TENANT, If_Match=f'"{version}"').status == 200
        assert api.by("adm").post(f"{DOCUMENT}/apply", {"document": TENANT}, If_Match=f'"{version}"').status == 412
        assert api.by("adm").post(f"{DOCUMENT}/apply", {"document": TENANT, "comment": "x"}).status == 200

    def test_the_schema_is_public(self, api: Api) -> None:
        assert api.get(f"{DOCUMENT}/schema").body["$schema"].endswith("2020-12/schema")

    @pytest.mark.parametrize("client", ["crm", "ana", "sue"])
    def test_only_an_administrator_writes(self, api: Api, client: str) -> None:
        assert api.by(client).call("PUT", DOCUMENT, TENANT).status == 403
        assert api.by(client).post(f"{BASE}/queues", {"queue_name": "New"}).status == 403


BODIES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "queues": (
        {"queue_name": "Night", "distribution_duration_in_seconds": 20, "engagement_distribution": "best_skilled"},
        {"service_level_threshold_in_seconds": 60, "wrap_up_time": 9},
    ),
    "agents": ({"display_name": "Cleo", "queues": ["billing"], "skills": {"french": 2}}, {"capacity": {"voice": 1}}),
    "teams": ({"team_name": "Night", "queues": ["billing"]}, {"queues": ["general"]}),
    "skill_categories": ({"skill_category_name": "Products"}, {"skills": ["tv"]}),
    "skills": ({"skill_name": "german", "skill_category_id": "languages"}, {"skill_category_id": "other"}),
    "agent_routing_profiles": ({"agent_routing_profile_name": "Quick"}, {"time_steps": [10, -1]}),
    "consumer_routing_profiles": ({"consumer_routing_profile_name": "Old first"}, {"ageing_rate": 10}),
    "occupancy_profiles": ({"occupancy_profile_name": "Two", "capacity": {"work_item": 2}}, {"most_offers": 1}),
    "business_hours": ({"business_hours_name": "Day"}, {"timezone": "Europe/Paris"}),
    "closure_sets": ({"closure_set_name": "Feasts"}, {"closures": [{"first": "2026-12-25", "last": "2026-12-26"}]}),
    "reasons": ({"status_name": "Lunch"}, {"enable": False}),
    "variable_groups": ({"variable_group_name": "ticket"}, {"variable_group_name": "tickets"}),
    "variables": ({"variable_name": "level", "variable_group_id": "crm"}, {"data_type": "number"}),
    "dispositions": ({"disposition_name": "Solved"}, {"status": "inactive"}),
    "disposition_sets": ({"disposition_set_name": "Usual"}, {"dispositions": ["done"]}),
    "flows": (
        {
            "flow_name": "Mail",
            "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "general"}}]}],
        },
        {"flow_name": "Post"},
    ),
    "entry_points": ({"entry_id": "e-2", "entry_name": "Second", "flow_id": "tickets"}, {"entry_name": "Two"}),
    "systems_of_record": (
        {"system_id": "crm", "url": "https://crm.example.com/api"},
        {"url": "https://crm.example.com/v2"},
    ),
    "consumer_lists": ({"consumer_list_id": "vip", "consumers": ["C-77"]}, {"consumers": ["C-77", "C-78"]}),
    "webhooks": (
        {"webhook_id": "crm", "url": "https://crm.example.com/hook"},
        {"events": ["contact_center.engagement_started"]},
    ),
}
SETTING = {
    **TENANT,
    "skill_categories": [
        {"skill_category_id": "languages", "skills": ["french"]},
        {"skill_category_id": "other"},
    ],
    "variable_groups": [{"variable_group_id": "crm", "variable_group_name": "crm"}],
    "dispositions": [{"disposition_id": "done", "disposition_name": "Done"}],
}


def says(full: Any, part: Any) -> bool:
    """Whether an answer says at least this."""
    if isinstance(part, dict):
        return all(name in full and says(full[name], value) for name, value in part.items())
    if isinstance(part, list):
        return len(full) == len(part) and all(says(a, b) for a, b in zip(full, part, strict=True))
    return bool(full == part)


class TestTheKinds:
    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
    def test_each_is_created_read_listed_changed_and_deleted(self, api: Api, kind: Any) -> None:
        put(api, SETTING)
        before = api.by("adm").get(DOCUMENT).body["document"]
        body, change = BODIES[kind.name]
        path, admin = f"{BASE}/{kind.path}", api.by("adm")
        made = admin.post(path, body)
        assert made.status == 201, made.body
        assert says(made.body, body)
        one = made.headers["location"]
        assert admin.get(one).body == made.body
        listed = admin.get(f"{path}?page_size=300").body
        assert made.body in listed[kind.wire_name]
        assert listed["total_records"] == len(listed[kind.wire_name])
        assert admin.patch(one, change).status == 204
        changed = admin.get(one).body
        assert says(changed, change)
        assert {n: v for n, v in changed.items() if n not in change}.items() <= made.body.items()
        assert admin.call("DELETE", one).status == 204
        assert admin.get(one).status == 404
        after = api.by("adm").get(DOCUMENT).body["document"]
        assert {name: rows for name, rows in after.items() if rows} == before

    def test_a_page_goes_on_where_the_one_before_ended_whatever_changes_in_between(self, api: Api) -> None:
        admin = api.by("adm")
        first = admin.get(f"{BASE}/queues?page_size=2").body
        assert [each["queue_id"] for each in first["queues"]] == ["billing", "general"]
        admin.post(f"{BASE}/queues", {"queue_id": "a", "queue_name": "A"})
        second = admin.get(f"{BASE}/queues?page_size=2&next_page_token={first['next_page_token']}").body
        assert [each["queue_id"] for each in second["queues"]] == ["express"]
        assert second["total_records"] == 3

    @pytest.mark.parametrize("token", ["x", "AAAA", "ä"])
    def test_a_token_that_is_not_ours_is_refused(self, api: Api, token: str) -> None:
        assert api.by("adm").get(f"{BASE}/queues?next_page_token={token}").status == 400

    def test_a_token_is_good_for_its_list_and_for_a_quarter_of_an_hour(self, api: Api) -> None:
        token = api.by("adm").get(f"{BASE}/queues?page_size=1").body["next_page_token"]
        assert api.by("adm").get(f"{BASE}/users?next_page_token={token}").status == 400
        api.centre.clock.pass_seconds(901)
        assert api.by("adm").get(f"{BASE}/queues?next_page_token={token}").status == 400

    @pytest.mark.parametrize("size", ["0", "301", "x"])
    def test_a_page_size_out_of_bounds_is_refused(self, api: Api, size: str) -> None:
        assert api.by("adm").get(f"{BASE}/queues?page_size={size}").status == 400

    def test_names_do_instead_of_ids(self, api: Api) -> None:
        path = f"{BASE}/queues/Billing?queue_identifier_type=name"
        assert api.by("adm").get(path).body["queue_id"] == "billing"
        assert api.by("adm").patch(path, {"wrap_up_time": 7}).status == 204
        assert api.by("adm").get(f"{BASE}/queues/billing").body["wrap_up_time"] == 7
        missing = api.by("adm").get(f"{BASE}/queues/Biling?queue_identifier_type=name")
        assert missing.status == 404
        assert "did you mean 'Billing'?" in missing.body["detail"]

    def test_names_with_spaces_and_slashes_are_escaped_in_paths(self, api: Api) -> None:
        put(api, SETTING)
        api.by("adm").post(f"{BASE}/queues", {"queue_id": "n", "queue_name": "Night / day 50%"})
        path = f"{BASE}/queues/Night%20%2F%20day%2050%25?queue_identifier_type=name"
        assert api.by("adm").get(path).body["queue_id"] == "n"
        api.by("adm").post(f"{BASE}/queues", {"queue_id": "m", "queue_name": "50%41"})
        path = f"{BASE}/queues/50%2541?queue_identifier_type=name"
        assert api.by("adm").get(path).body["queue_id"] == "m"
        made = api.by("adm").post(f"{BASE}/skills", {"skill_name": "smart TV", "skill_category_id": "other"})
        assert made.headers["location"].endswith("/skills/smart%20TV")
        assert api.by("adm").get(made.headers["location"]).body["skill_name"] == "smart TV"

    def test_a_name_that_several_have_is_refused(self, api: Api) -> None:
        api.by("adm").post(f"{BASE}/queues", {"queue_id": "b2", "queue_name": "Billing"})
        assert api.by("adm").get(f"{BASE}/queues/Billing?queue_identifier_type=name").status == 400

    def test_a_word_that_stands_in_paths_is_given_to_nothing_as_its_id(self, api: Api) -> None:
        refused = api.by("adm").post(f"{BASE}/users", {"user_id": "me", "display_name": "Me"})
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/user_id")
        made = api.by("adm").post(f"{BASE}/users", {"display_name": "Me"})
        assert (made.status, made.body["display_name"]) == (201, "Me")
        assert api.by("adm").get(f"{BASE}/users/{made.body['user_id']}").body["display_name"] == "Me"
        category = {"skill_category_id": "c", "skill_category_name": "C"}
        assert api.by("adm").post(f"{BASE}/skills/categories", category).status == 201
        refused = api.by("adm").post(f"{BASE}/skills", {"skill_name": "categories", "skill_category_id": "c"})
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/skill_id")

    def test_an_id_that_is_taken_is_refused_and_an_id_never_changes(self, api: Api) -> None:
        assert api.by("adm").post(f"{BASE}/queues", {"queue_id": "billing", "queue_name": "X"}).status == 400
        assert api.by("adm").patch(f"{BASE}/queues/billing", {"queue_id": "x"}).status == 400

    def test_what_is_wrong_is_named_by_its_place_in_the_body(self, api: Api) -> None:
        wrong = {"queue_name": "X", "distribution_duration_in_seconds": 901, "agent_routing_profile_id": "x"}
        refused = api.by("adm").post(f"{BASE}/queues", wrong)
        assert [each["pointer"] for each in refused.body["errors"]] == ["/distribution_duration_in_seconds"]
        refused = api.by("adm").patch(f"{BASE}/queues/general", {"agent_routing_profile_id": "x"})
        assert [each["pointer"] for each in refused.body["errors"]] == ["/agent_routing_profile_id"]
        refused = api.by("adm").patch(f"{BASE}/users/ana", {"queues": ["biling"]})
        assert refused.body["errors"][0]["message"] == "There is no queue 'biling'; did you mean 'billing'?"

    def test_a_change_takes_if_match(self, api: Api) -> None:
        stale = api.by("adm").get(f"{BASE}/queues/billing").headers["etag"]
        assert api.by("adm").patch(f"{BASE}/queues/billing", {"wrap_up_time": 1}, If_Match=stale).status == 204
        assert api.by("adm").patch(f"{BASE}/queues/billing", {"wrap_up_time": 2}, If_Match=stale).status == 412

    def test_zooms_scope_does_instead_of_the_configurations(self, api: Api) -> None:
        scopes = ("contact_center_queue:read:admin",)
        api.centre.world.store.put_client(
            Client("zoom", (Secret(hash_secret("zoom-secret")),), "admin", "zoom", scopes)
        )
        assert api.by("zoom").get(f"{BASE}/queues").status == 200
        assert api.by("zoom").post(f"{BASE}/queues", {"queue_name": "X"}).status == 403
        assert api.by("zoom").get(f"{BASE}/users").status == 403
        assert api.by("zoom").get(DOCUMENT).status == 403

    def test_zooms_scope_for_flows_does_for_their_entry_ids(self, api: Api) -> None:
        scopes = ("contact_center_flow:read:admin", "contact_center_flow:write:admin")
        api.centre.world.store.put_client(
            Client("zoom", (Secret(hash_secret("zoom-secret")),), "admin", "zoom", scopes)
        )
        path = f"{BASE}/flows/tickets/entry_points"
        point = {"entry_id": "entry-more", "entry_name": "More"}
        assert api.by("zoom").post(path, {"entry_points": [point]}).status == 204
        assert point in api.by("zoom").get(path).body["entry_points"]
        assert api.by("zoom").call("DELETE", path, {"entry_ids": ["entry-more"]}).status == 204


class TestStatuses:
    def test_every_tenant_has_zooms_three_and_nobody_changes_them(self, api: Api) -> None:
        admin, path = api.by("adm"), f"{BASE}/system_statuses"
        admin.post(path, {"status_id": "lunch", "status_name": "Lunch"})
        listed = {each["status_id"]: each["status_name"] for each in admin.get(path).body["statuses"]}
        assert listed == {"1": "Offline", "2": "Not Ready", "3": "Ready", "lunch": "Lunch"}
        assert admin.get(f"{path}/Ready?status_identifier_type=name").body["status_id"] == "3"
        assert admin.patch(f"{path}/3", {"enable": False}).status == 400
        assert delete(api, "system_statuses/1").status == 400


class TestTheListsWithin:
    def test_agents_are_assigned_to_a_queue_and_taken_from_it(self, api: Api) -> None:
        admin, path = api.by("adm"), f"{BASE}/queues/general/agents"
        assert [each["user_id"] for each in admin.get(path).body["agents"]] == ["ben"]
        assert admin.post(path, {"user_ids": ["ana", "ben"]}).status == 204
        page = admin.get(f"{path}?page_size=1").body
        rest = admin.get(f"{path}?page_size=1&next_page_token={page['next_page_token']}").body
        assert [each["user_id"] for each in (*page["agents"], *rest["agents"])] == ["ana", "ben"]
        assert delete(api, "queues/general/agents/ana").status == 204
        shown = admin.get(f"{path}?page_size=1&next_page_token={page['next_page_token']}").body
        assert shown == rest, "a page goes on where the one before ended, whatever changes in between"
        assert delete(api, "queues/general/agents/ana").status == 404
        assert admin.post(path, {"user_ids": ["anna"]}).body["detail"].endswith("did you mean 'ana'?")
        assert admin.get(f"{BASE}/queues/nowhere/agents").status == 404
        assert admin.post(f"{BASE}/queues/nowhere/agents", {"user_ids": ["ana"]}).status == 404

    def test_an_agent_is_given_skills_and_loses_them(self, api: Api) -> None:
        put(api, SETTING)
        admin, path = api.by("adm"), f"{BASE}/users/ana/skills"
        assert admin.post(path, {"skills": [{"skill_id": "tv", "max_proficiency_level": 2}]}).status == 204
        found = {each["skill_id"]: each for each in admin.get(path).body["skills"]}
        assert {name: each["user_proficiency_level"] for name, each in found.items()} == {"french": 4, "tv": 2}
        assert (found["french"]["skill_category_id"], found["tv"]["skill_category_id"]) == ("languages", None)
        assert delete(api, "users/ana/skills/tv").status == 204
        assert delete(api, "users/ana/skills/tv").status == 404
        assert admin.post(path, {"skills": [{"skill_id": "tv", "max_proficiency_level": 6}]}).status == 400
        assert admin.post(f"{BASE}/users/anna/skills", {"skills": [{"skill_id": "tv"}]}).status == 404

    def test_a_flow_is_given_entry_ids_and_loses_them(self, api: Api) -> None:
        admin, path = api.by("adm"), f"{BASE}/flows/tickets/entry_points"
        assert admin.post(path, {"entry_points": [{"entry_id": "second"}]}).status == 204
        assert [each["entry_id"] for each in admin.get(path).body["entry_points"]] == ["entry-tickets", "second"]
        assert admin.post(path, {"entry_points": [{"entry_id": "entry-draft"}]}).status == 400
        assert admin.call("DELETE", path, {"entry_ids": ["third"]}).status == 400
        assert admin.call("DELETE", path, {"entry_ids": ["second"]}).status == 204
        assert [each["entry_id"] for each in admin.get(path).body["entry_points"]] == ["entry-tickets"]


def flow_with(*versions: tuple[int, str, str]) -> dict[str, Any]:
    """The tenant with versions of its first flow: number, status, the queue it leads to."""
    made = [{"flow_version": n, "status": s, "steps": [{"set": {"queue_id": q}}]} for n, s, q in versions]
    return {**TENANT, "flows": [{**TENANT["flows"][0], "versions": made}, TENANT["flows"][1]]}


class TestPublishedVersions:
    """A trace says `tickets@7`: what that was can be read for as long as the version is there."""

    @pytest.mark.parametrize(
        ("before", "after", "wrong"),
        [
            ((7, "published", "general"), (7, "published", "billing"), ("steps", "into a version 8")),
            ((7, "archived", "general"), (7, "archived", "billing"), ("steps", "into a version 8")),
            ((7, "archived", "general"), (7, "published", "billing"), ("steps", "into a version 8")),
            ((7, "published", "general"), (7, "draft", "general"), ("status", "archive it")),
            ((7, "published", "general"), (7, "archived", "general"), None),
            ((7, "archived", "general"), (7, "published", "general"), None),
            ((7, "draft", "general"), (7, "draft", "billing"), None),
            ((7, "draft", "general"), (7, "published", "billing"), None),
            ((7, "published", "general"), (8, "published", "billing"), None),
        ],
    )
    def test_their_steps_stay_as_they_are(
        self, api: Api, before: Any, after: Any, wrong: tuple[str, str] | None
    ) -> None:
        assert put(api, flow_with(before)).status == 200
        planned = api.by("adm").post(f"{DOCUMENT}/plan", flow_with(after))
        applied = put(api, flow_with(after))
        patched = api.by("adm").patch(f"{BASE}/flows/tickets", {"versions": flow_with(after)["flows"][0]["versions"]})
        if wrong is None:
            assert (planned.status, applied.status, patched.status) == (200, 200, 204)
            return
        field, remedy = wrong
        for refused, at in ((planned, "/flows/0"), (applied, "/flows/0"), (patched, "")):
            (error,) = refused.body["errors"]
            assert (refused.status, error["pointer"]) == (400, f"{at}/versions/0/{field}")
            assert remedy in error["message"]

    def test_a_rollback_brings_back_what_there_was(self, api: Api) -> None:
        put(api, flow_with((7, "published", "general")))
        version = api.by("adm").get(DOCUMENT).body["version"]
        put(api, flow_with((8, "published", "billing")))
        put(api, flow_with((7, "published", "express")))  # the number was free again
        assert api.by("adm").post(f"{DOCUMENT}/rollback", {"version": version}).status == 200
        assert api.by("adm").get(DOCUMENT).body["document"] == flow_with((7, "published", "general"))


class TestFlowFiles:
    """A flow goes from one tenant to another, or is drafted, tried and published."""

    def test_a_version_comes_in_as_a_draft_and_is_published(self, api: Api) -> None:
        admin, flow = api.by("adm"), f"{BASE}/flows/tickets"
        file = admin.get(f"{flow}/export?flow_version=1").body
        assert [each["flow_version"] for each in file["versions"]] == [1]
        body = {"flow_name": "Tickets", "flow_file": file, "import_mode": "version"}
        made = admin.post(f"{BASE}/flows", body)
        assert made.status == 201
        assert [(v["flow_version"], v["status"]) for v in made.body["versions"]] == [(1, "published"), (2, "draft")]
        assert admin.call("PUT", f"{flow}/publish?flow_version=2").status == 204
        versions = admin.get(flow).body["versions"]
        assert [(v["flow_version"], v["status"]) for v in versions] == [(1, "archived"), (2, "published")]
        assert versions[0]["steps"] == versions[1]["steps"]

    def test_a_file_becomes_a_new_flow_and_leaves_entry_ids_where_they_are(self, api: Api) -> None:
        admin = api.by("adm")
        file = admin.get(f"{BASE}/flows/tickets/export").body
        made = admin.post(f"{BASE}/flows", {"flow_name": "Copy", "flow_file": file})
        assert made.status == 201
        assert (made.body["flow_name"], made.body["entry_points"]) == ("Copy", [])
        assert made.body["flow_id"] not in ("tickets", "draft")
        admin.call("DELETE", f"{BASE}/flows/tickets")
        again = admin.post(f"{BASE}/flows", {"flow_name": "Tickets", "flow_file": file})
        assert admin.get(f"{BASE}/flows/tickets/export").body == file
        assert again.headers["location"].endswith("/flows/tickets")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"flow_file": {"flow_id": "x"}}, "/flow_file/flow_name"),
            ({"flow_file": {"flow_id": "x", "flow_name": "X", "versions": []}}, "/flow_file/versions"),
            ({"flow_file": "{}"}, "/flow_file"),
            ({"import_mode": "copy"}, "/import_mode"),
            ({"colour": "red"}, "/colour"),
        ],
    )
    def test_a_file_that_is_none_is_refused_by_place(self, api: Api, change: dict[str, Any], pointer: str) -> None:
        file = api.by("adm").get(f"{BASE}/flows/tickets/export").body
        refused = api.by("adm").post(f"{BASE}/flows", {"flow_name": "X", "flow_file": file, **change})
        assert refused.status == 400
        assert pointer in [each["pointer"] for each in refused.body["errors"]]

    def test_what_is_not_there_is_not_published_and_not_a_number_neither(self, api: Api) -> None:
        admin = api.by("adm")
        assert admin.call("PUT", f"{BASE}/flows/tickets/publish?flow_version=9").status == 404
        assert admin.call("PUT", f"{BASE}/flows/nothing/publish?flow_version=1").status == 404
        assert admin.call("PUT", f"{BASE}/flows/tickets/publish?flow_version=x").status == 400
        assert admin.call("PUT", f"{BASE}/flows/tickets/publish").status == 400
        assert admin.get(f"{BASE}/flows/tickets/export?flow_version=9").status == 404
        assert api.by("ana").call("PUT", f"{BASE}/flows/tickets/publish?flow_version=1").status == 403
        lost = {"flow_name": "Nothing", "import_mode": "version"}
        file = admin.get(f"{BASE}/flows/tickets/export").body
        assert admin.post(f"{BASE}/flows", {**lost, "flow_file": file}).status == 404


class TestDeletingWhatHoldsWork:
    def test_a_queue_is_refused_with_how_many(self, api: Api) -> None:
        api.centre.start("CASE-1", kind="other")
        api.centre.settle()
        without_the_flow_into_general(api)
        refused = delete(api, "queues/general")
        assert (refused.status, refused.body["count"]) == (409, 1)

    def test_a_queue_is_refused_while_a_flow_leads_there(self, api: Api) -> None:
        refused = delete(api, "queues/general")
        assert refused.status == 400
        assert "/flows/0/versions/0/steps/0" in refused.body["errors"][0]["pointer"]

    def test_its_work_moves_where_one_says(self, api: Api) -> None:
        engagement_id = api.centre.start("CASE-1", kind="other")
        api.centre.settle()
        without_the_flow_into_general(api)
        assert delete(api, "queues/general?move_to=billing").status == 204
        api.centre.settle()
        assert api.centre.read(engagement_id).queue_id == "billing"
        assert api.by("adm").get(f"{BASE}/users/ben").body["queues"] == ["billing"]
        assert delete(api, "queues/express?move_to=nowhere").status == 400

    def test_an_agent_is_refused_or_released(self, api: Api) -> None:
        engagement_id = api.centre.start("CASE-1")
        api.centre.ready("ana")
        api.centre.settle()
        api.centre.accept(engagement_id)
        refused = delete(api, "users/ana")
        assert (refused.status, refused.body["count"]) == (409, 1)
        assert delete(api, "users/ana?release=true").status == 204
        found = api.centre.read(engagement_id)
        assert (found.state, found.agent_id) == ("queued", None)
        assert api.centre.occupancy("ana").held == {}
        assert api.centre.occupancy("ana").status == "offline"


def without_the_flow_into_general(api: Api) -> None:
    """No flow leads into `general` any more."""
    to_billing = [{"flow_version": 2, "status": "published", "steps": [{"set": {"queue_id": "billing"}}]}]
    assert api.by("adm").patch(f"{BASE}/flows/tickets", {"versions": to_billing}).status == 204
    assert delete(api, "flows/draft").status == 204


def test_a_word_that_stands_in_paths_is_no_id() -> None:
    found: dict[str, set[str]] = {}
    paths = [each.path.split("/") for each in all_endpoints()]
    for mine, other in ((a, b) for a in paths for b in paths):
        here, there = next(((x, y) for x, y in zip(mine, other, strict=False) if x != y), ("", ""))
        if here.startswith("{") and not there.startswith("{"):
            found.setdefault(here.strip("{}"), set()).add(there)
    told = {kind.parameter: set(kind.words) for kind in KINDS if kind.words}
    assert {name: words for name, words in found.items() if name != "engagement_id"} == told


class TestIdsWithCommas:
    """Filters of reports split at commas."""

    def test_no_new_id_has_one(self, api: Api) -> None:
        admin = api.by("adm")
        admin.post(f"{BASE}/skills/categories", {"skill_category_id": "office", "skill_category_name": "Office"})
        version = TENANT["flows"][1]["versions"]
        new = (
            ("flows", {"flow_id": "a,b", "flow_name": "F", "versions": version}, "/flow_id"),
            ("flows_entry_points", {"entry_id": "a,b", "entry_name": "E", "flow_id": "tickets"}, "/entry_id"),
            ("flows/tickets/entry_points", {"entry_points": [{"entry_id": "a,b"}]}, "/entry_points/0/entry_id"),
            ("skills", {"skill_name": "Excel, Word", "skill_category_id": "office"}, "/skill_id"),
            ("users", {"user_id": "eve", "display_name": "Eve", "skills": {"a,b": 1}}, "/skills/a,b"),
        )
        for path, body, pointer in new:
            reply = admin.post(f"{BASE}/{path}", body)
            assert (path, reply.status, [each["pointer"] for each in reply.body["errors"]]) == (path, 400, [pointer])
        planned = admin.post(f"{DOCUMENT}/plan", {**TENANT, "skill_categories": [CATEGORY]})
        assert [each["pointer"] for each in planned.body["errors"]] == ["/skill_categories/0/skills/0"]

    def test_what_has_one_keeps_it(self, api: Api) -> None:
        api.centre.configure({**TENANT, "skill_categories": [CATEGORY]})
        assert api.by("adm").patch(f"{BASE}/queues/billing", {"wrap_up_time": 1}).status == 204
        body = {"skills": [{"skill_id": "Excel, Word", "max_proficiency_level": 3}]}
        assert api.by("adm").post(f"{BASE}/users/ana/skills", body).status == 204


CATEGORY = {"skill_category_id": "office", "skills": ["Excel, Word"]}
