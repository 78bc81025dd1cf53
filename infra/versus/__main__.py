"""Plays everything, prints the tables, and writes `.interleave/versus.json` with all numbers."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

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
TITLES = {
    "decisions_per_s": "decisions a second",
    "idle_beside_work_hours": "agent hours idle beside work",
    "missed_due_dates": "due dates missed",
    "over_capacity": "given over capacity",
    "waiting_at_the_end": "waiting at the end",
    "gap_percent": "gap, per cent",
    "apart": "of them apart",
}
"""Waits are in seconds."""


def main() -> int:
    day = drawn()
    played_rows, raced = {**_ours(day), **_policies(day)}, {"Interleave, in memory": race.of_ours()}
    skipped = ""
    try:
        with cluster() as where:
            played_rows |= _built(day, where)
            print("PostgreSQL, several routers at once …")
            raced["PostgreSQL, with care"] = race.of_postgres(where, careful=True)
            raced["PostgreSQL, carelessly"] = race.of_postgres(where, careful=False)
    except NotThere as error:
        skipped = f"Skipped what needs PostgreSQL: {error}."
    print("Ciw and the exact matching …")
    oracles = {"Ciw": oracle.agree(), "exact matching": {"gap_percent": gap_percent(1000, 3000)}}
    tables = [_table("one day", played_rows), _table("four routers at once", raced), _table("oracle", oracles)]
    for table in (*tables, _published()):
        print(table)
    if skipped:
        print(skipped)
    FILE.parent.mkdir(exist_ok=True)
    found = {"day": played_rows, "race": raced, "oracles": oracles, "published": LIMITS, "skipped": skipped}
    FILE.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _ours(day: Day) -> Rows:
    print("Interleave …")
    centre = day.centre(MEANT, AS_OURS, pulled=False)
    return {
        "Interleave, by age": played(Engine((), (), 0), centre, day.works),
        "Interleave, by due date": played(Engine((), (), 0), centre, day.by_due_date()),
    }


def _policies(day: Day) -> Rows:
    rows = {}
    for policy in POLICIES:
        print(f"{policy.name}, by its documents …")
        centre = day.centre(policy.preset, policy.cool_down, policy.pulled)
        rows[f"{policy.name}*"] = played(Documented(policy), centre, day.works)
        del rows[f"{policy.name}*"]["decisions_per_s"]  # of our own strategy, not of theirs
    return rows


def _built(day: Day, where: str) -> Rows:
    """What one would build, in the database."""
    print("PostgreSQL, SKIP LOCKED …")
    pushed = Postgres(where, CASES_AT_ONCE)
    rows = {"PostgreSQL, SKIP LOCKED": played(pushed, day.centre(MEANT, AS_OURS, pulled=False), day.works)}
    pushed.close()
    print("procrastinate …")
    pulled = Procrastinated(where)
    rows["procrastinate, pulled"] = played(pulled, day.centre(MEANT, 0, pulled=True), day.works)
    pulled.close()
    return rows


def _table(title: str, rows: Rows) -> str:
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    heads = [TITLES.get(name, name.replace("wait_mean.priority.", "mean wait, priority ")) for name in names]
    cells = ([name, *(_cell(row.get(each)) for each in names)] for name, row in rows.items())
    return _markdown([title, *heads], cells, numbers=True)


def _cell(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.1f}"


def _published() -> str:
    heads = ("system", "what", "value", "source", "read")
    return _markdown(heads, ([row["date" if h == "read" else h] for h in heads] for row in LIMITS))


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: bool = False) -> str:
    """A table, as the page on it has it."""
    lines = [heads, ["---", *(["---:" if numbers else "---"] * (len(heads) - 1))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
