"""Requests that nobody means: each is refused by the name of what is wrong with it, and none is an error of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.api import Api, api_of, zoom_body
from tests.support.worlds import TENANT, Centre

V2 = "/v2/contact_center"
START = f"{V2}/engagement"
DIGITS = "9" * 5000
"""More than Python makes a number of."""


def pointers(reply: Any) -> list[str]:
    assert reply.status == 400, reply.body
    return [each["pointer"] for each in reply.body["errors"]]


def test_a_number_of_thousands_of_digits_is_no_number(api: Api) -> None:
    work = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    match = {"If-Match": f'"{DIGITS}"'}
    assert pointers(api.by("sue").call("PATCH", f"{START}s/{work}", {"priority": 5}, match)) == ["header/If-Match"]
    assert pointers(api.by("adm").call("PUT", f"{V2}/configuration", TENANT, match)) == ["header/If-Match"]
    for path in ("queues", "engagements", "configuration/versions", "analytics/dataset/historical/engagement"):
        assert pointers(api.by("adm").get(f"{V2}/{path}?page_size={DIGITS}")) == ["query/page_size"]
    assert api.by("adm").get(f"{V2}/configuration/versions/{DIGITS}").status == 404


def test_what_was_seen_before_there_was_anything_is_seen_no_more(api: Api) -> None:
    work = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    reply = api.by("sue").call("PATCH", f"{START}s/{work}", {"priority": 5}, {"If-Match": '"0"'})
    assert (reply.status, reply.body["version"]) == (412, 1)


@pytest.mark.parametrize("key", [["a"], {"a": 1}, 5])
def test_an_id_is_text(api: Api, key: Any) -> None:
    assert pointers(api.by("adm").post(f"{V2}/queues", {"queue_name": "X", "queue_id": key})) == ["/queue_id"]


def test_an_id_that_is_null_is_given(api: Api) -> None:
    made = api.by("adm").post(f"{V2}/queues", {"queue_name": "Night shift", "queue_id": None})
    assert (made.status, made.body["queue_id"]) == (201, "night-shift")


@pytest.mark.parametrize("level", [5, [1], "high"])
def test_what_two_names_of_a_field_say_at_once_is_named(api: Api, level: Any) -> None:
    both = {"service_level": level, "service_level_threshold_in_seconds": 4}
    assert pointers(api.by("adm").post(f"{V2}/queues", {"queue_name": "X", **both})) == ["/service_level"]
    assert pointers(api.by("adm").patch(f"{V2}/queues/billing", both)) == ["/service_level"]


def test_a_skill_has_no_other_fields_and_no_name_beside_its_id(api: Api) -> None:
    skills = f"{V2}/skills"
    api.by("adm").post(f"{skills}/categories", {"skill_category_id": "c", "skill_category_name": "C"})
    skill = {"skill_name": "Excel", "skill_category_id": "c"}
    assert pointers(api.by("adm").post(skills, {**skill, "level": 3})) == ["/level"]
    assert pointers(api.by("adm").post(skills, {**skill, "skill_name": ["Excel"]})) == ["/skill_name"]
    assert pointers(api.by("adm").post(skills, {**skill, "skill_id": "word"})) == ["/skill_name"]
    assert api.by("adm").post(skills, skill).status == 201
    assert pointers(api.by("adm").patch(f"{skills}/Excel", {"level": 3})) == ["/level"]


def test_an_id_that_every_tenant_has_is_taken(api: Api) -> None:
    reply = api.by("adm").post(f"{V2}/system_statuses", {"status_id": "1", "status_name": "Break"})
    assert pointers(reply) == ["/status_id"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_json_is_refused_wherever_it_stands(api: Api, value: str) -> None:
    half = f'{{"split": [{{"percent": {value}, "route": {{"queue_id": "billing"}}}}]}}'
    version = f'{{"flow_version": 1, "status": "draft", "steps": [{half}]}}'
    calls = (
        ("PUT", "configuration", f'{{"queues": [], "agent_hour_cost": {value}}}'),
        ("POST", "configuration/plan", f'{{"flows": [{{"flow_id": "f", "flow_name": "F", "versions": [{version}]}}]}}'),
        ("POST", "queues", f'{{"queue_name": "X", "wrap_up_time": {value}}}'),
        ("POST", "flows/tickets/try", f'{{"given": {{"work_item_priority": {value}}}}}'),
    )
    for method, path, body in calls:
        reply = api.by("adm").call(method, f"{V2}/{path}", body.encode())
        assert [each["message"] for each in reply.body["errors"]] == ["This is not JSON."], path


def nested(levels: int) -> Any:
    """A list within a list, so many times."""
    return [nested(levels - 1)] if levels else 1


def case(given: Any) -> dict[str, Any]:
    """A version of a flow with a case beside its steps."""
    version = {"flow_version": 1, "status": "draft", "steps": [{"set": {"queue_id": "general"}}]}
    return {**version, "cases": [{"case": "c", "expect": {}, "given": given}]}


@pytest.mark.parametrize(
    ("value", "place"),
    [("1e999", "x"), ("-1e400", "x"), ("9" * 400 + ".5", "x"), ('{"y": [2, 1e309]}', "x/y/1"), (nested(190), "x/0/0")],
)
def test_what_could_not_be_read_again_is_not_kept(any_centre: Centre, value: Any, place: str) -> None:
    """A document is kept before it is read again: one that cannot be would leave nobody a way to put it right."""
    adm, version = api_of(any_centre).by("adm"), json.dumps(case({"x": "VALUE"})).replace('"VALUE"', str(value))
    document = json.dumps({**TENANT, "flows": [TENANT["flows"][0], {**TENANT["flows"][1], "versions": []}]})
    calls = (
        ("PATCH", "flows/draft", f'{{"versions": [{version}]}}', "/versions/0"),
        ("PUT", "configuration", document.replace("[]", f"[{version}]"), "/flows/1/versions/0"),
    )
    for method, path, body, at in calls:
        (pointer,) = pointers(adm.call(method, f"{V2}/{path}", body.encode()))
        assert pointer.startswith(f"{at}/cases/0/given/{place}")
    assert adm.get(f"{V2}/configuration").body["version"] == 1


@pytest.mark.parametrize("priority", ["high", True, [1]])
def test_a_priority_that_is_no_number_is_named_once(api: Api, priority: Any) -> None:
    item = {"work_item_name": "x", "work_item_priority": priority}
    wrong = ["/work_item_variables/work_item_priority"]
    assert pointers(api.by("crm").post(START, zoom_body(work_item_variables=item))) == wrong


@pytest.mark.parametrize(("given", "told"), [(2, "2"), (2.5, "2.5"), (2.0, "2"), (10**15, "1000000000000000")])
def test_a_priority_comes_back_as_it_was_given(api: Api, given: float, told: str) -> None:
    started = api.by("crm").post(
        START, zoom_body(work_item_variables={"work_item_name": "x", "work_item_priority": given})
    )
    assert started.body["work_item_variables"]["work_item_priority"] == told


def test_ids_that_no_row_can_have_lead_nowhere(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key holds a kilobyte: nothing longer is looked for."""
    store, long = api.centre.world.store, "x" * 3000
    tokens = [api.by(each) for each in ("adm", "ana")]

    def none_longer(name: str) -> None:
        asked = getattr(store, name)

        def ask(key: Any, *args: Any, **more: Any) -> Any:
            assert all(len(each) < 300 for each in ([key] if isinstance(key, str) else key)), name
            return asked(key, *args, **more)

        monkeypatch.setattr(store, name, ask)

    for name in ("client", "occupancies", "waiting", "webhook_secret"):
        none_longer(name)
    assert api.log_in(long, "secret").status == 401
    for each in tokens:
        assert each.call("DELETE", f"{V2}/clients/{long}").status in (403, 404)
        assert each.get(f"{V2}/users/{long}/status").status == 404
        assert each.get(f"{V2}/engagements?user_id={long}").status == 400
        assert each.get(f"{V2}/engagements?queue_id={long}").status == 400
        assert each.call("PUT", f"{V2}/users/me/occupancy/{long}", {"channel": "voice"}).status == 404


