"""The local stack's sign-in page: the authorization code flow with PKCE (RFC 7636) for the people of the demo.

It stands where a tenant's identity provider would. There are no passwords: it listens on loopback only, and whoever
can reach it may be anybody. Its access tokens are those of the demo's clients, which the stack issues itself.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlencode, urlsplit

import aiohttp
from aiohttp import web

AUTHORIZE = "/sign-in"
TOKEN = "/sign-in/token"  # noqa: S105 - a path
STYLE = "/sign-in/page.css"
CLIENT_ID = "console"
CODE_SECONDS = 60
LISTED = 40
_CSS = """
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:0;background:light-dark(#f4f6f8,#14181d);
color:light-dark(#1b2530,#e6ebf0)}main{max-width:26rem;margin:8vh auto;padding:2rem;border-radius:12px;
background:light-dark(#fff,#1d232a);border:1px solid light-dark(#d8dfe6,#323b45)}h1{font-size:1.25rem;margin:0 0 .25rem}
p{margin:0 0 1rem;color:light-dark(#4d5b69,#a9b5c1)}h2{font-size:.8rem;margin:1.25rem 0 .5rem;
color:light-dark(#4d5b69,#a9b5c1)}ul{list-style:none;margin:0;padding:0;max-height:40vh;overflow:auto}
a{display:block;padding:.5rem .75rem;border-radius:6px;text-decoration:none;color:inherit}
a:hover,a:focus-visible{background:light-dark(#e6eef8,#26303b);outline:2px solid light-dark(#1f5fae,#7fb2f0)}
"""


@dataclass
class Person:
    """Somebody of the demo, and the client whose tokens stand for him."""

    name: str
    role: str
    client_id: str
    client_secret: str


@dataclass
class _Grant:
    person: Person
    challenge: str
    redirect_uri: str
    ends: float


@dataclass
class SignIn:
    """Who can sign in; the pages are put into the local stack's application."""

    account_id: str
    people: dict[str, Person] = field(default_factory=dict)
    url: str = ""
    """Where the stack listens, which issues the tokens."""
    _grants: dict[str, _Grant] = field(default_factory=dict)

    def add_to(self, application: web.Application) -> None:
        application.router.add_get(AUTHORIZE, self._authorize)
        application.router.add_post(TOKEN, self._token)
        application.router.add_get(STYLE, self._style)

    async def _style(self, _: web.Request) -> web.Response:
        return web.Response(text=_CSS, content_type="text/css")

    async def _authorize(self, request: web.Request) -> web.Response:
        """Without a person, the list of people; with one, the way back with a code."""
        asked = request.query
        back = asked.get("redirect_uri", "")
        right = (asked.get("response_type"), asked.get("client_id"), asked.get("code_challenge_method"))
        if right != ("code", CLIENT_ID, "S256") or not asked.get("code_challenge") or not self._is_ours(back):
            return web.Response(status=400, text="This is no request of the console's.")
        person = self.people.get(asked.get("login_hint", ""))
        if person is None:
            return self._page(request)
        code = secrets.token_urlsafe(24)
        self._grants[code] = _Grant(person, asked["code_challenge"], back, time.monotonic() + CODE_SECONDS)
        query = urlencode({"code": code, "state": asked.get("state", "")})
        raise web.HTTPFound(f"{back}?{query}")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        grant = self._grants.pop(str(form.get("code", "")), None)
        verifier = str(form.get("code_verifier", "")).encode()
        challenge = urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=").decode()
        known = grant is not None and grant.ends > time.monotonic() and grant.redirect_uri == form.get("redirect_uri")
        if grant is None or not known or grant.challenge != challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        basic = {"Authorization": aiohttp.encode_basic_auth(grant.person.client_id, grant.person.client_secret)}
        url = f"{self.url}/oauth/token?grant_type=account_credentials&account_id={self.account_id}"
        async with aiohttp.ClientSession() as session, session.post(url, headers=basic) as answer:
            return web.json_response(await answer.json(content_type=None), status=answer.status)

    def _is_ours(self, redirect_uri: str) -> bool:
        parts = urlsplit(redirect_uri)
        return parts.hostname in ("127.0.0.1", "localhost") and parts.path.endswith("/console")

    def _page(self, request: web.Request) -> web.Response:
        def link(user_id: str, person: Person) -> str:
            query = urlencode({**request.query, "login_hint": user_id})
            return f'<li><a href="{escape(f"{AUTHORIZE}?{query}")}">{escape(person.name)}</a></li>'

        groups = ""
        for role, title in (("admin", "Administrator"), ("supervisor", "Supervisor"), ("agent", "Agents")):
            links = [link(user_id, each) for user_id, each in self.people.items() if each.role == role]
            groups += f"<h2>{title}</h2><ul>{''.join(links[:LISTED])}</ul>" if links else ""
        text = (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in · Interleave</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="{STYLE}">'
            f"<main><h1>Sign in to the local stack</h1><p>Choose whom to be. In a tenant of yours, your identity "
            f"provider's page stands here.</p>{groups}</main></html>"
        )
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'self'", "Cache-Control": "no-store"}
        return web.Response(text=text, content_type="text/html", headers=headers)


def tenant_setting(url: str) -> dict[str, str]:
    """What a tenant's document says of it."""
    return {"client_id": CLIENT_ID, "authorization_url": f"{url}{AUTHORIZE}", "token_url": f"{url}{TOKEN}"}
