"""What comes of variables, dispositions, reasons, teams, closure sets, pages and service levels in the document."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, api_of, zoom_body
from tests.support.worlds import NOW, TENANT, memory_centre

START = "/v2/contact_center/engagement"
LIST = "/v2/contact_center/users/me/assignments"
VARIABLES = {
    "variable_groups": [{"variable_group_id": "t", "variable_group_name": "ticket"}],
    "variables": [
        {"variable_id": "level", "variable_name": "level", "variable_group_id": "t", "data_type": "number"},
        {"variable_id": "tier", "variable_name": "tier", "variable_group_id": "t", "default_value": "basic"},
        {"variable_id": "iban", "variable_name": "iban", "variable_group_id": "t", "mask_variable_data": True},
    ],
}
DISPOSITIONS = {
    "dispositions": [
        {"disposition_id": "done", "disposition_name": "Solved"},
        {"disposition_id": "spam", "disposition_name": "Spam"},
        {"disposition_id": "old", "disposition_name": "Old", "status": "inactive"},
    ],
    "disposition_sets": [{"disposition_set_id": "usual", "dispositions": ["done", "old"]}],
}


@pytest.fixture
def api() -> Api:
    return api_of(memory_centre())


def configure(api: Api, billing: dict[str, Any] | None = None, **further: Any) -> None:
    queues = [{**TENANT["queues"][0], **(billing or {})}, *TENANT["queues"][1:]]
    api.centre.configure({**TENANT, "queues": queues, **further})
    api.centre.clock.pass_seconds(6)


def assigned(api: Api, work_item_id: str = "CASE-1", **changes: Any) -> str:
    started = api.by("crm").post(START, zoom_body(work_item_id, **changes))
    assert started.status == 201, started.body
    api.centre.ready("ana")
    api.centre.settle()
    api.centre.accept(started.body["engagement_id"])
    return str(started.body["engagement_id"])


def say(name: str, value: str) -> dict[str, Any]:
    return {"variables": [{"name": f"global_custom.ticket.{name}", "value": value}]}


class TestVariables:
    def test_what_is_declared_is_held_to_its_type_and_what_is_not_is_free(self, api: Api) -> None:
        configure(api, **VARIABLES)
        refused = api.by("crm").post(START, zoom_body(**say("level", "high")))
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/variables/0/value")
        assert refused.body["errors"][0]["message"] == "level must be a number such as 12.5."
        assert api.by("crm").post(START, zoom_body(**say("level", "7"))).status == 201
        assert api.by("crm").post(START, zoom_body("CASE-2", **say("mood", "high"))).status == 201

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("url", "https://["),
            ("url", "https://[x]y"),
            ("url", "https://x.y:abc/"),
            ("url", "https://x.y:99999/"),
            ("json", "[" * 1024),
            ("array", "[" * 1024),
        ],
    )
    def test_what_no_reader_takes_is_not_of_its_type(self, api: Api, kind: str, value: str) -> None:
        names = {"variable_name": "place", "variable_group_id": "t", "data_type": kind}
        groups = [{"variable_group_id": "t", "variable_group_name": "t"}]
        document = {**TENANT, "variable_groups": groups, "variables": [{"variable_id": "v", **names}]}
        api.centre.configure(document)
        api.centre.clock.pass_seconds(6)
        said = [{"name": "global_custom.t.place", "value": value}]
        refused = api.by("crm").post(START, zoom_body(variables=said))
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/variables/0/value")
        default = {**document, "variables": [{"variable_id": "v", **names, "default_value": value}]}
        refused = api.by("adm").call("PUT", "/v2/contact_center/configuration", default)
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/variables/0/default_value")

    def test_a_change_is_held_to_it_too(self, api: Api) -> None:
        configure(api, **VARIABLES)
        one = assigned(api)
        path = f"/v2/contact_center/engagements/{one}"
        assert api.by("adm").patch(path, say("level", "high")).status == 400
        assert api.by("adm").patch(path, say("level", "8")).status == 204

    def test_a_default_stands_where_nothing_is_said(self, api: Api) -> None:
        configure(api, **VARIABLES)
        said = api.by("crm").post(START, zoom_body(**say("tier", "gold"))).body["engagement_id"]
        silent = api.by("crm").post(START, zoom_body("CASE-2")).body["engagement_id"]
        tiers = [
            [each["value"] for each in api.centre.read(one).content.variables if each["name"].endswith("tier")]
            for one in (said, silent)
        ]
        assert tiers == [["gold"], ["basic"]]

    def test_agents_lists_and_explanations_never_show_what_is_masked(self, api: Api) -> None:
        configure(
            api,
            {"launch_urls": [{"launch_trigger": "answered", "launch_url": "https://x/?{global_custom.ticket.iban}"}]},
            **VARIABLES,
        )
        one = assigned(api, **say("iban", "FR7630006000011234567890189"))
        path = f"/v2/contact_center/engagements/{one}"
        assert "FR7630" in str(api.by("crm").get(path).body)
        hidden = [
            api.by("ana").get(LIST),
            api.by("ana").get(path),
            api.by("sue").get(path),
            api.by("ana").get("/v2/contact_center/engagements"),
            api.by("sue").get("/v2/contact_center/engagements"),
            api.by("ana").post(START, zoom_body(on_conflict="use_existing")),
            api.by("sue").get(f"{path}/explanation"),
            api.by("ana").get(f"{path}/events"),
        ]
        assert all(each.status == 200 for each in hidden)
        assert "FR7630" not in str([each.body for each in hidden])
        assert {"name": "global_custom.ticket.iban", "value": "****"} in hidden[0].body["assignments"][0]["variables"]


class TestDispositions:
    def end(self, api: Api, one: str, disposition: str | None = None) -> Any:
        body = {"engagement_action": "end", **({"disposition": disposition} if disposition else {})}
        return api.by("ana").patch(f"/v2/contact_center/engagements/{one}", body)

    def test_one_that_the_queue_does_not_name_is_refused(self, api: Api) -> None:
        configure(api, {"dispositions": {"disposition_sets": ["usual"]}}, **DISPOSITIONS)
        one = assigned(api)
        refused = self.end(api, one, "Solvd")
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (400, "/disposition")
        assert "did you mean 'Solved'?" in refused.body["errors"][0]["message"]
        assert [self.end(api, one, each).status for each in ("Spam", "Old", "done")] == [400, 400, 204]
        assert api.centre.read(one).disposition == "Solved"

    def test_one_that_is_required_is_required(self, api: Api) -> None:
        configure(api, {"dispositions": {"dispositions": ["done"], "disposition_required": True}}, **DISPOSITIONS)
        one = assigned(api)
        assert self.end(api, one).status == 400
        assert self.end(api, one, "Solved").status == 204

    def test_after_a_wrap_up_it_is_required_at_its_end(self, api: Api) -> None:
        required = {"dispositions": ["done"], "disposition_required": True, "default_disposition_id": "done"}
        configure(api, {"wrap_up_time": 60, "dispositions": required}, **DISPOSITIONS)
        one = assigned(api)
        assert self.end(api, one).status == 204
        assert api.by("ana").post(f"{LIST}/{one}/wrap_up", {}).status == 400
        api.centre.clock.pass_seconds(61)
        api.centre.settle()
        assert (api.centre.read(one).state, api.centre.read(one).disposition) == ("closed", "Solved")

    def test_to_end_it_twice_is_no_way_around_what_is_required(self, api: Api) -> None:
        required = {"dispositions": ["done"], "disposition_required": True, "default_disposition_id": "done"}
        configure(api, {"wrap_up_time": 60, "dispositions": required}, **DISPOSITIONS)
        one = assigned(api)
        assert [self.end(api, one).status for _ in range(2)] == [204, 400]
        assert api.centre.read(one).state == "wrap_up"
        assert self.end(api, one, "Solved").status == 204
        assert (api.centre.read(one).state, api.centre.read(one).disposition) == ("closed", "Solved")

    def test_what_was_said_stays_where_the_wrap_up_is_ended_or_taken_away(self, api: Api) -> None:
        usual = {"dispositions": ["done", "spam"], "disposition_required": True, "default_disposition_id": "done"}
        configure(api, {"wrap_up_time": 60, "dispositions": usual}, **DISPOSITIONS)
        one = assigned(api)
        assert self.end(api, one, "Spam").status == 204
        configure(api, {"wrap_up_time": 0, "dispositions": usual}, **DISPOSITIONS)
        assert self.end(api, one).status == 204
        assert (api.centre.read(one).state, api.centre.read(one).disposition) == ("closed", "Spam")

    def test_what_a_queue_does_not_name_is_free(self, api: Api) -> None:
        one = assigned(api)
        assert self.end(api, one, "whatever").status == 204


class TestTheRest:
    def test_a_reason_that_is_not_enabled_is_not_taken(self, api: Api) -> None:
        configure(api, reasons=[{"sub_status_id": "lunch"}, {"sub_status_id": "yoga", "enabled": False}])
        path = "/v2/contact_center/users/me/status"
        for reason, status in (("lunch", 204), ("yoga", 400)):
            assert api.by("ana").patch(path, {"status_id": "2", "sub_status_id": reason}).status == status

    def test_a_teams_queues_are_its_agents_and_those_of_the_team_around_it(self, api: Api) -> None:
        teams = [
            {"team_id": "all", "queues": ["billing"]},
            {"team_id": "night", "parent_team_id": "all", "queues": ["general"]},
        ]
        cleo = {"user_id": "cleo", "display_name": "Cleo", "team_id": "night"}
        configure(api, teams=teams, agents=[*TENANT["agents"], cleo])
        one = api.centre.start("CASE-1")
        api.centre.ready("cleo")
        api.centre.settle()
        assert api.centre.read(one).agent_id == "cleo"
        assert api.centre.world.tenant().agent_by_id["cleo"].queues == ("general", "billing")

    def test_a_closure_set_closes_the_queues_whose_hours_name_it(self, api: Api) -> None:
        whole_day = [{"start": "00:00", "end": "00:00"}]
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        hours = {"business_hours_id": "h", "weekly": dict.fromkeys(days, whole_day), "closure_sets": ["feasts"]}
        feasts = {"closure_set_id": "feasts", "closures": [{"first": "2025-11-23", "last": "2025-11-23"}]}
        configure(api, {"business_hours_id": "h"}, business_hours=[hours], closure_sets=[feasts])
        assert [api.centre.world.tenant().is_open("billing", NOW + day * 86_400_000) for day in (0, 1)] == [False, True]

    def test_a_page_opens_with_the_works_own_id_in_it(self, api: Api) -> None:
        page = {"launch_trigger": "answered", "launch_url": "https://crm.example.com/?id={work_item_id}&x={nothing}"}
        configure(api, {"launch_urls": [page]})
        assigned(api, "CASE/1 é")
        (mine,) = api.by("ana").get(LIST).body["assignments"]
        assert mine["launch_url"] == "https://crm.example.com/?id=CASE%2F1%20%C3%A9&x="

    def test_a_queues_description_is_shown_where_work_may_go(self, api: Api) -> None:
        configure(api, {"queue_description": "Invoices"})
        one = assigned(api)
        rows = api.by("ana").get(f"/v2/contact_center/engagements/{one}/transfer/queues").body["queues"]
        assert rows[0] == {"queue_id": "billing", "queue_name": "Billing", "queue_description": "Invoices"}

    def test_reports_tell_the_service_level_and_count_short_abandons_apart(self, api: Api) -> None:
        level = {"threshold": 20, "target_percentage": 80}
        configure(api, {"service_level": level, "short_abandon": 5})
        assigned(api)
        api.centre.consume()
        (row,) = [
            each
            for each in api.by("sue")
            .get("/v2/contact_center/analytics/dataset/historical/queue_performance?interval=1d")
            .body["queue_performance"]
            if each["queue_id"] == "billing"
        ]
        assert (row["service_level_in_percentage"], row["service_level_target_in_percentage"]) == (100, 80)
        assert (row["within_service_level_count"], row["short_abandoned_count"]) == (1, 0)
