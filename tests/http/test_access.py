"""Who gets in, and how far: tokens, roles, scopes, ownership. Deny by default."""

from __future__ import annotations

import itertools
from importlib import import_module
from pkgutil import iter_modules

import jwt
import pytest

from app import app
from chalicelib.configuration.shared import Supervised
from chalicelib.engagements.model import Change
from chalicelib.errors import NotAllowed, NotFound
from chalicelib.http import areas
from chalicelib.http.api import all_endpoints
from chalicelib.http.authentication import principal_of
from chalicelib.http.authorization import ACTIONS, ROLES, Principal, Resource, Role, authorize, default_scopes
from chalicelib.storage.protocol import Client
from tests.support.api import CLIENTS, Api, api_of, zoom_body
from tests.support.worlds import TENANT, memory_centre

START = "/v2/contact_center/engagement"
SIGNED = ("POST", "/v2/contact_center/intake/{entry_id}")
"""Known by the caller's signature (tests/http/test_intake.py)."""
PUBLIC = {
    ("GET", "/health"),
    ("GET", "/openapi.json"),
    ("POST", "/oauth/token"),
    ("GET", "/console"),
    ("GET", "/console/{release}/{file}"),
    ("GET", "/v2/contact_center/configuration/schema"),
    SIGNED,
}
CLOSED = [each for each in all_endpoints() if (each.method, each.path) not in PUBLIC]


def _path(path: str) -> str:
    return path.replace("{engagement_id}", "x" * 32).replace("{user_id}", "ana").replace("{dataset}", "x")


def test_only_these_endpoints_take_no_token_and_every_other_names_an_action() -> None:
    assert {(each.method, each.path) for each in all_endpoints() if each.action is None} == PUBLIC
    assert {each.action for each in CLOSED} <= set(ACTIONS)


