"""Looking: who is there, what goes on, why something waits, what was done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import typer
from rich.console import Group
from rich.live import Live

from chalicelib.http import tables
from chalicelib.http.areas import records
from chalicelib.http.paging import LARGEST_PAGE
from chalicelib.reporting.definitions import SUMMED
from infra.cli import drawing
from infra.cli.connection import Tenant
from infra.cli.failures import Failed
from infra.cli.figures import heading
from infra.cli.output import Output, ago, duration, table
from infra.cli.shell import CONTACT_CENTER, Json, OfEngagement, begin

STATISTICS = f"{CONTACT_CENTER}/statistics"
DATASETS = f"{CONTACT_CENTER}/analytics/dataset/historical"
BUSIEST = 20
MOST_COLUMNS = 12
"""Of rows that are shown as a table; the other formats have them all."""
ROWS = (*(each.name for each in records.RECORDS), "operation_log")
"""Datasets that are read row by row."""
DIMENSIONS = {name for each in SUMMED.values() for name in each.dimensions}


class Format(StrEnum):
    """How a report is written."""

    table = auto()
    csv = auto()
    json = auto()
    ndjson = auto()


def agents(
    context: typer.Context,
    ready: Annotated[bool, typer.Option("--ready", help="Only who is ready.")] = False,
    as_json: Json = False,
) -> None:
    """List the agents: status, load and what they work on."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant, output.progress("Looking …"):
        users = tenant.get(f"{STATISTICS}/users")["users"]
    shown = [each for each in users if not ready or each["status_name"] == "Ready"]
    output.result({"users": shown}, _agents(shown))


def watch(
    context: typer.Context,
    interval: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.2)] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="Look once, and be done.")] = False,
    as_json: Json = False,
) -> None:
    """Watch queues and agents, until Ctrl-C. Piped, it is a line for each look."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        if once or as_json or not output.out.is_terminal:
            _lines(tenant, output, interval, once)
            return
        with Live(console=output.out, auto_refresh=False, screen=True) as live:
            while True:
                live.update(_wallboard(*_look(tenant)), refresh=True)
                time.sleep(interval)


def explain(
    context: typer.Context,
    engagement_id: Annotated[str | None, typer.Argument(help="The engagement.")] = None,
    user: Annotated[
        str | None, typer.Option(help="An agent: what comes to him next, and why nothing else does.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Explain why an engagement waits, or what comes to an agent next."""
    shell, output = begin(context, as_json)
    if (engagement_id is None) == (user is None):
        raise Failed("Name an engagement or an agent.", "`interleave items` and `interleave agents` list them.")
    of = f"engagements/{engagement_id}" if user is None else f"users/{quote(user, safe='')}"
    with shell.tenant() as tenant, output.progress("Explaining …"):
        found = tenant.get(f"{CONTACT_CENTER}/{of}/explanation")
    output.result(found, _why(found) if user is None else _next_for(found))


