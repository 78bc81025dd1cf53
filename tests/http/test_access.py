"""Who gets in, and how far: tokens, roles, scopes, ownership. Deny by default."""

from __future__ import annotations

import itertools

import jwt
import pytest

from chalicelib.errors import NotAllowed, NotFound
from chalicelib.http.api import ENDPOINTS
from chalicelib.http.authorization import ACTIONS, ROLES, Principal, Resource, Role, authorize, default_scopes
from chalicelib.storage.protocol import Client
from tests.support.api import Api, zoom_body

START = "/v2/contact_center/engagement"
PUBLIC = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("POST", "/oauth/token"),
    ("GET", "/v2/contact_center/configuration/schema"),
}
CLOSED = [each for each in ENDPOINTS if (each.method, each.path) not in PUBLIC]


def _path(path: str) -> str:
    return path.replace("{engagement_id}", "x" * 32).replace("{user_id}", "ana").replace("{dataset}", "x")


def test_only_four_endpoints_are_public_and_every_other_names_an_action() -> None:
    assert {(each.method, each.path) for each in ENDPOINTS if each.action is None} == PUBLIC
    assert {each.action for each in CLOSED} <= set(ACTIONS)


def test_operations_have_names_of_their_own() -> None:
    names = [each.handler.__name__ for each in ENDPOINTS]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda each: f"{each.method} {each.path}")
def test_without_a_good_token_nothing_answers(api: Api, endpoint: object) -> None:
    method, path = endpoint.method, _path(endpoint.path)  # type: ignore[attr-defined]
    good = api.by("crm").token
    assert good is not None
    claims = jwt.decode(good, options={"verify_signature": False})
    key = api.centre.world.signing_key()
    head, body, signature = good.split(".")
    bad = {
        "none": None,
        "garbage": "x.y.z",
        "tampered": f"{head}.{body}.{signature[:-4]}AAAA",
        "unsigned": jwt.encode(claims, "", algorithm="none"),
        "foreign key": jwt.encode(claims, "k" * 40, algorithm="HS256"),
        "other algorithm": jwt.encode(claims, key, algorithm="HS512"),
        "expired": jwt.encode({**claims, "exp": claims["iat"]}, key),
        "other issuer": jwt.encode({**claims, "iss": "elsewhere"}, key),
        "other audience": jwt.encode({**claims, "aud": "elsewhere"}, key),
        "no such role": jwt.encode({**claims, "role": "root"}, key),
        "no expiry": jwt.encode({k: v for k, v in claims.items() if k != "exp"}, key),
    }
    for name, token in bad.items():
        reply = Api(api.centre, api.http, token).call(method, path, {})
        assert (name, reply.status, reply.body["code"]) == (name, 401, 124)
        assert "bearer" in reply.headers["www-authenticate"].lower()


def test_a_token_ends_with_its_hour(api: Api) -> None:
    crm = api.by("crm")
    api.centre.clock.pass_seconds(3599)
    assert crm.post(START, zoom_body()).status == 201
    api.centre.clock.pass_seconds(1)
    assert crm.post(START, zoom_body("CASE-2")).status == 401


@pytest.mark.parametrize(
    ("client_id", "secret", "query", "status"),
    [
        ("crm", "wrong", {}, 401),
        ("nobody", "crm-secret", {}, 401),
        ("crm", "crm-secret", {"account_id": "other"}, 400),
        ("crm", "crm-secret", {"grant_type": "password"}, 400),
        ("crm", "crm-secret", {"grant_type": "client_credentials", "account_id": ""}, 200),
    ],
)
def test_tokens_are_issued_for_good_credentials_only(
    api: Api, client_id: str, secret: str, query: dict[str, str], status: int
) -> None:
    assert api.log_in(client_id, secret, **query).status == status


