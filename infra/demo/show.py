"""What the demo shows: a live view while it runs (plain lines when piped), and the report at the end."""

from __future__ import annotations

import asyncio
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from infra.demo.play import Score

ROWS = 12


async def watch(console: Console, score: Score, total: int) -> None:
    """Show the score until cancelled."""
    if not console.is_terminal:
        while True:
            console.print(_line(score, total), highlight=False, soft_wrap=True)
            await asyncio.sleep(2)
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(_view(score, total), refresh=True)
            await asyncio.sleep(0.2)


def report(console: Console, queues: list[dict[str, Any]], agents: list[dict[str, Any]]) -> None:
    """The first report: what each queue and each agent did."""
    console.print(_table("Queues", "queue_name", queues, ("handled_count", "waited_ms")))
    console.print(_table("Agents", "user_name", agents, ("handled_count", "missed_count", "handled_ms")))


def _line(score: Score, total: int) -> str:
    busy = sum(1 for n in score.working.values() if n)
    return (
        f"{score.seconds:5.1f} s  started {len(score.started)}/{total}  "
        f"waiting {sum(score.waiting_by_queue.values())}  in work {sum(score.working.values())} "
        f"by {busy} agents  closed {len(score.closed)}  duplicates rejected {score.duplicates_rejected}"
    )


def _view(score: Score, total: int) -> Group:
    queues = Table(title="Queues: waiting", min_width=36)
    queues.add_column("queue")
    queues.add_column("waiting", justify="right")
    for queue_id, waiting in score.waiting_by_queue.most_common(ROWS):
        queues.add_row(queue_id, str(waiting) if waiting else "–")
    agents = Table(title="Agents", min_width=36)
    agents.add_column("agent")
    agents.add_column("in work")
    agents.add_column("done", justify="right")
    for user_id, _ in (score.done + score.working).most_common(ROWS):
        agents.add_row(user_id, "■ " * score.working[user_id], str(score.done[user_id]))
    return Group(Text(_line(score, total)), Columns([queues, agents]))


def _table(title: str, name: str, rows: list[dict[str, Any]], measures: tuple[str, ...]) -> Table:
    table = Table(title=f"{title} (the {ROWS} busiest of {len({row[name] for row in rows})})")
    table.add_column(name.removesuffix("_name"))
    for measure in measures:
        label = measure.removesuffix("_count").removesuffix("_ms") + (" (mean s)" if measure.endswith("_ms") else "")
        table.add_column(label, justify="right")
    totals: dict[str, dict[str, int]] = {}
    for row in rows:
        total = totals.setdefault(row[name], dict.fromkeys(measures, 0))
        for measure in measures:
            total[measure] += row[measure]
    busiest = sorted(totals.items(), key=lambda pair: -pair[1]["handled_count"])[:ROWS]
    for each, total in busiest:
        handled = total["handled_count"] or 1
        cells = [f"{total[m] / handled / 1000:.2f}" if m.endswith("_ms") else str(total[m]) for m in measures]
        table.add_row(each, *cells)
    return table
