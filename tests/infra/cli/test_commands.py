"""The commands that start, list, watch and explain, from the command line to the API and back."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
import typer
from moto import mock_aws
from typer.testing import CliRunner

from chalicelib.operations import rolling
from infra.cli import app
from infra.cli.aws import Stack
from infra.cli.connection import Address, Options
from infra.cli.failures import Failed
from infra.cli.output import duration
from tests.support.api import Api
from tests.support.command_line import interleave
from tests.support.worlds import NOW

ROOT = Path(__file__).parent.parent.parent.parent
START = ("start", "entry-tickets", "--name", "Printer on fire", "--id", "CASE-1", "--type", "invoice")


def started(api: Api, *more: str) -> str:
    ran = interleave(api, *START, *more)
    assert (ran.code, ran.error) == (0, "")
    return ran.out.strip()


def test_work_is_started_and_listed(api: Api) -> None:
    engagement_id = started(api, "--priority", "3", "--var", "global_custom.case.tier=gold", "--consumer", "Jill")
    api.centre.settle()
    listed = interleave(api, "items")
    assert engagement_id in listed.out
    assert "CASE-1 Printer on fire" in listed.out
    (one,) = interleave(api, "items", "--json", "--queue", "billing").document["engagements"]
    assert (one["engagement_id"], one["state"]) == (engagement_id, "queued")
    assert one["variables"] == [{"name": "global_custom.case.tier", "value": "gold"}]
    assert interleave(api, "items", "--state", "closed").out == "There are none.\n"


def test_work_is_started_once_under_one_key(api: Api) -> None:
    first = started(api, "--key", "k1")
    assert started(api, "--key", "k1") == first
    again = interleave(api, *START)
    assert again.code == 1
    assert "Error:" in again.error
    assert "Next: Use `existing_engagement_id`" in again.error
    assert started(api, "--use-existing") == first


def test_a_long_list_is_cut_and_says_so(api: Api) -> None:
    for number in range(3):
        interleave(api, "start", "entry-tickets", "--name", "A case", "--id", str(number))
    api.centre.settle()
    ran = interleave(api, "items", "--limit", "2")
    assert "--limit 4 shows them" in ran.error
    assert len(interleave(api, "items", "--limit", "2", "--json").document["engagements"]) == 2
    assert len(interleave(api, "items", "--all", "--json").document["engagements"]) == 3


def test_agents_and_what_they_do(api: Api) -> None:
    api.centre.ready("ana")
    engagement_id = started(api)
    api.centre.settle()
    ran = interleave(api, "agents")
    assert f"{engagement_id} offered" in ran.out
    assert "work_item 1/1" in ran.out
    (ana,) = interleave(api, "agents", "--ready", "--json").document["users"]
    assert (ana["user_id"], ana["status_name"]) == ("ana", "Ready")


def test_the_wallboard_looked_at_once(api: Api) -> None:
    started(api)
    api.centre.settle()
    ran = interleave(api, "watch", "--once")
    assert ["Billing", "1", "0", "s", "0", "0", "0", "0"] in [line.split() for line in ran.out.splitlines()]
    found = interleave(api, "watch", "--once", "--json").document
    assert {each["queue_id"] for each in found["queues"]} == {"billing", "general", "express"}


def test_explanations_of_work_and_of_agents(api: Api) -> None:
    engagement_id = started(api)
    api.centre.settle()
    ran = interleave(api, "explain", engagement_id)
    assert "not_ready" in ran.out
    assert interleave(api, "explain", engagement_id, "--json").document["state"] == "queued"
    assert engagement_id in interleave(api, "explain", "--user", "ana").out
    nothing = interleave(api, "explain")
    assert nothing.code == 1
    assert "Next: `interleave items`" in nothing.error


def handled(api: Api) -> str:
    """One case, from its start to its end."""
    api.centre.ready("ana")
    engagement_id = started(api)
    api.centre.settle()
    api.centre.accept(engagement_id)
    api.centre.end(engagement_id)
    api.centre.settle()
    return engagement_id


def test_reports_add_up(api: Api) -> None:
    assert interleave(api, "report").out == "Nothing happened in that time.\n"
    engagement_id = handled(api)
    assert "Billing" in interleave(api, "report").out
    (row,) = interleave(api, "report", "agent_performance", "--json").document["agent_performance"]
    assert row["handled_count"] == 1
    assert engagement_id in interleave(api, "report", "agent_performance", "--behind", "handled_count").out
    assert engagement_id not in interleave(api, "report", "agent_performance", "--behind", "missed_count").out
    wrong = interleave(api, "report", "colours")
    assert wrong.code == 1
    assert "queue_performance" in wrong.error


def test_a_report_is_grouped_and_filtered_and_a_file(api: Api, tmp_path: Path) -> None:
    engagement_id = handled(api)
    grouped = ("report", "flow_performance", "--group-by", "end_reason", "--filter", "end_reason=completed")
    (row,) = csv.DictReader(io.StringIO(interleave(api, *grouped, "--format", "csv").out))
    assert (row["end_reason"], row["engagement_count"]) == ("completed", "1")
    assert "completed" in interleave(api, *grouped).out
    assert engagement_id in interleave(api, *grouped, "--behind", "completed_count").out
    interleave(api, *grouped, "--html", str(tmp_path / "flows.html"))
    assert "Closed engagements that were offered at least once" in (tmp_path / "flows.html").read_text()
    alone = interleave(api, "report", "disposition", "--group-by", "", "--json").document["disposition"]
    assert [each["engagement_count"] for each in alone] == [1]
    assert "query/group_by" in interleave(api, "report", "--group-by", "mood").error
    api.centre.clock.pass_seconds(60)
    api.centre.ready("ana")
    api.centre.consume()
    assert "Ana" in interleave(api, "report", "agent_timecard", "--behind", "ready_ms").out


def test_a_report_of_rows_goes_through_its_pages_and_is_a_table_or_a_file(api: Api) -> None:
    assert interleave(api, "report", "engagement").out == "Nothing happened in that time.\n"
    ids = [api.centre.start(f"ROW-{n}") for n in range(2)]
    for each in ids:
        assert api.by("crm").patch(f"/v2/contact_center/engagements/{each}", {"engagement_action": "end"}).status == 204
    api.centre.consume()
    api.centre.clock.pass_seconds(1)
    assert all(each in interleave(api, "report", "engagement").out for each in ids)
    table = interleave(api, "report", "engagement", "--format", "csv").out.splitlines()
    assert (table[0].split(",")[0], len(table)) == ("engagement_id", 3)
    lines = interleave(api, "report", "engagement_log", "--format", "ndjson", "--filter", "end_reason=cancelled").out
    assert [json.loads(each)["engagement_id"] for each in lines.splitlines()] == sorted(ids)
    assert (
        interleave(api, "report", "engagement", "--filter", "queue_id=general", "--json").document["engagement"] == []
    )
    assert interleave(api, "report", "engagement", "--filter", "billing").code == 1


@pytest.mark.parametrize("dataset", ["queue_performance", "engagement"])
@pytest.mark.parametrize("format_", ["table", "csv", "ndjson", "json"])
def test_a_report_for_a_program_is_json_whatever_else_is_asked(api: Api, dataset: str, format_: str) -> None:
    handled(api)
    ran = interleave(api, "report", dataset, "--format", format_, "--json")
    assert len(ran.document[dataset]) == 1


def test_a_token_can_be_used_elsewhere(api: Api) -> None:
    text = interleave(api, "token").out.strip()
    assert Api(api.centre, api.http, text).get("/v2/contact_center/configuration").status == 200


@pytest.mark.parametrize(
    ("arguments", "as_", "says"),
    [
        (("items", "--state", "lost"), "adm", "query/state: One of open"),
        (("items", "--queue", "billing"), "nobody", "The bearer token is not valid."),
        (("agents",), "crm", "The role integration may not do this."),
        (("explain", "x" * 32), "adm", "No such engagement."),
        (("explain", "-" + "h" * 31), "adm", "No such engagement."),
        (("flow", "trace", "-M" + "x" * 30), "adm", "No such engagement."),
        (("start", "no-entry", "--name", "x"), "adm", "No flow has this Entry ID."),
        (("start", "entry-tickets", "--name", "x", "--var", "oops"), "adm", "'oops' is no variable"),
        (("import", "zoom", "/nowhere"), "adm", "/nowhere is no folder"),
    ],
)
def test_errors_say_what_and_what_next_also_to_programs(
    api: Api, arguments: tuple[str, ...], as_: str, says: str
) -> None:
    if as_ == "nobody":
        api.tokens["nobody"] = "x"
    ran = interleave(api, *arguments, as_=as_)
    assert (ran.code, ran.out) == (1, "")
    assert says in ran.error
    assert "Next: " in ran.error
    told = json.loads(interleave(api, *arguments, "--json", as_=as_).error)
    assert told["next"]
    assert says in " ".join([told["error"], *told["places"]])


def test_the_doctor_finds_nothing_in_a_healthy_centre(api: Api) -> None:
    api.centre.ready("ana")
    started(api)
    api.centre.settle()
    ran = interleave(api, "doctor")
    assert (ran.code, ran.error) == (0, "")
    assert "WRONG" not in ran.out


def a_finished_day(api: Api) -> str:
    """One case was handled, and the quarter of an hour is over."""
    rolling.roll_up(api.centre.world)
    engagement_id = handled(api)
    api.centre.clock.pass_seconds(2000)
    api.centre.settle()
    return engagement_id


def of_the_doctor(api: Api, *options: str) -> dict[str, Any]:
    return {each["name"]: each for each in interleave(api, "doctor", "--json", *options).document["findings"]}


def test_the_doctor_finds_a_history_that_was_touched(api: Api) -> None:
    engagement_id = a_finished_day(api)
    assert of_the_doctor(api)["histories"]["ok"]
    head = api.centre.read(engagement_id)
    changed = (head.trail[0]._replace(actor="agent:ben"), *head.trail[1:])
    api.centre.store._heads[head.work_key] = replace(head, trail=changed)
    found = of_the_doctor(api)["histories"]
    assert (found["ok"], found["text"]) == (False, f"{engagement_id}: An event has been changed.")


@pytest.mark.parametrize("how", ["missing", "unfounded", "stale"])
def test_the_doctor_finds_reports_that_drift_and_makes_them_anew(
    api: Api, stack: Stack, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr("infra.cli.stack.stack_of", lambda *_: stack)
    engagement_id = a_finished_day(api)
    assert of_the_doctor(api)["reports"]["ok"]
    store = api.centre.store
    facts = store.facts(None, 0, 2 * NOW)
    quarter = facts[0].at - facts[0].at % 900_000
    if how == "missing":
        store.rewrite_facts(quarter, lambda _: [])
    elif how == "unfounded":
        store.rewrite_facts(quarter, lambda kept: [*kept, replace(kept[0], version=1)])
    else:
        store.keep_rollup("queue_performance", "quarter", quarter, [])
    found = of_the_doctor(api)["reports"]
    assert (found["ok"], "--repair" in found["text"]) == (False, True)
    assert {"missing": "not what all histories tell", "unfounded": engagement_id, "stale": "adds up to"}[how] in found[
        "text"
    ]
    assert of_the_doctor(api, "--repair")["reports"]["ok"]
    assert store.facts(None, 0, 2 * NOW) == facts


def test_work_that_was_finished_while_parked_takes_no_place_and_is_no_finding(api: Api) -> None:
    api.centre.ready("ben")
    engagement_id = started(api, "--type", "question")
    api.centre.settle()
    api.centre.accept(engagement_id)
    for body in ({"engagement_action": "deactivate"}, {"engagement_action": "end"}):
        api.by("ben").patch(f"/v2/contact_center/engagements/{engagement_id}", body)
    assert api.centre.read(engagement_id).state == "wrap_up"
    assert interleave(api, "doctor").code == 0


def test_the_doctor_finds_places_that_disagree_and_offers_that_nobody_ended(api: Api) -> None:
    api.centre.ready("ana")
    started(api)
    api.centre.settle()
    api.centre.clock.pass_seconds(600)  # and no sweeper comes
    ran = interleave(api, "doctor", "--json")
    findings = {each["name"]: each for each in ran.document["findings"]}
    assert ran.code == 1
    assert "past their deadline" in findings["offers"]["text"]
    assert findings["agents' places"]["ok"]


def test_without_a_tenant_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="no local stack is running") as failed:
        Options(file=tmp_path / "local.json").address()
    assert "interleave serve" in failed.value.step
    with pytest.raises(Failed, match="--client-secret is missing"):
        Options("https://acme.example.com", "acme", "admin").address()
    whole = Options("https://acme.example.com/", "acme", "admin", "secret").address()
    assert whole == Address("https://acme.example.com", "acme", "admin", "secret")


def test_the_local_stack_is_found_by_its_file(tmp_path: Path) -> None:
    file = tmp_path / "local.json"
    credentials = {"client_id": "x", "client_secret": "y"}
    local: dict[str, Any] = {
        "url": "http://127.0.0.1:1",
        "account_id": "local",
        "clients": {"admin": credentials},
        "agents": {},
    }
    file.write_text(json.dumps(local))
    assert Options(file=file).address() == Address("http://127.0.0.1:1", "local", "x", "y")
    with pytest.raises(Failed, match="no client 'eve'"):
        Options(file=file, as_="eve").address()


def test_who_is_not_there_is_told_and_not_traced() -> None:
    address = ("--url", "http://127.0.0.1:1", "--account", "z", "--client-id", "x", "--client-secret", "y")
    result = CliRunner().invoke(app, [*address, "items"])
    assert result.exit_code == 1
    assert "http://127.0.0.1:1 does not answer" in result.stderr
    assert "Traceback" not in result.stderr


def commands(group: Any, *before: str) -> Iterator[tuple[str, ...]]:
    """Every command there is, by the words that call it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, *before, name)
        else:
            yield (*before, name)


