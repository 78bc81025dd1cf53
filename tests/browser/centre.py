"""A contact centre for the browser tests: the local stack with a tenant of its own, and people who can sign in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients
from infra.local import LocalStack
from infra.sign_in import Person, tenant_setting

BASE = "/v2/contact_center"
PEOPLE = {"ana": ("Ana Lopez", "agent"), "ben": ("Ben Okafor", "agent"), "chloe": ("Chloé Martin", "agent")}
STAFF = {"sam": ("Sam Reid", "supervisor"), "lea": ("Lea Simon", "supervisor"), "ada": ("Ada Novak", "admin")}
AGENTS = {**PEOPLE, "lea": STAFF["lea"]}
"""A supervisor who is an agent too may take work over."""

_FIRST = {"mean": 0.5, "within": 0.02, "difference": 0, "difference_within": 0}
_OTHER = {"mean": 0.8, "within": 0.03, "difference": 0.3, "difference_within": 0.04}
_COMPARED = {
    "seeds": 20,
    "recorded": {"service_level": 0.45, "wait_mean": 7200},
    "configurations": [
        {"name": "unchanged", "replayed": {"service_level": 0.46}, "figures": {"service_level": _FIRST}},
        {"name": "pooled.yaml", "replayed": {"service_level": 0.81}, "figures": {"service_level": _OTHER}},
    ],
}
COMPARISON: Any = {"name": "x.json", "mimeType": "application/json", "buffer": json.dumps(_COMPARED).encode()}
"""A file that `interleave simulate --json` could have written."""


def browser() -> str | None:
    """Where a browser is, if there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def document(url: str) -> dict[str, Any]:
    """The tenant: two queues of tickets and one of calls, which the same people serve."""
    urgent = {"field": "work_item_priority", "op": "equal_to", "value": 1}
    billing = {"field": "work_item_type", "op": "equal_to", "value": "invoice"}
    return {
        "console": tenant_setting(url),
        "queues": [
            {
                "queue_id": "support",
                "queue_name": "Support",
                "queue_description": "Cases of customers",
                "offer_timeout": 120,
                "wrap_up_time": 60,
                "service_level": {"threshold": 900, "target_percentage": 80},
                "dispositions": {"disposition_sets": ["usual"], "default_disposition_id": "solved"},
            },
            {
                "queue_id": "billing",
                "queue_name": "Billing",
                "queue_description": "Invoices and refunds",
                "offer_timeout": 120,
                "service_level": {"threshold": 3600, "target_percentage": 90},
            },
            {"queue_id": "calls", "queue_name": "Calls", "channel": "voice", "offer_timeout": 60},
        ],
        "agents": [
            {
                "user_id": user_id,
                "display_name": name,
                "queues": ["support", "calls"] if user_id == "ana" else ["billing"],
                "capacity": {"work_item": 3, "voice": 1},
                "skills": {"french": 4},
            }
            for user_id, (name, _) in AGENTS.items()
        ],
        "skill_categories": [
            {"skill_category_id": "languages", "skill_category_name": "Languages", "skills": ["french"]}
        ],
        "reasons": [
            {"sub_status_id": "break", "sub_status_name": "Break"},
            {"sub_status_id": "training", "sub_status_name": "Training"},
        ],
        "dispositions": [
            {"disposition_id": "solved", "disposition_name": "Solved"},
            {"disposition_id": "duplicate", "disposition_name": "Duplicate"},
        ],
        "disposition_sets": [
            {
                "disposition_set_id": "usual",
                "disposition_set_name": "Usual",
                "dispositions": ["solved", "duplicate"],
            }
        ],
        "webhooks": [{"webhook_id": "crm", "url": "https://crm.example.com/interleave"}],
        "flows": [
            {
                "flow_id": "tickets",
                "flow_name": "Tickets",
                "entry_points": [{"entry_id": "tickets", "entry_name": "Tickets"}],
                "versions": [
                    {
                        "flow_version": 1,
                        "status": "published",
                        "steps": [
                            {
                                "name": "urgency",
                                "choose": [{"when": urgent, "name": "urgent", "route": {"priority": 80}}],
                                "otherwise": {"priority": 20},
                            },
                            {
                                "name": "kind",
                                "choose": [{"when": billing, "name": "invoice", "route": {"queue_id": "billing"}}],
                                "otherwise": {"queue_id": "support"},
                            },
                        ],
                    }
                ],
            },
            {
                "flow_id": "calls",
                "channel": "voice",
                "flow_name": "Calls",
                "entry_points": [{"entry_id": "calls", "entry_name": "Calls"}],
                "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": {"queue_id": "calls"}}]}],
            },
        ],
    }


