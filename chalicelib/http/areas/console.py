"""The console: its page, its files, and what it needs to know of whoever is signed in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib.configuration.identity import ConsoleSignIn
from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import NotFound
from chalicelib.http.endpoint import Answer, Call, Endpoint

FOLDER = Path(__file__).parents[2] / "console"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
FOREVER = "public, max-age=31536000, immutable"
GUARD = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def get_console(call: Call[None]) -> Answer:
    """The page: it names its files by their release, and where to sign in."""
    sign_in = call.world.tenant().console
    page = _page(sign_in)
    tag = f'"{_digest(page.encode())}"'
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "ETag": tag,
        "Content-Security-Policy": policy(sign_in),
        **GUARD,
    }
    if call.has_seen(tag):
        return Answer(304, None, headers)
    return Answer(200, page, headers)


def get_console_file(call: Call[None]) -> Answer:
    """One of its files, which never changes under this address."""
    name, files = call.path["file"], _files()
    if call.path["release"] != release() or name not in files:
        raise NotFound("There is no such file; load the console again.")
    headers = {"Content-Type": TYPES[Path(name).suffix], "Cache-Control": FOREVER, "ETag": f'"{release()}"', **GUARD}
    if call.has_seen(headers["ETag"]):
        return Answer(304, None, headers)
    return Answer(200, files[name], headers)


def get_me(call: Call[None]) -> Answer:
    """Who is signed in, and the tenant's words that a desk shows."""
    tenant, me = call.world.tenant(), call.principal
    agent = tenant.agent_by_id.get(me.subject)
    body: dict[str, Any] = {
        "role": me.role,
        "user_id": me.subject,
        "user_name": agent.display_name if agent else me.subject,
        "is_agent": agent is not None,
        "capacity": dict(tenant.places(agent)[0]) if agent else {},
        "reasons": [
            {"sub_status_id": each.sub_status_id, "sub_status_name": each.sub_status_name}
            for each in tenant.reasons
            if each.enabled
        ],
        "queues": [
            {**_queue(tenant, each), "serves": agent is not None and each.queue_id in agent.queues}
            for each in tenant.queues
        ],
        "heartbeat_timeout": tenant.heartbeat_timeout,
    }
    return Answer(200, body)


def policy(sign_in: ConsoleSignIn | None) -> str:
    """The page's own files, this API and the issuer's token endpoint; nothing inline, nothing else."""
    talks_to = ["'self'"]
    if sign_in is not None:
        parts = urlsplit(sign_in.token_url)
        talks_to.append(f"{parts.scheme}://{parts.netloc}")
    return (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src {' '.join(talks_to)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def release() -> str:
    """The name of these files, all together."""
    return _digest("\0".join(f"{name}\0{text}" for name, text in _files().items()).encode())


@cache
def _files() -> dict[str, str]:
    found = sorted(each for each in FOLDER.iterdir() if each.suffix in TYPES)
    return {each.name: each.read_text(encoding="utf-8") for each in found}


@cache
def _page(sign_in: ConsoleSignIn | None) -> str:
    where = {}
    if sign_in is not None:
        where = asdict(sign_in)
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    return text.replace("RELEASE", release()).replace("SIGN_IN", escape(json.dumps(where)))


def _queue(tenant: Tenant, queue: Queue) -> dict[str, Any]:
    return {
        "queue_id": queue.queue_id,
        "queue_name": queue.queue_name,
        "channel": queue.channel,
        "dispositions": [
            {"disposition_id": each.disposition_id, "disposition_name": each.disposition_name}
            for each in tenant.dispositions_of(queue)
            if each.status == "active"
        ],
        "disposition_required": queue.dispositions.disposition_required,
        "default_disposition_id": queue.dispositions.default_disposition_id,
        "service_level": queue.service_level.threshold,
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


ENDPOINTS = (
    Endpoint(
        "GET",
        "/console",
        None,
        "Open the console",
        get_console,
        query=("code", "state", "error"),
        takes_others=True,
        content_type="text/html",
    ),
    Endpoint(
        "GET",
        "/console/{release}/{file}",
        None,
        "Read one of the console's files",
        get_console_file,
        content_type="*/*",
    ),
    Endpoint("GET", "/v2/contact_center/me", "self.read", "Read who is signed in, and the words of his desk", get_me),
)