def test_operations_have_names_of_their_own() -> None:
    names = [each.handler.__name__ for each in all_endpoints()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("endpoint", CLOSED, ids=lambda each: f"{each.method} {each.path}")
def test_without_a_good_token_nothing_answers(api: Api, endpoint: object) -> None:
    method, path = endpoint.method, _path(endpoint.path)  # type: ignore[attr-defined]
    good = api.by("crm").token
    assert good is not None
    claims = jwt.decode(good, options={"verify_signature": False})
    key, headers = api.centre.world.signing_key().secret, {"kid": api.centre.world.signing_key().key_id}
    head, body, signature = good.split(".")

    def signed(claims: dict[str, object], key: str = key, algorithm: str = "HS256") -> str:
        return jwt.encode(claims, key, algorithm, headers)

    bad = {
        "none": None,
        "garbage": "x.y.z",
        "tampered": f"{head}.{body}.{signature[:-4]}AAAA",
        "unsigned": signed(claims, "", "none"),
        "foreign key": signed(claims, "k" * 40),
        "other algorithm": signed(claims, algorithm="HS512"),
        "expired": signed({**claims, "exp": claims["iat"]}),
        "other issuer": signed({**claims, "iss": "elsewhere"}),
        "other audience": signed({**claims, "aud": "elsewhere"}),
        "no such role": signed({**claims, "role": "root"}),
        "no expiry": signed({k: v for k, v in claims.items() if k != "exp"}),
        "no subject": signed({k: v for k, v in claims.items() if k != "sub"}),
        "no key named": jwt.encode(claims, key),
        "no such key": jwt.encode(claims, key, headers={"kid": "elsewhere"}),
        "something critical": jwt.encode(claims, key, headers={**headers, "crit": ["exp"]}),
        "no claims": f"{head}.{head[:-2]}.{signature}",
        "too long": signed({**claims, "more": "x" * 8192}),
    }
    assert principal_of(api.centre.world, f"Bearer {signed(claims)}").role == "integration"
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
    store.put_client(Client("narrow", crm.secrets, "integration", "narrow", ("contact_center_report:read:admin",)))
    token = api.log_in("narrow", "crm-secret").body["access_token"]
    reply = Api(api.centre, api.http, token).post(START, zoom_body())
    assert (reply.status, reply.body["code"]) == (403, 4700)
    assert reply.body["missing_scope"] == "contact_center_engagement:write:admin"


MINE = {
    "integration": Resource(started_by="integration:me"),
    "agent": Resource(("me",)),
    "supervisor": Resource(("me",)),
}
"""What a role calls its own; admins own nothing."""
ALLOWED = {
    "engagement.start": {"integration": "any", "agent": "any", "supervisor": "any", "admin": "any"},
    "engagement.read": {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.update": {"integration": "own", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.handle": {"agent": "own", "supervisor": "any"},
    "engagement.observe": {"agent": "own", "supervisor": "any"},
    "occupancy.report": {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    "engagement.explain": {"supervisor": "any", "admin": "any"},
    "agent.explain": {"agent": "own", "supervisor": "any", "admin": "any"},
    "assignment.read": {"agent": "own", "supervisor": "own"},
    "assignment.pull": {"agent": "own", "supervisor": "own"},
    "assignment.answer": {"agent": "own", "supervisor": "own"},
    "status.read": {"agent": "own", "supervisor": "any", "admin": "any"},
    "status.set": {"agent": "own", "supervisor": "any", "admin": "any"},
    "self.read": {"agent": "own", "supervisor": "any", "admin": "any"},
    "report.read": {"integration": "any", "agent": "own", "supervisor": "any", "admin": "any"},
    "report.check": {"admin": "any"},
    "report.rebuild": {"admin": "any"},
    "statistics.read": {"supervisor": "any", "admin": "any"},
    "consumer.export": {"admin": "any"},
    "consumer.erase": {"admin": "any"},
    "client.read": {"admin": "any"},
    "client.write": {"admin": "any"},
    "configuration.read": {"supervisor": "any", "admin": "any"},
    "configuration.write": {"admin": "any"},
}


WHOSE = ("own", "another's", "nobody's")
ALL_SCOPES = frozenset(rule.scope for rule in ACTIONS.values())


def of(whose: str, role: Role) -> Resource:
    """What the caller may or may not call his own; a tenant's things are never in another tenant's reach at all."""
    if whose == "own":
        return MINE.get(role, Resource(("me",), f"{role}:me"))
    return Resource(("other",), "integration:other") if whose == "another's" else Resource()


@pytest.mark.parametrize(("action", "role", "whose"), list(itertools.product(ACTIONS, ROLES, WHOSE)))
def test_i12_each_role_reaches_as_far_as_the_table_says(action: str, role: Role, whose: str) -> None:
    reach = ALLOWED[action].get(role)
    caller, resource = Principal(role, "me", ALL_SCOPES), of(whose, role)
    if reach is None:
        for each in (None, resource):
            with pytest.raises(NotAllowed):
                authorize(caller, action, each)
        return
    authorize(caller, action)
    if reach == "any" or whose == "own":
        authorize(caller, action, resource)
    else:
        with pytest.raises(NotFound):
            authorize(caller, action, resource)
    for each in (None, resource):
        with pytest.raises(NotAllowed):
            authorize(Principal(role, "me", ALL_SCOPES - {ACTIONS[action].scope}), action, each)


@pytest.mark.parametrize("role", ROLES)
def test_i12_a_role_has_the_same_name_in_every_kind_of_ownership(role: Role) -> None:
    """An agent's work is not that of an integration of the same name, nor the other way round."""
    mistaken = {"integration": Resource(("me",), "agent:me"), "agent": Resource(("other",), "integration:me")}
    if role in mistaken:
        with pytest.raises(NotFound):
            authorize(Principal(role, "me", ALL_SCOPES), "engagement.read", mistaken[role])


TEAM = Supervised(frozenset({"ana"}), frozenset({"billing"}))
OF_TEAMS = {
    "in his agents' hands": (Resource(("zoe", "ana")), True),
    "in his queue": (Resource(queue_id="billing"), True),
    "both": (Resource(("ana",), queue_id="billing"), True),
    "in others' hands": (Resource(("ben",), "supervisor:me", "general"), False),
    "in another queue": (Resource(queue_id="general"), False),
    "nowhere": (Resource(started_by="supervisor:me"), False),
}


@pytest.mark.parametrize(("action", "where"), list(itertools.product(ACTIONS, OF_TEAMS)))
def test_i12_a_supervisor_of_teams_reaches_what_is_theirs(action: str, where: str) -> None:
    if ALLOWED[action].get("supervisor") != "any":
        return
    resource, reached = OF_TEAMS[where]
    authorize(Principal("supervisor", "me", ALL_SCOPES), action, resource)
    caller = Principal("supervisor", "me", ALL_SCOPES, TEAM)
    authorize(caller, action)
    if reached:
        authorize(caller, action, resource)
    else:
        with pytest.raises(NotFound):
            authorize(caller, action, resource)


def test_i12_a_supervisor_of_teams_sees_and_does_nothing_elsewhere(api: Api) -> None:
    teams = [
        {"team_id": "office", "supervisors": ["sue"]},
        {"team_id": "payments", "parent_team_id": "office", "queues": ["billing"]},
        {"team_id": "field", "queues": ["general"]},
    ]
    ana, ben = TENANT["agents"]
    agents = [{**ana, "team_id": "payments"}, {**ben, "queues": ["billing"], "team_id": "field"}]
    api.centre.configure({**TENANT, "teams": teams, "agents": agents})
    api.centre.clock.pass_seconds(5)
    users = "/v2/contact_center/users"
    sue, crm = api.by("sue"), api.by("crm")
    near = crm.post(START, zoom_body()).body["engagement_id"]
    far = crm.post(START, zoom_body("CASE-2", work_item_variables={"work_item_name": "x"})).body["engagement_id"]
    assert [sue.get(f"{START}s/{each}").status for each in (near, far)] == [200, 404]
    assert [sue.get(f"{users}/{each}/status").status for each in ("ana", "ben")] == [200, 404]
    assert sue.patch(f"{users}/ben/status", {"status_id": "1"}).status == 404
    api.centre.settle()
    listed = sue.get(f"{START}s").body["engagements"]
    assert [each["engagement_id"] for each in listed] == [near]
    now = "/v2/contact_center/statistics"
    assert [each["queue_id"] for each in sue.get(f"{now}/queues").body["queues"]] == ["billing"]
    assert [each["user_id"] for each in sue.get(f"{now}/users").body["users"]] == ["ana"]
    ended = [sue.patch(f"{START}s/{each}", {"engagement_action": "end"}).status for each in (near, far)]
    assert ended == [204, 404]
    api.by("adm").patch(f"{START}s/{far}", {"engagement_action": "end"})
    api.centre.settle()
    report = "/v2/contact_center/analytics/dataset/historical/queue_performance"
    queues = [{row["queue_id"] for row in api.by(who).get(report).body["queue_performance"]} for who in ("sue", "adm")]
    assert queues == [{"billing"}, {"billing", "general"}]


def test_i12_work_that_changes_at_that_moment_may_have_left_the_team_and_is_left_alone(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.centre.configure({**TENANT, "teams": [{"team_id": "payments", "queues": ["billing"], "supervisors": ["sue"]}]})
    api.centre.clock.pass_seconds(5)
    work = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    store, commit = api.centre.world.store, api.centre.world.store.commit

    def commit_too_late(change: Change) -> None:
        monkeypatch.setattr(store, "commit", commit)
        assert api.by("adm").patch(f"{START}s/{work}", {"priority": 7}).status == 204
        commit(change)

    monkeypatch.setattr(store, "commit", commit_too_late)
    assert api.by("sue").patch(f"{START}s/{work}", {"engagement_action": "end"}).status == 412
    assert api.centre.read(work).state == "queued"


@pytest.mark.parametrize("account_id", ["account", "elsewhere"])
def test_i12_a_token_of_another_tenant_opens_nothing_whoever_holds_it(api: Api, account_id: str) -> None:
    """Nor that of a tenant of the same name: each has keys of its own."""
    other = memory_centre()
    other.world.account_id = account_id
    other.world.token(1)  # the tests' secrets are numbered
    theirs = api_of(other)
    for client_id, endpoint in itertools.product(CLIENTS, CLOSED):
        token = theirs.log_in(client_id, account_id=account_id).body["access_token"]
        reply = Api(api.centre, api.http, token).call(endpoint.method, _path(endpoint.path), {})
        assert (client_id, endpoint.path, reply.status) == (client_id, endpoint.path, 401)


def test_every_route_of_the_application_is_one_of_these_endpoints() -> None:
    """Nothing is registered past the check of tokens and actions."""
    app.open_all()
    routes = {(method, path) for path, methods in app.routes.items() for method in methods}
    assert routes == {(each.method, each.path) for each in all_endpoints()}


def test_every_operation_of_every_area_is_found_by_its_subject() -> None:
    modules = [import_module(f"{areas.__name__}.{each.name}") for each in iter_modules(areas.__path__)]
    there_are = [(each.method, each.path) for module in modules for each in getattr(module, "ENDPOINTS", ())]
    assert sorted(there_are) == sorted((each.method, each.path) for each in all_endpoints())


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


@pytest.mark.parametrize("who", ["sue", "adm"])
def test_work_that_is_accepted_at_that_moment_is_not_withdrawn_from_its_agent(
    api: Api, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """A supervisor or an administrator withdraws only what nobody works on."""
    centre = api.centre
    work = api.by("crm").post(START, zoom_body()).body["engagement_id"]
    centre.ready("ana")
    centre.settle()
    store, read = centre.world.store, centre.world.store.engagement
    reads = itertools.count()

    def accepted_after_the_first_look(engagement_id: str) -> object:
        found = read(engagement_id)
        if next(reads) == 0:
            centre.accept(work)
        return found

    monkeypatch.setattr(store, "engagement", accepted_after_the_first_look)
    assert api.by(who).patch(f"{START}s/{work}", {"engagement_action": "end"}).status == 412
    assert centre.read(work).state == "assigned"