@dataclass
class Centre:
    """The running stack, called as its clients call it."""

    stack: LocalStack
    clients: dict[str, dict[str, str]]
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return self.stack.url

    def call(self, who: str, method: str, path: str, body: Any = None) -> Any:
        """The body of an answer. Raises for whatever is not a success."""
        headers = {"Authorization": f"Bearer {self.token(who)}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{BASE}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path} answered {error.code}: {error.read().decode()}") from None
        return json.loads(text) if text else None

    def token(self, who: str) -> str:
        if who not in self.tokens:
            keys = self.clients[who]
            basic = b64encode(f"{keys['client_id']}:{keys['client_secret']}".encode()).decode()
            url = f"{self.url}/oauth/token?grant_type=account_credentials&account_id={self.stack.account_id}"
            request = urllib.request.Request(url, b"", {"Authorization": f"Basic {basic}"}, method="POST")
            with urllib.request.urlopen(request, timeout=30) as answer:
                self.tokens[who] = json.load(answer)["access_token"]
        return self.tokens[who]

    def start(self, name: str, entry: str = "tickets", channel: str = "work_item", **item: Any) -> str:
        """A ticket, or a call, arrives by the API."""
        body = {
            "channels": [{"channel": channel, "channel_source": "API" if channel == "work_item" else "CCaaS"}],
            "flow": {"flow_entry_id": entry},
            "consumers": [{"consumer_display_name": "Jill Moreau", "consumer_email": "jill@example.com"}],
            "work_item_variables": {
                "work_item_name": name,
                "work_item_desc": "The parcel came without its charger. The customer has sent pictures.",
                "work_item_hyperlink": "https://crm.example.com/cases/4711",
                "work_item_origin": "crm",
                "work_item_priority": 2,
                "work_item_due_date": (datetime.now(UTC) + timedelta(hours=3)).isoformat(timespec="seconds"),
                **item,
            },
            "variables": [{"name": "global_custom.order.number", "value": "A-2041"}],
        }
        return str(self.call("crm", "POST", "/engagement", body)["engagement_id"])

    def clear(self) -> None:
        """Nobody is there, and nothing is open."""
        for user_id in PEOPLE:
            self.call("sam", "PATCH", f"/users/{user_id}/status", {"status_id": "1"})
        for each in self.call("ada", "GET", "/engagements?state=open&page_size=100")["engagements"]:
            self.call("crm", "PATCH", f"/engagements/{each['engagement_id']}", {"engagement_action": "end"})

    def engagement(self, engagement_id: str) -> Any:
        return self.call("ada", "GET", f"/engagements/{engagement_id}")


@contextlib.contextmanager
def running() -> Iterator[Centre]:
    """Everything runs inside, and is gone after."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = LocalStack(port=0, say=lambda _: None)
    asyncio.run_coroutine_threadsafe(stack.__aenter__(), loop).result(240)
    try:
        yield _furnish(stack)
    finally:
        asyncio.run_coroutine_threadsafe(stack.__aexit__(None, None, None), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


def _furnish(stack: LocalStack) -> Centre:
    store = DynamoStore(stack.session.client("dynamodb"), stack.outputs["TableName"])
    keys = {user_id: clients.create(store, user_id, role) for user_id, (_, role) in {**PEOPLE, **STAFF}.items()}
    keys["crm"] = clients.create(store, "crm", "integration")
    names = {**PEOPLE, **STAFF}
    stack.sign_in.people = {each: Person(*names[each], **keys[each]) for each in names}
    centre = Centre(stack, keys)
    centre.call("ada", "PUT", "/configuration", document(stack.url))
    return centre
