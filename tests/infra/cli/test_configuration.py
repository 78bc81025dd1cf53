"""A tenant's configuration from files: what `init` writes can be applied, and applied it differs in nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib.configuration.document import read, write
from infra.cli.files import load
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
    assert interleave(bare, "validate", folder).out.startswith("Valid: 3 queues, 2 agents, 1 flows")
    planned = interleave(bare, "plan", folder)
    assert planned.code == 2
    assert ["+", "queues", "billing"] in [line.split() for line in planned.out.splitlines()]
    applied = interleave(bare, "apply", folder)
    assert (applied.code, applied.error) == (0, "")
    assert applied.out.splitlines()[-1] == "Version 1 is applied."
    again = interleave(bare, "plan", folder)
    assert (again.code, again.out) == (0, "Nothing would change: version 1 is applied.\n")
    assert interleave(bare, "diff", folder).out == "There is no difference.\n"
    assert interleave(bare, "apply", folder).out == "Version 1 is applied already.\n"
    started = interleave(bare, "start", "tickets", "--name", "An invoice", "--type", "invoice")
    assert bare.centre.read(started.out.strip()).queue_id == "billing"


def test_what_init_writes_helps_an_editor(bare: Api, tmp_path: Path) -> None:
    interleave(bare, "init", str(tmp_path))
    for file in tmp_path.glob("*.yaml"):
        assert file.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    schema = json.loads((tmp_path / "schema.json").read_text())
    assert set(load(tmp_path)) <= set(schema["properties"])
    assert interleave(bare, "init", str(tmp_path)).error.startswith("Error:")


def test_plan_names_what_is_added_removed_and_changed(api: Api, tmp_path: Path) -> None:
    document = interleave(api, "export", "--json").document["document"]
    file = tmp_path / "tenant.yaml"
    document["queues"][0]["queue_name"] = "Bills"
    document["agents"].reverse()
    del document["flows"][1]
    document["business_hours"] = [{"business_hours_id": "office", "weekly": {}}]
    file.write_text(yaml.safe_dump(document))
    ran = interleave(api, "plan", str(file), "--json")
    assert ran.code == 2
    assert ran.document["version"] == 1
    assert [(each["sign"], each["part"], each["id"]) for each in ran.document["changes"]] == [
        ("~", "queues", "billing"),
        ("~", "agents", "*"),
        ("-", "flows", "draft"),
        ("+", "business_hours", "office"),
    ]
    assert "-- queue_name: Billing" not in interleave(api, "diff", str(file)).out
    assert "-  queue_name: Billing" in interleave(api, "diff", str(file)).out
    refused = interleave(api, "apply", str(file))
    assert refused.code == 1
    assert "This would remove flows draft." in refused.error
    assert interleave(api, "apply", str(file), "--yes").code == 0


def test_what_is_brought_home_is_what_is_applied(api: Api, tmp_path: Path) -> None:
    folder = str(tmp_path / "home")
    assert interleave(api, "export", folder).code == 0
    assert interleave(api, "plan", folder).code == 0
    assert "queue_id: billing" in interleave(api, "export").out
    assert "already" in interleave(api, "export", folder).error


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("queues: [{queue_id: a}]", "/queues/0/queue_name"),
        ("queues: [{queue_id: a, queue_name: A, colour: red}]", "colour"),
        ("agents: [{user_id: a, display_name: A, queues: [nowhere]}]", "/agents/0/queues/0"),
        ("queues: [", "is no YAML"),
        ("- queues", "is no mapping"),
    ],
)
def test_bad_documents_are_refused_before_anything_is_asked(api: Api, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "tenant.yaml").write_text(text)
    for command in ("validate", "plan", "apply", "diff"):
        ran = interleave(api, command, str(tmp_path))
        assert (ran.code, ran.out) == (1, "")
        assert says in ran.error
        assert "Next: " in ran.error
    assert "interleave init" in interleave(api, "validate", str(tmp_path / "empty")).error


def test_a_change_by_somebody_else_is_never_overwritten(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interleave(api, "export", str(tmp_path / "t"))
    with (tmp_path / "t" / "queues.yaml").open("a") as file:
        file.write("- {queue_id: more, queue_name: More}\n")
    monkeypatch.setattr("infra.cli.configuration._applied", _behind)
    ran = interleave(api, "apply", str(tmp_path / "t"), "--yes")
    assert ran.code == 1
    assert "The configuration has changed since." in ran.error


def _behind(_: object) -> tuple[int, dict[str, Any]]:
    """What was applied before somebody else was quicker."""
    return 0, {}


@pytest.mark.parametrize("system", ["zoom", "job-router", "twilio", "connect"])
def test_import_writes_documents_and_lists_what_is_left_out(bare: Api, tmp_path: Path, system: str) -> None:
    folder = tmp_path / "moved"
    ran = interleave(bare, "import", system, str(SAMPLES / system.replace("-", "_")), "--to", str(folder))
    assert ran.code == 0
    assert "Left out, or not as it was" in ran.out
    assert "interleave plan" in ran.error
    document = load(folder)
    assert write(read(document))["queues"]
    assert interleave(bare, "apply", str(folder)).code == 0
    again = interleave(bare, "import", system, str(SAMPLES / system.replace("-", "_")), "--to", str(folder), "--json")
    assert "already" in json.loads(again.error)["error"]


def test_import_names_ids_that_had_to_change(bare: Api, tmp_path: Path) -> None:
    ran = interleave(bare, "import", "zoom", str(SAMPLES / "zoom"), "--to", str(tmp_path / "moved"), "--json")
    renamed = {each["theirs"]: each["ours"] for each in ran.document["renamed"]}
    assert renamed["ben.b@example.com"].startswith("ben-b-example-com-")
    assert {each["what"] for each in ran.document["left_out"]} >= {"caller_ids", "overflow_to_inbox_id"}
