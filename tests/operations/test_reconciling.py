"""Reports are held against the history they came from; nothing drifts, and what was touched is found and made anew."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.engagements.model import Event, consumer_key
from chalicelib.handlers import schedule
from chalicelib.operations import desk, privacy, reconciling, recording, rolling
from chalicelib.operations.ordering import Order
from chalicelib.operations.reconciling import Findings
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.history import FROM_HISTORY, Night, facts_of_history
from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS, quarter_of
from tests.engagements.test_chain import long_life
from tests.operations.test_rolling import QUARTER, sweeps
from tests.reporting.test_reports import WRITES
from tests.support.size import LONG, examples
from tests.support.worlds import NOW, Centre, MemoryCentre, memory_centre

START = NOW - NOW % DAY_MS
END = START + DAY_MS

STORES = ["memory", "dynamodb"] if LONG else ["memory"]
"""Over DynamoDB each of these is seconds: that both stores keep the same, the contract suite says each time."""


def over_works(centre: Centre, *, again: bool = False) -> Findings:
    found, onward = Findings(), ""
    start, end = reconciling.judged(centre.world, START, END)
    while True:
        some, after = reconciling.works(centre.world, onward, start, end, again=again)
        found.add(some)
        if after is None:
            return found
        onward = after


def over_quarters(centre: Centre, each: Callable[..., Findings] = reconciling.check) -> Findings:
    found, start = Findings(), START
    while True:
        some, onward = reconciling.quarters(centre.world, start, END, each)
        found.add(some)
        if onward is None:
            return found
        start = onward


def whole(centre: Centre) -> list[str]:
    """Everything that is wrong, as the doctor finds it."""
    works, quarters = over_works(centre), over_quarters(centre)
    works.broken |= quarters.broken
    differ = [q for q in {*works.told, *quarters.kept} if works.told.get(q) != quarters.kept.get(q)]
    return [*works.lines(), *Findings(drifts=quarters.drifts, stale=quarters.stale).lines(), *map(str, differ)]


def make_anew(centre: Centre) -> None:
    over_works(centre, again=True)
    over_quarters(centre, reconciling.rebuild)
    sweeps(centre)


def a_day(centre: Centre) -> tuple[str, str]:
    """One long life, and one that is over and whose work is started again."""
    centre.world.store.put_coverage(Coverage(START, quarter_of(NOW), "UTC", START))
    long = long_life(centre)
    over = centre.start("CASE-2")
    desk.cancel(centre.world, Order(over, "integration:crm"))
    centre.start("CASE-2")
    centre.consume()
    sweeps(centre, END + HOUR_MS)
    return long, over


@pytest.mark.parametrize("any_centre", STORES, indirect=True)
def test_nothing_drifts_and_nothing_is_changed_by_making_it_anew(any_centre: Centre) -> None:
    a_day(any_centre)
    store = any_centre.world.store
    before = store.facts(None, START, END)
    assert whole(any_centre) == []
    make_anew(any_centre)
    assert whole(any_centre) == []
    assert store.facts(None, START, END) == before
    assert over_works(any_centre).engagements == 3


def test_what_a_consumer_had_forgotten_drifts_nowhere(any_centre: Centre) -> None:
    jill = {"consumer_external_id": "C-77"}
    any_centre.start("CASE-9", consumer=jill)
    a_day(any_centre)
    (erased,) = [visit.engagement_id for visit in any_centre.world.store.visits(consumer_key(jill) or "")]
    desk.cancel(any_centre.world, Order(erased, "integration:crm"))
    any_centre.consume()
    assert privacy.erase(any_centre.world, jill, "admin:adm").erased == [erased]
    any_centre.consume()
    sweeps(any_centre, END + 2 * HOUR_MS)
    assert whole(any_centre) == []
    assert any_centre.read(erased).trail[-1].command == "erase"


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_all_histories_are_read_however_few_at_a_time(any_centre: Centre, rows: int) -> None:
    a_day(any_centre)
    store = any_centre.world.store
    found, after = [], ""
    while True:
        some, onward = store.histories(after, rows)
        found += some
        if onward is None:
            break
        after = onward
    assert len(found) == len({engagement.engagement_id for engagement, _ in found}) == 3
    for engagement, events in found:
        head = store.engagement(engagement.engagement_id)
        assert events == store.archived(engagement.engagement_id)[1]
        assert head is None or head == engagement


@pytest.mark.parametrize("more", range(9))
def test_of_whatever_length_a_life_is_its_end_is_told_when_its_row_is_another_ones(more: int) -> None:
    centre = memory_centre()
    centre.world.store.put_coverage(Coverage(START, quarter_of(NOW), "UTC", START))
    engagement_id = centre.start()
    centre.ready("ana")
    centre.settle()
    centre.accept(engagement_id)
    for n in range(more):
        command = desk.activate if n % 2 else desk.deactivate
        command(centre.world, Order(engagement_id, "agent:ana"))
    desk.end(centre.world, Order(engagement_id, "agent:ana", "ana"), None)
    centre.consume()
    before = centre.store.facts("engagement", START, END)
    centre.start()  # takes the row
    centre.consume()
    sweeps(centre, END + HOUR_MS)
    assert whole(centre) == []
    centre.store.rewrite_facts(QUARTER, lambda _: [])
    assert len(whole(centre)) == 5, "the quarter, and its roll-ups of four kinds"
    make_anew(centre)
    assert centre.store.facts("engagement", START, END) == before


TAMPERED: dict[str, tuple[Callable[[list[Event]], list[Event]], str]] = {
    "changed": (lambda events: [*events[:3], events[3]._replace(at=events[3].at + 1), *events[4:]], "changed"),
    "missing": (lambda events: events[:3] + events[4:], "Event 4 is missing."),
    "added": (lambda events: [*events, events[-1]._replace(version=99)], "Event 99 is one too many."),
}


@pytest.mark.parametrize("any_centre", STORES, indirect=True)
@pytest.mark.parametrize("how", TAMPERED)
def test_a_history_that_was_touched_is_found(any_centre: Centre, how: str) -> None:
    long, _ = a_day(any_centre)
    engagement, events = any_centre.world.store.archived(long)
    assert engagement is not None
    change, text = TAMPERED[how]
    any_centre.world.store.archive(engagement, change(events[:8]))
    assert [line for line in whole(any_centre) if line.startswith(long) and text in line]


def test_a_history_that_is_gone_before_its_time_is_found(centre: MemoryCentre) -> None:
    _, over = a_day(centre)
    centre.store._history.clear()
    assert f"{over}: There is no history." in over_quarters(centre).lines()
    centre.clock.at += 30 * DAY_MS
    found = over_quarters(centre)
    assert (over in found.broken, found.gone) == (False, 1)


@pytest.mark.parametrize("any_centre", STORES, indirect=True)
@pytest.mark.parametrize("fault", ["missing", "changed", "unfounded"])
def test_a_fact_that_is_not_as_the_history_has_it_is_found_and_made_anew(any_centre: Centre, fault: str) -> None:
    long, _ = a_day(any_centre)
    store = any_centre.world.store
    before = store.facts(None, START, END)
    fact = next(each for each in before if each.engagement_id == long)
    quarter = quarter_of(fact.at)
    touched = {
        "missing": [],
        "changed": [replace(fact, measures={**fact.measures, "waited_ms": 7})],
        "unfounded": [fact, replace(fact, version=2)],
    }[fault]
    store.rewrite_facts(quarter, lambda kept: [*(each for each in kept if each != fact), *touched])
    found = over_quarters(any_centre)
    named = [] if fault == "missing" else [(long, fault)]  # what is missing, only all histories tell
    assert [(each.engagement_id, each.fault) for each in found.drifts] == named
    assert {each.level for each in found.stale} == {"quarter"}
    assert str(quarter) in whole(any_centre)
    make_anew(any_centre)
    assert whole(any_centre) == []
    assert store.facts(None, START, END) == before


@pytest.mark.parametrize("any_centre", STORES, indirect=True)
def test_all_facts_and_roll_ups_of_a_week_are_made_anew(any_centre: Centre) -> None:
    a_day(any_centre)
    store = any_centre.world.store
    before = store.facts(None, START, END)
    days = store.rollups("queue_performance", "day@UTC", START, END)
    quarters = {quarter_of(fact.at) for fact in before}
    for quarter in quarters:
        store.rewrite_facts(quarter, lambda kept: [fact for fact in kept if fact.dataset not in FROM_HISTORY])
        rolling.roll_quarters(any_centre.world, store.coverage(), [quarter])
    assert not [fact for fact in store.facts(None, START, END) if fact.dataset in FROM_HISTORY]
    assert store.rollups("queue_performance", "day@UTC", START, END) == []
    assert sorted(whole(any_centre)) == sorted(map(str, quarters))
    make_anew(any_centre)
    assert whole(any_centre) == []
    assert store.facts(None, START, END) == before
    assert store.rollups("queue_performance", "day@UTC", START, END) == days


@pytest.mark.parametrize("any_centre", STORES, indirect=True)
@pytest.mark.parametrize(
    "level", ["quarter", "hour", "day@UTC", "quarter@together", "hour@together", "day@UTC@together"]
)
def test_a_roll_up_that_is_not_what_it_should_be_is_found_and_made_anew(any_centre: Centre, level: str) -> None:
    a_day(any_centre)
    store = any_centre.world.store
    fact = store.facts("queue_performance", START, END)[0]
    length = {"q": QUARTER_MS, "h": HOUR_MS, "d": DAY_MS}[level[0]]
    start = fact.at - fact.at % length
    store.keep_rollup("queue_performance", level, start, [])
    found = over_quarters(any_centre).stale
    (stale,) = [each for each in found if each.start == start and level.startswith(each.level)]
    assert stale.dataset == "queue_performance"
    make_anew(any_centre)
    assert whole(any_centre) == []


def test_the_channel_of_a_fact_is_the_one_of_its_time() -> None:
    _, new = WRITES[-1]
    switch = Event(
        3, NOW, "switch", "assigned", "x", "billing", "ana", {"channel": "voice", "previous_channel": "email"}
    )
    took = {"waited_ms": 1, "rang_ms": 1, "handled_ms": 1, "parked_ms": 0, "wrapped_ms": 0}
    accept, close = (
        Event(2, NOW, "accept", "assigned", "x", "billing", "ana", took),
        switch._replace(version=4, command="close", state="closed", detail=took),
    )
    engagement = replace(new, version=4, channel="voice")
    found = facts_of_history(engagement, [new.trail[0], accept, switch, close])
    assert [(fact.version, fact.channel) for fact in found if fact.dataset != "engagement"] == [
        (2, "email"),
        (4, "voice"),
    ]


@settings(max_examples=examples(100, 10_000))
@given(st.randoms(use_true_random=False), st.integers(1, 40), st.data())
def test_i11_what_the_stream_brought_in_any_order_is_what_the_history_tells(
    order: random.Random, size: int, data: st.DataObject
) -> None:
    centre = memory_centre()
    rolling.roll_up(centre.world)
    centre.store._heads.update({new.work_key: new for _, new in WRITES})
    writes = [*WRITES, *(WRITES[n] for n in data.draw(st.lists(st.integers(0, len(WRITES) - 1), max_size=10)))]
    order.shuffle(writes)
    for first in range(0, len(writes), size):
        recording.record(centre.world, writes[first : first + size])
    sweeps(centre, END + HOUR_MS)
    assert whole(centre) == []


def test_every_night_yesterday_is_held_against_the_history(any_centre: Centre) -> None:
    centre, store = any_centre, any_centre.world.store
    long, _ = a_day(centre)
    for touched, night in ((False, END + HOUR_MS), (True, END + HOUR_MS)):
        centre.clock.at = night - 1
        store.put_night(Night(START, START, quarter=START, version=store.night().version))
        assert reconciling.nightly(centre.world) is None
        centre.clock.at = night
        if touched:
            store.rewrite_facts(QUARTER, lambda kept: [fact for fact in kept if fact.engagement_id != long])
        found = reconciling.nightly(centre.world)
        assert found is not None
        assert (found.start, found.end) == (START, END)
        assert [line.split(":")[0] for line in found.named] == [str(QUARTER)] * found.drift
        assert (found.drift > 0) is touched
        assert reconciling.nightly(centre.world) is None


def test_a_night_takes_as_many_sweeps_as_it_needs_and_goes_on_where_one_died(centre: MemoryCentre) -> None:
    a_day(centre)
    store = centre.store
    store.put_night(Night(START, START, quarter=START, version=store.night().version))
    centre.world.now = ticking(centre, 5_000)  # a sweep has time for three steps
    dead, sweeps_, found = False, 0, None
    while found is None:
        sweeps_ += 1
        before = store.night()
        found = reconciling.nightly(centre.world)
        if sweeps_ == 9 and not dead:
            store._night, dead = before, True
    assert (found.drift, dead, sweeps_ > 30) == (0, True, True)


@pytest.mark.parametrize("mended", ["by night", "by the doctor"])
def test_i3_work_of_which_no_message_tells_any_more_is_found(any_centre: Centre, mended: str) -> None:
    centre, store = any_centre, any_centre.world.store
    lost = centre.start()
    centre.catch_up()
    centre.world.transport.forget("billing", centre.world.transport.drain("billing").receipts)
    centre.ready("ana")
    centre.route()
    assert centre.read(lost).state == "queued", "nobody tells the router of it"
    if mended == "by night":
        centre.clock.at = END + HOUR_MS
        store.put_night(Night(START, START, quarter=START, version=store.night().version))
        reconciling.nightly(centre.world)
    else:
        over_works(centre, again=True)
    centre.route()
    assert centre.read(lost).state == "offered"


def test_a_call_has_an_end_where_nothing_is_kept(centre: MemoryCentre) -> None:
    end = quarter_of(centre.clock())
    start = end - 30 * DAY_MS
    centre.world.now = ticking(centre, 100)  # each look at it
    found, onward = reconciling.quarters(centre.world, start, end, reconciling.check)
    assert found.engagements == 0
    assert onward is not None
    assert start < onward <= start + 50 * QUARTER_MS


def ticking(centre: MemoryCentre, ms: int) -> Callable[[], int]:
    """A clock on which each look takes so long."""

    def now() -> int:
        centre.clock.at += ms
        return centre.clock.at

    return now


def test_drift_is_told_as_a_metric_also_when_there_is_none(
    centre: MemoryCentre, capsys: pytest.CaptureFixture[str]
) -> None:
    a_day(centre)
    for touched in (False, True):
        centre.store.put_night(Night(START, START, quarter=START, version=centre.store.night().version))
        if touched:
            centre.store.rewrite_facts(QUARTER, lambda _: [])
        capsys.readouterr()
        schedule.run(centre.world)
        (told,) = [line for line in capsys.readouterr().out.splitlines() if '"ReportDrift"' in line]
        assert ('"ReportDrift":[0.0]' in told) is not touched
