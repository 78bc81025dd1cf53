"""Move over from another system: `import` makes a tenant's documents of what its own endpoints answered."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.cli.failures import Failed
from infra.cli.files import store
from infra.cli.output import Output, table
from infra.cli.shell import Group, Json, begin
from infra.movers import connect, job_router, twilio, zoom
from infra.movers.moving import LeftOut, Moved, NotAnswered

NAMED = 3
"""Places that the summary names of each thing that was left out; with --json all are there."""

importing = typer.Typer(
    cls=Group, no_args_is_help=True, rich_markup_mode=None, help="Make documents of another system's configuration."
)
Folder = Annotated[
    Path,
    typer.Argument(help="Its answers as JSON files, each at the path of its endpoint, such as users/17/skills.json."),
]
To = Annotated[Path, typer.Option(help="Where the documents are written.")]


@importing.command("zoom")
def from_zoom(context: typer.Context, folder: Folder, to: To = Path("tenant"), as_json: Json = False) -> None:
    """Zoom Contact Center: queues, skills/categories, skills, users, agent_routing_profiles, flows, …"""
    _import(context, zoom.move, folder, to, as_json)


@importing.command("job-router")
def from_job_router(context: typer.Context, folder: Folder, to: To = Path("tenant"), as_json: Json = False) -> None:
    """Azure Job Router: queues, workers, classificationPolicies, distributionPolicies, exceptionPolicies."""
    _import(context, job_router.move, folder, to, as_json)


@importing.command("twilio")
def from_twilio(context: typer.Context, folder: Folder, to: To = Path("tenant"), as_json: Json = False) -> None:
    """Twilio TaskRouter: Workflows, TaskQueues, Workers, Workers/<sid>/Channels."""
    _import(context, twilio.move, folder, to, as_json)


@importing.command("connect")
def from_connect(context: typer.Context, folder: Folder, to: To = Path("tenant"), as_json: Json = False) -> None:
    """Amazon Connect: search-queues, search-routing-profiles, routing-profiles/<id>/queues, search-users, …"""
    _import(context, connect.move, folder, to, as_json)


def _import(context: typer.Context, move: Callable[[Any], Moved], folder: Path, to: Path, as_json: bool) -> None:
    _, output = begin(context, as_json)
    with output.progress("Moving …"):
        try:
            moved = move(_answers(folder))
        except NotAnswered as error:
            message = f"{folder / error.path}.json is not what its endpoint answers: {error}"
            raise Failed(message, "Save the answer as it came.") from error
        written = store(moved.document, to)
    document = {
        "files": [str(file) for file in written],
        "left_out": [each._asdict() for each in moved.left_out],
        "renamed": [each._asdict() for each in moved.renamed],
    }
    output.result(document, _told(moved, written))
    _next(output, to)


def _answers(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise Failed(f"{folder} is no folder.", "Save each answer as JSON at the path of its endpoint, in one folder.")
    answers = {}
    for file in sorted(folder.rglob("*.json")):
        try:
            answers[str(file.relative_to(folder).with_suffix(""))] = json.loads(file.read_text())
        except OSError as error:
            raise Failed(f"{file} cannot be read: {error.strerror}.", "Save the answer as a file.") from error
        except ValueError as error:
            raise Failed(f"{file} is no JSON: {error}", "Save the answer as it came.") from error
    if not answers:
        raise Failed(f"There is no JSON file in {folder}.", "Save each answer at the path of its endpoint.")
    return answers


def _told(moved: Moved, written: Iterable[Path]) -> list[Any]:
    counts = [[part, len(rows)] for part, rows in moved.document.items() if isinstance(rows, list)]
    told: list[Any] = [table("Moved", ("what", "rows"), counts)]
    if moved.renamed:
        told += ["", table("Renamed: these ids were no valid identifiers", ("kind", "there", "here"), moved.renamed)]
    if moved.left_out:
        told += ["", table("Left out, or not as it was", ("what", "where", "why"), _grouped(moved.left_out))]
    return [*told, "", f"Written: {', '.join(str(file) for file in written)}"]


def _grouped(left_out: Iterable[LeftOut]) -> list[list[str]]:
    """The same thing left out at many places is one line."""
    places: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in left_out:
        places[each.what, each.why].append(each.where)
    return [
        [what, ", ".join(where[:NAMED]) + (f" and {len(where) - NAMED} more" if len(where) > NAMED else ""), why]
        for (what, why), where in places.items()
    ]


def _next(output: Output, to: Path) -> None:
    if not output.as_json:
        output.note(f"Next: read what was left out, then `interleave validate {to}` and `interleave plan {to}`.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(importing, name="import")
