"""Billed operations are counted by AWS's rules, and a life costs no more than is promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chalicelib.engagements.model import Engagement
from chalicelib.http.held import POLL_SECONDS
from chalicelib.operations import explaining, rolling
from chalicelib.reporting.coverage import Coverage
from chalicelib.reporting.facts import Fact
from chalicelib.reporting.intervals import QUARTER_MS, quarter_of
from chalicelib.world import World
from infra import cost, cost_of_archive
from infra.billing import Meter
from infra.demo.incidents import load, tenant
from infra.scale.paper import MONTH_DAYS
from tests.support.worlds import NOW, TABLE, Session, aws


def words(page: str) -> str:
    """A page, wherever its lines are broken."""
    return " ".join(Path(page).read_text().split())


README = words("README.md")


def test_a_life_costs_at_most_twelve_write_units_with_its_reports() -> None:
    with aws():
        figures = cost.of_a_lifecycle(Session())
    assert figures["write_units_per_lifecycle"] == 12
    assert figures["write_units_per_lifecycle_with_key"] == 15
    assert figures["write_units_per_lifecycle_after_waiting"] == 15
    assert figures["usd_per_million"] < figures["usd_per_million_connect_tasks"] / 1000


def test_the_readme_says_what_each_command_of_a_life_writes() -> None:
    commands: list[float] = []
    reports: list[float] = []

    def deliver(world: World, meter: Meter, engagement_id: str, before: Engagement | None) -> Engagement:
        units = meter.billed["write_units"]
        commands.append(units - sum(commands) - sum(reports))
        now = cost._deliver(world, meter, engagement_id, before)
        reports.append(meter.billed["write_units"] - units)
        return now

    with aws():
        meter = Meter()
        world = cost.counted_world(Session(), meter)
        ticket = next(each for each in load() if each.group == "Group 70")
        with meter.paused():
            cost.prepare(world, ticket)
        cost.life(world, ticket, meter, None, wait=False, deliver=deliver)
    assert commands == [1, 4, 1, 4]
    assert sum(reports) == 2
    assert "(12, counted from the calls: start 1, offer 4, accept 1, close 4, reports 2 where each record" in README
    assert "3 more with an Idempotency-Key, 3 more for work that has to wait" in README


def test_reports_cost_a_seventh_of_a_write_unit_an_engagement_where_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cost, "_now", lambda: NOW)  # lives that cross no quarter of an hour
    with aws():
        figures = cost.of_reports(Session())
    assert f"{figures['report_write_units_per_engagement']:.2f} in batches of a hundred" in README
    assert cost.RECORDS_PER_BATCH == 100


def test_the_demos_tenant_is_as_large_as_the_readme_says() -> None:
    document = tenant(load())
    assert f"{len(document['queues'])} queues and {len(document['agents'])} agents" in README
    assert f"{len(load())} real tickets" in README


def test_the_page_on_the_console_says_what_polls_cost() -> None:
    page, usd = words("docs/console.md"), cost.PRICES["usd"]
    millions = round(1000 * 12 * 3600 * MONTH_DAYS / POLL_SECONDS / 1e6, -1)
    assert f"It asks every {POLL_SECONDS:g} seconds" in page
    assert f"{millions:.0f} million requests a month" in page
    for gateway in ("http", "rest"):
        assert f"${1e6 * millions * usd[f'{gateway}_api_request']:.0f} at a" in page


def test_how_long_work_takes_lately_is_one_read_unit_however_much_was_done() -> None:
    """It is asked for with every look at the live numbers."""
    with aws():
        meter = Meter()
        world = cost.counted_world(Session(), meter)
        world = replace(world, now=lambda: NOW)
        begin = quarter_of(NOW) - 4 * QUARTER_MS
        done = {"offered_count": 1, "handled_count": 1, "parked_ms": 0, "wrapped_ms": 1000}
        for quarter in range(begin, begin + 4 * QUARTER_MS, QUARTER_MS):
            facts = [
                Fact("agent_performance", f"e{n}", 4, quarter + n, "work_item", f"q{n % 3}", f"agent-{n % 50}",
                     {**done, "handled_ms": 60_000 * (1 + n % 3)})
                for n in range(300)
            ]  # fmt: skip
            world.store.record(facts)
        rolling.roll_quarters(world, Coverage(begin, NOW), range(begin, begin + 4 * QUARTER_MS, QUARTER_MS))
        meter.billed.clear()
        found = explaining.handling_times(world)
    assert found == {"q0": 61_000, "q1": 121_000, "q2": 181_000}
    assert meter.billed == {"read_units": 1}


def row(size: int = 10, **more: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in {"pk": "a", "sk": "b", "doc": "x" * size, **more}.items()}


INDEXED = {"gpk": "q", "gsk": "1", "waiting": "w"}

WRITES: list[tuple[str, list[dict[str, Any]], int]] = [
    ("a small row", [row()], 1),
    ("a row over a kilobyte", [row(1024)], 2),
    ("into the index", [row(**INDEXED)], 2),
    ("nothing changes in the index", [row(**INDEXED), row(20, **INDEXED)], 3),
    ("a projected attribute changes", [row(**INDEXED), row(**{**INDEXED, "waiting": "v"})], 4),
    ("the index key changes", [row(**INDEXED), row(**{**INDEXED, "gsk": "2"})], 5),
    ("out of the index", [row(**INDEXED), row()], 4),
]


@pytest.mark.parametrize(("puts", "units"), [w[1:] for w in WRITES], ids=[w[0] for w in WRITES])
def test_writes_are_billed_by_size_and_by_what_changes_in_the_index(puts: list[dict[str, Any]], units: int) -> None:
    with aws():
        client = Session().client("dynamodb")
        meter = Meter()
        meter.watch(client)
        for item in puts:
            client.put_item(TableName=TABLE["TableName"], Item=item)
    assert meter.billed == {"write_units": units}


def test_a_transaction_costs_twice_and_a_failed_condition_costs_too() -> None:
    with aws():
        client = Session().client("dynamodb")
        meter = Meter()
        meter.watch(client)
        put = {"TableName": TABLE["TableName"], "Item": row(), "ConditionExpression": "attribute_not_exists(pk)"}
        client.transact_write_items(TransactItems=[{"Put": put}])
        with pytest.raises(client.exceptions.ConditionalCheckFailedException):
            client.put_item(**put)
        with meter.paused():
            client.put_item(TableName=TABLE["TableName"], Item=row())
    assert meter.billed == {"write_units": 3}


def test_reads_are_billed_by_consistency() -> None:
    with aws():
        client = Session().client("dynamodb")
        meter = Meter()
        meter.watch(client)
        key = {"pk": {"S": "a"}, "sk": {"S": "b"}}
        client.get_item(TableName=TABLE["TableName"], Key=key, ConsistentRead=True)
        values = {":gpk": {"S": "q"}}
        client.query(
            TableName=TABLE["TableName"],
            IndexName="by_work",
            KeyConditionExpression="gpk = :gpk",
            ExpressionAttributeValues=values,
        )
    assert meter.billed == {"read_units": 1.5}


def test_an_idle_month_is_added_up_as_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    usd: dict[str, float] = {"dynamodb_write_unit": 2, "dynamodb_read_unit": 3, "sqs_request": 5, "lambda_request": 7}
    usd |= {"lambda_gb_second_x86_64": 10, "cloudwatch_alarm_month": 100, "cloudwatch_dashboard_month": 1000}
    usd |= {"cloudwatch_metric_month": 10_000, "kms_key_month": 100_000}
    assumed: dict[str, float] = {
        "sweeps_a_month": 2,
        "lambda_ms_per_sweep": 500,
        "lambda_memory_gb": 4,
        "idle_metrics": 1,
    }
    assumed |= {"pollers": 2, "receives_of_a_poller_a_month": 3}
    monkeypatch.setattr(cost, "PRICES", {"usd": usd, "assumed": assumed})
    # A sweep: 1 write 2, 2 reads 6, 1 request 5, its call 7, half a second of 4 GB 20: 40.
    # Two queues, 6 receives each: 60.
    sweep: dict[str, float] = {"write_units": 1, "read_units": 2, "sqs_requests": 1}
    assert cost.usd_of_an_idle_month(sweep, 2, 3, 1, 1) == 2 * 40 + 60 + 300 + 1000 + 10_000 + 100_000


def test_an_idle_tenant_costs_less_than_ten_dollars_a_month() -> None:
    with aws():
        assert 0 < cost.of_an_idle_month(Session())["usd_per_idle_month"] < 10


def test_an_archive_is_added_up_as_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    usd: dict[str, float] = {"dynamodb_write_unit": 2, "dynamodb_read_unit": 3, "s3_request": 5, "kms_request": 7}
    usd |= {"s3_gigabyte_month": 11, "glue_object_month": 1000}
    assumed: dict[str, float] = {"sweeps_a_month": 60, "hours_a_month": 10}
    monkeypatch.setattr(cost, "PRICES", {"usd": usd, "assumed": assumed})
    monkeypatch.setattr(cost_of_archive, "LIVES", 4)
    nothing: dict[str, float] = {"read_units": 2}
    empty: dict[str, float] = {"read_units": 3, "write_units": 1, "s3_requests": 1}
    full: dict[str, float] = {"read_units": 8, "write_units": 1, "s3_requests": 4, "s3_bytes": 8000}
    # A sweep that finds nothing reads 2 units, 6 dollars, 60 times. Of 10 hours each reads one more, notes it for 2,
    # asks S3 twice for 10 and the key once for 7: 22. Two things in the catalogue.
    # Facts: 8 units, of which 2 are a sweep's and 1 each of the two hours': 4, of 4 lives. Bytes: 2000 a life.
    assert cost_of_archive.usd_of_an_archive(empty, full, nothing, hours=2, listed=2) == {
        "archive_requests_a_month": 20,
        "usd_per_month_of_an_archive": 60 * 6 + 10 * 22 + 2000,
        "usd_per_million_archived": 3e6,
        "usd_per_million_in_the_archive_a_month": 22,
    }


def test_the_page_on_the_archive_says_what_it_costs() -> None:
    with aws():
        found = cost_of_archive.of_an_archive(Session())
    page = words("docs/archive.md")
    assert f"{found['archive_requests_a_month']:,.0f} requests" in page
    assert f"{found['archive_bytes_per_engagement']:.0f} bytes an engagement" in page
    assert f"${found['usd_per_month_of_an_archive']:.2f} a month" in page
    assert f"${found['usd_per_million_archived']:.3f} once" in page
    assert f"${found['usd_per_million_in_the_archive_a_month']:.4f} for every month" in page
    assert f"${cost.PRICES['usd']['athena_terabyte']:.0f} a terabyte" in page
