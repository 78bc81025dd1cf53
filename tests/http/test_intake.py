"""Foreign systems call an Entry ID as they are: GitHub, Zendesk, Jira, ServiceNow and Salesforce.

The mappings are those of docs/intake; the payloads are shaped as each system's public documentation shows them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.errors import InvalidRequest, NotAuthenticated
from chalicelib.flows.intake import (
    CONSUMER,
    WORK_ITEM,
    Basic,
    ByPassword,
    ByToken,
    Hmac,
    SignedByHmac,
    Timestamp,
    Token,
    verify,
)
from chalicelib.http.models import Consumer, WorkItemVariables
from tests.support.api import Api, Reply
from tests.support.worlds import NOW, TENANT

ROOT = Path(__file__).parents[2]
SYSTEMS = ("github", "zendesk", "jira", "servicenow", "salesforce")
INTAKE = "/v2/contact_center/intake"
SECRET = "It's a Secret to Everybody"
"""GitHub's and Atlassian's example."""


def entry_point(system: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "docs" / "intake" / f"{system}.json").read_text())
    return found


def sample(system: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "payloads" / f"{system}.json").read_text())
    return found


def configure(api: Api, *points: dict[str, Any]) -> None:
    flow = {**TENANT["flows"][0], "entry_points": [*TENANT["flows"][0]["entry_points"], *points]}
    api.centre.configure({**TENANT, "flows": [flow, TENANT["flows"][1]]})


@pytest.fixture
def hooks(api: Api) -> Api:
    """Five systems, and one whose intake takes anything."""
    configure(api, *(entry_point(system) for system in SYSTEMS), ANYTHING)
    return api


ANYTHING: dict[str, Any] = {
    "entry_id": "anything",
    "entry_name": "Anything",
    "intake": {
        "signature": {"token": {"header": "X-Secret", "prefix": ""}},
        "delivery_id": "body.delivery",
        "mapping": {
            "work_item_variables": {
                "work_item_id": "body.id",
                "work_item_name": "body.name",
                "work_item_desc": "join('', body.text)",
                "work_item_due_date": "body.due",
                "work_item_hyperlink": "body.link",
                "work_item_origin": 'headers."x-secret"',
                "work_item_type": "headers.authorization",
            },
            "language_code": "body.language",
        },
    },
}


NAMED = {"work_item_variables": {"work_item_name": "body.n"}}


def secret_of(api: Api, entry_id: str) -> str:
    secret: str = api.by("adm").get(f"{INTAKE}/{entry_id}/secret").body["secret"]
    return secret


def proof(system: str, secret: str, body: bytes) -> dict[str, str]:
    """The headers by which each system proves who it is."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    match system:
        case "github":
            return {"X-Hub-Signature-256": f"sha256={digest}"}
        case "jira":
            return {"X-Hub-Signature": f"sha256={digest}"}
        case "zendesk":
            signed = sample(system)["headers"]["X-Zendesk-Webhook-Signature-Timestamp"].encode() + body
            digest_64 = base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
            return {"X-Zendesk-Webhook-Signature": digest_64}
        case "servicenow":
            return {"Authorization": f"Basic {base64.b64encode(f'servicenow:{secret}'.encode()).decode()}"}
        case _:
            return {"Authorization": f"Bearer {secret}"}


def send(api: Api, system: str, secret: str | None = None, changes: dict[str, Any] | None = None) -> Reply:
    given, entry_id = sample(system), entry_point(system)["entry_id"]
    body = json.dumps({**given["body"], **(changes or {})}, separators=(",", ":")).encode()
    secret = secret if secret is not None else secret_of(api, entry_id)
    headers = {**given["headers"], **proof(system, secret, body)}
    return api.call("POST", f"{INTAKE}/{entry_id}", body, headers)


def post(api: Api, body: Any, **headers: str) -> Reply:
    secret = secret_of(api, "anything")
    return api.call("POST", f"{INTAKE}/anything", body, {"X-Secret": secret, **headers})


