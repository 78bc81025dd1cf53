"""What would make a pass of the router read less, on paper: what each remedy would write, read, take and cost.

Pure, like `paper`, whose assumptions hold here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

from infra.billing import index_writes
from infra.scale.counted import Counted
from infra.scale.paper import (
    DAY_SECONDS,
    FULL,
    MONTH_DAYS,
    RINGS_A_PASS,
    ROWS_PER_CALL,
    Life,
    Tenant,
    kept_busy,
    passes,
    rows_of_a_pass,
    seconds,
)
from infra.scale.partitions import UNITS_PER_SECOND

ROOM = 0.1
"""Of the ready agents, those who have room at the peak. Assumed."""
KEPT_SECONDS = 3600
"""For how long one process of the router is the one that serves a queue. Assumed."""
UNIT_BYTES, PAGE_BYTES = 4096, 2**20
"""What a read unit reads of a `Query`, and what one call of it returns at most."""
READS_PER_SECOND = 3000.0
"""Read units that one partition takes; docs.aws.amazon.com, "Best practices for designing partition keys"."""
READY, PRESENT = ({"gpk": {"S": key}, "gsk": {"S": "0"}} for key in ("READY#0", "AGENTS#0"))


@dataclass(frozen=True, slots=True)
class Remedy:
    """What a pass reads and takes, and what a life writes for it beside what it writes today."""

    name: str
    writes_a_life: float
    read_units: float
    seconds: float
    reads_beside: float = 0.0
    """Read units a second that are no pass's."""


def remedies(tenant: Tenant, counted: Counted) -> list[Remedy]:
    """What is there today, and what could be."""
    served, agents = rows_of_a_pass(tenant), tenant.agents
    today = served * counted.of_a_pass
    entries, free = ROOM * agents, ROOM * served
    listed = ceil(entries * counted.entry_bytes / UNIT_BYTES) / 2  # an index is read eventually consistent
    whole = agents * counted.row_bytes
    load = agents * counted.of_a_pass / KEPT_SECONDS
    return [
        Remedy("as it is", 0, today, seconds(today)),
        Remedy(
            "(a) an index of who has room",
            2 * len(index_writes(PRESENT, READY)),
            listed + free,
            seconds(entries + free, ceil(entries * counted.entry_bytes / PAGE_BYTES) + ceil(free / ROWS_PER_CALL)),
        ),
        Remedy(
            "(b) rows in shared partitions",
            0,
            ceil(whole / UNIT_BYTES),
            seconds(agents, ceil(whole / PAGE_BYTES)),
        ),
        Remedy("(c) a roster in the router", 0, 1 + RINGS_A_PASS, seconds(1 + RINGS_A_PASS, 2), load),
    ]


def usd_a_month(remedy: Remedy, tenant: Tenant, life: Life, usd: Mapping[str, float], gigabytes: float) -> float:
    """Of passes, and of what lives write for them, where the router has so much memory."""
    month = tenant.engagements_a_day * MONTH_DAYS
    passed = month * life.rings / RINGS_A_PASS
    read = passed * remedy.read_units + remedy.reads_beside * MONTH_DAYS * DAY_SECONDS
    function = passed * remedy.seconds + seconds(remedy.reads_beside * MONTH_DAYS * DAY_SECONDS)
    return (
        month * remedy.writes_a_life * usd["dynamodb_write_unit"]
        + read * usd["dynamodb_read_unit"]
        + function * gigabytes * usd["lambda_gb_second_x86_64"]
    )


def routers(remedy: Remedy, tenant: Tenant, life: Life) -> float:
    """How many the peak keeps busy."""
    return kept_busy(tenant, life, remedy.seconds) + seconds(remedy.reads_beside)


def partitions(tenant: Tenant, life: Life, shared: Remedy) -> int:
    """Over how many partitions (b) has to spread agents, so that each takes its share of writes and of reads."""
    written = tenant.peak * life.units["AGENT"] / UNITS_PER_SECOND
    read = passes(tenant, life) * shared.read_units / READS_PER_SECOND
    return ceil(max(written, read) / FULL)