def test_the_grant_may_be_asked_for_in_a_form_too(api: Api) -> None:
    headers = {"Authorization": "Basic Y3JtOmNybS1zZWNyZXQ=", "Content-Type": "application/x-www-form-urlencoded"}
    reply = api.call("POST", "/oauth/token", b"grant_type=client_credentials", headers)
    assert (reply.status, reply.body["token_type"], reply.body["expires_in"]) == (200, "bearer", 3600)


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Bearer Y3JtOmNybS1zZWNyZXQ=", "Basic Og=="])
def test_credentials_that_are_none_are_refused(api: Api, header: str) -> None:
    assert api.call("POST", "/oauth/token", b"", {"Authorization": header}).status == 401


def test_a_token_without_the_scope_is_refused_and_told_which(api: Api) -> None:
    store = api.centre.world.store
    crm = store.client("crm")
    assert crm is not None
    store.put_client(Client("narrow", crm.secret_hash, "integration", "narrow", ("contact_center_report:read:admin",)))
    token = api.log_in("narrow", "crm-secret").body["access_token"]
    reply = Api(api.centre, api.http, token).post(START, zoom_body())
    assert (reply.status, reply.body["code"]) == (403, 4700)
    assert reply.body["missing_scope"] == "contact_center_engagement:write:admin"


MINE = {"integration": Resource(started_by="integration:me"), "agent": Resource(("me",))}
"""What a role calls its own; supervisors and admins own nothing."""
ALLOWED = {
    "engagement.start": {"integration": "any", "agent": "any", "supervisor": "any", "admin": "any"},
    "engagement.read": {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.update": {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.handle": {"agent": "own", "supervisor": "any"},
    "engagement.observe": {"agent": "own", "supervisor": "any"},
    "occupancy.report": {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.explain": {"supervisor": "any", "admin": "any"},
    "agent.explain": {"agent": "own", "supervisor": "any", "admin": "any"},
    "assignment.read": {"agent": "own"},
    "assignment.pull": {"agent": "own"},
    "assignment.answer": {"agent": "own"},
    "status.read": {"agent": "own", "supervisor": "any", "admin": "any"},
    "status.set": {"agent": "own", "supervisor": "any", "admin": "any"},
    "report.read": {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    "statistics.read": {"supervisor": "any", "admin": "any"},
    "consumer.export": {"admin": "any"},
    "consumer.erase": {"admin": "any"},
    "configuration.read": {"supervisor": "any", "admin": "any"},
    "configuration.write": {"admin": "any"},
}


@pytest.mark.parametrize(("action", "role"), list(itertools.product(ACTIONS, ROLES)))
def test_i12_each_role_reaches_as_far_as_the_table_says(action: str, role: Role) -> None:
    reach = ALLOWED[action].get(role)
    scopes = frozenset(rule.scope for rule in ACTIONS.values())
    caller = Principal(role, "me", scopes)
    others = Resource(("other",), "integration:other")
    if reach is None:
        with pytest.raises(NotAllowed):
            authorize(caller, action, MINE.get(role))
        return
    authorize(caller, action)
    if role in MINE:
        authorize(caller, action, MINE[role])
    if reach == "any":
        authorize(caller, action, others)
    else:
        with pytest.raises(NotFound):
            authorize(caller, action, others)
    with pytest.raises(NotAllowed):
        authorize(Principal(role, "me", scopes - {ACTIONS[action].scope}), action)


def test_an_integration_does_not_read_reports_unless_it_asks_for_them() -> None:
    assert "contact_center_report:read:admin" not in default_scopes("integration")
    assert "contact_center_report:read:admin" in default_scopes("supervisor")


def test_i12_what_is_somebody_elses_is_as_if_it_were_not_there(api: Api) -> None:
    mine = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    api.by("ana").patch("/v2/contact_center/users/me/status", {"status_id": "3"})
    api.centre.ring()
    for path in (f"{START}s/{mine}", f"{START}s/{mine}/events"):
        assert api.by("ana").get(path).status == 200
        assert api.by("sue").get(path).status == 200
        assert api.by("ben").get(path).status == 404
    assert api.by("ben").patch(f"{START}s/{mine}", {"engagement_action": "end"}).status == 404
    assert api.by("ben").patch("/v2/contact_center/users/ana/status", {"status_id": "1"}).status == 404
    assert api.by("ana").get("/v2/contact_center/configuration").status == 403
