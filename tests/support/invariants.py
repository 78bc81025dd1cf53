"""The invariants of DESIGN.md 7, checked on what a store holds."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.engagements.model import Engagement, work_key_of
from chalicelib.engagements.states import TRANSITIONS
from tests.support.worlds import Centre

HELD = ("offered", "assigned", "inactive", "wrap_up")


def check(centre: Centre, accepted: Iterable[str]) -> None:
    """I1, I3–I6 and I10, of the engagements whose start was accepted and of every agent."""
    engagements = _known(centre, accepted)
    _one_active_of_each_work(engagements)
    _held_as_recounted(centre, engagements)
    for engagement in engagements:
        _versions_dense(engagement)


def check_nothing_waits_in_vain(centre: Centre, engagement_id: str) -> None:
    """I3 after recovery: what is queued is on an index or in its queue, where the router finds it."""
    found = centre.read(engagement_id)
    if found.state == "queued":
        enlisted = {waiting.engagement_id for waiting in centre.world.store.waiting(found.queue_id)}
        noticed = {notice.engagement_id for notice in centre.world.transport.drain(found.queue_id).notices}
        assert engagement_id in enlisted | noticed


def _known(centre: Centre, accepted: Iterable[str]) -> list[Engagement]:
    """I3: every accepted start is there, open or closed, for ever."""
    store = centre.world.store
    found = []
    for engagement_id in accepted:
        engagement = store.engagement(engagement_id) or store.archived(engagement_id)[0]
        assert engagement is not None, f"I3: {engagement_id} is lost"
        found.append(engagement)
    return found


def _one_active_of_each_work(engagements: list[Engagement]) -> None:
    active = [work_key_of(each.engagement_id) for each in engagements if each.state != "closed"]
    assert len(active) == len(set(active)), "I1: a work is active twice"


def _held_as_recounted(centre: Centre, engagements: list[Engagement]) -> None:
    for agent_id, agent in centre.world.tenant().agent_by_id.items():
        capacity, _ = centre.world.tenant().places(agent)
        occupancy = centre.occupancy(agent_id)
        recount = {e.engagement_id for e in engagements if agent_id in e.holders and e.state in HELD}
        assert recount == set(occupancy.held), f"I5, I10: what {agent_id} holds is not what the engagements say"
        if occupancy.elsewhere:
            continue  # another system gives him work without asking whether he has a place
        for channel in {held.channel for held in occupancy.held.values()}:
            assert occupancy.load(channel) <= capacity.get(channel, 0), f"I5: {agent_id} holds too much"
    owners = [(e.engagement_id, e.agent_id) for e in engagements if e.state in HELD]
    assert all(agent_id for _, agent_id in owners), "I4: held by nobody"


def _versions_dense(engagement: Engagement) -> None:
    versions = [event.version for event in engagement.trail]
    assert versions == list(range(versions[0], engagement.version + 1)), "I6: versions are not dense"
    for before, event in zip(engagement.trail, engagement.trail[1:], strict=False):
        transition = TRANSITIONS[event.command]
        assert before.state in transition.sources, f"I6: {event.command} from {before.state}"
        assert event.state == (transition.target or before.state), f"I6: {event.command} to {event.state}"
