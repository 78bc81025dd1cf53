"""What was counted, multiplied: write units, keys, passes and money of larger tenants.

Pure. What is assumed stands here by name and with its source; what is counted comes from `recorded` and `counted`,
prices from `infra/prices.json`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from chalicelib.http.held import POLL_SECONDS
from infra.scale.counted import Counted
from infra.scale.partitions import UNITS_PER_SECOND

DAY_SECONDS, MONTH_DAYS = 86_400, 30.4
PEAK = 3
"""How much more comes in the busiest minutes than on the day's mean; assumed."""
QUEUES = 20
"""Of equal size; each agent serves one. Assumed."""
FULL = 0.7
"""Of a partition's 1,000 units, what is planned for: arrivals come in clusters."""
TABLE_UNITS = 40_000
"""Write units a second of an on-demand table before its quota is raised (AWS, service quotas of DynamoDB)."""
ROUTERS, RINGS_A_PASS = 2, 10
"""As in the template: `MaximumConcurrency` of the doorbell's event source, and its batch size, taken to be full."""
MS_PER_ROW, MS_PER_CALL, ROWS_PER_CALL = 0.27, 10.0, 100
"""Of a row read: processor time at 512 MB (79 µs at a whole one, measured). Of a call: assumed. Rows of a batch."""
MS_PER_ASSIGNMENT = 1.8
"""Processor time at 512 MB in transactions of ten, measured: 560 a second."""
SWEEP_SECONDS = 60
"""The sweeper runs once a minute, and for a minute at most."""
HOURS, DAYS = 8, 22
"""At a desk, a day and a month. Assumed."""


@dataclass(frozen=True, slots=True)
class Life:
    """What one engagement writes, by kind of key, how often it rings, and its price in dollars."""

    units: Mapping[str, float]
    rings: float
    usd: float


@dataclass(frozen=True, slots=True)
class Tenant:
    """How large a tenant is."""

    agents: int
    engagements_a_day: int

    @property
    def mean(self) -> float:
        """Engagements a second over the day."""
        return self.engagements_a_day / DAY_SECONDS

    @property
    def peak(self) -> float:
        """Engagements a second in the busiest minutes."""
        return PEAK * self.mean


TENANTS = (Tenant(1_000, 1_000_000), Tenant(100_000, 1_000_000), Tenant(100_000, 100_000_000))
"""A thousand agents do not do a hundred million a day: that would be more than one a second each, day and night."""


def figures(
    life: Life, counted: Counted, usd: Mapping[str, float], assumed: Mapping[str, float]
) -> dict[str, list[str]]:
    """By name, a figure for each tenant."""
    a_life = sum(life.units.values())
    found: dict[str, list[str]] = {}

    def note(name: str, values: Iterable[str]) -> None:
        found[name] = list(values)

    note("engagements a second, mean and peak", (f"{each.mean:,.0f}, {each.peak:,.0f}" for each in TENANTS))
    note("write units a second at the peak", (f"{a_life * each.peak:,.0f}" for each in TENANTS))
    note("of the table's usual quota", (f"{a_life * each.peak / TABLE_UNITS:.0%}" for each in TENANTS))
    for kind in ("EVENTS", "WEBHOOK", "WAIT", "FACTS"):
        units = life.units[kind]
        note(f"`{kind}#…`, one key: units a second", (f"{units * each.peak:,.0f}" for each in TENANTS))
    note("`shards` that it takes", (str(shards_for(each, life)) for each in TENANTS))
    note("agents' rows that a pass reads", (f"{rows_of_a_pass(each):,.0f}" for each in TENANTS))
    note("seconds of that pass", (f"{seconds(rows_of_a_pass(each) * counted.of_a_pass):,.1f}" for each in TENANTS))
    note("routers kept busy (there are 2)", (f"{busy(each, life, counted):,.1f}" for each in TENANTS))
    swept = [seconds(each.agents * counted.of_a_sweep) for each in TENANTS]
    note("seconds of a sweep's reading (it has 60)", (f"{each:,.1f}" for each in swept))
    note(
        "read units of one look at live numbers", (f"{each.agents * counted.of_live_numbers:,.0f}" for each in TENANTS)
    )
    note("polls a second, all at their desks", (f"{each.agents / POLL_SECONDS:,.0f}" for each in TENANTS))
    bills = [bill(each, life, counted, usd, assumed) for each in TENANTS]
    for part in bills[0]:
        note(f"dollars a month: {part}", (f"{each[part]:,.0f}" for each in bills))
    note("**dollars a month**", (f"**{sum(each.values()):,.0f}**" for each in bills))
    note(
        "dollars a million engagements",
        (
            f"{sum(each.values()) / (tenant.engagements_a_day * MONTH_DAYS / 1e6):,.2f}"
            for each, tenant in zip(bills, TENANTS, strict=True)
        ),
    )
    return found


