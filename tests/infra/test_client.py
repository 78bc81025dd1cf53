"""The commands' own client waits where it is told to wait."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.client import Api, Unexpected


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


@pytest.mark.parametrize(
    ("grants", "answers", "says"),
    [
        (web.Response(text="<html>Sign in</html>", content_type="text/html"), None, "no tenant's address"),
        (web.Response(body=b"\xff\xfe", content_type="application/json"), None, "no tenant's address"),
        (web.json_response({"hello": "world"}), None, "The token endpoint answered 200"),
        (web.json_response(["hello"]), None, "The token endpoint answered 200"),
        (web.Response(status=503, text="Busy"), None, "The token endpoint answered 503"),
        (web.json_response({"access_token": "t", "expires_in": 3600}), web.Response(text="Hello"), "no JSON"),
    ],
)
def test_what_is_no_tenants_address_is_said_to_be_none(
    grants: web.Response, answers: web.Response | None, says: str
) -> None:
    async def story() -> None:
        async def grant(_: web.Request) -> web.Response:
            return grants

        async def answer(_: web.Request) -> web.Response:
            assert answers is not None
            return answers

        application = web.Application()
        application.router.add_post("/oauth/token", grant)
        application.router.add_get("/works", answer)
        async with TestServer(application) as server, aiohttp.ClientSession() as session:
            await Api(session, str(server.make_url("")).rstrip("/"), "acme", "client", "secret").call("GET", "/works")

    with pytest.raises(Unexpected, match=says):
        asyncio.run(story())
