"""Start Engagement: Zoom's request and answer as they are, safe retries, and clear refusals."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from chalicelib.http.authorization import default_scopes
from chalicelib.operations.credentials import hash_secret
from chalicelib.operations.intake import IdempotencyKey
from chalicelib.storage.protocol import Client, Secret
from tests.support.api import Api, Reply, api_of, zoom_body
from tests.support.worlds import TENANT, Centre

PATH = "/v2/contact_center/engagement"


def test_zooms_request_is_answered_as_zoom_answers(api: Api) -> None:
    reply = api.by("crm").post(PATH, zoom_body())
    assert reply.status == 201
    body = reply.body
    assert reply.headers["location"].endswith(body["engagement_id"])
    assert body["start_time"] == "2025-11-23T17:46:40.000Z"
    assert body["channels"] == [{"channel": "work_item", "channel_source": "API"}]
    assert body["flows"] == [
        {"flow_entry_id": "entry-tickets", "flow_id": "tickets", "flow_name": "Tickets", "flow_version": "1"}
    ]
    assert body["language_code"] == "en-US"
    assert body["consumers"][0].pop("consumer_id")
    assert body["consumers"] == zoom_body()["consumers"]
    assert body["variables"] == zoom_body()["variables"]
    work_item = body["work_item_variables"]
    assert work_item.pop("work_item_source_id")
    assert work_item == {
        **zoom_body()["work_item_variables"],
        "work_item_priority": "1",  # a number in, a string out
        "work_item_hyperlink": "https://crm.example.com/case/1",
    }


def test_i1_active_work_is_refused_with_the_id_of_what_is_active(api: Api) -> None:
    first = api.by("crm").post(PATH, zoom_body()).body["engagement_id"]
    again = api.by("crm").post(PATH, zoom_body())
    assert again.status == 409
    assert again.headers["content-type"] == "application/problem+json"
    assert again.body["existing_engagement_id"] == first
    assert again.body["state"] == "queued"
    assert again.body["code"] == 2902


def test_on_conflict_use_existing_shows_nothing_of_what_the_caller_may_not_read(api: Api) -> None:
    said = [{"name": "global_custom.note", "value": "of the source alone"}]
    started = api.by("crm").post(PATH, zoom_body(variables=said)).body
    again = api.by("ana").post(PATH, zoom_body(on_conflict="use_existing"))
    assert (again.status, again.body["engagement_id"]) == (200, started["engagement_id"])
    assert again.body["variables"] == zoom_body().get("variables", [])


def test_on_conflict_use_existing_answers_with_what_is_active(api: Api) -> None:
    first = api.by("crm").post(PATH, zoom_body()).body
    again = api.by("crm").post(PATH, zoom_body(on_conflict="use_existing"))
    assert (again.status, again.body) == (200, first)


def test_the_same_id_with_another_name_is_other_work(api: Api) -> None:
    other = zoom_body()
    other["work_item_variables"]["work_item_name"] = "Another case"
    assert [api.by("crm").post(PATH, body).status for body in (zoom_body(), other)] == [201, 201]


def test_work_without_an_id_is_never_a_duplicate(api: Api) -> None:
    body = zoom_body()
    del body["work_item_variables"]["work_item_id"]
    replies = [api.by("crm").post(PATH, body) for _ in range(2)]
    assert [reply.status for reply in replies] == [201, 201]
    assert len({reply.body["engagement_id"] for reply in replies}) == 2


def test_closed_work_can_be_started_again(api: Api) -> None:
    first = api.by("crm").post(PATH, zoom_body()).body["engagement_id"]
    assert api.by("crm").patch(f"{PATH}s/{first}", {"engagement_action": "end"}).status == 204
    second = api.by("crm").post(PATH, zoom_body())
    assert second.status == 201
    assert second.body["engagement_id"] != first


def test_i2_the_same_key_and_body_give_the_first_answer_again(api: Api) -> None:
    first = api.by("crm").post(PATH, zoom_body(), Idempotency_Key="k1")
    again = api.by("crm").post(PATH, zoom_body(), Idempotency_Key="k1")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


def test_i2_the_first_answer_comes_again_also_after_the_work_was_closed_and_started_anew(api: Api) -> None:
    crm = api.by("crm")
    first = crm.post(PATH, zoom_body(), Idempotency_Key="k1")
    crm.patch(f"{PATH}s/{first.body['engagement_id']}", {"engagement_action": "end"})
    second = crm.post(PATH, zoom_body(), Idempotency_Key="k2")
    assert second.body["engagement_id"] != first.body["engagement_id"]
    assert crm.post(PATH, zoom_body(), Idempotency_Key="k1").body == first.body


def test_i2_a_key_is_remembered_for_48_hours(any_centre: Centre) -> None:
    """And is forgotten then, though its row still lies there: DynamoDB takes it away some time later."""

    def sent() -> Reply:
        return api_of(any_centre).by("crm").post(PATH, zoom_body(), Idempotency_Key="k1")

    first = sent()
    api_of(any_centre).by("crm").patch(f"{PATH}s/{first.body['engagement_id']}", {"engagement_action": "end"})
    any_centre.clock.pass_seconds(48 * 3600 - 1)
    assert sent().body == first.body
    any_centre.clock.pass_seconds(2)
    second = sent()
    assert second.status == 201
    assert second.body["engagement_id"] != first.body["engagement_id"]
    assert sent().body == second.body, "the key is remembered anew"
    any_centre.clock.pass_seconds(48 * 3600 + 1)
    assert sent().status == 409, "what is active is not started again"


@pytest.mark.parametrize(
    "changes",
    [
        {"flows": TENANT["flows"][1:]},
        {
            "variable_groups": [{"variable_group_id": "t", "variable_group_name": "ticket"}],
            "variables": [
                {"variable_id": "g", "variable_name": "group", "variable_group_id": "t", "data_type": "number"}
            ],
        },
    ],
    ids=["the flow is gone", "a variable is declared"],
)
def test_i2_the_first_answer_comes_again_whatever_was_configured_since(
    any_centre: Centre, changes: dict[str, Any]
) -> None:
    crm, body = api_of(any_centre).by("crm"), zoom_body()
    first = crm.post(PATH, body, Idempotency_Key="k1")
    any_centre.configure({**TENANT, **changes})
    any_centre.clock.pass_seconds(6)
    assert crm.post(PATH, body, Idempotency_Key="k2").status == 400
    assert crm.post(PATH, {**body, "language_code": "fr"}, Idempotency_Key="k1").status == 400, "it is another request"
    again = crm.post(PATH, body, Idempotency_Key="k1")
    assert (again.status, again.body, again.headers["idempotent-replayed"]) == (201, first.body, "true")


def test_the_description_says_how_long_a_key_is_remembered(api: Api) -> None:
    [key] = api.get("/openapi.json").body["paths"][PATH]["post"]["parameters"]
    assert (key["name"], key["in"]) == ("Idempotency-Key", "header")
    assert "48 hours" in key["description"]


def test_i2_the_same_key_with_another_body_is_refused(api: Api) -> None:
    api.by("crm").post(PATH, zoom_body(), Idempotency_Key="k1")
    for other in (zoom_body(language_code="fr"), zoom_body("CASE-2")):
        reply = api.by("crm").post(PATH, other, Idempotency_Key="k1")
        assert (reply.status, reply.body["code"]) == (422, 2912)


def test_a_key_belongs_to_the_client_who_sent_it(api: Api) -> None:
    first = api.by("crm").post(PATH, zoom_body("CASE-1"), Idempotency_Key="k1")
    other = api.by("sue").post(PATH, zoom_body("CASE-2"), Idempotency_Key="k1")
    assert [first.status, other.status] == [201, 201]


def test_a_key_is_not_another_clients_of_the_same_name(api: Api) -> None:
    """An agent's client goes by his user id, and a system may be called the same."""
    secret = Secret(hash_secret("desk-secret"))
    api.centre.world.store.put_client(Client("desk", (secret,), "agent", "crm", default_scopes("agent")))
    first = api.by("crm").post(PATH, zoom_body("CASE-1"), Idempotency_Key="k1")
    other = api.by("desk").post(PATH, zoom_body("CASE-2"), Idempotency_Key="k1")
    assert [first.status, other.status] == [201, 201]


