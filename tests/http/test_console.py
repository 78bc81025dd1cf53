"""The console's files as they are served: types, caching, policy, weight, languages, and libraries as pinned."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from chalicelib.engagements.model import EndReason, Flag, Mode, State
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.http.areas.console import FOLDER, TYPES, policy, release
from chalicelib.http.areas.reports import NAMES
from chalicelib.reporting.timelines import OBSERVED, WAITS
from chalicelib.routing.explain import REASONS
from infra import vendor
from tests.support.api import Api
from tests.support.worlds import TENANT

FILES = sorted(each for each in FOLDER.iterdir() if each.suffix in TYPES)
CATALOGUES = {each: json.loads((FOLDER / f"{each}.json").read_text()) for each in ("en", "fr")}
SCRIPTS = [each for each in FILES if each.suffix == ".js" and not each.name.startswith("vendor-")]
MOST_COMPRESSED = 150_000
SIGN_IN = {
    "client_id": "console",
    "authorization_url": "https://login.example.com/acme/authorize",
    "token_url": "https://tokens.example.com/acme/token",
}


def ask(api: Api, path: str, **headers: str) -> Any:
    return api.http.http.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_the_page_is_html_under_a_strict_policy_and_names_its_files_by_their_release(api: Api) -> None:
    answer = ask(api, "/console")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'; script-src 'self'" in answer.headers["Content-Security-Policy"]
    text = answer.body.decode()
    assert f"console/{release()}/main.js" in text
    assert "RELEASE" not in text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), "nothing is inline"
    for seen in (answer.headers["ETag"], f"W/{answer.headers['ETag']}"):
        again = ask(api, "/console", If_None_Match=seen)
        assert (again.status_code, again.body) == (304, b"")


def test_the_page_says_where_to_sign_in_and_its_policy_lets_it_talk_to_there_only(api: Api) -> None:
    api.centre.configure({**TENANT, "console": SIGN_IN})
    api.centre.clock.pass_seconds(60)
    answer = ask(api, "/console?code=c&state=s&iss=i&session_state=t&scope=openid&authuser=0")
    assert answer.status_code == 200, "what the issuer adds is passed over (RFC 6749, 4.1.2)"
    assert "https://login.example.com/acme/authorize" in answer.body.decode()
    assert "connect-src 'self' https://tokens.example.com;" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.name)
def test_every_file_is_served_with_its_type_and_kept_for_good(api: Api, file: Path) -> None:
    answer = ask(api, f"/console/{release()}/{file.name}")
    assert (answer.status_code, answer.body.decode()) == (200, file.read_text())
    assert answer.headers["Content-Type"] == TYPES[file.suffix]
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["{}/index.html", "{}/nothing.js", "old/main.js", "{}/..%2fbootstrap.py"])
def test_nothing_else_is(api: Api, path: str) -> None:
    assert ask(api, f"/console/{path.format(release())}").status_code == 404


def test_the_policy_allows_nothing_inline_or_evaluated() -> None:
    assert "unsafe" not in policy(None)
    for file in SCRIPTS:
        assert not re.search(r"\beval\(|new Function\(|innerHTML|dangerouslySet", file.read_text()), file.name


def test_no_token_is_kept_anywhere_but_in_memory() -> None:
    for file in SCRIPTS:
        kept = re.findall(r"(?:localStorage|sessionStorage)\.setItem\((\w+)", file.read_text())
        assert set(kept) <= {"CHOSEN", "STEP"}, file.name
        assert "document.cookie" not in file.read_text()


def test_all_of_it_is_small() -> None:
    total = sum(len(gzip.compress(each.read_bytes())) for each in FOLDER.iterdir() if each.is_file())
    assert total < MOST_COMPRESSED


def test_the_languages_have_the_same_keys_and_places() -> None:
    english, french = CATALOGUES["en"], CATALOGUES["fr"]
    assert set(english) == set(french)
    for key, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", french[key])), key


def test_every_word_that_the_console_says_is_in_the_catalogue() -> None:
    said = {key for file in SCRIPTS for key in re.findall(r"""\bt\(["']([\w.?]+)["']""", file.read_text())}
    assert said <= set(CATALOGUES["en"])


def test_the_libraries_are_as_their_authors_publish_them() -> None:
    """After a change of infra/vendor.json: `make vendor`."""
    locked = json.loads(vendor.LOCK.read_text())
    kept = {each.name for each in FOLDER.glob("vendor-*.js")}
    assert kept == set(locked) == {n for p in vendor.pins() if not p.get("for_tests") for n in p["files"].values()}
    for name, digest in locked.items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
    licences = (FOLDER / vendor.LICENCES).read_text()
    for pin in vendor.pins():
        assert pin.get("for_tests") or f"{pin['package']} {pin['version']} ({pin['licence']})" in licences


@pytest.mark.parametrize("who", ["ana", "sue", "adm"])
def test_whoever_is_signed_in_learns_who_he_is(api: Api, who: str) -> None:
    body = api.by(who).get("/v2/contact_center/me").body
    role = {"ana": "agent", "sue": "supervisor", "adm": "admin"}[who]
    assert (body["user_id"], body["role"], body["is_agent"]) == (who, role, who == "ana")
    assert bool(body["capacity"]) == (who == "ana")
    assert {each["queue_id"] for each in body["queues"]} == {each["queue_id"] for each in TENANT["queues"]}


def test_a_machine_is_nobody_at_the_console(api: Api) -> None:
    assert api.by("crm").get("/v2/contact_center/me").status == 403


def test_the_desk_offers_only_the_words_that_the_api_takes(api: Api) -> None:
    dispositions = [
        {"disposition_id": "old", "disposition_name": "Old", "status": "inactive"},
        {"disposition_id": "paid", "disposition_name": "Paid"},
    ]
    said = {"dispositions": ["old", "paid"], "disposition_required": True, "default_disposition_id": "paid"}
    billing, *others = TENANT["queues"]
    reasons = [{"sub_status_id": "tea", "enabled": False}, {"sub_status_id": "meal", "sub_status_name": "Meal"}]
    queues = [{**billing, "dispositions": said}, *others]
    api.centre.configure({**TENANT, "queues": queues, "dispositions": dispositions, "reasons": reasons})
    api.centre.clock.pass_seconds(5)
    body = api.by("ana").get("/v2/contact_center/me").body
    assert [each["sub_status_id"] for each in body["reasons"]] == ["meal"]
    queue = body["queues"][0]
    assert [each["disposition_id"] for each in queue["dispositions"]] == ["paid"]
    assert (queue["disposition_required"], queue["default_disposition_id"]) == (True, "paid")


def test_whatever_the_api_calls_by_a_word_has_words(api: Api) -> None:
    said = {
        "event": {"start", *TRANSITIONS},
        "state": get_args(State),
        "mode": get_args(Mode),
        "flag": get_args(Flag),
        "end": get_args(EndReason),
        "reason": {*REASONS, "queue_closed", "queue_manual"},
        "why": REASONS,
        "segment": {*WAITS, *(f"{OBSERVED}{mode}" for mode in get_args(Mode))},
        "entity": {"Flow", "Queue", "Agent", "Supervisor"},
        "version_status": ("draft", "published", "archived"),
    }
    found = api.by("adm").get("/v2/contact_center/analytics/dataset/historical").body["datasets"]
    said["dataset"] = {each["dataset_name"] for each in found}
    told = {name for each in found for name in (*each.get("measures", ()), *each["filters"])}
    told |= {each.replace("_id", "_name") for each in NAMES}
    said["column"] = told | {column["column_name"] for each in found for column in each.get("columns", ())}
    lacking = {f"{kind}.{word}" for kind, words in said.items() for word in words} - set(CATALOGUES["fr"])
    assert lacking == set()
