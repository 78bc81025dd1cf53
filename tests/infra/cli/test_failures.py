"""Whatever goes wrong outside Interleave is told in a sentence with the next step, and never as a traceback."""

from __future__ import annotations

import errno
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.cli.aws import Stack
from infra.cli.connection import Options
from infra.cli.failures import Failed
from infra.removal import Leftovers
from infra.sessions import Session
from tests.infra.cli.test_deployment import Account, account
from tests.support.api import Api
from tests.support.command_line import Ran, interleave

__all__ = ["account"]
ZOOM = Path(__file__).parent.parent / "movers" / "samples" / "zoom"
ADDRESS = ("--url", "https://acme.example", "--account", "acme", "--client-id", "x", "--client-secret", "y")
NOT_TEXT = b"queues:\n- {queue_id: \xff, queue_name: x}\n"


def told(ran: Ran, *says: str) -> None:
    """It failed, said this, and named the next step."""
    assert (ran.code, ran.out) == (1, "")
    assert [each for each in (*says, "Next: ") if each not in ran.error] == []


# Files


@pytest.mark.parametrize(
    "arguments",
    [
        ("flow", "export", "tickets", "--to"),
        ("simulate", "--demo", "--seeds", "0", "--picture"),
        ("simulate", "--demo", "--seeds", "0", "--keep"),
        ("report", "--html"),
    ],
    ids=" ".join,
)
def test_a_file_that_cannot_be_written_is_named(api: Api, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "nowhere" / "file"
    told(interleave(api, *arguments, str(file)), f"{file} cannot be written: No such file or directory.")


def test_a_simulation_does_not_begin_before_its_picture_has_a_place(
    api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.simulation.compare.runs", lambda *_: pytest.fail("it has begun"))
    told(interleave(api, "simulate", "--demo", "--picture", str(tmp_path / "nowhere" / "file")))


def test_a_folder_that_is_a_file_is_not_written_into(api: Api, tmp_path: Path) -> None:
    file = tmp_path / "tenant"
    file.touch()
    told(interleave(api, "init", str(file)), f"{file} is not an empty folder.")
    told(interleave(api, "export", str(file)), f"{file} cannot be written: ")


@pytest.mark.parametrize("arguments", [("init",), ("export",), ("import", "zoom", str(ZOOM), "--to")], ids=" ".join)
@pytest.mark.parametrize("name", ["file/inner", "x" * 300], ids=["in a file", "too long"])
def test_a_place_that_can_be_no_folder_is_named(
    api: Api, tmp_path: Path, arguments: tuple[str, ...], name: str
) -> None:
    (tmp_path / "file").touch()
    told(interleave(api, *arguments, str(tmp_path / name)), f"{tmp_path / name} cannot be written: ")


@pytest.mark.parametrize("arguments", [("validate",), ("flow", "import"), ("staff", "--history")], ids=" ".join)
@pytest.mark.parametrize("name", ["tenant.yaml", "tenant.csv"])
def test_a_file_that_is_no_text_is_named(api: Api, tmp_path: Path, arguments: tuple[str, ...], name: str) -> None:
    file = tmp_path / name
    file.write_bytes(NOT_TEXT)
    told(interleave(api, *arguments, str(file)), str(file))


@pytest.mark.parametrize(
    ("system", "path", "answer", "says"),
    [
        ("zoom", "queues", {"queues": "x"}, "queues, queues is no list."),
        ("zoom", "queues", [1], "queues is no object."),
        ("zoom", "queues", {"queues": [{"queue_name": "A"}]}, "queues A, queue_id is no text."),
        ("job-router", "workers", {"value": [7]}, "workers, value[0] is no object."),
        ("twilio", "TaskQueues", {"task_queues": [{"sid": ["x"]}]}, "TaskQueues ?, sid is no text or number."),
        ("connect", "search-users", {"Users": {"Id": "x"}}, "search-users, Users is no list."),
    ],
)
def test_what_another_system_never_answers_is_told_by_file_and_field(
    api: Api, tmp_path: Path, system: str, path: str, answer: Any, says: str
) -> None:
    file = tmp_path / f"{path}.json"
    file.write_text(json.dumps(answer))
    ran = interleave(api, "import", system, str(tmp_path), "--to", str(tmp_path / "tenant"))
    told(ran, f"{file} is not what its endpoint answers: {says}")
    assert not (tmp_path / "tenant").exists()


def test_an_answer_that_cannot_be_read_is_named(api: Api, tmp_path: Path) -> None:
    (tmp_path / "queues.json").mkdir()
    told(interleave(api, "import", "zoom", str(tmp_path)), f"{tmp_path / 'queues.json'} cannot be read: ")


def test_a_folder_named_like_a_document_is_none(api: Api, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").mkdir()
    (tmp_path / "queues.yaml").write_text("queues:\n- {queue_id: a, queue_name: A}\n")
    assert interleave(api, "validate", str(tmp_path)).code == 0


def test_settings_that_are_no_text_are_told(account: Account, tmp_path: Path) -> None:
    file = tmp_path / "acme.yaml"
    file.write_bytes(NOT_TEXT)
    told(account.interleave("status", "acme", "--settings", str(file)), f"{file} is no YAML")


WHOLE = gzip.compress(b"".join(b'{"pk": {"S": "%d"}, "sk": {"S": "b"}}\n' % n for n in range(1000)))


@pytest.mark.parametrize(
    "content",
    [b"no gzip", WHOLE[:-20], WHOLE[:20] + b"\xff" * 9 + WHOLE[29:], *map(gzip.compress, (b"\xff", b"[1]\n", b"{}\n"))],
    ids=["no gzip", "cut short", "damaged", "no text", "no row", "no key"],
)
def test_what_is_no_backup_is_told(account: Account, tmp_path: Path, content: bytes) -> None:
    account.interleave("deploy", "acme")
    file = tmp_path / "acme.jsonl.gz"
    file.write_bytes(content)
    told(account.interleave("restore", "acme", str(file)), f"{file} is no backup: ")


def test_a_backup_that_cannot_be_written_is_told(account: Account, tmp_path: Path) -> None:
    account.interleave("deploy", "acme")
    file = tmp_path / ("x" * 300)
    told(account.interleave("backup", "acme", "--to", str(file)), f"{file} cannot be written: File name too long.")


def test_an_export_for_which_there_is_no_room_is_told(
    account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def destroy(*_: Any, **__: Any) -> list[Path]:
        raise OSError(errno.ENOSPC, "No space left on device")

    account.interleave("deploy", "acme")
    monkeypatch.setattr("infra.removal.destroy", destroy)
    ran = account.interleave("destroy", "acme", "--to", str(tmp_path), "--confirm", "acme")
    told(ran, f"{tmp_path} cannot be written: No space left on device.")


# AWS


class Refusing:
    """An account without credentials, as far as a client is asked of it."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        from botocore.exceptions import NoCredentialsError

        if name in ("exceptions", "meta"):
            return getattr(self._real, name)
        raise NoCredentialsError


@pytest.mark.parametrize("command", [("dlq", "list"), ("dlq", "redrive"), ("doctor", "--repair")], ids=" ".join)
def test_commands_on_a_deployed_stack_say_what_aws_refuses(
    account: Account, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr("infra.sessions.Session.client", lambda _, name: Refusing(boto3.client(name)))
    told(account.interleave(*ADDRESS, *command, "--stack", "acme"), "AWS cannot be reached", "--profile")


def test_the_doctor_does_not_take_the_local_stack_for_a_deployed_tenant(api: Api) -> None:
    """Messages would be sent again there, and reports made anew here."""
    told(interleave(api, "doctor", "--repair", "--stack", "acme"), "not where its API is", "INTERLEAVE_URL")


@pytest.mark.parametrize("command", [("dlq", "list"), ("dlq", "redrive"), ("doctor", "--repair")], ids=" ".join)
def test_a_deployed_tenant_is_not_taken_for_the_local_stack(api: Api, command: tuple[str, ...]) -> None:
    told(interleave(api, *ADDRESS, *command), "not where its messages are", "--stack")


def test_the_doctor_says_that_he_has_not_looked_at_a_deployed_tenants_messages(api: Api) -> None:
    assert "not looked at" in interleave(api, *ADDRESS, "doctor").out


def test_a_queue_that_is_gone_is_said_to_be_gone() -> None:
    from moto import mock_aws

    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        stack = Stack(sqs, None, {"DoorbellDeadLettersUrl": "https://sqs.us-east-1.amazonaws.com/1/gone"})
        with pytest.raises(Failed, match="AWS refuses GetQueueAttributes") as failed:
            list(stack.dead_letters())
    assert failed.value.step


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """An SQS of three queues that lists one at a time, and what it was asked."""
    from moto import mock_aws
    from moto.sqs.responses import SQSResponse

    calls: list[dict[str, Any]] = []

    def listed(response: SQSResponse) -> Any:
        given = response._get_param("MaxResults"), int(response._get_param("NextToken") or 0)
        calls.append({"most": given[0], "from": given[1]})
        urls = [f"https://sqs/1/acme-queue-{n}-dead" for n in range(3)]
        more = {"NextToken": str(given[1] + 1)} if given[0] and given[1] < 2 else {}
        return json.dumps({"QueueUrls": urls[given[1] : given[1] + 1], **more})

    monkeypatch.setattr(SQSResponse, "list_queues", listed)
    with mock_aws():
        yield calls


def test_more_queues_than_a_page_holds_are_all_found(asked: list[dict[str, Any]], monkeypatch: Any) -> None:
    """SQS names a next page only to those who say how large a page is; without that it stops after a thousand."""
    monkeypatch.setattr(Stack, "_count", lambda *_: 0)
    session = Session("us-east-1", key="x")
    stack = Stack(session.client("sqs"), None, {"QueuePrefix": "acme-queue-"})
    assert [each.name for each in stack.dead_letters()] == ["queue 0", "queue 1", "queue 2"]
    assert len(Leftovers(session, "acme").queues()) == 3
    assert {each["most"] for each in asked} == {1000}


# Whom commands speak to


def test_a_local_stacks_file_that_is_half_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "local.json"
    file.write_text('{"url": ')
    with pytest.raises(Failed, match=r"local\.json cannot be read") as failed:
        Options(file=file).address()
    assert "interleave serve" in failed.value.step


def test_no_part_of_a_tenants_address_may_be_missing(tmp_path: Path) -> None:
    """An account alone does not mean the local stack."""
    with pytest.raises(Failed, match="--account is missing"):
        Options("https://acme.example.com", None, "admin", "secret").address()
    with pytest.raises(Failed, match="--url, --client-id, --client-secret is missing"):
        Options(account_id="acme", file=tmp_path / "local.json").address()
