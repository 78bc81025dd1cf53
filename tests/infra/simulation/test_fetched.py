"""A tenant's history, as its API tells it."""

from __future__ import annotations

from typing import Any

from infra.simulation.fetched import fetched
from infra.simulation.history import Status
from tests.support.api import api_of
from tests.support.worlds import NOW, memory_centre


def test_when_agents_were_ready_is_what_is_on_record() -> None:
    centre = memory_centre()
    centre.ready("ana", "ben")
    engagement_id = centre.start()
    centre.settle()
    centre.accept(engagement_id)
    centre.clock.pass_seconds(60)
    centre.end(engagement_id)
    centre.consume()
    api = api_of(centre)
    centre.clock.pass_seconds(60)
    for agent, name in (("ana", "Not Ready"), ("ben", "Offline")):
        reply = api.by(agent).patch("/v2/contact_center/users/me/status", {"status_id": name})
        assert reply.status < 300, reply.body
        centre.clock.pass_seconds(60)
    centre.ready("ana")
    centre.consume()
    centre.clock.pass_seconds(1)

    def get(path: str) -> Any:
        reply = api.by("adm").get(path)
        assert reply.status == 200, reply.body
        return reply.body

    assert fetched(get, NOW, centre.clock.at).statuses == (
        Status(NOW, "ana", True),
        Status(NOW, "ben", True),
        Status(NOW + 120_000, "ana", False),
        Status(NOW + 180_000, "ben", False),
        Status(NOW + 240_000, "ana", True),
    )
