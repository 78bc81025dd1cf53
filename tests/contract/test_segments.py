"""Facts in rows: how many a batch writes, how large they are, and that any cut of the deliveries reads the same."""

from __future__ import annotations

import random
from base64 import urlsafe_b64encode
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.reporting.facts import Fact, once
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of
from chalicelib.storage import codec
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.segments import pack, unpack
from tests.support.size import examples
from tests.support.worlds import NOW, Clients

LARGEST_ROW = 400 * 1024


def facts_of_lives(lives: int, within_ms: int) -> list[Fact]:
    """Two facts each, with ids as long and as random as they are."""
    chance = random.Random(lives)
    found = []
    for n in range(lives):
        engagement_id = urlsafe_b64encode(chance.randbytes(24)).decode()
        at, queue, agent = NOW + n * within_ms // lives, f"queue-{chance.randrange(20)}", f"a{chance.randrange(200)}"
        waited, handled = chance.randrange(60_000), chance.randrange(600_000)
        done = {"offered_count": 1, "handled_count": 1, "handled_ms": handled, "parked_ms": 0, "wrapped_ms": 0}
        found += [
            Fact("queue_performance", engagement_id, 3, at, "work_item", queue, agent, {"waited_ms": waited}),
            Fact("agent_performance", engagement_id, 4, at, "work_item", queue, agent, done),
        ]
    return found


def test_a_batch_writes_one_row_for_each_quarter_of_an_hour_it_touches(clients: Clients) -> None:
    facts = facts_of_lives(500, within_ms=2 * QUARTER_MS)
    rows: list[Any] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        rows.extend(each["PutRequest"]["Item"] for each in params["RequestItems"][clients.table])

    events = clients.dynamodb.meta.events
    events.register("before-parameter-build.dynamodb.BatchWriteItem", note)
    try:
        DynamoStore(clients.dynamodb, clients.table, shards=4).record(facts)
    finally:
        events.unregister("before-parameter-build.dynamodb.BatchWriteItem", note)
    assert len(rows) == len({quarter_of(fact.at) for fact in facts}) == 3
    assert sum(len(row["doc"]["B"]) for row in rows) < 40 * len(facts)


def test_what_does_not_fit_in_a_row_is_split() -> None:
    facts = facts_of_lives(8000, within_ms=1000)
    segments = list(pack(facts))
    assert len(segments) > 1
    assert all(len(segment.packed) + 1024 < LARGEST_ROW for segment in segments)
    assert once(fact for segment in segments for fact in unpack(segment.packed)) == once(facts)
    assert len({segment.name for segment in segments}) == len(segments)


@settings(max_examples=examples(300, 10_000))
@given(
    cuts=st.lists(st.integers(0, 60), max_size=10),
    again=st.lists(st.integers(0, 59), max_size=30),
    order=st.randoms(use_true_random=False),
    largest=st.sampled_from([300, 700, codec.LARGEST_PART]),
)
def test_i11_segments_hold_the_same_facts_however_deliveries_are_cut(
    cuts: list[int], again: list[int], order: random.Random, largest: int
) -> None:
    facts = facts_of_lives(30, within_ms=3 * QUARTER_MS)
    delivered = [*facts, *(facts[n] for n in again)]
    order.shuffle(delivered)
    bounds = [0, *sorted(cuts), len(delivered)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "LARGEST_PART", largest)
        batches = [delivered[first:last] for first, last in pairwise(bounds)]
        kept = {(each.quarter, each.name): each for batch in batches for each in pack(batch)}
        repeated = {(each.quarter, each.name): each for batch in batches for each in pack(batch[::-1])}
    assert repeated == kept
    assert once(fact for each in kept.values() for fact in unpack(each.packed)) == once(facts)
    assert all(quarter_of(fact.at) == each.quarter for each in kept.values() for fact in unpack(each.packed))