class TestFiveSystems:
    @pytest.mark.parametrize("system", SYSTEMS)
    def test_a_recorded_call_becomes_an_engagement(self, hooks: Api, system: str) -> None:
        reply = send(hooks, system)
        assert (reply.status, reply.body["outcome"]) == (201, "new")
        found, expected = hooks.centre.read(reply.body["engagement_id"]), sample(system)["expected"]
        assert found.content.work_item_variables == expected["work_item_variables"]
        assert list(found.content.consumers) == expected["consumers"]
        assert {each["name"]: each["value"] for each in found.content.variables} == expected["variables"]
        assert found.flow.flow_entry_id == entry_point(system)["entry_id"]
        assert found.started_by == f"integration:intake/{found.flow.flow_entry_id}"

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_the_same_call_sent_again_starts_nothing(self, hooks: Api, system: str) -> None:
        first = send(hooks, system).body["engagement_id"]
        again = send(hooks, system)
        assert (again.status, again.body) == (200, {"engagement_id": first, "outcome": "replayed"})

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_a_wrong_secret_is_refused_and_starts_nothing(self, hooks: Api, system: str) -> None:
        reply = send(hooks, system, secret="a secret of somebody else")
        assert (reply.status, reply.body["code"]) == (401, 124)
        assert hooks.centre.store.stream == []

    @pytest.mark.parametrize("system", SYSTEMS)
    def test_without_a_proof_nothing_answers(self, hooks: Api, system: str) -> None:
        given, path = sample(system), f"{INTAKE}/{entry_point(system)['entry_id']}"
        assert hooks.call("POST", path, given["body"], given["headers"]).status == 401

    @pytest.mark.parametrize(
        ("system", "changes"),
        [
            ("github", {"action": "labeled"}),
            ("github", {"action": None}),
            ("zendesk", {"type": "zen:event-type:ticket.status_changed"}),
            ("jira", {"webhookEvent": "jira:issue_updated"}),
            ("servicenow", {"active": "false"}),
            ("salesforce", {"IsClosed": True}),
        ],
    )
    def test_what_does_not_concern_is_answered_and_ignored(
        self, hooks: Api, system: str, changes: dict[str, Any]
    ) -> None:
        reply = send(hooks, system, changes=changes)
        assert (reply.status, reply.body) == (200, {"outcome": "ignored"})
        assert hooks.centre.store.stream == []

    def test_a_body_that_was_changed_on_its_way_is_refused(self, hooks: Api) -> None:
        secret = secret_of(hooks, "github-issues")
        headers = {**sample("github")["headers"], **proof("github", secret, b"{}")}
        assert hooks.call("POST", f"{INTAKE}/github-issues", b"{ }", headers).status == 401

    def test_an_old_call_is_not_taken_again(self, hooks: Api) -> None:
        assert send(hooks, "zendesk").status == 201
        hooks.centre.clock.pass_seconds(296)
        reply = send(hooks, "zendesk")
        assert reply.status == 401
        assert "300 seconds" in reply.body["detail"]

    def test_another_call_about_active_work_finds_it(self, hooks: Api) -> None:
        first = send(hooks, "servicenow").body["engagement_id"]
        again = send(hooks, "servicenow", changes={"sys_mod_count": "1"})
        assert (again.status, again.body) == (200, {"engagement_id": first, "outcome": "existing"})

    def test_a_content_type_may_name_its_charset_and_form_data_is_told_how_to_be_json(self, hooks: Api) -> None:
        secret = secret_of(hooks, "anything")
        headers = {"X-Secret": secret, "Content-Type": "application/json; charset=UTF-8"}
        assert hooks.call("POST", f"{INTAKE}/anything", {"name": "é", "text": []}, headers).status == 201
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        reply = hooks.call("POST", f"{INTAKE}/anything", b"payload=%7B%7D", headers)
        assert (reply.status, "application/json" in reply.body["errors"][0]["message"]) == (400, True)


