"""Machine clients and signing keys: made, rotated and taken away without anybody being shut out on the way."""

from __future__ import annotations

from dataclasses import replace

import jwt
import pytest

from chalicelib.http.authorization import default_scopes
from chalicelib.storage.protocol import SigningKeys
from chalicelib.world import World
from tests.support.api import Api, Reply, zoom_body

CLIENTS = "/v2/contact_center/clients"
KEYS = "/v2/contact_center/signing_keys"
START = "/v2/contact_center/engagement"


def created(api: Api, **changes: object) -> Reply:
    return api.by("adm").post(CLIENTS, {"client_id": "erp", "role": "integration", **changes})


def lets_in(api: Api, secret: str) -> bool:
    return api.log_in("erp", secret).status == 200


def test_a_client_is_let_in_by_the_secret_that_was_told_once(api: Api) -> None:
    told = created(api)
    assert (told.status, told.body["status"]) == (201, "active")
    assert told.body["scopes"] == list(default_scopes("integration"))
    assert lets_in(api, told.body["client_secret"])
    listed = api.by("adm").get(CLIENTS).body["clients"]
    assert [each["client_id"] for each in listed] == ["adm", "ana", "ben", "crm", "erp", "sue"]
    assert told.body["client_secret"] not in str(listed)


def test_a_secret_is_rotated_while_both_let_in(api: Api) -> None:
    first = created(api).body
    second = api.by("adm").post(f"{CLIENTS}/erp/secrets").body
    assert [lets_in(api, each["client_secret"]) for each in (first, second)] == [True, True]
    third = api.by("adm").post(f"{CLIENTS}/erp/secrets")
    assert (third.status, third.body["code"]) == (409, 2915)
    assert api.by("adm").call("DELETE", f"{CLIENTS}/erp/secrets/{first['secret_id']}").status == 204
    assert [lets_in(api, each["client_secret"]) for each in (first, second)] == [False, True]
    assert api.by("adm").call("DELETE", f"{CLIENTS}/erp/secrets/{first['secret_id']}").status == 404


def test_a_disabled_client_is_not_let_in_until_it_gets_a_secret_again(api: Api) -> None:
    first = created(api).body
    assert api.by("adm").call("DELETE", f"{CLIENTS}/erp").status == 204
    assert not lets_in(api, first["client_secret"])
    assert not lets_in(api, "")
    erp = next(each for each in api.by("adm").get(CLIENTS).body["clients"] if each["client_id"] == "erp")
    assert (erp["status"], erp["secrets"]) == ("disabled", [])
    assert created(api).status == 409, "nobody else takes its name"
    assert lets_in(api, api.by("adm").post(f"{CLIENTS}/erp/secrets").body["client_secret"])
    assert not lets_in(api, first["client_secret"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"role": "root"}, "role"),
        ({"client_id": "no spaces"}, "client_id"),
        ({"role": "agent", "user_id": "nobody"}, "user_id"),
        ({"user_id": "ana"}, "user_id"),
        ({"scopes": ["contact_center_configuration:write:admin"]}, "scopes"),
        ({"scopes": ["no such scope"]}, "scopes"),
    ],
)
def test_what_cannot_be_a_client_is_refused_by_field(api: Api, changes: dict[str, object], field: str) -> None:
    reply = created(api, **changes)
    assert (reply.status, [each["field"] for each in reply.body["errors"]]) == (400, [field])
    assert api.centre.world.store.client("erp") is None


def test_an_agents_client_acts_as_the_agent(api: Api) -> None:
    secret = created(api, role="agent", user_id="ana").body["client_secret"]
    token = api.log_in("erp", secret).body["access_token"]
    api.by("ana").patch("/v2/contact_center/users/me/status", {"status_id": "3"})
    assert Api(api.centre, api.http, token).get("/v2/contact_center/users/me/status").body["status_id"] == "3"


@pytest.mark.parametrize("client_id", ["crm", "ana", "sue"])
def test_only_an_admin_sees_and_makes_clients(api: Api, client_id: str) -> None:
    for method, path in (("GET", CLIENTS), ("POST", CLIENTS), ("DELETE", f"{CLIENTS}/crm"), ("POST", KEYS)):
        assert api.by(client_id).call(method, path, {"client_id": "x", "role": "admin"}).status in (400, 403)
    assert api.by(client_id).post(CLIENTS, {"client_id": "x", "role": "admin"}).status == 403


