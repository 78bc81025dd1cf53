"""The local stack: the package, deployed into an AWS emulator on loopback by the code that deploys to AWS."""

from __future__ import annotations

import asyncio
import contextlib
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web

from infra import deploy, emulator, endpoints, package
from infra.functions import FunctionHost
from infra.sessions import Session
from infra.sign_in import SignIn

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
        except BaseException:
            await self._open.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def _start(self) -> None:
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
        self.url = self.sign_in.url = await self._serve()

    async def _serve(self) -> str:
        """Answer on the wanted port with what the emulator's API gateway answers."""
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
        try:
            await web.TCPSite(runner, "127.0.0.1", self._wanted_port).start()
        except OSError as error:
            raise SystemExit(f"Port {self._wanted_port} is taken; choose another: PORT=8001 make serve") from error
        return f"http://127.0.0.1:{runner.addresses[0][1]}"