class TestMappings:
    def test_what_people_write_is_cut_and_what_is_a_number_is_text(self, hooks: Api) -> None:
        reply = post(hooks, {"id": 7, "name": "n" * 256, "text": ["x" * 20_000]})
        content = hooks.centre.read(reply.body["engagement_id"]).content.work_item_variables
        assert (content["work_item_id"], len(content["work_item_name"])) == ("7", 255)
        assert len(content["work_item_desc"]) == 16_384

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"id": "1"}, "work_item_variables.work_item_name"),
            ({"name": "", "text": []}, "work_item_variables.work_item_name"),
            ({"name": "n", "text": [], "due": "tomorrow"}, "work_item_variables.work_item_due_date"),
            ({"name": "n", "text": [], "link": "javascript:alert(1)"}, "work_item_variables.work_item_hyperlink"),
            ({"name": "n", "text": [], "id": "i" * 256}, "work_item_variables.work_item_id"),
            ({"name": "n", "text": [], "language": 5}, "language_code"),
            ({"name": "n", "text": [1]}, "mapping.work_item_variables.work_item_desc"),
            ({"name": "n", "text": [], "delivery": ""}, "delivery_id"),
            ({"name": "n", "text": [], "delivery": "d" * 256}, "delivery_id"),
            (b"name=n", ""),
            (b"[" * 30_000, ""),
        ],
    )
    def test_what_makes_no_start_names_the_field(self, hooks: Api, body: Any, field: str) -> None:
        if isinstance(body, dict):
            body = {"text": [], **body}
        reply = post(hooks, body)
        assert (reply.status, reply.body["errors"][0]["field"]) == (400, field)
        assert hooks.centre.store.stream == []

    @pytest.mark.parametrize("language", ["", None])
    def test_no_language_is_left_out(self, hooks: Api, language: str | None) -> None:
        reply = post(hooks, {"name": "n", "text": [], "language": language})
        assert reply.status == 201
        assert hooks.centre.read(reply.body["engagement_id"]).content.language_code is None

    def test_what_is_empty_there_is_left_out(self, hooks: Api) -> None:
        """ServiceNow sends an empty text for what a record does not have."""
        nobody = {"display_value": "", "value": ""}
        reply = send(hooks, "servicenow", changes={"description": "", "category": "", "caller_id": nobody})
        assert reply.status == 201
        content = hooks.centre.read(reply.body["engagement_id"]).content
        assert content.consumers == ()
        assert "work_item_desc" not in content.work_item_variables
        assert "global_custom.servicenow.category" not in [each["name"] for each in content.variables]

    def test_the_fields_that_a_mapping_may_name_are_those_of_a_start(self) -> None:
        assert set(WORK_ITEM) == set(WorkItemVariables.model_fields)
        assert set(CONSUMER) == set(Consumer.model_fields)

    def test_all_expressions_of_a_mapping_share_the_work_of_one(self, api: Api) -> None:
        mapping = {"work_item_variables": {"work_item_name": "body.name"}}
        much = {f"global_custom.a.b{n}": "to_string(length(body.rows[?@ >= `0`]))" for n in range(50)}
        point = {**ANYTHING, "intake": {**ANYTHING["intake"], "mapping": {**mapping, "variables": much}}}
        configure(api, point)
        assert post(api, {"name": "n", "rows": [1]}).status == 201
        reply = post(api, {"name": "m", "rows": [1] * 600})
        assert reply.status == 400
        assert reply.body["errors"][0]["message"] == "It has too much to do."

    def test_no_mapping_sees_what_proves_who_calls(self, hooks: Api) -> None:
        reply = post(hooks, {"name": "n", "text": []}, Authorization="Bearer secret", Cookie="c")
        content = hooks.centre.read(reply.body["engagement_id"]).content.work_item_variables
        assert content == {"work_item_name": "n"}

    def test_a_delivery_id_that_comes_with_other_work_is_refused(self, hooks: Api) -> None:
        assert post(hooks, {"name": "n", "text": [], "delivery": "d"}).status == 201
        assert post(hooks, {"name": "m", "text": [], "delivery": "d"}).status == 422

    def test_a_body_is_no_larger_than_a_start_may_be(self, hooks: Api) -> None:
        assert post(hooks, b'"' + b"x" * 65_535 + b'"').status == 400

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"only_if": "body["}, "only_if"),
            ({"delivery_id": "nothing("}, "delivery_id"),
            (
                {"mapping": {"work_item_variables": {"work_item_name": ""}}},
                "mapping/work_item_variables/work_item_name",
            ),
            ({"mapping": {"work_item_variables": {}}}, "mapping/work_item_variables"),
            (
                {"mapping": {"work_item_variables": {"work_item_name": "body.n", "work_item_titel": "body.t"}}},
                "mapping/work_item_variables/work_item_titel",
            ),
            (
                {"mapping": {**NAMED, "consumer": {"consumer_display_name": "body.n", "email": "body.e"}}},
                "mapping/consumer/email",
            ),
            ({"mapping": {**NAMED, "consumer": {"consumer_email": "body.e"}}}, "mapping/consumer"),
            ({"signature": {"hmac": {"header": "X", "signs": "v0"}}}, "signature/hmac/signs"),
            ({"signature": {"hmac": {"header": "X", "signs": "{timestamp}{body}"}}}, "signature/hmac/signs"),
            ({"signature": {"hmac": {"header": "X", "encoding": "base32"}}}, "signature/hmac/encoding"),
            ({"signature": {"rsa": {}}}, "signature/rsa"),
        ],
    )
    def test_an_intake_that_cannot_work_is_not_configured(self, api: Api, change: dict[str, Any], place: str) -> None:
        point = {**ANYTHING, "intake": {**ANYTHING["intake"], **change}}
        with pytest.raises(InvalidRequest) as refused:
            configure(api, point)
        assert f"/flows/0/entry_points/1/intake/{place}" in [each.pointer for each in refused.value.errors]


