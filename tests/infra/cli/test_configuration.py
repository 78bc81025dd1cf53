"""A tenant's configuration from files: what `init` writes can be applied, and applied it differs in nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.cli.files import given
from tests.infra.movers.test_movers import SAMPLES
from tests.support.api import Api, api_of
from tests.support.command_line import interleave
from tests.support.worlds import memory_centre


@pytest.fixture
def bare() -> Api:
    """A tenant of whom nothing is configured yet."""
    return api_of(memory_centre(configured=False))


def test_init_writes_a_tenant_that_applies_cleanly_and_then_differs_in_nothing(bare: Api, tmp_path: Path) -> None:
    folder = str(tmp_path / "tenant")
    assert interleave(bare, "init", folder).code == 0
    valid = interleave(bare, "validate", folder)
    assert valid.out.startswith("Valid: 2 queues, 1 agents, 1 flows")
    assert "Worth a look" not in valid.out
    planned = interleave(bare, "plan", folder)
    assert planned.code == 2
    assert ["+", "queues", "urgent"] in [line.split() for line in planned.out.splitlines()]
    applied = interleave(bare, "apply", folder, "--comment", "The first")
    assert (applied.code, applied.error) == (0, "")
    assert applied.out.splitlines()[-1] == "Version 1 is applied."
    again = interleave(bare, "plan", folder)
    assert (again.code, again.out) == (0, "Nothing would change: version 1 is applied.\n")
    assert interleave(bare, "diff", folder).out == "There is no difference.\n"
    assert interleave(bare, "apply", folder).out == "Version 1 is applied already.\n"
    severe = ("--var", "global_custom.ticket.severity=1")
    started = interleave(bare, "start", "tickets", "--name", "On fire", *severe).out.strip()
    assert bare.centre.read(started).queue_id == "urgent"
    assert interleave(bare, "init", folder).error.startswith("Error:")


def test_plan_names_what_is_added_removed_and_changed(api: Api, tmp_path: Path) -> None:
    document = interleave(api, "export", "--json").document["document"]
    file = tmp_path / "tenant.yaml"
    document["queues"][0]["queue_name"] = "Bills"
    document["agents"].reverse()
    del document["flows"][1]
    document["queues"].append({"queue_id": "more", "queue_name": "More"})
    file.write_text(yaml.safe_dump(document))
    ran = interleave(api, "plan", str(file), "--json")
    assert ran.code == 2
    assert ran.document["version"] == 1
    assert {(each["action"], each["kind"], each["id"]) for each in ran.document["changes"]} == {
        ("~", "queues", "billing"),
        ("+", "queues", "more"),
        ("~", "agents", "*"),
        ("-", "flows", "draft"),
    }
    shown = interleave(api, "plan", str(file)).out
    assert "queue_name: Billing → Bills" in shown
    assert "tenant.yaml:" in shown, "what is worth a look is told by file and line"
    assert "-  queue_name: Billing" in interleave(api, "diff", str(file)).out
    refused = interleave(api, "apply", str(file))
    assert refused.code == 1
    assert "This would take out flows draft." in refused.error
    assert interleave(api, "apply", str(file), "--yes").code == 0


def test_going_back_is_a_new_version_of_the_old_document(bare: Api, tmp_path: Path) -> None:
    folder, more = str(tmp_path / "tenant"), tmp_path / "tenant" / "more.yaml"
    interleave(bare, "init", folder)
    interleave(bare, "apply", folder, "--comment", "The first")
    before = interleave(bare, "export", "--json").document["document"]
    more.write_text("queues:\n- {queue_id: more, queue_name: More}\n")
    assert interleave(bare, "apply", folder).code == 0
    assert interleave(bare, "rollback", "1").out == "Version 1 is applied again, as version 3.\n"
    assert interleave(bare, "export", "--json").document == {"version": 3, "document": before}
    listed = interleave(bare, "rollback", "--json").document["versions"]
    assert [(each["version"], each["comment"]) for each in listed] == [
        (3, "Back to version 1"),
        (2, ""),
        (1, "The first"),
    ]
    assert "The first" in interleave(bare, "rollback").out
    assert "There is no version 9." in interleave(bare, "rollback", "9").error


def test_what_is_brought_home_is_what_is_applied(api: Api, tmp_path: Path) -> None:
    folder = str(tmp_path / "home")
    assert interleave(api, "export", folder).code == 0
    assert interleave(api, "plan", folder).code == 0
    assert "queue_id: billing" in interleave(api, "export").out
    assert "already" in interleave(api, "export", folder).error


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("queues: [{queue_id: a}]", "tenant.yaml:1: This field is missing"),
        ("queues:\n- {queue_id: a, queue_name: A, colour: red}", "tenant.yaml:2: There is no field 'colour'"),
        (
            "queues:\n- {queue_id: a, queue_name: A}\nagents:\n- {user_id: b, display_name: B, queues: [c]}",
            "tenant.yaml:4",
        ),
        ("queues: [", "tenant.yaml:1: This is no YAML"),
        ("- queues", "A document is a mapping"),
        (
            "closure_sets: [{closure_set_id: a, holidays: {country: XX, years: [2026]}}]",
            "tenant.yaml:1: There is no country",
        ),
    ],
)
def test_bad_documents_are_refused_before_anything_is_asked(api: Api, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "tenant.yaml").write_text(text)
    for command in ("validate", "plan", "apply", "diff"):
        ran = interleave(api, command, str(tmp_path))
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.error
        assert "Next: Correct" in ran.error
    assert "interleave init" in interleave(api, "validate", str(tmp_path / "empty")).error


def test_a_change_by_somebody_else_is_never_overwritten(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interleave(api, "export", str(tmp_path / "t"))
    with (tmp_path / "t" / "queues.yaml").open("a") as file:
        file.write("- {queue_id: more, queue_name: More}\n")
    monkeypatch.setattr("infra.cli.configuration._planned", _behind)
    ran = interleave(api, "apply", str(tmp_path / "t"), "--yes")
    assert ran.code == 1
    assert "The configuration has changed since." in ran.error


def _behind(*_: object) -> dict[str, Any]:
    """A plan that was made before somebody else was quicker."""
    return {"version": 0, "changes": [{"action": "+", "kind": "queues", "id": "more"}]}


@pytest.mark.parametrize("system", ["zoom", "job-router", "twilio", "connect"])
def test_import_writes_documents_and_lists_what_is_left_out(bare: Api, tmp_path: Path, system: str) -> None:
    folder = tmp_path / "moved"
    ran = interleave(bare, "import", system, str(SAMPLES / system.replace("-", "_")), "--to", str(folder))
    assert ran.code == 0
    assert "Left out, or not as it was" in ran.out
    assert "interleave plan" in ran.error
    assert given(folder).tenant.queues
    assert interleave(bare, "apply", str(folder)).code == 0
    again = interleave(bare, "import", system, str(SAMPLES / system.replace("-", "_")), "--to", str(folder), "--json")
    assert "already" in json.loads(again.error)["error"]


def test_import_names_ids_that_had_to_change(bare: Api, tmp_path: Path) -> None:
    ran = interleave(bare, "import", "zoom", str(SAMPLES / "zoom"), "--to", str(tmp_path / "moved"), "--json")
    renamed = {each["theirs"]: each["ours"] for each in ran.document["renamed"]}
    assert renamed["ben.b@example.com"].startswith("ben-b-example-com-")
    assert {each["what"] for each in ran.document["left_out"]} >= {"caller_ids", "overflow_to_inbox_id"}


def test_what_is_exported_is_to_the_letter_what_is_configured(api: Api) -> None:
    names = ["Billing :phone:", "[bold]Billing[/bold]", ":id: x:100:y"]
    for name in names:
        assert api.by("adm").post("/v2/contact_center/queues", {"queue_name": name}).status == 201
    exported = yaml.safe_load(interleave(api, "export").out)
    assert {each["queue_name"] for each in exported["queues"]} >= {*names}