def report(
    context: typer.Context,
    dataset: Annotated[
        str, typer.Argument(help=f"Added up: {', '.join(SUMMED)}; row by row: {', '.join(ROWS)}.")
    ] = "queue_performance",
    start: Annotated[str | None, typer.Option("--from", help="ISO 8601; by default a day ago.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="ISO 8601; by default now.")] = None,
    interval: Annotated[str, typer.Option(help="15m, 1h or 1d.")] = "1d",
    timezone: Annotated[str | None, typer.Option(help="Whose clock days begin on, as Europe/Paris.")] = None,
    group_by: Annotated[
        str | None,
        typer.Option("--group-by", help="Dimensions to add up by, as user_id,channel; none is by time only."),
    ] = None,
    behind: Annotated[
        str | None, typer.Option(help="A number's name, as handled_count: the engagements that it comes from.")
    ] = None,
    wanted: Annotated[
        list[str] | None, typer.Option("--filter", help="A dimension and its values, as queue_id=billing,general.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How rows are written.")] = Format.table,
    html: Annotated[
        Path | None, typer.Option("--html", help="Write a page with charts there, of a dataset that is added up.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a report."""
    format_ = Format.json if as_json else format_
    shell, output = begin(context, format_ is Format.json)
    if dataset not in (*SUMMED, *ROWS):
        raise Failed(f"There is no dataset {dataset!r}.", f"There are {', '.join((*SUMMED, *ROWS))}.")
    if html is not None and dataset in ROWS:
        raise Failed(f"{dataset} is read row by row: there is nothing to draw.", "Say --format csv for a spreadsheet.")
    window = {"from": start, "to": end, **_filters(wanted)}
    added_up = {"interval": interval, "timezone": timezone, "behind": behind, "group_by": group_by}
    with shell.tenant() as tenant:
        if dataset in ROWS:
            _list(tenant, output, dataset, window, format_)
            return
        with output.progress("Adding up …"):
            rows = list(_all_rows(tenant, dataset, {**added_up, **window, "page_size": str(LARGEST_PAGE)}))
        if html is not None:
            with output.progress("Drawing …"):
                drawing.write(tenant, html, f"{DATASETS}/{dataset}", rows, timezone)
            output.result({"dataset": dataset, "file": str(html)}, f"The report is in {html}.")
            return
    _sums(output, dataset, rows, behind, format_)


def _list(tenant: Tenant, output: Output, dataset: str, window: dict[str, str | None], format_: Format) -> None:
    """A dataset that is read row by row."""
    with output.progress("Reading …"):
        columns = _columns(tenant, dataset)
        listed = list(_all_rows(tenant, dataset, window))
    _show(output, dataset, columns, listed, format_)


def _sums(output: Output, dataset: str, rows: list[dict[str, Any]], behind: str | None, format_: Format) -> None:
    """A dataset that is added up."""
    if behind is not None and rows and format_ in (Format.table, Format.json):
        output.result({dataset: rows}, _behind(rows))
        return
    columns = list(rows[0]) if rows else []
    _show(output, dataset, _telling(columns, rows) if format_ is Format.table else columns, rows, format_)


def _telling(columns: list[str], rows: list[dict[str, Any]]) -> list[str]:
    """The columns that say something: names stand for ids, and what is nothing in all rows is left out."""
    named = [each for each in columns if each != "end_time" and f"{each[:-3]}_name" not in columns]
    return [each for each in named if any(row[each] for row in rows)]


def _filters(wanted: list[str] | None) -> dict[str, str]:
    pairs = [each.partition("=") for each in wanted or ()]
    if not all(middle for _, middle, _ in pairs):
        raise Failed("A filter is a dimension and its values.", "Say it as --filter queue_id=billing,general.")
    return {name: values for name, _, values in pairs}


def _columns(tenant: Tenant, dataset: str) -> list[str]:
    described = tenant.get("/openapi.json")["paths"][f"{DATASETS}/{dataset}"]["get"]["responses"]["200"]["content"]
    return list(described["application/json"]["schema"]["properties"][dataset]["items"]["properties"])


def _all_rows(tenant: Tenant, dataset: str, given: dict[str, str | None]) -> Iterator[dict[str, Any]]:
    """The rows of every page."""
    query = {name: value for name, value in given.items() if value is not None}
    while True:
        page = tenant.get(f"{DATASETS}/{dataset}?{urlencode(query)}")
        yield from page[dataset]
        if not page["next_page_token"]:
            return
        query["next_page_token"] = page["next_page_token"]


def _show(output: Output, dataset: str, columns: list[str], rows: list[dict[str, Any]], format_: Format) -> None:
    if format_ in (Format.csv, Format.ndjson):
        print(tables.text_of(format_, columns, rows), end="")
        return
    shown = [name for name in columns if not any(isinstance(row[name], list) for row in rows)][:MOST_COLUMNS]
    cells = [[_cell(name, row[name]) for name in shown] for row in rows]
    output.result(
        {dataset: rows},
        table(None, [heading(name) for name in shown], cells) if rows else "Nothing happened in that time.",
    )


def _behind(rows: list[dict[str, Any]]) -> Any:
    """What each row's number comes from: under what the row is of, its engagements or its agent's statuses."""
    of = [name for name in rows[0] if name.endswith("_name") or name in DIMENSIONS]
    of = [name for name in of if f"{name[:-3]}_name" not in of]
    parts = [(row, part) for row in rows for part in row["behind"]]
    names = [name for name in (parts[0][1] if parts else ()) if name != "version"]
    shown = [
        [row["start_time"], *(row[name] for name in of), *(_cell(name, part[name]) for name in names)]
        for row, part in parts
    ]
    return table(None, ("start time", *map(heading, (*of, *names))), shown)


def _look(tenant: Tenant) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return tenant.get(f"{STATISTICS}/queues")["queues"], tenant.get(f"{STATISTICS}/users")["users"]


def _lines(tenant: Tenant, output: Output, interval: float, once: bool) -> None:
    while True:
        queues, users = _look(tenant)
        document = {"queues": queues, "users": users}
        output.result(document, [*_tables(queues, users)] if once else _line(queues, users))
        if once:
            return
        time.sleep(interval)


def _line(queues: list[dict[str, Any]], users: list[dict[str, Any]]) -> str:
    oldest = max((each["oldest_wait_seconds"] or 0 for each in queues), default=0)
    names = [each["status_name"] for each in users]
    return (
        f"{time.strftime('%H:%M:%S')}  waiting {sum(each['waiting'] for each in queues)}  oldest {duration(oldest)}  "
        f"offers {sum(each['offers'] for each in queues)}  in work {sum(each['in_work'] for each in queues)}  "
        f"ready {names.count('Ready')}  not ready {names.count('Not Ready')}  offline {names.count('Offline')}"
    )


def _wallboard(queues: list[dict[str, Any]], users: list[dict[str, Any]]) -> Group:
    return Group(_line(queues, users), "", *_tables(queues, users))


def _tables(queues: list[dict[str, Any]], users: list[dict[str, Any]]) -> list[Any]:
    busiest = sorted(queues, key=lambda each: (-each["waiting"], -each["in_work"], each["queue_name"]))[:BUSIEST]
    rows = [
        [
            each["queue_name"] + ("" if each["open"] else " (closed)"),
            each["waiting"],
            duration(each["oldest_wait_seconds"]),
            each["offers"],
            each["in_work"],
            each["users"]["ready"],
            each["free"],
        ]
        for each in busiest
    ]
    there = sorted(users, key=lambda each: (each["status_name"] == "Offline", -sum(each["load"].values())))[:BUSIEST]
    return [
        table("Queues", ("queue", "waiting", "oldest", "offers", "in work", "ready", "free"), rows),
        "",
        _agents(there),
    ]


def _agents(users: list[dict[str, Any]]) -> Any:
    rows = [
        [
            each["user_id"],
            each["user_name"],
            each["status_name"] + (f" ({each['sub_status_id']})" if each.get("sub_status_id") else ""),
            ago(each.get("status_since")),
            ", ".join(f"{channel} {each['load'].get(channel, 0)}/{most}" for channel, most in each["capacity"].items()),
            ", ".join(f"{work['engagement_id']} {work['state']}" for work in each["engagements"]),
        ]
        for each in users
    ]
    return table("Agents", ("agent", "name", "status", "since", "load", "work"), rows)


def _why(found: dict[str, Any]) -> list[Any]:
    shown: list[Any] = [found["text"]]
    if found.get("users"):
        shown.append(
            table("Agents", ("agent", "why not"), [[each["user_id"], each["reason"]] for each in found["users"]])
        )
    if found.get("decisions"):
        rows = [
            [each["start_time"], each["event_name"], each.get("user_id"), each["state"]] for each in found["decisions"]
        ]
        shown.append(table("Decisions", ("time", "what", "agent", "then"), rows))
    return shown


def _next_for(found: dict[str, Any]) -> list[Any]:
    coming = found["next_engagement_id"]
    rows = [[each["engagement_id"], each["reason"]] for each in found["engagements"]]
    return [
        f"Next comes {coming}." if coming else "Nothing comes to him now.",
        *([table("In his queues", ("engagement", "why not now"), rows)] if rows else []),
    ]


def _cell(name: str, value: Any) -> Any:
    return duration(value / 1000) if name.endswith("_ms") and value is not None else value


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(agents)
    app.command()(watch)
    app.command(cls=OfEngagement)(explain)
    app.command()(report)