class TestSecrets:
    def test_an_admin_reads_it_or_puts_the_other_sides_there(self, hooks: Api) -> None:
        path = f"{INTAKE}/zendesk-tickets/secret"
        assert hooks.by("sue").get(path).status == 403
        assert hooks.by("adm").get(path).body["secret"].startswith("whsec_")
        theirs = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
        assert hooks.by("adm").call("PUT", path, {"secret": theirs}).status == 204
        assert send(hooks, "zendesk", secret=theirs).status == 201

    @pytest.mark.parametrize("secret", ["short", "with spaces in it all", ""])
    def test_a_secret_that_is_none_is_refused(self, hooks: Api, secret: str) -> None:
        assert hooks.by("adm").call("PUT", f"{INTAKE}/anything/secret", {"secret": secret}).status == 400

    @pytest.mark.parametrize("entry_id", ["entry-tickets", "nowhere"])
    def test_an_entry_id_without_an_intake_takes_no_webhooks(self, hooks: Api, entry_id: str) -> None:
        assert hooks.call("POST", f"{INTAKE}/{entry_id}", {}).status == 404
        assert hooks.by("adm").get(f"{INTAKE}/{entry_id}/secret").status == 404

    def test_an_intake_that_was_added_just_now_is_known_at_once(self, api: Api) -> None:
        without = {name: value for name, value in ANYTHING.items() if name != "intake"}
        configure(api, without)
        assert api.call("POST", f"{INTAKE}/anything", {}).status == 404
        configure(api, ANYTHING)
        assert api.call("POST", f"{INTAKE}/anything", {}).status == 401

    def test_the_secret_of_a_system_of_record_is_an_admins(self, api: Api) -> None:
        systems = [{"system_id": "crm", "url": "https://crm.example.com"}]
        api.centre.configure({**TENANT, "systems_of_record": systems})
        path = "/v2/contact_center/systems_of_record/crm/secret"
        assert api.by("adm").get(path).body["secret"].startswith("whsec_")
        assert api.by("sue").get(path).status == 403
        assert api.by("adm").get(path.replace("crm", "erp")).status == 404


GITHUB = SignedByHmac(Hmac("X-Hub-Signature-256", "sha256="))
SLACK_LIKE = SignedByHmac(Hmac("X-Signature", "v0=", "hex", "v0:{timestamp}:{body}", Timestamp("X-Time", 60)))


class TestSignatures:
    @pytest.mark.parametrize(
        ("body", "digest"),
        [
            (b"Hello, World!", "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),  # GitHub's
            (b"Hello World!", "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"),  # Atlassian's
        ],
    )
    def test_the_examples_in_the_documentation_hold(self, body: bytes, digest: str) -> None:
        verify(GITHUB, SECRET, {"x-hub-signature-256": f"sha256={digest}"}, body, NOW)

    @pytest.mark.parametrize("at", ["1763920000", "1763920000000", "2025-11-23T17:46:40Z", "2025-11-23T18:47:40+01:00"])
    def test_a_timestamp_may_be_written_in_several_ways(self, at: str) -> None:
        digest = hmac.new(b"s", f"v0:{at}:body".encode(), hashlib.sha256).hexdigest()
        verify(SLACK_LIKE, "s", {"x-time": at, "x-signature": f"v0={digest}"}, b"body", NOW)

    @pytest.mark.parametrize(
        "at",
        ["", "1763919939", "1763920061", "yesterday", "9" * 20, "٣", "2025-11-23T17:45:39Z", "0001-01-01T00:00:00"],
    )
    def test_a_time_that_is_too_far_off_is_refused_however_well_it_is_signed(self, at: str) -> None:
        digest = hmac.new(b"s", f"v0:{at}:body".encode(), hashlib.sha256).hexdigest()
        with pytest.raises(NotAuthenticated, match="60 seconds"):
            verify(SLACK_LIKE, "s", {"x-time": at, "x-signature": f"v0={digest}"}, b"body", NOW)

    @pytest.mark.parametrize(
        ("signature", "headers"),
        [
            (GITHUB, {}),
            (GITHUB, {"x-hub-signature-256": ""}),
            (GITHUB, {"x-hub-signature-256": "sha256=é"}),
            (ByPassword(Basic("me")), {"authorization": "Basic bWU6"}),
            (ByPassword(Basic("me")), {"authorization": "Bearer s"}),
            (ByToken(Token()), {"authorization": "bearer"}),
            (ByToken(Token("X-Key", "")), {"x-key": "S"}),
        ],
    )
    def test_what_proves_nothing_is_refused(self, signature: Any, headers: dict[str, str]) -> None:
        with pytest.raises(NotAuthenticated):
            verify(signature, "s", headers, b"body", NOW)
