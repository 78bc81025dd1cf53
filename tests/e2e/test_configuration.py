"""The configuration API through the deployed package: every path leads to its kind, and a queue comes and goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.configuration.kinds import KINDS
from infra.client import Api
from tests.e2e.conftest import Running
from tests.e2e.test_journey import play

pytestmark = pytest.mark.e2e

BASE = "/v2/contact_center"


def test_every_kind_is_listed_where_it_should_be(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        for kind in KINDS:
            page = await by("admin").expect(200, "GET", f"{BASE}/{kind.path}?page_size=1")
            assert kind.wire_name in page

    play(running, story)


def test_a_queue_is_made_changed_found_by_name_and_taken_away(running: Running) -> None:
    async def story(by: Callable[[str], Api]) -> None:
        admin = by("admin")
        before = (await admin.expect(200, "GET", f"{BASE}/configuration"))["document"]
        await admin.expect(201, "POST", f"{BASE}/queues", {"queue_id": "night", "queue_name": "Night shift, 50%41"})
        await admin.expect(204, "PATCH", f"{BASE}/queues/night", {"wrap_up_time": 7})
        found = await admin.expect(200, "GET", f"{BASE}/queues/Night%20shift%2C%2050%2541?queue_identifier_type=name")
        assert (found["queue_id"], found["wrap_up_time"]) == ("night", 7)
        await admin.expect(204, "DELETE", f"{BASE}/queues/night")
        assert (await admin.expect(200, "GET", f"{BASE}/configuration"))["document"] == before

    play(running, story)