def test_a_version_that_no_key_has_room_for_is_none(any_centre: Centre) -> None:
    adm = api_of(any_centre).by("adm")
    assert pointers(adm.post(f"{V2}/configuration/rollback", {"version": 10**2000})) == ["/version"]
    assert adm.post(f"{V2}/configuration/rollback", {"version": 10**8}).status == 404


@pytest.mark.parametrize(
    "link",
    [
        *("https://[", "https://[c-77]/a", "https://\N{ACCOUNT OF}-77.example.com"),
        *("https://x.y:abc-77/", "https://x.y:77777/", "https://x.y:0/77"),
    ],
)
def test_a_link_that_is_none_is_not_told_again(api: Api, link: str) -> None:
    item = {"work_item_name": "x", "work_item_hyperlink": link}
    reply = api.by("crm").post(START, zoom_body(work_item_variables=item))
    assert pointers(reply) == ["/work_item_variables/work_item_hyperlink"]
    assert "77" not in str(reply.body["errors"])


def test_somebody_who_is_not_there_has_no_status(api: Api) -> None:
    assert api.by("adm").get(f"{V2}/users/nobody/status").status == 404


HOOK = {"webhook_id": "erp", "url": "https://erp.example.com/hook"}


@pytest.mark.parametrize("window", [("2025-11-23T18:00:00Z", None), ("2025-11-22", "2025-11-21"), ("0001-01-01", None)])
def test_a_window_of_deliveries_that_ends_before_it_begins_is_refused(api: Api, window: tuple[str, str | None]) -> None:
    """The table would take no such question."""
    api.centre.configure({**TENANT, "webhooks": [HOOK]})
    api.centre.clock.pass_seconds(5)
    given = {name: at for name, at in zip(("from", "to"), window, strict=True) if at is not None}
    query = "&".join(f"{name}={at}" for name, at in given.items())
    assert pointers(api.by("adm").get(f"{V2}/webhooks/erp/deliveries?{query}")) == ["query/from"]
    assert pointers(api.by("adm").post(f"{V2}/webhooks/erp/replay", given)) == ["/from"]


