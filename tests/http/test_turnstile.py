"""How often one caller may call: the rest is told when to come back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.http.turnstile import BLOCKS, WINDOW_MS
from tests.simulation.splits import going_wrong
from tests.support.api import Api, api_of, zoom_body
from tests.support.worlds import TENANT, aws, aws_centre, memory_centre

ITEMS = "/v2/contact_center/queues"
SECOND = 1000
MOST = 100
"""More calls than any of these lets through."""


@pytest.fixture
def api(limited: Callable[[int | None], Api]) -> Api:
    return limited(2)


@pytest.fixture
def limited() -> Callable[[int | None], Api]:
    def made(per_second: int | None) -> Api:
        centre = memory_centre(configured=False)
        centre.configure({**TENANT, "requests_per_second": per_second})
        return api_of(centre)

    return made


def until_refused(caller: Api) -> tuple[int, Any]:
    """How many calls are let through, and what is said to the next."""
    for n in range(MOST):
        reply = caller.get(ITEMS)
        if reply.status != 200:
            return n, reply
    return MOST, None


def test_a_process_lets_a_caller_have_his_share_and_a_block(api: Api) -> None:
    through, refused = until_refused(api.by("adm"))
    assert through == 2 * (BLOCKS + 1)
    assert refused.status == 429
    assert refused.body["type"] == "urn:interleave:problem:too-many-requests"
    assert 0 < int(refused.headers["retry-after"]) <= WINDOW_MS // SECOND


def test_who_waits_as_long_as_he_is_told_is_let_through(api: Api) -> None:
    _, refused = until_refused(api.by("adm"))
    api.centre.clock.pass_seconds(int(refused.headers["retry-after"]))
    assert api.by("adm").get(ITEMS).status == 200


def test_one_callers_haste_is_not_anothers(api: Api) -> None:
    until_refused(api.by("adm"))
    assert api.by("sue").get(ITEMS).status == 200


def test_all_processes_together_give_one_share_and_a_block_each(api: Api) -> None:
    first, second = api.by("adm"), api_of(api.centre).by("adm")
    until_refused(first)
    assert until_refused(second)[0] == 2


def test_who_calls_seldom_claims_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.centre.world.store, "claim", None)
    for _ in range(5):
        assert [api.by("adm").get(ITEMS).status for _ in range(2)] == [200, 200]
        api.centre.clock.pass_seconds(WINDOW_MS / SECOND)


def test_null_is_no_limit(limited: Callable[[int | None], Api]) -> None:
    assert until_refused(limited(None).by("adm")) == (100, None)


def test_a_table_that_is_too_busy_is_told_to_the_caller_and_nothing_is_lost_or_doubled() -> None:
    with aws() as clients:
        crm = api_of(aws_centre(clients)).by("crm")
        start = {"path": "/v2/contact_center/engagement", "body": zoom_body(), "Idempotency_Key": "k1"}
        with going_wrong(clients, lambda *_: "throttled"):
            refused = crm.post(**start)
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert refused.body["type"] == "urn:interleave:problem:too-many-requests"
        assert [crm.post(**start).status for _ in range(2)] == [201, 201]
