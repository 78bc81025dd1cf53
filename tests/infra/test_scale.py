"""`docs/scale.md` says what is computed, and the partition model refuses what a partition would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import boto3
import pytest

from chalicelib.storage.dynamodb import DynamoStore
from infra import cost
from infra.billing import Meter, Touch
from infra.scale import __main__ as scale
from infra.scale.counted import Counted, counted
from infra.scale.paper import (
    MS_PER_ASSIGNMENT,
    TENANTS,
    Life,
    Tenant,
    bill,
    most_agents,
    most_agents_swept,
    rows_of_a_pass,
    seconds,
    shards_for,
)
from infra.scale.partitions import at_rate, refused
from infra.scale.recorded import Recording, recorded
from infra.scale.remedies import partitions, remedies, routers, usd_a_month
from tests.support.size import LONG
from tests.support.worlds import Session, aws

WORDS = {6: "six", 7: "seven", 8: "eight"}
PAGE = (Path(__file__).parents[2] / "docs/scale.md").read_text()


@pytest.fixture(scope="module")
def cloud() -> Iterator[Session]:
    with aws():
        yield Session()


@pytest.fixture(scope="module")
def together(cloud: Session) -> Recording:
    return recorded(cloud, shards=1)


@pytest.fixture(scope="module")
def spread(cloud: Session) -> Recording:
    return recorded(cloud, shards=4)


def test_the_page_says_what_is_computed(cloud: Session, together: Recording, spread: Recording) -> None:
    life, each = scale.life_of(cloud, together), counted(cloud)
    tables = (scale.the_keys(together), scale.the_paper(life, each), scale.the_routers(life, each))
    for table in (*tables, scale.the_remedies(life, each)):
        assert table in PAGE
    assert scale.SHARDS == (1, 4, 20)
    recordings = (together, spread, *([recorded(cloud, shards=20)] if LONG else []))
    for line in (line for each in recordings for line in scale.the_simulation(each)):
        assert line in PAGE
    assert f"take {shards_for(TENANTS[-1], life)} shards" in PAGE
    small, large = ({each.name[:3]: each for each in remedies(tenant, each)} for tenant in TENANTS[:2])
    needed = (partitions(TENANTS[0], life, small["(b)"]), partitions(TENANTS[1], life, large["(b)"]))
    assert f"would need {needed[0]} and {needed[1]} partitions" in PAGE
    assert f"{seconds(TENANTS[0].agents):.1f} and {seconds(TENANTS[1].agents):.0f} seconds" in PAGE
    assert f"write {12 + small['(a)'].writes_a_life:g} units where at most 12 are promised" in PAGE
    paid = bill(TENANTS[0], life, each, cost.PRICES["usd"], cost.PRICES["assumed"])
    assert 0.5 < paid["router's passes"] / paid["engagements"] < 0.7, "more than half of what the engagements do"
    paid = bill(TENANTS[1], life, each, cost.PRICES["usd"], cost.PRICES["assumed"])
    assert round(paid["desks' polls"] / sum(paid.values()), 1) == 0.5, "half of the bill"
    assert f"are {100_000 * each.document_bytes / 1e6:.1f} MB as it is kept" in PAGE
    assert f"in its minute beyond {most_agents_swept(each):,} agents" in PAGE
    assert f"takes {WORDS[ceil(TENANTS[-1].peak * MS_PER_ASSIGNMENT / 1000)]} routers" in PAGE


def test_at_six_hundred_a_second_four_shards_hold_and_one_does_not(together: Recording, spread: Recording) -> None:
    lost = refused(at_rate(together, 600, 3, agents=1000))
    assert {key.split("#")[0] for key in lost} >= {"EVENTS", "WEBHOOK"}
    assert refused(at_rate(spread, 600, 3, agents=1000)) == {}


def test_one_key_that_is_not_spread_is_found(spread: Recording) -> None:
    """As if attempts were still kept under their webhook alone."""
    again = [
        Touch("ATTEMPTS", units) if key.startswith("WEBHOOK") else Touch(key, units) for key, units in spread.touches
    ]
    careless = Recording(spread.lives, again, spread.shards, spread.rings)
    assert set(refused(at_rate(careless, 600, 3, agents=1000))) == {"ATTEMPTS"}


def test_works_and_agents_have_keys_of_their_own(together: Recording) -> None:
    keys = {key for _, (key, _) in at_rate(together, 100, 2, agents=7)}
    assert len({key for key in keys if key.startswith("WORK#")}) > 100
    assert len({key for key in keys if key.startswith("AGENT#")}) == 7


@pytest.mark.parametrize(
    ("per_second", "share"),
    [(500, 0.0), (1000, 0.0), (2000, 0.5)],
)
def test_a_partition_takes_a_thousand_units_a_second(per_second: int, share: float) -> None:
    writes = ((n / per_second, Touch("k", 1.0)) for n in range(100 * per_second))
    assert refused(writes).get("k", 0.0) == pytest.approx(share, abs=0.01)


def test_ids_hash_evenly_over_shards() -> None:
    store = DynamoStore(boto3.client("dynamodb", region_name="us-east-1"), "t", shards=20)
    counts = Counter(store._shard(f"engagement-{n}") for n in range(20_000))
    assert len(counts) == 20
    assert max(counts.values()) < 1.15 * 1000


def test_a_tenant_is_multiplied_as_by_hand() -> None:
    life = Life({"EVENTS": 4.0, "WEBHOOK": 4.0, "WAIT": 2.0, "FACTS": 0.1}, rings=3.0, usd=0.0)
    day = Tenant(agents=2000, engagements_a_day=86_400 * 100)
    assert shards_for(day, life) == 2  # 300 a second at the peak, 4 units each, of 700: 1.7
    assert rows_of_a_pass(day) == pytest.approx(802.5, abs=0.1)  # 20 · (1 - 0.95¹⁰) = 8.03 queues of 100
    each = Counted(1.0, 3.0, 1.0, 1.0, 6.0, 256.0, 64.0)
    assert most_agents(10, life, each) > most_agents(100, life, each)


def test_remedies_are_multiplied_as_by_hand() -> None:
    """A hundred passes a second of 20 queues: 8.03 of 100 agents each, 803 rows; one in ten has room."""
    life = Life({"AGENT": 4.0}, rings=1.0, usd=0.0)
    day = Tenant(agents=2000, engagements_a_day=86_400 * 1000 // 3)
    each = Counted(1.0, 3.0, 1.0, 1.0, 6.0, 256.0, 64.0)
    today, index, shared, roster = remedies(day, each)
    assert today.read_units == pytest.approx(802.5, abs=0.1)
    assert index.read_units == pytest.approx(4 / 2 + 80.3, abs=0.1), "200 entries are 12,800 bytes: 4 units, halved"
    assert index.writes_a_life == 4, "an entry that moves is taken out and put in, twice a life"
    assert shared.read_units == 125, "2000 rows of 256 bytes, 16 a unit"
    assert shared.seconds == pytest.approx(2000 * 0.00027 + 0.01), "half a megabyte is one page"
    assert (roster.writes_a_life, roster.read_units) == (0, 11)
    assert routers(roster, day, life) == pytest.approx(100 * (11 * 0.00027 + 0.02) + 1.8 + 2000 / 3600 * 0.00037)
    # 4,000 units written of 1,000 each, 12,500 read of 3,000 each, filled to 0.7.
    assert partitions(day, life, shared) == 6
    usd = {"dynamodb_write_unit": 1.0, "dynamodb_read_unit": 0.0, "lambda_gb_second_x86_64": 0.0}
    assert usd_a_month(index, day, life, usd, 0.5) == pytest.approx(4 * day.engagements_a_day * 30.4)


def test_a_shard_more_costs_half_a_read_unit_for_each_queue_that_a_pass_looks_at(cloud: Session) -> None:
    assert "A shard more costs half a read unit for each queue" in PAGE
    read = []
    for shards in (1, 2, 3):
        meter, dynamodb = Meter(), cloud.client("dynamodb")
        cost.create_table(dynamodb, f"read-{shards}")
        meter.watch(dynamodb)
        DynamoStore(dynamodb, f"read-{shards}", shards=shards).waiting("cases")
        read.append(meter.billed["read_units"])
    assert read == [0.5, 1.0, 1.5]
