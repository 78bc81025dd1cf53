"""The commands' own client waits where it is told to wait."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from infra.client import Api


@pytest.mark.parametrize(
    ("answers", "status", "calls"), [([429, 503, 200], 200, 3), ([404], 404, 1), ([409], 409, 1), ([429] * 9, 429, 5)]
)
def test_what_passes_is_tried_again_and_what_stays_is_told(answers: list[int], status: int, calls: int) -> None:
    left = list(answers)

    async def token(_: web.Request) -> web.Response:
        return web.json_response({"access_token": "t", "expires_in": 3600})

    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"message": "as a gateway says it"}, status=left.pop(0))

    async def story() -> int:
        application = web.Application()
        application.router.add_post("/oauth/token", token)
        application.router.add_get("/works", answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession() as session:
            reply = await Api(session, url, "acme", "client", "secret").call("GET", "/works")
        await runner.cleanup()
        return reply.status

    assert asyncio.run(story()) == status
    assert len(answers) - len(left) == calls