ALL = list(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help_and_takes_json(words: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, [*words, "--help"])
    assert ran.exit_code == 0
    assert ("--json" in ran.stdout) == (words not in {("serve",), ("demo",)}), "these two only run"
    assert len(ran.stdout.split("\n\n")[1].strip()) > 10, "it says what it does"


def test_there_is_a_command_for_everything() -> None:
    wanted = """init serve demo plan apply diff rollback export validate start items agents watch explain report token
        doctor deploy upgrade status destroy backup restore simulate staff"""
    inner = {f"flow {each}" for each in ("test", "try", "graph", "trace", "export", "import", "publish")} | {"dlq list"}
    movers = {f"import {each}" for each in ("zoom", "job-router", "twilio", "connect")}
    assert {" ".join(words) for words in ALL} == {*wanted.split(), *inner, *movers, "dlq redrive"}


def test_what_is_asked_wrongly_ends_with_1_as_what_fails_does(tmp_path: Path) -> None:
    runner = CliRunner()
    for words in ALL:
        ran = runner.invoke(app, [*words, "--no-such-option"])
        assert (ran.exit_code, ran.stdout, "Usage: " in ran.stderr) == (1, "", True), words
    for words in (["validate", str(tmp_path / "nothing")], ["items"], ["import", "zoom", str(tmp_path / "nothing")]):
        ran = runner.invoke(app, words)
        assert (ran.exit_code, "Next: " in ran.stderr) == (1, True), words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("plan --typo --json", "--typo"),
        ("plan --json --typo", "--typo"),
        ("--typo plan --json", "--typo"),
        ("flow --typo graph --json", "--typo"),
        ("flow grph --json", "Did you mean 'graph'?"),
        ("items --limit x --json", "--limit"),
        ("start --json", "entry_id"),
        ("paln --json", "Did you mean 'plan'?"),
    ],
)
def test_what_is_asked_wrongly_is_told_to_programs_as_what_fails(words: str, says: str) -> None:
    ran = CliRunner().invoke(app, words.split(), prog_name="interleave")
    told = json.loads(ran.stderr)
    assert (ran.exit_code, ran.stdout, told["places"]) == (1, "", [])
    assert says in told["error"]
    assert told["next"].startswith("`interleave")
    help_ = CliRunner().invoke(app, told["next"].split("`")[1].split()[1:])
    assert (help_.exit_code, "Usage: " in help_.stdout) == (0, True), "the next step is one"


