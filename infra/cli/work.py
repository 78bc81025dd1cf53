"""Work: start an engagement, and list what there is."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from infra.cli.failures import Failed
from infra.cli.output import ago, table
from infra.cli.shell import CONTACT_CENTER, Json, begin

MOST_ROWS = 300


def start(
    context: typer.Context,
    entry_id: Annotated[str, typer.Argument(help="The Entry ID that selects the flow.")],
    name: Annotated[str, typer.Option(help="What the work is.")],
    work_id: Annotated[str | None, typer.Option("--id", help="Its id in the system of record.")] = None,
    kind: Annotated[str | None, typer.Option("--type", help="Its type, such as ticket.")] = None,
    priority: Annotated[int | None, typer.Option(help="Its priority there.")] = None,
    due: Annotated[str | None, typer.Option(help="When it is due, such as 2026-12-01T00:00:00Z.")] = None,
    link: Annotated[str | None, typer.Option(help="Where it opens.")] = None,
    consumer: Annotated[str | None, typer.Option(help="For whom it is done.")] = None,
    variable: Annotated[list[str] | None, typer.Option("--var", help="global_custom.<group>.<name>=<value>")] = None,
    not_before: Annotated[str | None, typer.Option(help="When it enters its queue.")] = None,
    use_existing: Annotated[bool, typer.Option("--use-existing", help="Take the active one of the same work.")] = False,
    key: Annotated[str | None, typer.Option(help="Idempotency-Key: sent again, it starts nothing new.")] = None,
    as_json: Json = False,
) -> None:
    """Start an engagement."""
    shell, output = begin(context, as_json)
    described = {
        "work_item_name": name,
        "work_item_id": work_id,
        "work_item_type": kind,
        "work_item_priority": priority,
        "work_item_due_date": due,
        "work_item_hyperlink": link,
    }
    body: dict[str, Any] = {
        "flow": {"flow_entry_id": entry_id},
        "work_item_variables": {field: value for field, value in described.items() if value is not None},
        "consumers": [{"consumer_display_name": consumer}] if consumer else [],
        "variables": [_variable(each) for each in variable or ()],
    }
    if not_before:
        body["not_before"] = not_before
    if use_existing:
        body["on_conflict"] = "use_existing"
    with shell.tenant() as tenant:
        headers = {"Idempotency-Key": key} if key else {}
        started = tenant.done("POST", f"{CONTACT_CENTER}/engagement", body, **headers).body
    output.result(started, started["engagement_id"])


def items(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="open, closed, or one state such as queued.")] = "open",
    queue: Annotated[str | None, typer.Option(help="Only of this queue.")] = None,
    user: Annotated[str | None, typer.Option(help="Only this agent's.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 30,
    everything: Annotated[bool, typer.Option("--all", help="Open and closed ones.")] = False,
    as_json: Json = False,
) -> None:
    """List engagements: the open ones, unless another state is asked for."""
    shell, output = begin(context, as_json)
    wanted = {"state": None if everything else state, "queue_id": queue, "user_id": user}
    query = {name: value for name, value in wanted.items() if value is not None}
    found: list[dict[str, Any]] = []
    token: str | None = None
    with shell.tenant() as tenant, output.progress("Reading …"):
        while token != "" and len(found) < limit:
            page = {
                "page_size": str(min(limit - len(found), MOST_ROWS)),
                **({"next_page_token": token} if token else {}),
            }
            answer = tenant.get(f"{CONTACT_CENTER}/engagements?{urlencode({**query, **page})}")
            found.extend(answer["engagements"])
            token = answer["next_page_token"]
    rows = [_row(each) for each in sorted(found, key=lambda each: str(each["start_time"]))]
    columns = ("engagement", "state", "queue", "agent", "priority", "started", "work")
    output.result({"engagements": found}, table(None, columns, rows) if rows else "There are none.")
    if token and not as_json:
        output.note(f"There are more; --limit {2 * limit} shows them.")


def _row(each: dict[str, Any]) -> list[Any]:
    work = each["work_item_variables"]
    described = " ".join(str(work[name]) for name in ("work_item_id", "work_item_name") if work.get(name))
    agent = each.get("user_id", "") if each["state"] != "queued" else ""
    started = f"{ago(each['start_time'])} ago"
    return [each["engagement_id"], each["state"], each["queue_id"], agent, each["priority"], started, described]


def _variable(text: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failed(f"{text!r} is no variable.", "Write --var global_custom.<group>.<name>=<value>.")
    return {"name": name, "value": value}


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(start)
    app.command()(items)
