"""The local stack: the package, deployed into an AWS emulator on loopback by the code that deploys to AWS."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

from infra import deploy, emulator, endpoints, package
from infra.functions import FunctionHost
from infra.sessions import Session
from infra.sign_in import SignIn
from infra.stacks import DeployFailed

STACK = "interleave-local"
ACCOUNT_ID = "local"
REGION = "us-east-1"
MAX_BODY = 10 * 2**20
"""What API Gateway takes (bytes)."""
_ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""What the proxying client would add on its own."""
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "host"}


class LocalStack:
    """`async with LocalStack(port=8000, say=print) as stack:` – everything runs inside, and is gone after."""

    def __init__(self, port: int, say: emulator.Say) -> None:
        self._wanted_port = port
        self._say = say
        self._open = contextlib.AsyncExitStack()
        self.account_id = ACCOUNT_ID
        self.sign_in = SignIn(ACCOUNT_ID)
        self.url = ""
        self.outputs: dict[str, str] = {}
        self.endpoint_url = ""
        self.session: Any = None

    async def __aenter__(self) -> LocalStack:
        try:
            await self._start()
        except DeployFailed as failure:
            await self._open.aclose()
            raise SystemExit(f"{failure}\nNext: {failure.step}") from failure
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _start(self) -> None:
        taken = self._open.enter_context(self._take_port())
        folder = await asyncio.to_thread(package.build, self._say)
        self.endpoint_url = await self._open.enter_async_context(emulator.running(self._say))
        self.session = Session(REGION, endpoint_url=self.endpoint_url, key=emulator.KEY)
        host = FunctionHost(self.session)
        self._open.push_async_callback(host.stop)
        await host.start()
        parameters = {"TenantAccountId": ACCOUNT_ID, "DeletionProtection": "false", "EventBus": "true"}
        template = host.forwarded(folder, parameters)
        self.outputs = await asyncio.to_thread(deploy.put, self.session, folder, template, STACK, parameters, self._say)
        await host.warm_up(self.outputs)
        self.url = self.sign_in.url = await self._serve(taken)

    def _take_port(self) -> socket.socket:
        """Have the wanted port before anything is begun that takes its time."""
        taken = socket.socket()
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", self._wanted_port))
        except OSError as error:
            taken.close()
            raise SystemExit(f"Port {self._wanted_port} is taken; choose another: PORT=8001 make serve") from error
        return taken

    async def _serve(self, taken: socket.socket) -> str:
        """Answer on the port that was taken with what the emulator's API gateway answers."""
        gateway = endpoints.address(self.outputs, self.endpoint_url)
        client = aiohttp.ClientSession(
            auto_decompress=False, connector=aiohttp.TCPConnector(limit=64), timeout=aiohttp.ClientTimeout(total=60)
        )
        self._open.push_async_callback(client.close)

        async def forward(request: web.Request) -> web.Response:
            body = await request.read()
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
            url = gateway + request.raw_path
            sent: Any = {
                "headers": headers,
                "data": body or None,
                "allow_redirects": False,
                "skip_auto_headers": _ADDED,
            }
            async with client.request(request.method, url, **sent) as answer:
                kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP]
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)

        application = web.Application(client_max_size=MAX_BODY)
        self.sign_in.add_to(application)
        application.router.add_route("*", r"/{path:[\s\S]*}", forward)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        await web.SockSite(runner, taken).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"