@pytest.mark.parametrize(("one", "other"), [(("a", "1k"), ("a1", "k")), (("a:b", "k"), ("a", "b:k"))])
def test_no_name_and_key_read_like_another_name_and_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = (IdempotencyKey(key, "").of(f"agent:{name}") for name, key in (one, other))
    assert first.key != second.key


def _with(path: str, value: Any) -> dict[str, Any]:
    """Zoom's body with one field changed; `None` takes it out."""
    body = copy.deepcopy(zoom_body())
    *parents, last = path.strip("/").split("/")
    place: Any = body
    for part in parents:
        place = place[int(part)] if part.isdecimal() else place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return body


BAD = [
    ("/flow/flow_entry_id", "no-such-entry", "/flow/flow_entry_id"),
    ("/flow/flow_entry_id", "entry-draft", "/flow/flow_entry_id"),
    ("/flow", None, "/flow"),
    ("/surprise", 1, "/surprise"),
    ("/work_item_variables/surprise", 1, "/work_item_variables/surprise"),
    ("/work_item_variables/work_item_name", None, "/work_item_variables/work_item_name"),
    ("/work_item_variables/work_item_name", "", "/work_item_variables/work_item_name"),
    ("/work_item_variables/work_item_name", 7, "/work_item_variables/work_item_name"),
    ("/work_item_variables/work_item_priority", "high", "/work_item_variables/work_item_priority"),
    ("/work_item_variables/work_item_due_date", "tomorrow", "/work_item_variables/work_item_due_date"),
    ("/work_item_variables/work_item_due_date", "2025-13-01T00:00:00", "/work_item_variables/work_item_due_date"),
    ("/channels/0/channel", "pigeon", "/channels/0/channel"),
    ("/channels/0/channel_source", "web", "/channels/0/channel_source"),
    ("/channels", [], "/channels"),
    ("/consumers/0/consumer_display_name", None, "/consumers/0/consumer_display_name"),
    ("/variables", [{"name": "x"}], "/variables/0/value"),
    ("/variables", [{"name": "x", "value": "y"}] * 51, "/variables"),
    ("/language_code", "klingon spoken here", "/language_code"),
    ("/on_conflict", "explode", "/on_conflict"),
    *[
        ("/work_item_variables/work_item_hyperlink", link, "/work_item_variables/work_item_hyperlink")
        for link in (
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "http://crm.example.com",
            "https://user:password@crm.example.com",
            "https://crm.example.com@evil.example",
            "https://",
            "//\\evil",
            "https://x/" + "y" * 2048,
        )
    ],
]


