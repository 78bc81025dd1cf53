"""Flows from the command line: their cases, their drawing, and the way that an engagement took."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.api import Api
from tests.support.command_line import interleave


@pytest.fixture
def file(api: Api, tmp_path: Path) -> Path:
    """The tenant's document with two cases beside its first flow."""
    document = interleave(api, "export", "--json").document["document"]
    document["flows"][0]["versions"][0]["cases"] = [
        {"case": "An invoice", "given": {"work_item_type": "invoice"}, "expect": {"queue_id": "billing"}},
        {"case": "Anything else", "given": {}, "expect": {"queue_id": "general"}},
    ]
    path = tmp_path / "tenant.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_cases_beside_a_flow_are_run(api: Api, file: Path) -> None:
    ran = interleave(api, "flow", "test", "--in", str(file))
    assert ran.code == 0
    assert ran.out.count("passed") == 2
    document = yaml.safe_load(file.read_text())
    document["flows"][0]["versions"][0]["cases"][1]["expect"]["queue_id"] = "billing"
    file.write_text(yaml.safe_dump(document))
    failed = interleave(api, "flow", "test", "tickets", "--in", str(file), "--json")
    assert failed.code == 1
    assert [each["passed"] for each in failed.document["results"]] == [True, False]
    assert "expected 'billing', got 'general'" in failed.document["results"][1]["differences"][0]


def test_what_is_applied_is_tested_and_drawn_without_files(api: Api) -> None:
    assert interleave(api, "flow", "test").out == "There are no cases.\n"
    drawn = interleave(api, "flow", "graph", "tickets")
    assert drawn.out.startswith("flowchart TD\n")
    assert "billing" in drawn.out
    assert interleave(api, "flow", "graph", "draft", "--json").document["mermaid"].startswith("flowchart TD\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("nothing",), "One of tickets, draft."), (("tickets", "--version", "9"), "It has 1.")],
)
def test_a_flow_or_version_that_is_not_there(api: Api, arguments: tuple[str, ...], says: str) -> None:
    ran = interleave(api, "flow", "graph", *arguments)
    assert ran.code == 1
    assert f"Next: {says}" in ran.error


def test_the_way_of_an_engagement(api: Api) -> None:
    started = interleave(api, "start", "entry-tickets", "--name", "A case", "--type", "invoice").out.strip()
    ran = interleave(api, "flow", "trace", started)
    assert ran.code == 0
    assert "tickets@1" in ran.out
    (passage,) = interleave(api, "flow", "trace", started, "--json").document["flows"]
    assert passage["steps"][0]["exit"] == "1"


def test_a_flow_is_tried_with_what_is_given_and_nothing_comes_of_it(api: Api) -> None:
    ran = interleave(api, "flow", "try", "tickets", "--set", "work_item_type=invoice")
    assert (ran.code, ran.error) == (0, "")
    assert ran.out.startswith("tickets 1 leads to queue_id billing")
    tried = interleave(
        api, "flow", "try", "tickets", "--set", "work_item_type=other", "--version", "1", "--json"
    ).document
    assert (tried["queue_id"], tried["steps"][0]["exit"]) == ("general", "otherwise")
    assert interleave(api, "items", "--json").document["engagements"] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("tickets", "--set", "work_item_type"), "Say it as --set name=value."),
        (("tickets", "--answer", "=1"), "Say it as --answer name=value."),
        (("nothing",), "Flow does not exist: nothing."),
        (("tickets", "--version", "9"), "has no such version"),
        (("tickets", "--at", "noon"), "/at"),
    ],
)
def test_what_cannot_be_tried_says_why(api: Api, arguments: tuple[str, ...], says: str) -> None:
    ran = interleave(api, "flow", "try", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.error


def test_the_steps_that_ask_are_told_by_name(api: Api, file: Path) -> None:
    document = yaml.safe_load(file.read_text())
    busy = {"when": {"field": "queue.billing.waiting", "op": "greater_than", "value": 2}, "name": "busy"}
    document["flows"][1]["versions"][0]["steps"] = [
        {"name": "look", "queue_statistics": "billing"},
        {"name": "load", "choose": [{**busy, "route": {"priority": 9}}], "otherwise": {"priority": 1}},
        {"set": {"queue_id": "billing"}},
    ]
    file.write_text(yaml.safe_dump(document))
    assert interleave(api, "apply", str(file)).code == 0
    asked = interleave(api, "flow", "try", "draft")
    assert (asked.code, "/answers/look" in asked.error) == (1, True)
    told = interleave(api, "flow", "try", "draft", "--answer", 'look={"waiting": 3}')
    assert "priority 9" in told.out
    assert "busy" in told.out


@pytest.mark.parametrize("name", ["flow.yaml", "flow.json"])
def test_a_flow_goes_out_and_comes_in_as_a_draft_that_is_published(api: Api, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    if name.endswith("json"):
        file.write_text(interleave(api, "flow", "export", "tickets", "--json").out)
    else:
        assert interleave(api, "flow", "export", "tickets", "--to", str(file)).out == f"Written: {file}\n"
    taken = interleave(api, "flow", "import", str(file), "--as-version")
    assert (taken.code, taken.out) == (0, "tickets has version 2 now.\n")
    assert "flow_version: 2" in interleave(api, "flow", "export", "tickets", "--version", "2").out
    assert interleave(api, "flow", "publish", "tickets", "2").out == "tickets 2 is published.\n"
    assert interleave(api, "flow", "graph", "tickets").code == 0
    copied = interleave(api, "flow", "import", str(file), "--name", "Another", "--json").document
    assert (copied["flow_name"], copied["entry_points"]) == ("Another", [])


def test_what_cannot_be_taken_in_says_why(api: Api, tmp_path: Path) -> None:
    gone = interleave(api, "flow", "import", str(tmp_path / "nothing.yaml"))
    assert (gone.code, "Next: Name a file" in gone.error) == (1, True)
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("flow_name: X\nflow_id: x\nversion: []\n")
    ran = interleave(api, "flow", "import", str(wrong))
    assert ran.code == 1
    assert "/flow_file/version" in ran.error
    assert interleave(api, "flow", "publish", "tickets", "9").code == 1
