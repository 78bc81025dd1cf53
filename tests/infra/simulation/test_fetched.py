"""A tenant's history, as its API tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chalicelib.configuration import document
from infra.simulation.configured import Configured
from infra.simulation.fetched import fetched
from infra.simulation.history import Part, Status, moment, read, text, time_text
from infra.simulation.recorded import recorded
from infra.simulation.run import simulate
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


def test_what_the_router_set_aside_was_not_worked_on_meanwhile() -> None:
    """In a simulation the router sets aside anew, as is configured there; what the agent parked is parked again."""
    minutes = [
        (0, "start", "integration:crm", {}),
        (0, "offer", "system:router", {}),
        (0, "accept", "agent:ana", {}),
        (2, "deactivate", "system:router", {}),
        (12, "activate", "system:router", {}),
        (15, "deactivate", "agent:ana", {}),
        (20, "activate", "agent:ana", {}),
        (25, "close", "agent:ana", {"handled_ms": 600_000, "wrapped_ms": 0}),
    ]
    events = [
        {
            "version": n,
            "start_time": time_text(NOW + 60_000 * minute),
            "event_name": name,
            "event_content": content,
            "queue_id": "billing",
            "state": "queued" if name == "start" else "assigned",
            "actor": actor,
            "user_id": "ana",
        }
        for n, (minute, name, actor, content) in enumerate(minutes, 1)
    ]
    found = recorded(
        {
            "engagement_id": "e",
            "state": "closed",
            "queue_id": "billing",
            "channel": "work_item",
            "priority": 0,
            "skills": [],
            "flows": [{"flow_entry_id": "entry-tickets"}],
            "work_item_variables": {"work_item_due_date": "2025-11-24T00:00:00Z"},
            "variables": [],
        },
        events,
        NOW,
    )
    assert found is not None
    assert found.parts == (Part("ana", NOW, 600_000, 0, ((300_000, 300_000),)),)
    assert found.due_at == moment("2025-11-24T00:00:00Z"), "what is missed is counted on record as in simulations"


@pytest.mark.parametrize("priority", [7, 2.5, -3, 1e308, 2**60])
def test_a_priority_of_work_is_the_number_that_it_was(priority: float, tmp_path: Path) -> None:
    api = api_of(memory_centre())
    described = {"work_item_name": "A case", "work_item_type": "invoice", "work_item_priority": priority}
    body = {"flow": {"flow_entry_id": "entry-tickets"}, "work_item_variables": described}
    assert api.by("adm").post("/v2/contact_center/engagement", body).status == 201
    api.centre.settle()
    kept = fetched(lambda path: api.by("adm").get(path).body, NOW, NOW + 1)
    (tmp_path / "kept.json").write_text(text(kept))
    recorded = read(tmp_path / "kept.json")
    (found,) = (each.work_item_variables["work_item_priority"] for each in recorded.engagements)
    assert (found, type(found)) == (priority, int if priority < 2**53 and priority != 2.5 else float)
    configured = Configured(document.read(recorded.configuration), recorded)
    outcome = simulate(configured.centre, configured.works(recorded.engagements), until=NOW + 1)
    assert [each.work.to.priority for each in outcome.visits] == [9 if priority > 5 else 1], "its flow compares it"