def test_what_is_wrong_with_an_entry_id_is_named_by_its_place_in_the_body(api: Api) -> None:
    points = f"{V2}/flows/tickets/entry_points"
    new = [{"entry_id": "a"}, {"entry_id": "entry-draft"}]
    assert pointers(api.by("adm").post(points, {"entry_points": new})) == ["/entry_points/1/entry_id"]


LATE = "9999-12-31T23:59:59-14:00"
"""In the year 10000 by then, in UTC."""


def test_a_time_that_cannot_be_told_again_is_refused_where_something_is_to_happen(api: Api) -> None:
    """One engagement with such a time would be in everybody's lists."""
    for at in (LATE, "6000-01-01", "1969-12-31"):
        assert pointers(api.by("crm").post(START, zoom_body(not_before=at))) == ["/not_before"]
    work = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    api.centre.ready("ana")
    api.centre.settle()
    api.centre.accept(work)
    parked = {"engagement_action": "deactivate", "wake_at": LATE}
    assert pointers(api.by("ana").patch(f"{START}s/{work}", parked)) == ["/wake_at"]
    for path in ("engagements", "statistics/users"):
        assert api.by("sue").get(f"{V2}/{path}").status == 200


def test_a_due_date_may_be_whatever_its_source_says(api: Api) -> None:
    item = {"work_item_name": "x", "work_item_due_date": LATE}
    assert api.by("crm").post(START, zoom_body(work_item_variables=item)).status == 201
    api.centre.settle()
    assert [api.by("sue").get(f"{V2}/{path}").status for path in ("engagements", "statistics/queues")] == [200, 200]
