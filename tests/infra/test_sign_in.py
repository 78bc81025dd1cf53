"""The local stack's sign-in page: one code, once, for whoever holds its verifier."""

from __future__ import annotations

import asyncio
import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from infra.sign_in import AUTHORIZE, TOKEN, Person, SignIn

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BACK = "http://127.0.0.1:8000/console"
ASKED = {
    "response_type": "code",
    "client_id": "console",
    "redirect_uri": BACK,
    "state": "s1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


async def issuing() -> TestClient[web.Request, web.Application]:
    """The sign-in page beside a stack that issues tokens to whoever asks."""

    async def issue(request: web.Request) -> web.Response:
        assert request.headers["Authorization"].startswith("Basic ")
        return web.json_response({"access_token": "a token", "expires_in": 3600})

    sign_in = SignIn("local", {"ana": Person("Ana", "agent", "ana", "secret")})
    application = web.Application()
    sign_in.add_to(application)
    application.router.add_post("/oauth/token", issue)
    client = TestClient(TestServer(application))
    await client.start_server()
    sign_in.url = str(client.make_url("")).rstrip("/")
    return client


async def code_for(client: TestClient[web.Request, web.Application]) -> str:
    answer = await client.get(AUTHORIZE, params={**ASKED, "login_hint": "ana"}, allow_redirects=False)
    assert answer.status == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (answer.headers["Location"].startswith(BACK), query["state"]) == (True, ["s1"])
    return query["code"][0]


def test_a_code_is_good_once() -> None:
    async def story() -> None:
        client = await issuing()
        form = {"code": await code_for(client), "code_verifier": VERIFIER, "redirect_uri": BACK}
        first, second = await client.post(TOKEN, data=form), await client.post(TOKEN, data=form)
        assert (first.status, (await first.json())["access_token"], second.status) == (200, "a token", 400)
        await client.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "wrong", [{"code_verifier": "x" * 43}, {"redirect_uri": "http://127.0.0.1/console"}, {"code": "x"}]
)
def test_a_code_is_nothing_to_whoever_else_holds_it(wrong: dict[str, str]) -> None:
    async def story() -> None:
        client = await issuing()
        form = {"code": await code_for(client), "code_verifier": VERIFIER, "redirect_uri": BACK, **wrong}
        assert (await client.post(TOKEN, data=form)).status == 400
        await client.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://elsewhere.example.com/console"},
        {"client_id": "other"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
def test_another_request_than_the_consoles_is_refused(wrong: dict[str, str]) -> None:
    async def story() -> None:
        client = await issuing()
        answer = await client.get(AUTHORIZE, params={**ASKED, **wrong, "login_hint": "ana"}, allow_redirects=False)
        assert answer.status == 400
        await client.close()

    asyncio.run(story())


def test_the_page_lists_the_people_and_shows_text_as_text() -> None:
    async def story() -> None:
        client = await issuing()
        answer = await client.get(AUTHORIZE, params={**ASKED, "state": '"><script>'})
        text = await answer.text()
        assert (answer.status, "Ana" in text, "<script>" in text) == (200, True, False)
        await client.close()

    asyncio.run(story())
