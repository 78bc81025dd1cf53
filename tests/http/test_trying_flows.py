"""A flow is tried with given input: it says where it leads, and nothing comes of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api, Reply
from tests.support.worlds import TENANT

FLOW: dict[str, Any] = {
    "flow_id": "trial",
    "flow_name": "Trial",
    "versions": [
        {
            "flow_version": 1,
            "status": "draft",
            "steps": [
                {"name": "look", "queue_statistics": "billing"},
                {
                    "name": "tier",
                    "choose": [
                        {
                            "when": {"field": "tier", "op": "equal_to", "value": "gold"},
                            "name": "gold",
                            "route": {"priority": 9},
                        }
                    ],
                    "otherwise": {"priority": 1},
                },
                {"set": {"queue_id": "billing"}},
            ],
        }
    ],
}
PATH = "/v2/contact_center/flows"
ANSWERS = {"look": {"waiting": 3}}


def tried(api: Api, body: dict[str, Any], who: str = "adm", flow: str = "trial", query: str = "") -> Reply:
    return api.by(who).post(f"{PATH}/{flow}/try{query}", body)


@pytest.fixture(autouse=True)
def with_the_flow(api: Api) -> None:
    api.centre.configure({**TENANT, "flows": [*TENANT["flows"], FLOW]})


@pytest.mark.parametrize(("tier", "exit_", "priority"), [("gold", "gold", 9), ("tin", "otherwise", 1)])
def test_it_says_where_it_leads_and_by_which_steps(api: Api, tier: str, exit_: str, priority: int) -> None:
    answer = tried(api, {"given": {"tier": tier}, "answers": ANSWERS})
    assert (answer.status, answer.body["queue_id"], answer.body["priority"]) == (200, "billing", priority)
    assert {"step": "tier", "exit": exit_} in answer.body["steps"]
    assert api.by("adm").get("/v2/contact_center/engagements").body["engagements"] == []


def test_what_a_step_asks_and_nobody_says_is_named(api: Api) -> None:
    answer = tried(api, {"given": {}})
    assert answer.status == 400
    assert [each["pointer"] for each in answer.body["errors"]] == ["/answers/look"]


def test_a_time_that_is_none_is_named(api: Api) -> None:
    answer = tried(api, {"answers": ANSWERS, "at": "soon"})
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (400, "/at")


@pytest.mark.parametrize(("flow", "query"), [("nothing", ""), ("trial", "?flow_version=7")])
def test_what_is_not_there_is_404(api: Api, flow: str, query: str) -> None:
    assert tried(api, {"answers": ANSWERS}, flow=flow, query=query).status == 404


@pytest.mark.parametrize("who", ["crm", "ana", "sue"])
def test_it_is_for_administrators(api: Api, who: str) -> None:
    assert tried(api, {"answers": ANSWERS}, who=who).status == 403