@pytest.mark.parametrize("words", [(), ("flow",), ("import",), ("dlq",)], ids=" ".join)
def test_where_no_command_is_named_its_help_is_shown(words: tuple[str, ...]) -> None:
    ran = CliRunner().invoke(app, words)
    assert (ran.exit_code, ran.stdout, ran.stderr.split()[0]) == (1, "", "Usage:")
    assert "Commands:" in ran.stderr


def test_shells_complete_commands() -> None:
    environment = {"_INTERLEAVE_COMPLETE": "complete_bash", "COMP_WORDS": "interleave wa", "COMP_CWORD": "1"}
    result = CliRunner().invoke(app, [], prog_name="interleave", env=environment)
    assert result.stdout.split() == ["watch"]


def test_the_command_line_is_a_module_too() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "Usage: interleave" in done.stdout
    assert "\x1b" not in done.stdout, "there is no colour where it is piped"


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, ""), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7300, "2 h"), (200_000, "2 d")]
)
def test_durations_are_short(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


class Functions:
    """Lambda, as far as the doctor calls it."""

    def __init__(self) -> None:
        self.sweeps: Callable[[], Any] = lambda: {}

    def invoke(self, FunctionName: str, Payload: bytes) -> Any:
        assert (FunctionName, Payload) == ("sweeper", b"{}")
        return self.sweeps()


@pytest.fixture
def stack() -> Iterator[Stack]:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        names = {
            "DoorbellUrl": "bell",
            "DoorbellDeadLettersUrl": "bell-dead",
            "RecorderDeadLettersUrl": "recorder-dead",
        }
        outputs = {output: sqs.create_queue(QueueName=name)["QueueUrl"] for output, name in names.items()}
        for name in ("acme-queue-billing", "acme-queue-billing-dead"):
            sqs.create_queue(QueueName=name)
        yield Stack(sqs, Functions(), {**outputs, "QueuePrefix": "acme-queue-", "SweeperName": "sweeper"})


def test_dead_letters_are_counted_and_sent_where_they_came_from(
    api: Api, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.stack.stack_of", lambda *_: stack)
    for number in range(12):
        stack.sqs.send_message(QueueUrl=stack.outputs["DoorbellDeadLettersUrl"], MessageBody=str(number))
    listed = interleave(api, "dlq", "list", "--json").document["dead_letters"]
    assert {each["name"]: each["count"] for each in listed} == {"doorbell": 12, "recorder": 0, "queue billing": 0}
    assert interleave(api, "doctor").code == 1
    assert "12" in interleave(api, "dlq", "redrive").out
    assert {each.name: each.count for each in stack.dead_letters()}["doorbell"] == 0
    sent = stack.sqs.get_queue_attributes(
        QueueUrl=stack.outputs["DoorbellUrl"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert sent["Attributes"]["ApproximateNumberOfMessages"] == "12"
    assert "nothing to send" in interleave(api, "dlq", "redrive").out
    assert "notes about failures" in interleave(api, "dlq", "redrive", "recorder").error
    assert "There are no dead letters 'x'" in interleave(api, "dlq", "redrive", "x").error


def test_the_doctor_repairs_what_the_sweeper_and_a_second_sending_can(
    api: Api, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.cli.stack.stack_of", lambda *_: stack)
    stack.sqs.send_message(QueueUrl=stack.outputs["DoorbellDeadLettersUrl"], MessageBody="{}")
    offered = started(api)
    api.centre.ready("ana")
    api.centre.settle()
    assert api.centre.read(offered).state == "offered"
    api.centre.clock.pass_seconds(400)  # and nobody swept
    stack.functions.sweeps = lambda: api.centre.sweep() or {}
    assert interleave(api, "doctor").code == 1
    repaired = interleave(api, "doctor", "--repair", "--json")
    assert (repaired.code, {each["ok"] for each in repaired.document["findings"]}) == (0, {True})
    assert api.centre.read(offered).state == "queued"
    stack.functions.sweeps = lambda: {"FunctionError": "Unhandled"}
    failed = interleave(api, "doctor", "--repair")
    assert (failed.code, "The sweeper failed." in failed.error) == (1, True)