def shards_for(tenant: Tenant, life: Life) -> int:
    """How many shards keep every hot key below what is planned for, also where everything waits in one queue."""
    hottest = max(units for kind, units in life.units.items() if kind in ("EVENTS", "WEBHOOK", "WAIT", "FACTS"))
    return ceil(tenant.peak * hottest / (FULL * UNITS_PER_SECOND))


def rows_of_a_pass(tenant: Tenant) -> float:
    """Agents of the different queues that the rings of a full batch name."""
    different = QUEUES * (1 - (1 - 1 / QUEUES) ** RINGS_A_PASS)
    return different * tenant.agents / QUEUES


def passes(tenant: Tenant, life: Life) -> float:
    """How many a second the peak takes."""
    return tenant.peak * life.rings / RINGS_A_PASS


def seconds(rows_read: float, calls: float | None = None) -> float:
    """What reading so many rows takes a function, by so many calls, or else by as few as `BatchGetItem` needs."""
    return (rows_read * MS_PER_ROW + (rows_read / ROWS_PER_CALL if calls is None else calls) * MS_PER_CALL) / 1000


def busy(tenant: Tenant, life: Life, counted: Counted) -> float:
    """How many routers the peak keeps busy."""
    return kept_busy(tenant, life, seconds(rows_of_a_pass(tenant) * counted.of_a_pass))


def kept_busy(tenant: Tenant, life: Life, seconds_of_a_pass: float) -> float:
    """The same where a pass reads for so long."""
    return passes(tenant, life) * seconds_of_a_pass + tenant.peak * MS_PER_ASSIGNMENT / 1000


def most_agents(a_day: int, life: Life, counted: Counted) -> int:
    """How many agents, each with so many engagements a day, the routers keep up with at the peak."""
    low, high = 0, 10**7
    while high - low > 1:
        middle = (low + high) // 2
        fits = busy(Tenant(middle, middle * a_day), life, counted) <= ROUTERS
        low, high = (middle, high) if fits else (low, middle)
    return low


def most_agents_swept(counted: Counted) -> int:
    """How many agents a sweep can read in its minute."""
    return int(SWEEP_SECONDS / seconds(counted.of_a_sweep))


def bill(
    tenant: Tenant, life: Life, counted: Counted, usd: Mapping[str, float], assumed: Mapping[str, float]
) -> dict[str, float]:
    """Dollars a month, by what they are for."""
    month = tenant.engagements_a_day * MONTH_DAYS
    function_second = assumed["lambda_memory_gb"] * usd["lambda_gb_second_x86_64"]
    passed = month * life.rings / RINGS_A_PASS
    read = rows_of_a_pass(tenant) * counted.of_a_pass
    swept = tenant.agents * counted.of_a_sweep
    polls = tenant.agents * HOURS * DAYS * 3600 / POLL_SECONDS
    poll = (
        usd["http_api_request"]
        + usd["lambda_request"]
        + assumed["lambda_ms_per_api_request"] / 1000 * function_second
        + counted.of_a_poll * usd["dynamodb_read_unit"]
    )
    return {
        "engagements": month * life.usd,
        "router's passes": passed * (read * usd["dynamodb_read_unit"] + seconds(read) * function_second),
        "sweeps": assumed["sweeps_a_month"] * (swept * usd["dynamodb_read_unit"] + seconds(swept) * function_second),
        "desks' polls": polls * poll,
    }
