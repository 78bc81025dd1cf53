"""I12: whose work it is stands in the condition of the write, not only in the check before it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.engagements.model import Change, Engagement
from chalicelib.errors import NotFound
from chalicelib.operations import amending, desk, sessions
from chalicelib.operations.amending import Amendment
from chalicelib.operations.ordering import Order
from tests.support.worlds import Centre

Command = Callable[[Centre, Order], Engagement]
COMMANDS: dict[str, Command] = {
    "end": lambda centre, order: desk.end(centre.world, order, None),
    "release": lambda centre, order: desk.release(centre.world, order),
    "park": lambda centre, order: desk.deactivate(centre.world, order, None),
    "change": lambda centre, order: amending.update(centre.world, order, Amendment(None, None, 7)),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_i12_work_that_changes_hands_between_read_and_write_is_no_longer_the_callers(
    any_centre: Centre, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    centre, store = any_centre, any_centre.world.store
    centre.ready("ana")
    work = centre.start()
    centre.ring()
    centre.accept(work)
    commit, tried = store.commit, list[Change]()

    def commit_too_late(change: Change) -> None:
        """Ana's order has been checked and decided on; before it is written, the work is given to Ben."""
        if not tried:
            tried.append(change)
            hand_over(centre, work)
        commit(change)

    monkeypatch.setattr(store, "commit", commit_too_late)
    with pytest.raises(NotFound):
        COMMANDS[name](centre, Order(work, "agent:ana", "ana"))
    assert tried
    assert (centre.read(work).state, centre.read(work).agent_id) == ("assigned", "ben")
    assert [event.actor for event in centre.read(work).trail][-1] == "agent:ben"
    assert list(centre.occupancy("ana").held) == []


def hand_over(centre: Centre, work: str) -> None:
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    centre.ready("ben")
    desk.release(centre.world, Order(work, "supervisor:sue"))
    centre.ring()
    centre.accept(work)
