"""Two tenants in one account: deployed, worked in, one upgraded in the middle of its work, the other destroyed."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import shutil
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
import yaml
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from infra import deploy, emulator, package
from infra.cli import app
from infra.cli.connection import Options
from infra.client import Api
from infra.demo.incidents import load, start_body, tenant
from infra.demo.play import ASSIGNMENTS, START
from infra.functions import FunctionHost
from infra.sessions import Session
from infra.stacks import Stack
from tests.e2e.noted import NotedApi, everything, wrong
from tests.e2e.permissions import acting_as, denied_without
from tests.support.history import History

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

T = TypeVar("T")
OVER_ALL_HISTORIES = ("APIHandler", "Sweeper")
"""Functions that hold all histories against the reports; no other may read its table from end to end."""
IN_FLIGHT = 200
MEANWHILE = 40
"""Engagements that are started while the upgrade goes on."""
AT_ONCE = 8
"""Starts at once."""
DESK = 5
"""Engagements that an agent has at once."""
TICKETS = load()[:4]
STATUS = "/v2/contact_center/users/me/status"
CLIENTS = "/v2/contact_center/clients"


@dataclass
class Account:
    """An emulated AWS account, whose functions run in this process's loop, and the commands of somebody in it."""

    loop: asyncio.AbstractEventLoop
    endpoint: str
    session: Session
    host: FunctionHost
    folder: Path
    files: dict[str, str] = field(default_factory=dict)

    def run(self, what: Coroutine[Any, Any, T], seconds: float = 240) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(seconds)

    def interleave(self, command: str, name: str, *more: str, code: int = 0) -> Any:
        """Run a command about a tenant; what it answers."""
        settings = ["--settings", self.files[name]] if name in self.files else []
        arguments = [command, name, "--endpoint-url", self.endpoint, "--json", *settings, *more]
        result = CliRunner().invoke(app, arguments)
        assert result.exit_code == code, (result.output, result.stderr, result.exception)
        return json.loads(result.stdout) if result.stdout else None

    def outputs(self, name: str) -> dict[str, str]:
        """What a tenant's stack says of itself."""
        (stack,) = self.session.client("cloudformation").describe_stacks(StackName=f"interleave-{name}")["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def as_role_of(self, function: str) -> list[Any]:
        """The clients of DynamoDB and SQS that a function has: they act as its role."""
        role = self.session.client("lambda").get_function_configuration(FunctionName=function)["Role"]
        return acting_as(self.session, role, "dynamodb", "sqs")

    def functions(self, name: str) -> dict[str, str]:
        """The digest of the code of every function of a tenant."""
        pages = self.session.client("lambda").get_paginator("list_functions").paginate()
        found = [each for page in pages for each in page["Functions"]]
        return {
            e["FunctionName"]: e["CodeSha256"] for e in found if e["FunctionName"].startswith(f"interleave-{name}-")
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("account")
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    opened = contextlib.AsyncExitStack()

    async def begin() -> Account:
        endpoint = await opened.enter_async_context(emulator.running(lambda _: None))
        session = Session("us-east-1", endpoint_url=endpoint, key="test")
        host = FunctionHost(session)
        opened.push_async_callback(host.stop)
        await host.start()
        return Account(loop, endpoint, session, host, folder)

    patch = pytest.MonkeyPatch()
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        patch.setenv(f"AWS_{name}", value)
    try:
        made = asyncio.run_coroutine_threadsafe(begin(), loop).result(240)
        patch.setattr(deploy, "template_of", lambda folder: made.host.forwarded(folder, {}))
        yield made
    finally:
        patch.undo()
        asyncio.run_coroutine_threadsafe(opened.aclose(), loop).result(180)
        loop.call_soon_threadsafe(loop.stop)


@dataclass
class Work:
    """A tenant at work: its clients start engagements, its agents finish them."""

    at: Options
    session: aiohttp.ClientSession
    started: dict[str, str] = field(default_factory=dict)
    """Work item by engagement."""
    closed: Counter[str] = field(default_factory=Counter)
    history: History = field(default_factory=History)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    no_more: asyncio.Event = field(default_factory=asyncio.Event)

    def by(self, process: str, client_id: str | None, client_secret: str | None) -> Api:
        where = (str(self.at.url), str(self.at.account_id), str(client_id), str(client_secret))
        return NotedApi(self.history, process, self.session, *where)

    @property
    def admin(self) -> Api:
        return self.by(f"admin:{self.at.client_id}", self.at.client_id, self.at.client_secret)

    async def start(self, works: list[str]) -> None:
        """Start an engagement for each, several at once."""
        admin, left = self.admin, iter(works)

        async def source() -> None:
            for work in left:
                body = start_body(TICKETS[len(self.started) % len(TICKETS)])
                body["work_item_variables"]["work_item_id"] = work
                key = {"Idempotency-Key": f"key-{work}"}  # a call whose answer is lost is repeated
                found = await admin.expect(201, "POST", START, body, **key)
                self.started[found["engagement_id"]] = work

        await asyncio.gather(*(source() for _ in range(AT_ONCE)))

    async def agents(self) -> None:
        """Agents who accept what they are offered, and end it once they may, until nothing is left to come."""
        admin = self.admin
        desks = []
        for agent in tenant(TICKETS)["agents"]:
            client = {"client_id": f"{agent['user_id']}-1", "role": "agent", "user_id": agent["user_id"]}
            made = await admin.expect(201, "POST", CLIENTS, client)
            process = f"agent:{agent['user_id']}"
            desks.append(self._desk(self.by(process, made["client_id"], made["client_secret"])))
        await asyncio.gather(*desks)

    async def _desk(self, agent: Api) -> None:
        await agent.expect(204, "PATCH", STATUS, {"status_id": "Ready"})
        while not (self.no_more.is_set() and len(self.closed) == len(self.started)):
            mine = (await agent.expect(200, "GET", ASSIGNMENTS))["assignments"]
            await asyncio.gather(*(self._next_step(agent, each) for each in mine))
            await asyncio.sleep(0.3)

    async def _next_step(self, agent: Api, each: dict[str, Any]) -> None:
        """Accept what is offered, end what may end. 409: the answer to a first try was lost; the next look says so."""
        engagement = each["engagement_id"]
        if each["state"] == "offered":
            await agent.call("POST", f"{ASSIGNMENTS}/{engagement}/accept", {"offer_id": each["offer_id"]})
        elif self.may_end.is_set():
            ended = await agent.call("PATCH", f"{START}s/{engagement}", {"engagement_action": "end"})
            if ended.status in (204, 409):
                self.closed[engagement] += 1

    async def finished(self) -> None:
        """All that was started is closed."""
        async with asyncio.timeout(180):
            while len(self.closed) < len(self.started):
                await asyncio.sleep(0.1)

    async def histories(self) -> dict[str, list[dict[str, Any]]]:
        """What happened to every engagement that the tenant lists, as soon as the last of it is recorded."""
        admin, ids, page = self.admin, [], ""
        while True:
            found = await admin.expect(200, "GET", f"{START}s?page_size=100{page}")
            ids += [each["engagement_id"] for each in found["engagements"]]
            if not found.get("next_page_token"):
                break
            page = f"&next_page_token={found['next_page_token']}"
        assert len(set(ids)) == len(ids)

        async def history(engagement: str) -> list[dict[str, Any]]:
            while True:
                found = await admin.expect(200, "GET", f"{START}s/{engagement}/events")
                if found["events"][-1]["state"] == "closed":
                    return list(found["events"])
                await asyncio.sleep(0.2)

        async with asyncio.timeout(180):
            return dict(zip(ids, await asyncio.gather(*map(history, ids)), strict=True))


def described(name: str, folder: Path) -> str:
    """A tenant's settings and documents; the settings' file."""
    document = tenant(TICKETS)
    for agent in document["agents"]:
        agent["capacity"] = {"work_item": DESK}
    for queue in document["queues"]:
        queue["offer_timeout"] = 60
    (folder / f"{name}.document.yaml").write_text(yaml.safe_dump(document))
    settings = {
        "configuration": f"{name}.document.yaml",
        "deletion_protection": name == "south",
        "user_pool": name == "north",
    }
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(settings))
    return str(file)


def changed(folder: Path, to: Path) -> Path:
    """The package with one more file in it."""
    shutil.copytree(folder, to)
    with zipfile.ZipFile(to / "deployment.zip", "a") as archive:
        archive.writestr("CHANGED", "a later version")
    return to


def test_two_tenants_one_upgraded_at_work_the_other_destroyed(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {}
    for name in ("north", "south"):
        account.files[name] = described(name, account.folder)
        assert account.interleave("deploy", name, "--plan", code=2)["changes"]
        with monkeypatch.context() as patched:  # the process dies between the change set and its execution
            patched.setattr(Stack, "carry_out", lambda *_: sys.exit(9))
            account.interleave("deploy", name, code=9)
        assert account.interleave("status", name, code=1)["status"] == "REVIEW_IN_PROGRESS"
        made[name] = account.interleave("deploy", name)
        assert made[name]["configuration"] == 1
    again = account.interleave("deploy", "north")
    assert (again["changes"], again["credentials"], again["configuration"]) == ([], None, 1)

    works = {name: account.run(at_work(answer)) for name, answer in made.items()}
    north, south = works["north"], works["south"]
    finished = {name: asyncio.run_coroutine_threadsafe(work.agents(), account.loop) for name, work in works.items()}
    account.run(south.start([f"S-{n}" for n in range(20)]))
    account.run(north.start([f"N-{n}" for n in range(IN_FLIGHT)]))
    assert not north.closed

    check_roles_reach_their_own_tenant_only(account, "north", "south")
    check_no_permission_can_be_taken_away(account, "north")
    before, elsewhere = account.functions("north"), account.functions("south")
    later = changed(package.build(), account.folder / "later")
    north.may_end.set()
    meanwhile = asyncio.run_coroutine_threadsafe(north.start([f"M-{n}" for n in range(MEANWHILE)]), account.loop)
    with monkeypatch.context() as patched:
        patched.setattr(package, "build", lambda _: later)
        upgraded = account.interleave("upgrade", "north")
    assert upgraded["changes"]
    assert len(north.closed) < IN_FLIGHT
    after = account.functions("north")
    assert before.keys() == after.keys()
    assert set(before.values()).isdisjoint(after.values())
    assert account.functions("south") == elsewhere

    meanwhile.result(180)
    account.run(north.finished())
    told = account.run(north.histories())
    expected = {f"N-{n}" for n in range(IN_FLIGHT)} | {f"M-{n}" for n in range(MEANWHILE)}
    assert told.keys() == north.started.keys()
    assert set(north.started.values()) == expected
    assert len(north.started) == len(expected)
    assert wrong(north.history, account.run(everything(north.admin))) == []
    for events in told.values():
        assert [each["version"] for each in events] == list(range(1, len(events) + 1))
        assert Counter(each["state"] for each in events)["closed"] == 1
        assert Counter(each["event_name"] for each in events)["start"] == 1

    south.may_end.set()
    south.no_more.set()
    finished["south"].result(180)
    queues = account.session.client("sqs")
    gone = account.interleave("destroy", "south", "--to", str(account.folder), "--confirm", "south")
    (file,) = gone["files"]
    with gzip.open(file, "rt") as rows:
        heads = [row for row in map(json.loads, rows) if row["sk"]["S"] == "HEAD"]
    assert len(heads) == 20
    assert not queues.list_queues(QueueNamePrefix="interleave-south").get("QueueUrls")
    assert account.functions("south") == {}
    aliases = account.session.client("kms").list_aliases()["Aliases"]
    assert [each["AliasName"] for each in aliases if "interleave" in each["AliasName"]] == ["alias/interleave-north"]
    assert account.interleave("destroy", "south", "--confirm", "south")["files"] == []

    account.run(north.start(["last"]))
    north.no_more.set()
    finished["north"].result(180)
    assert north.closed.keys() == north.started.keys() > told.keys()
    status = account.interleave("status", "north")
    assert (status["status"], "cognito" in status["SignInIssuer"]) == ("UPDATE_COMPLETE", True)
    check_a_backup_goes_on_in_a_new_tenant(account, north)
    for work in works.values():
        account.run(work.session.close())


def check_a_backup_goes_on_in_a_new_tenant(account: Account, north: Work) -> None:
    """What was worked in one tenant can be read in the other, by that one's own client, and new work is taken there."""
    file = str(account.folder / "north.jsonl.gz")
    saved = account.interleave("backup", "north", "--to", file)
    made = account.interleave("deploy", "west")
    assert account.interleave("restore", "west", file)["rows"] == saved["rows"] > len(north.started)
    account.interleave("restore", "west", file, code=1)  # it has a configuration now
    west = account.run(at_work(made))
    known = next(iter(north.started))
    found = account.run(west.admin.expect(200, "GET", f"{START}s/{known}"))
    assert (found["engagement_id"], found["state"]) == (known, "closed")
    account.run(west.start(["somewhere else"]))
    account.run(west.session.close())


def check_roles_reach_their_own_tenant_only(account: Account, own: str, other: str) -> None:
    """I12, where no code of ours is in between: the role of a function is denied what is another tenant's."""
    mine, theirs = account.outputs(own), account.outputs(other)
    key = {"pk": {"S": "CONFIG"}, "sk": {"S": "CURRENT"}}
    for function in account.functions(own):
        dynamodb, sqs = account.as_role_of(function)
        assert dynamodb.get_item(TableName=mine["TableName"], Key=key)["Item"]
        for name, call in {
            "read": lambda d=dynamodb: d.get_item(TableName=theirs["TableName"], Key=key),
            "write": lambda d=dynamodb: d.put_item(TableName=theirs["TableName"], Item=key),
            "ring": lambda s=sqs: s.send_message(QueueUrl=theirs["DoorbellUrl"], MessageBody="{}"),
            "read all": lambda d=dynamodb: d.scan(TableName=theirs["TableName"]),
            "delete": lambda d=dynamodb: d.delete_table(TableName=mine["TableName"]),
        }.items():
            with pytest.raises(ClientError) as denied:
                call()
            assert "AccessDenied" in denied.value.response["Error"]["Code"], (function, name)
        if not any(each in function for each in OVER_ALL_HISTORIES):
            with pytest.raises(ClientError, match="AccessDenied"):
                dynamodb.scan(TableName=mine["TableName"])


def check_no_permission_can_be_taken_away(account: Account, name: str) -> None:
    """That the function uses each is seen in `tests/infra/test_permissions.py`; here, that nothing else allows it."""
    functions = account.session.client("lambda")
    for function in account.functions(name):
        role = functions.get_function_configuration(FunctionName=function)["Role"].rsplit("/", 1)[-1]
        needed, spare = denied_without(account.session, account.outputs(name), role)
        assert needed
        assert spare == [], function


async def at_work(made: dict[str, Any]) -> Work:
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=32))
    return Work(Options(made["endpoint"], made["account_id"], **made["credentials"]), session)
