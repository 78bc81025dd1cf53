"""Counts, multiplies, simulates, and prints what stands in `docs/scale.md`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from infra import cost
from infra.scale import paper
from infra.scale.counted import Counted, counted
from infra.scale.paper import TENANTS, Life
from infra.scale.partitions import at_rate, refused
from infra.scale.recorded import Recording, kind_of, recorded
from infra.scale.remedies import Remedy, remedies, routers, usd_a_month

SECONDS = 5.0
SHARDS = (1, 4, 20)
RATES = (35, 600, 3_472)
"""Engagements a second: the peaks of 1M and of 100M a day, and one between."""
A_DAY = (10, 40, 100, 1_000)
"""Engagements of one agent."""
ENVIRONMENT = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}


def main() -> int:
    import boto3
    from moto import mock_aws

    os.environ.update(ENVIRONMENT)
    with mock_aws():
        session: Any = boto3.Session()
        recordings = []
        for shards in SHARDS:
            _say(f"Playing lives, {shards} shards …")
            recordings.append(recorded(session, shards))
        _say("Counting …")
        life, each = life_of(session, recordings[0]), counted(session)
    print(the_keys(recordings[0]))
    print(the_paper(life, each))
    print(the_routers(life, each))
    print(the_remedies(life, each))
    print(f"Rings of the doorbell a life: {life.rings:g}")
    print("| shards | engagements a second | refused |\n| ---: | ---: | --- |")
    for recording in recordings:
        _say(f"Letting them through partitions, {recording.shards} shards …")
        print("\n".join(the_simulation(recording)))
    return 0


def _say(text: str) -> None:
    """How far it is; the tables alone are on the standard output."""
    print(text, file=sys.stderr, flush=True)


def the_keys(recording: Recording) -> str:
    """Write units a life, by kind of key."""
    units = recording.units()
    return _table(["key", "write units a life"], ([f"`{kind}#…`", f"{each:.2f}"] for kind, each in units.items()))


def the_paper(life: Life, each: Counted) -> str:
    """The large table."""
    heads = ["", *(f"{t.agents:,} agents, {t.engagements_a_day // 1_000_000}M a day" for t in TENANTS)]
    figures = paper.figures(life, each, cost.PRICES["usd"], cost.PRICES["assumed"])
    return _table(heads, ([name, *values] for name, values in figures.items()))


def the_routers(life: Life, each: Counted) -> str:
    """How far two routers go."""
    rows = ([f"{a_day:,}", f"{paper.most_agents(a_day, life, each):,}"] for a_day in A_DAY)
    return _table(["engagements an agent and day", "agents"], rows)


def the_remedies(life: Life, each: Counted) -> str:
    """What would make a pass read less."""
    usd, gigabytes = cost.PRICES["usd"], cost.PRICES["assumed"]["lambda_memory_gb"]

    def row(*found: Remedy) -> list[str]:
        of = list(zip(found, TENANTS[: len(found)], strict=True))
        return [
            found[0].name,
            f"{found[0].writes_a_life:g}",
            *(f"{remedy.read_units:,.0f}" for remedy in found),
            *(f"{remedy.seconds:,.2f}" for remedy in found),
            *(f"{routers(remedy, tenant, life):,.1f}" for remedy, tenant in of),
            *(f"{usd_a_month(remedy, tenant, life, usd, gigabytes):,.0f}" for remedy, tenant in of),
        ]

    small, large = (f"{tenant.agents:,}" for tenant in TENANTS[:2])
    heads = ["", "write units a life more"]
    for what in ("read units a pass", "seconds of it", "routers kept busy", "dollars a month"):
        heads += [f"{what}, {small} agents", large]
    return _table(heads, (row(*both) for both in zip(*(remedies(t, each) for t in TENANTS[:2]), strict=True)))


def life_of(session: Any, recording: Recording) -> Life:
    """A life that waits and is told of by a webhook: the bench's, and the write units that it has more."""
    plain = cost.of_a_lifecycle(session)
    units = recording.units()
    more = sum(units.values()) - plain["write_units_per_lifecycle"]
    usd = plain["usd_per_million"] / 1e6 + more * cost.PRICES["usd"]["dynamodb_write_unit"]
    return Life(units, recording.rings, usd)


def the_simulation(recording: Recording) -> list[str]:
    """Lines of the simulation's table: shards, rate, and what is refused."""
    lines = []
    for rate in RATES:
        lost = refused(at_rate(recording, rate, SECONDS, TENANTS[-1].agents))
        kinds: dict[str, float] = {}
        for key, share in lost.items():
            kinds[kind_of(key)] = max(share, kinds.get(kind_of(key), 0))
        told = ", ".join(f"`{kind}#…` {share:.1%}" for kind, share in kinds.items()) or "nothing"
        lines.append(f"| {recording.shards} | {rate:,} | {told} |")
    return lines


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---", *(["---:"] * (len(heads) - 1))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
