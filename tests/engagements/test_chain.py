"""Each event is chained to the ones before: a history that was touched does not lead to the engagement's digest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.engagements.chain import fault
from chalicelib.engagements.model import Engagement, Event
from chalicelib.operations import desk, recording
from chalicelib.operations.ordering import Order
from tests.support.size import examples
from tests.support.worlds import Centre, memory_centre


def long_life(centre: Centre) -> str:
    """Started, taken, parked and taken up ten times: longer than its trail."""
    engagement_id = centre.start()
    centre.ready("ana")
    centre.settle()
    centre.accept(engagement_id)
    for _ in range(10):
        centre.clock.pass_seconds(10)
        desk.deactivate(centre.world, Order(engagement_id, "agent:ana"))
        desk.activate(centre.world, Order(engagement_id, "agent:ana"))
    centre.consume()
    return engagement_id


def history() -> tuple[Engagement, list[Event]]:
    centre = memory_centre()
    engagement_id = long_life(centre)
    return centre.read(engagement_id), centre.store.archived(engagement_id)[1]


HEAD, KEPT = history()
OLD = KEPT[: HEAD.trail[0].version - 1]
"""What is nowhere else any more."""


def test_a_history_that_nobody_touched_is_whole(any_centre: Centre) -> None:
    engagement_id = long_life(any_centre)
    store = any_centre.world.store
    assert len(any_centre.read(engagement_id).chain) == 22
    assert fault(any_centre.read(engagement_id), store.archived(engagement_id)[1]) is None
    any_centre.end(engagement_id)
    any_centre.start()  # takes the row
    any_centre.consume()
    found, events = store.archived(engagement_id)
    assert found is not None
    assert (found.version, found.chain != "") == (len(events), True)
    assert fault(found, events) is None


@settings(max_examples=examples(300, 10_000))
@given(st.data())
def test_a_changed_missing_or_added_event_is_found(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(OLD) - 1))
    change = data.draw(
        st.sampled_from(
            [
                {"at": OLD[at].at + 1},
                {"command": "miss"},
                {"actor": "agent:ben"},
                {"agent_id": "ben"},
                {"queue_id": "general"},
                {"detail": {"waited_ms": 1}},
            ]
        )
    )
    changed = [*KEPT]
    changed[at] = KEPT[at]._replace(**change)
    missing = [event for event in KEPT if event is not OLD[at]]
    added = [*KEPT, HEAD.trail[-1]._replace(version=HEAD.version + data.draw(st.integers(1, 3)))]
    assert changed == KEPT or fault(HEAD, changed) == "An event has been changed."
    assert fault(HEAD, missing) == f"Event {at + 1} is missing."
    assert fault(HEAD, added) == f"Event {added[-1].version} is one too many."


def test_an_event_that_is_told_in_two_ways_is_found() -> None:
    kept = [*KEPT[:-1], KEPT[-1]._replace(actor="agent:ben")]
    assert KEPT[-1].version >= HEAD.trail[0].version
    assert fault(HEAD, kept) == f"Event {KEPT[-1].version} is told in two ways."


def test_the_history_of_other_work_is_found_out() -> None:
    other = replace(HEAD, engagement_id=memory_centre().start("CASE-2"))
    assert fault(other, KEPT) == "An event has been changed."


@pytest.mark.parametrize("content", [HEAD, HEAD.without_content()])
def test_the_chain_is_not_over_what_may_be_forgotten(content: Engagement) -> None:
    assert fault(content, KEPT) is None


def test_what_an_older_version_started_goes_on_without_a_chain() -> None:
    centre = memory_centre()
    engagement_id = centre.start()
    centre.store._heads[HEAD.work_key] = replace(centre.read(engagement_id), chain="")
    centre.ready("ana")
    centre.settle()
    found = centre.accept(engagement_id)
    assert (found.version, found.chain, fault(found, [])) == (3, "", None)
    assert found.version < recording.EVENTS_PER_ROW
