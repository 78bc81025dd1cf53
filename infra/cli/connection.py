"""The tenant that commands speak to: where it is, as whom, and one call after another over one connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import aiohttp

from infra.cli.failures import Failed, refused
from infra.client import Api, Reply, Unexpected
from infra.endpoints import LOCAL_FILE

T = TypeVar("T")
USUAL_CLIENT = "admin"
NOT_SAID = "Start one with `interleave serve`, or set INTERLEAVE_URL, INTERLEAVE_ACCOUNT, INTERLEAVE_CLIENT_ID and "
NOT_SAID += "INTERLEAVE_CLIENT_SECRET."


@dataclass(frozen=True, slots=True)
class Address:
    """Where a tenant is, and the credentials to speak to it."""

    url: str
    account_id: str
    client_id: str
    client_secret: str


class Caller(Protocol):
    """What makes the calls."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """One call."""

    def token(self) -> str:
        """A bearer token."""

    def close(self) -> None:
        """Let go of the connection."""


class Tenant:
    """A tenant's API: `with Tenant(caller) as tenant: tenant.get("/v2/…")`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._caller.close()

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """The answer, whatever it is. Raises `Failed` where there is none."""
        return self._caller.call(method, path, body, **headers)

    def token(self) -> str:
        """A bearer token. Raises `Failed`."""
        return self._caller.token()

    def get(self, path: str) -> Any:
        """The body of a GET that must succeed. Raises `Failed`."""
        return self.done("GET", path).body

    def done(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """The answer to a call that must succeed. Raises `Failed`."""
        reply = self.call(method, path, body, **headers)
        if reply.status >= 400:
            raise refused(reply)
        return reply


class Remote:
    """Calls over HTTPS."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None
        self._api: Api | None = None

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        return self._run(lambda api: api.call(method, path, body, **headers))

    def token(self) -> str:
        return self._run(lambda api: api.token())

    def _run(self, what: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
        try:
            return self._runner.run(self._with_api(what))
        except Unexpected as error:
            step = "Check the address, account, client id and secret; `interleave token` tries them."
            raise Failed(str(error), step) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Failed(f"{self._address.url} does not answer ({type(error).__name__}).", NOT_SAID) from error

    def close(self) -> None:
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    async def _with_api(self, what: Callable[[Api], Coroutine[Any, Any, T]]) -> T:
        if self._api is None:
            self._session = aiohttp.ClientSession()
            at = self._address
            self._api = Api(self._session, at.url, at.account_id, at.client_id, at.client_secret)
        return await what(self._api)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line, the environment and the local stack's file say about where to go."""

    url: str | None = None
    account_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    as_: str = USUAL_CLIENT
    file: Path = LOCAL_FILE

    def address(self) -> Address:
        """The tenant meant. Raises `Failed`."""
        given = {"--url": self.url, "--account": self.account_id}
        given |= {"--client-id": self.client_id, "--client-secret": self.client_secret}
        if all(given.values()):
            url, *others = map(str, given.values())
            return Address(url.rstrip("/"), *others)
        if any(given.values()):
            missing = ", ".join(name for name, value in given.items() if not value)
            raise Failed(f"Not enough is said of the tenant: {missing} is missing.", NOT_SAID)
        local = self.local()
        everybody = {**local["agents"], **local["clients"]}
        if self.as_ not in everybody:
            raise Failed(
                f"The local stack has no client {self.as_!r}.", f"One of {', '.join(local['clients'])}, or an agent."
            )
        return Address(local["url"], local["account_id"], **everybody[self.as_])

    def local(self) -> dict[str, Any]:
        """What the local stack wrote down of itself. Raises `Failed`."""
        try:
            found: dict[str, Any] = json.loads(self.file.read_text())
        except FileNotFoundError:
            raise Failed("No tenant is named, and no local stack is running here.", NOT_SAID) from None
        except (OSError, ValueError) as error:
            raise Failed(f"{self.file} cannot be read: {error}.", "Start it again with `interleave serve`.") from error
        return found


Connect = Callable[[Options], Caller]


def connect(options: Options) -> Caller:
    """A connection to the tenant that the options mean."""
    return Remote(options.address())
