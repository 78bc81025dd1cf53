"""From the changes of an agent's row in the stream to facts: how long he had which status, and was busy in it."""

from __future__ import annotations

from chalicelib.engagements.model import Occupancy
from chalicelib.engagements.step import busy_for
from chalicelib.reporting.facts import Fact
from chalicelib.routing.hours import BusinessHours


def status_fact(before: Occupancy | None, after: Occupancy, shift: BusinessHours | None = None) -> Fact | None:
    """The status that ended with this write, or None where it goes on; with how much of it was in the agent's shift,
    if he has one. A reason that is free text stays out.

    A status that is set again ends and begins anew. Before the first one ever, nothing is known of the agent.
    """
    if before is None or before.status_since in (0, after.status_since):
        return None
    at = after.status_since
    busy = before.busy_ms + busy_for(before, at)
    lasted = at - before.status_since
    in_shift = {} if shift is None else _in_shift(before.status, shift.open_ms(before.status_since, at))
    labels = {
        "status": before.status,
        "sub_status_id": before.sub_status_id or "",
        "next_status": after.status,
        "next_sub_status_id": after.sub_status_id or "",
        "changed_by": after.status_by,
    }
    return Fact(
        dataset="agent_status_history",
        engagement_id=after.agent_id,
        version=after.version,
        at=at,
        channel="",
        queue_id="",
        agent_id=after.agent_id,
        measures={"duration_ms": lasted, **_spent(before.status, lasted, busy), **in_shift},
        labels={name: value for name, value in labels.items() if value},
    )


def _spent(status: str, lasted: int, busy: int) -> dict[str, int]:
    match status:
        case "ready":
            return {"ready_ms": lasted, "occupied_ms": busy}
        case "not_ready":
            return {"not_ready_ms": lasted, "finishing_ms": busy}
        case _:
            return {}


def _in_shift(status: str, lasted: int) -> dict[str, int]:
    return {"shift_ms": lasted, "adherent_ms": 0 if status == "offline" else lasted}
