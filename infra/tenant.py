"""The demo's tenant, put into a running local stack: clients, configuration, and the file that says where all is."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients
from infra.client import Api
from infra.demo import incidents
from infra.endpoints import LOCAL_FILE
from infra.local import LocalStack
from infra.sign_in import Person, tenant_setting

REPORTS = "contact_center_report:read:admin"


@contextlib.asynccontextmanager
async def demo_tenant(stack: LocalStack, file: Path = LOCAL_FILE) -> AsyncIterator[dict[str, Any]]:
    """Configure the stack for the demo; who and what is there, which a file says too while it is there."""
    document = {**incidents.tenant(incidents.load()), "console": tenant_setting(stack.url)}
    store = DynamoStore(stack.session.client("dynamodb"), stack.outputs["TableName"])
    local: dict[str, Any] = {
        "url": stack.url,
        "account_id": stack.account_id,
        "aws": {
            "endpoint_url": stack.endpoint_url,
            "region": stack.session.region_name,
            "outputs": stack.outputs,
        },
        "clients": {
            "integration": clients.create(store, "integration", "integration", REPORTS),
            "admin": clients.create(store, "admin", "admin"),
            "supervisor": clients.create(store, "supervisor", "supervisor"),
        },
        "agents": {each["user_id"]: clients.create(store, each["user_id"], "agent") for each in document["agents"]},
        "entry_ids": {
            point["entry_name"]: point["entry_id"] for flow in document["flows"] for point in flow["entry_points"]
        },
    }
    stack.sign_in.people = _people(local, document)
    async with aiohttp.ClientSession() as session:
        admin = Api(session, stack.url, stack.account_id, **local["clients"]["admin"])
        await admin.expect(200, "PUT", "/v2/contact_center/configuration", document)
    files = {file: json.dumps(local, indent=2) + "\n", file.with_suffix(".env"): _shell(local, document)}
    try:
        for each, text in files.items():
            _write(each, text)
        yield local
    finally:
        for each in files:
            each.unlink(missing_ok=True)


def _people(local: dict[str, Any], document: dict[str, Any]) -> dict[str, Person]:
    """Who can sign in to the console."""
    staff = {role: Person(role.capitalize(), role, **local["clients"][role]) for role in ("admin", "supervisor")}
    names = {each["user_id"]: each["display_name"] for each in document["agents"]}
    return staff | {user_id: Person(names[user_id], "agent", **keys) for user_id, keys in local["agents"].items()}


def _shell(local: dict[str, Any], document: dict[str, Any]) -> str:
    """The same for a shell: a ticketing system, and an agent who alone serves a queue."""
    served = Counter(queue_id for each in document["agents"] for queue_id in each["queues"])
    alone = [each for each in document["agents"] if len(each["queues"]) == 1 and served[each["queues"][0]] == 1]
    agent = alone[0]["user_id"]
    group = next(each["queue_name"] for each in document["queues"] if each["queue_id"] == alone[0]["queues"][0])
    values = {
        "URL": local["url"],
        "ACCOUNT_ID": local["account_id"],
        "ENTRY_ID": local["entry_ids"]["incidents"],
        "SOURCE": ":".join(local["clients"]["integration"].values()),
        "AGENT": ":".join(local["agents"][agent].values()),
        "GROUP": group,
    }
    return "".join(f"{name}='{value}'\n" for name, value in values.items())


def _write(file: Path, text: str) -> None:
    """Only the owner may read it: it holds secrets."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)