def test_tokens_of_the_key_before_are_good_until_they_expire(api: Api) -> None:
    old = api.by("crm")
    assert api.by("adm").post(KEYS).status == 201
    new = Api(api.centre, api.http, api.log_in("crm").body["access_token"])
    ids = [jwt.get_unverified_header(each.token or "")["kid"] for each in (new, old)]
    assert [each["key_id"] for each in api.by("adm").get(KEYS).body["signing_keys"]] == ids
    assert [each.post(START, zoom_body(f"CASE-{n}")).status for n, each in enumerate((old, new))] == [201, 201]


def test_the_next_rotation_waits_until_no_token_needs_the_key_before(api: Api) -> None:
    admin, clock = api.by("adm"), api.centre.clock
    assert admin.post(KEYS).body["previous_needed_until"] == "2025-11-23T18:47:40.000Z"
    clock.pass_seconds(3599)
    assert (admin.post(KEYS).status, admin.post(KEYS).body["code"]) == (409, 2915)
    late = api.log_in("adm").body["access_token"]
    clock.pass_seconds(61)
    assert Api(api.centre, api.http, late).post(KEYS).status == 201
    assert len(api.centre.world.store.signing_keys().keys) == 2


def test_all_tokens_are_revoked_at_once(api: Api) -> None:
    crm, admin = api.by("crm"), api.by("adm")
    assert admin.post(KEYS, {"revoke_tokens": True}).body["previous_needed_until"] is None
    assert [each.get(f"{START}s/x").status for each in (crm, admin)] == [401, 401]
    again = Api(api.centre, api.http, api.log_in("crm").body["access_token"])
    assert again.get(f"{START}s/x").status == 404


def another(world: World) -> World:
    """Another process of the same tenant."""
    return replace(world, _keys=SigningKeys(), _keys_read_at=0)


def test_every_process_knows_a_new_key_at_once_and_forgets_a_revoked_one_within_a_minute(api: Api) -> None:
    one, clock = api.centre.world, api.centre.clock
    old = one.signing_key()
    two = another(one)
    assert two.key_of(old.key_id) == old
    clock.pass_seconds(1)
    new = one.new_keys(version=1).keys[0]
    assert two.key_of(new.key_id) == new
    assert two.key_of(old.key_id) is None
    three = another(one)
    three.signing_key()
    one.new_keys(version=2)
    clock.pass_seconds(59)
    assert three.key_of(new.key_id) == new
    clock.pass_seconds(1)
    assert three.key_of(new.key_id) is None


def test_unknown_keys_are_looked_for_once_a_second(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    world, reads = api.centre.world, list[int]()
    world.signing_key()
    keys = world.store.signing_keys()
    monkeypatch.setattr(world.store, "signing_keys", lambda: reads.append(1) or keys)
    for _ in range(3):
        api.centre.clock.pass_seconds(1)
        assert [world.key_of(str(n)) for n in range(10)] == [None] * 10
    assert len(reads) == 3


def test_processes_that_need_the_first_key_at_the_same_moment_agree_on_it(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = api.centre.world
    first, kept = world.signing_key(), world.store.signing_keys()
    answers = [SigningKeys(), kept]
    monkeypatch.setattr(world.store, "signing_keys", lambda: answers.pop(0))
    assert another(world).signing_key() == first


def test_a_client_may_be_given_zooms_narrower_scopes_and_only_those_its_role_can_use(api: Api) -> None:
    queues = "/v2/contact_center/queues"
    scopes = ["contact_center_queue:read:admin", "contact_center_flow:write:admin"]
    zoom = created(api, client_id="zoom", role="admin", scopes=scopes).body
    token = api.log_in("zoom", zoom["client_secret"]).body["access_token"]
    assert replace(api, token=token).get(queues).status == 200
    assert replace(api, token=token).get("/v2/contact_center/users").status == 403
    assert created(api, client_id="lead", role="supervisor", scopes=scopes[:1]).status == 201
    for role, scope in (("supervisor", scopes[1]), ("integration", scopes[0]), ("agent", scopes[0])):
        assert created(api, client_id=f"{role}-2", role=role, scopes=[scope], user_id=None).status == 400