@pytest.mark.parametrize(("path", "value", "pointer"), BAD, ids=[f"{p} = {str(v)[:24]}" for p, v, _ in BAD])
def test_bad_input_names_the_field_and_writes_nothing(api: Api, path: str, value: Any, pointer: str) -> None:
    reply = api.by("crm").post(PATH, _with(path, value))
    assert (reply.status, reply.body["code"]) == (400, 300)
    assert reply.headers["content-type"] == "application/problem+json"
    assert any(each["pointer"].startswith(pointer) for each in reply.body["errors"])
    assert api.centre.store.stream == []


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'{"flow": NaN}', b"\xff\xfe", b"[" * 60_000])
def test_what_is_not_a_json_object_is_refused(api: Api, raw: bytes) -> None:
    reply = api.by("crm").post(PATH, raw)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")


def test_a_body_over_64_kib_is_refused(api: Api) -> None:
    body = json.dumps(zoom_body()).encode()
    assert api.by("crm").post(PATH, body + b" " * (64 * 1024 - len(body))).status == 201
    reply = api.by("crm").post(PATH, body + b" " * (64 * 1024 - len(body) + 1))
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, "/")


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there"])
def test_a_key_that_cannot_be_kept_is_refused(api: Api, key: str) -> None:
    reply = api.by("crm").post(PATH, zoom_body(), Idempotency_Key=key)
    assert (reply.status, reply.body["errors"][0]["pointer"]) == (400, "header/Idempotency-Key")
