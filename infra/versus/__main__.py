"""Plays everything, prints the tables, and writes `.interleave/versus.json` with all numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chalicelib.routing.engine import Engine
from infra.bench_core import gap_percent
from infra.versus import oracle, race
from infra.versus.cluster import NotThere, cluster
from infra.versus.day import CASES_AT_ONCE, MEANT, Day, drawn
from infra.versus.policies import AS_OURS, POLICIES, Documented
from infra.versus.postgres import Postgres
from infra.versus.procrastinated import Procrastinated
from infra.versus.watched import played

FILE = Path(".interleave/versus.json")
LIMITS = json.loads(Path(__file__).with_name("limits.json").read_text())
Numbers = dict[str, float]
Rows = dict[str, Numbers]
Say = Callable[[str], None]


def main() -> int:
    console = Console()

    def say(line: str) -> None:
        console.print(line, highlight=False)

    day = drawn()
    played_rows, raced = {**_ours(day, say), **_policies(day, say)}, {"Interleave, in memory": race.of_ours()}
    skipped = ""
    try:
        with cluster() as where:
            played_rows |= _built(day, where, say)
            say("PostgreSQL, several routers at once …")
            raced["PostgreSQL, with care"] = race.of_postgres(where, careful=True)
            raced["PostgreSQL, carelessly"] = race.of_postgres(where, careful=False)
    except NotThere as error:
        skipped = f"Skipped what needs PostgreSQL: {error}."
    oracles = {"Ciw": oracle.agree(), "exact matching": {"gap_percent": gap_percent(1000, 3000)}}
    for title, rows in (("One day", played_rows), ("Four routers at once", raced), ("Oracles", oracles)):
        console.print(_table(title, rows))
    console.print(_published())
    if skipped:
        say(skipped)
    FILE.parent.mkdir(exist_ok=True)
    found = {"day": played_rows, "race": raced, "oracles": oracles, "published": LIMITS, "skipped": skipped}
    FILE.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _ours(day: Day, say: Say) -> Rows:
    say("Interleave …")
    centre = day.centre(MEANT, AS_OURS, pulled=False)
    return {
        "Interleave, by age": played(Engine((), (), 0), centre, day.works),
        "Interleave, by due date": played(Engine((), (), 0), centre, day.by_due_date()),
    }


def _policies(day: Day, say: Say) -> Rows:
    rows = {}
    for policy in POLICIES:
        say(f"{policy.name}, by its documents …")
        centre = day.centre(policy.preset, policy.cool_down, policy.pulled)
        rows[f"{policy.name}*"] = played(Documented(policy), centre, day.works)
        del rows[f"{policy.name}*"]["decisions_per_s"]  # of our own strategy, not of theirs
    return rows


def _built(day: Day, where: str, say: Say) -> Rows:
    """What one would build, in the database."""
    say("PostgreSQL, SKIP LOCKED …")
    pushed = Postgres(where, CASES_AT_ONCE)
    rows = {"PostgreSQL, SKIP LOCKED": played(pushed, day.centre(MEANT, AS_OURS, pulled=False), day.works)}
    pushed.close()
    say("procrastinate …")
    pulled = Procrastinated(where)
    rows["procrastinate, pulled"] = played(pulled, day.centre(MEANT, 0, pulled=True), day.works)
    pulled.close()
    return rows


def _table(title: str, rows: Rows) -> Table:
    table = Table(title=title)
    table.add_column("")
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    for name in names:
        table.add_column(name.replace("_", " ").replace(".", " "), justify="right")
    for title, row in rows.items():
        table.add_row(title, *(_cell(row.get(name)) for name in names))
    return table


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def _published() -> Table:
    table = Table(title="Published, where it cannot be run (* by its documents)")
    for name in ("system", "what", "value", "source", "date"):
        table.add_column(name)
    rows: list[dict[str, Any]] = LIMITS
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("system", "what", "value", "source", "date")))
    return table


if __name__ == "__main__":
    sys.exit(main())
