"""Roll-ups say what the facts say, however they are cut and merged; durations are known to within 1.25 %."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.reporting.coverage import Coverage, pieces
from chalicelib.reporting.datasets import Marks, fold
from chalicelib.reporting.definitions import SUMMED
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.reporting.histogram import percentile, step_of
from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS, quarter_of, span
from chalicelib.reporting.rollup import Cell, merge, roll, rows, together
from chalicelib.storage import codec
from tests.support.size import LONG, examples

ZONES = ["UTC", "Europe/Paris", "America/St_Johns", "Asia/Kathmandu"]
START = 20_000 * DAY_MS
KINDS: list[tuple[Dataset, tuple[str, ...]]] = [
    ("queue_performance", ("handled_count", "waited_ms")),
    ("queue_performance", ("abandoned_count", "waited_ms")),
    ("queue_performance", ("cancelled_count", "waited_ms")),
    ("agent_performance", ("offered_count", "handled_count", "handled_ms", "parked_ms", "wrapped_ms")),
    ("agent_performance", ("offered_count", "missed_count", "rang_ms")),
    ("engagement", ("duration_ms", "handled_ms", "transfer_count")),
    ("engagement", ("duration_ms", "first_offer_ms", "first_accept_ms", "handled_ms", "transfer_count")),
    ("repeat", ("repeated_count",)),
    ("agent_status_history", ("duration_ms", "ready_ms", "occupied_ms")),
    ("agent_status_history", ("duration_ms",)),
]
LABELS = {
    "flow_id": ["tickets", "orders"],
    "flow_version": ["1", "2"],
    "end_reason": ["completed", "cancelled"],
    "disposition_id": ["", "solved"],
    "queues": ["billing", "general,billing"],
    "agents": ["ana", "ben,ana"],
    "skills": ["", "french", "french,german"],
    "status": ["ready", "offline"],
    "sub_status_id": ["", "lunch"],
}


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    dataset, names = draw(st.sampled_from(KINDS))
    measures = {name: 1 if name.endswith("_count") else draw(st.integers(0, 100_000)) for name in names}
    number, at = draw(st.integers(0, 1000)), START + draw(st.integers(0, 3 * HOUR_MS))
    agent_id = draw(st.sampled_from([None, "ana", "ben"]))
    queue_id = draw(st.sampled_from(["billing", "general"]))
    labels = {name: draw(st.sampled_from(values)) for name, values in LABELS.items()}
    version = number * 7919 + at % 1000
    return Fact(dataset, f"e{number}", version, at, "work_item", queue_id, agent_id, measures, labels)


def by_quarters(some: list[Fact]) -> dict[int, list[Cell]]:
    return {
        quarter: roll((fact for fact in some if quarter_of(fact.at) == quarter), quarter)
        for quarter in {quarter_of(fact.at) for fact in some}
    }


@settings(max_examples=examples(300, 10_000))
@given(st.lists(facts(), max_size=40, unique_by=lambda f: (f.dataset, f.engagement_id, f.version)), st.data())
def test_i11_a_report_of_roll_ups_says_what_a_report_of_facts_says(some: list[Fact], data: st.DataObject) -> None:
    interval, zone = (
        data.draw(st.sampled_from([QUARTER_MS, HOUR_MS, DAY_MS])),
        ZoneInfo(data.draw(st.sampled_from(ZONES))),
    )
    limits = st.none() | st.integers(0, 100_000)
    marks = {"billing": Marks(data.draw(limits), data.draw(limits))}
    again = data.draw(st.lists(st.sampled_from(some), max_size=20)) if some else []
    delivered = data.draw(st.permutations([*some, *again]))
    quarters = by_quarters(delivered)
    merged = [merge(cells, quarter) for quarter, cells in quarters.items()]
    kept = codec.CELLS.load(codec.CELLS.dump([cell for cells in merged for cell in cells]))
    for name, defined in SUMMED.items():
        by = data.draw(st.lists(st.sampled_from(defined.dimensions), unique=True))
        wanted = [replace(row, parts=()) for row in fold(name, some, interval, marks, zone, by)]
        cells = [cell for cell in kept if cell.total.dataset in defined.facts]
        assert rows(name, cells, interval, marks, zone, by) == wanted
        assert [row.mark for row in wanted] == sorted({row.mark for row in wanted})
        alone = [cell for at in quarters for cell in together((c for c in cells if c.total.at == at), at)]
        if "user_id" not in by:
            assert rows(name, alone, interval, marks, zone, by) == wanted


@settings(max_examples=examples(300, 10_000))
@given(st.lists(facts(), max_size=40), st.integers(0, 40), st.randoms(use_true_random=False))
def test_a_longer_interval_is_the_same_from_shorter_ones_and_from_the_facts(
    some: list[Fact], cut: int, order: random.Random
) -> None:
    some = list({(f.dataset, f.engagement_id, f.version): f for f in some}.values())
    parts = [*by_quarters(some[:cut]).values(), *by_quarters(some[cut:]).values()]
    order.shuffle(parts)
    assert merge((cell for part in parts for cell in part), START) == roll(some, START)


@given(st.integers(0, 10**10))
def test_a_duration_is_in_one_step_and_known_to_within_one_and_a_quarter_per_cent(duration: int) -> None:
    step = step_of(duration)
    assert duration <= step
    assert step_of(step) == step < step_of(step + 1)
    told = percentile({step: 1}, 50)
    assert told is not None
    assert abs(told - duration) <= Fraction(125, 10_000) * duration


@pytest.mark.parametrize("seconds", [*range(1, 101), 120, 150, 180, 200, 240, 300, 480, 600, 900, 1800, 3600, 7200])
def test_a_usual_limit_is_the_end_of_a_step(seconds: int) -> None:
    assert step_of(1000 * seconds) == 1000 * seconds


@settings(max_examples=examples(300, 10_000))
@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=200), st.integers(1, 100))
def test_a_percentile_is_that_of_the_durations_to_within_one_and_a_quarter_per_cent(
    all_: list[int], percent: int
) -> None:
    histogram: dict[int, int] = {}
    for duration in all_:
        histogram[step_of(duration)] = histogram.get(step_of(duration), 0) + 1
    exact = sorted(all_)[-(-len(all_) * percent // 100) - 1]
    told = percentile(histogram, percent)
    assert told is not None
    assert abs(told - exact) <= Fraction(125, 10_000) * exact
    assert percentile({}, percent) is None


@settings(max_examples=examples(300, 10_000))
@given(st.data())
def test_what_is_read_for_a_report_is_each_moment_once_in_no_two_rows_and_rolled_up_where_it_says_so(
    data: st.DataObject,
) -> None:
    interval, zone = (
        data.draw(st.sampled_from([QUARTER_MS, HOUR_MS, DAY_MS])),
        ZoneInfo(data.draw(st.sampled_from(ZONES))),
    )
    quarters = st.integers(START // QUARTER_MS, (START + 4 * DAY_MS) // QUARTER_MS)
    start, end, since, days_since, upto = (QUARTER_MS * data.draw(quarters) for _ in range(5))
    coverage = Coverage(since, upto, data.draw(st.sampled_from(ZONES)), days_since)
    found = pieces(start, end, interval, zone, coverage)
    at = start
    for piece in found:
        assert piece.start == at < piece.end
        at = piece.end
        if piece.level is not None:
            assert since <= piece.start
            assert piece.end <= upto
        if piece.level == "day":
            assert str(zone) == coverage.zone
            assert interval == DAY_MS
            assert days_since <= piece.start == span(piece.start, DAY_MS, zone)[0]
        if piece.level == "hour":
            assert interval >= HOUR_MS
            assert piece.start % HOUR_MS == piece.end % HOUR_MS == 0
    assert at == max(start, end) or not found


def test_a_year_of_days_is_read_from_one_row_a_day() -> None:
    zone = ZoneInfo("Europe/Paris")
    start = span(START, DAY_MS, zone)[0]
    coverage = Coverage(start, start + 400 * DAY_MS, "Europe/Paris", start)
    (piece,) = pieces(start, span(start + 365 * DAY_MS, DAY_MS, zone)[0], DAY_MS, zone, coverage)
    assert piece.level == "day"


@pytest.mark.skipif(not LONG, reason="a million engagements: make test-long")
def test_a_days_rows_of_a_million_engagements_fit_in_one_item_each() -> None:
    """Of 100 queues, 3 channels and 20,000 agents: a quarter of an hour from its facts, the day from such quarters."""
    chance = random.Random(1)

    def fact(n: int) -> Fact:
        measures = {"handled_count": 1, "waited_ms": int(chance.lognormvariate(9.5, 1.5))}
        queue, agent, channel = chance.randrange(100), chance.randrange(20_000), chance.choice("abc")
        return Fact("queue_performance", f"e{n}", 3, START, channel, f"queue-{queue}", f"agent-{agent}", measures)

    quarter = together(roll(map(fact, range(1_000_000 // 96)), START), START)
    assert len(codec.CELLS.dump(quarter)) < 30_000
    hours = [together(roll(map(fact, range(4 * 1_000_000 // 96)), START), START) for _ in range(3)]
    day = merge([cell for hour in hours for cell in hour] * 8, START)
    assert sum(cell.count for cell in day) >= 999_000
    assert len(codec.CELLS.dump(day)) < codec.LARGEST_PART
