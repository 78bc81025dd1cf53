"""A small client of the HTTP API, for the commands of this folder."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

TRIES = 5
TOO_MANY = 429
"""The gateway's answer above the tenant's throttle."""
RENEW_BEFORE_SECONDS = 60
GRANTED = {"access_token", "expires_in"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers, and the body as JSON or None."""

    status: int
    headers: dict[str, str]
    body: Any


class Unexpected(Exception):
    """The API answered with another status than the one that was expected."""


class Api:
    """The API as one client calls it. Fetches its token when it needs one."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, account_id: str, client_id: str, client_secret: str
    ) -> None:
        self._session = session
        self._url = url
        self._account_id = account_id
        self._basic = {"Authorization": aiohttp.encode_basic_auth(client_id, client_secret)}
        self._token = ""
        self._token_ends = 0.0

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One call. Lost connections, 429 and 5xx are tried again: every operation here is safe to repeat."""
        for attempt in range(TRIES):
            try:
                reply = await self.attempt(method, path, body, headers)
                if (reply.status < 500 and reply.status != TOO_MANY) or attempt == TRIES - 1:
                    return reply
            except aiohttp.ClientConnectionError:
                if attempt == TRIES - 1:
                    raise
            await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    async def attempt(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        """One try of a call."""
        sent = {"Authorization": f"Bearer {await self.token()}", **headers}
        async with self._session.request(method, self._url + path, json=body, headers=sent) as answer:
            has_body = answer.status not in (204, 304)
            told = await _told(answer) if has_body else None
            return Reply(answer.status, dict(answer.headers), told)

    async def expect(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The body of an answer that must have this status. Raises `Unexpected`."""
        reply = await self.call(method, path, body, **headers)
        if reply.status != status:
            raise Unexpected(f"{method} {path} answered {reply.status}, not {status}: {reply.body}")
        return reply.body

    async def token(self) -> str:
        """A bearer token that is good for a minute at least. Raises `Unexpected`."""
        if time.monotonic() > self._token_ends - RENEW_BEFORE_SECONDS:
            url = f"{self._url}/oauth/token?grant_type=account_credentials&account_id={self._account_id}"
            async with self._session.post(url, headers=self._basic) as answer:
                granted = await _told(answer)
            if answer.status != 200 or not isinstance(granted, dict) or not granted.keys() >= GRANTED:
                raise Unexpected(f"The token endpoint answered {answer.status}: {granted}")
            self._token = granted["access_token"]
            self._token_ends = time.monotonic() + granted["expires_in"]
        return self._token


async def _told(answer: aiohttp.ClientResponse) -> Any:
    """The JSON of an answer; nothing where a gateway refuses in words of its own. Raises `Unexpected`."""
    try:
        return await answer.json(content_type=None)
    except ValueError:
        if answer.status >= 500 or answer.status == TOO_MANY:
            return None
        raise Unexpected(f"{answer.url.origin()} is no tenant's address: what answers there is no JSON.") from None
