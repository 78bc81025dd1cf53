"""What changes about an agent alone: status, queues opted out of, and work that another system has given him."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.engagements.model import MOST_ELSEWHERE, AgentStatus, Change, Occupancy
from chalicelib.engagements.step import timed
from chalicelib.errors import NoCapacity


def set_status(
    occupancy: Occupancy,
    status: AgentStatus,
    sub_status: str | None,
    now: int,
    actor: str = "",
    reason_id: str | None = None,
) -> Change:
    """Change what an agent says of himself. Becoming ready starts his idle time anew.

    `reason_id`: which of the configuration's reasons the `sub_status` is, if it is one.
    """
    changed = replace(
        occupancy,
        version=occupancy.version + 1,
        status=status,
        sub_status=sub_status,
        sub_status_id=reason_id,
        status_since=now,
        status_by=actor,
        idle_since=now if status == "ready" != occupancy.status else occupancy.idle_since,
        busy_since=None if occupancy.busy_since is None else now,
        busy_ms=0,
    )
    return Change(None, changed, occupancy_seen=occupancy.version)


def opt_out(occupancy: Occupancy, queues: tuple[str, ...]) -> Change:
    """The queues from which the agent takes nothing for now, though he serves them."""
    return _changed(occupancy, replace(occupancy, opted_out=queues))


def take_elsewhere(occupancy: Occupancy, reference: str, channel: str, now: int) -> Change:
    """Another system has given the agent work: it takes one of his places until he leaves it. Raises `NoCapacity`."""
    if reference not in occupancy.elsewhere and len(occupancy.elsewhere) >= MOST_ELSEWHERE:
        raise NoCapacity(f"He has {MOST_ELSEWHERE} works elsewhere, which is the most; report which of them are over.")
    taken = replace(occupancy, elsewhere={**occupancy.elsewhere, reference: channel})
    return _changed(occupancy, timed(occupancy, taken, now))


def leave_elsewhere(occupancy: Occupancy, reference: str, now: int) -> Change:
    """What another system gave him is over; he is idle from now on, unless that has been said before."""
    rest = {key: channel for key, channel in occupancy.elsewhere.items() if key != reference}
    idle_since = now if reference in occupancy.elsewhere else occupancy.idle_since
    return _changed(occupancy, timed(occupancy, replace(occupancy, elsewhere=rest, idle_since=idle_since), now))


def _changed(seen: Occupancy, changed: Occupancy) -> Change:
    return Change(None, replace(changed, version=seen.version + 1), occupancy_seen=seen.version)
