"""What if: replay what is on record under another configuration, and look for the least staff that is enough."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from chalicelib.errors import InvalidRequest
from infra.cli import files
from infra.cli.failures import Failed
from infra.cli.output import Output, table
from infra.cli.shell import Json, Shell, begin

if TYPE_CHECKING:  # a simulation is slow to import, and of no use to any other command
    from infra.simulation.compare import Question
    from infra.simulation.history import History
    from infra.simulation.staffing import Group

DAYS = 7
SEEDS = 20
TENANT = "tenant"

Source = Annotated[str | None, typer.Option("--history", help="A file (JSON or CSV), or `tenant` for what is there.")]
Start = Annotated[str | None, typer.Option("--from", help="ISO 8601; by default a week ago, or a file's beginning.")]
End = Annotated[str | None, typer.Option("--to", help="ISO 8601; by default now, or a file's end.")]


def simulate(
    context: typer.Context,
    source: Source = None,
    start: Start = None,
    end: End = None,
    config: Annotated[
        list[Path] | None, typer.Option("--config", help="Documents to try, as for `plan`; may be given again.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="The demo's tickets, with two what-ifs.")] = False,
    seeds: Annotated[int, typer.Option(help="Draws beside the history as it was.", min=0, max=10_000)] = SEEDS,
    within: Annotated[int, typer.Option(help="Seconds: the service level of queues that have none.", min=1)] = 86_400,
    picture: Annotated[Path | None, typer.Option(help="Write the service levels as SVG.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Write the history as JSON, to be used again.")] = None,
    as_json: Json = False,
) -> None:
    """Replay recorded work under other configurations, beside what was recorded."""
    from infra.simulation import compare, history, result
    from infra.simulation import picture as pictures

    shell, output = begin(context, as_json)
    if picture is not None:
        files.expect_folder(picture)
    if demo:
        names, question = _demo(1000 * within)
    else:
        names, question = _tried(_history(shell, output, source, start, end), config or [], 1000 * within)
    if not question.history.engagements:
        raise Failed("Nothing came in that time.", "Choose another with --from and --to.")
    if keep is not None:
        files.put(keep, history.text(question.history))
    draws = range(seeds + 1)
    try:
        was = compare.recorded_figures(question)
        runs = _followed(output, compare.runs(question, draws), len(names) * len(draws))
        found = result.summary(names, draws, was, runs)
    except InvalidRequest as error:
        raise Failed(error.detail, "Name the queue in the configuration, or under moved_queues.") from error
    if picture is not None:
        files.put(picture, pictures.drawn(found, TITLE))
    columns = ("", "recorded", *names)
    output.result(found, table(f"95 % intervals over {seeds} draws", columns, result.rows(found)))


def staff(
    context: typer.Context,
    source: Source = None,
    start: Start = None,
    end: End = None,
    config: Annotated[Path | None, typer.Option("--config", help="Documents whose groups of agents are tried.")] = None,
    target: Annotated[float, typer.Option(help="Per cent of the work.", min=1, max=100)] = 80.0,
    within: Annotated[int, typer.Option(help="Seconds: the service level of queues that have none.", min=1)] = 86_400,
    seeds: Annotated[int, typer.Option(help="Draws for each staff that is tried.", min=2, max=10_000)] = 8,
    as_json: Json = False,
) -> None:
    """Say how many agents, of each group that is configured alike, keep a service level."""
    from infra.simulation import compare, staffing

    shell, output = begin(context, as_json)
    recorded = _history(shell, output, source, start, end)
    document = files.given(config).document if config is not None else recorded.configuration
    if document is None:
        raise Failed("There is no configuration to staff.", "Name one with --config.")
    if not recorded.engagements:
        raise Failed("Nothing came in that time.", "Choose another with --from and --to.")
    question = compare.Question(recorded, (document,), 1000 * within)
    try:
        with output.progress("Trying …"):
            found = staffing.least(question, target / 100, range(1, seeds + 1))
    except InvalidRequest as error:
        raise Failed(error.detail, "Name the queue in the configuration, or under moved_queues.") from error
    if found is None:
        raise Failed("No staff is enough.", "See whether every queue has an agent who can take its work.")
    rows = [_group(*each) for each in zip(staffing.groups(document), found.counts, strict=True)]
    level = {"mean": round(found.level.mean, 6), "within": round(found.level.within, 6)}
    share, within_share = 100 * found.level.mean, 100 * found.level.within
    text = f"Service level {share:.1f} % ± {within_share:.1f} with {sum(found.counts)} agents."
    cells = [
        [row["user_id"], ", ".join(row["queues"]), ", ".join(row["skills"]), row["agents_before"], row["agents"]]
        for row in rows
    ]
    shown = table(None, ("like", "queues", "skills", "now", "needed"), cells)
    output.result({"service_level": level, "groups": rows}, [text, shown])


TITLE = "Work taken within its service level"


def _group(group: Group, count: int) -> dict[str, Any]:
    """How many agents who are alike are needed, beside how many there are."""
    return {
        "user_id": group.agent["user_id"],
        "queues": list(group.agent.get("queues", ())),
        "skills": dict(group.agent.get("skills", {})),
        "agents": count,
        "agents_before": len(group.members),
    }


def _tried(recorded: History, paths: list[Path], within: int) -> tuple[list[str], Question]:
    """What is on record, under each configuration by its name. `within` in milliseconds."""
    from infra.simulation.compare import Question

    tried = [(str(path), files.given(path).document) for path in paths]
    if recorded.configuration is not None:
        tried.insert(0, ("unchanged", dict(recorded.configuration)))
    if not tried:
        raise Failed("There is no configuration to try.", "Name one with --config.")
    names, configurations = zip(*tried, strict=True)
    return list(names), Question(recorded, configurations, within)


def _demo(within: int) -> tuple[list[str], Question]:
    from infra.demo import incidents, whatif
    from infra.simulation.compare import Question

    tickets = incidents.load()
    documents = (whatif.staffed(tickets), whatif.pooled(tickets), whatif.enlarged(tickets))
    names = ["recorded staffing", f"{whatif.BUSIEST} busiest groups pooled", "one more in each of these"]
    return names, Question(whatif.recorded(tickets), documents, within)


def _history(shell: Shell, output: Output, source: str | None, start: str | None, end: str | None) -> History:
    from infra.simulation import history
    from infra.simulation.fetched import fetched

    if source is None:
        raise Failed("There is nothing to replay.", "Name a file with --history, or say --history tenant, or --demo.")
    try:
        since, until = (None if text is None else history.moment(text) for text in (start, end))
    except ValueError as error:
        raise Failed(f"A time is not ISO 8601: {error}.", "Write it like 2026-03-02T09:00:00Z.") from error
    try:
        if source != TENANT:
            return history.read(Path(source)).between(since, until)
    except OSError as error:
        raise Failed(f"{source} cannot be read: {error.strerror}.", "Name a file that is there.") from error
    except UnicodeDecodeError as error:
        raise Failed(f"{source} is no text: {error}.", "docs/simulation.md says what a history is.") from error
    except InvalidRequest as error:
        places = tuple(f"{each.pointer}: {each.message}" for each in error.errors)
        raise Failed(error.detail, "docs/simulation.md says what a history is.", places) from error
    now = datetime.now(UTC)
    since = round((now - timedelta(days=DAYS)).timestamp() * 1000) if since is None else since
    until = round(now.timestamp() * 1000) if until is None else until
    with shell.tenant() as tenant, output.progress("Reading what is on record …"):
        return fetched(tenant.get, since, until).between(since, until)


def _followed(output: Output, runs: Iterator[Any], total: int) -> Iterator[Any]:
    """The runs, with a bar that shows on a terminal how far they are."""
    with Progress(console=output.error, transient=True, disable=output.as_json or not output.error.is_terminal) as bar:
        yield from bar.track(runs, total=total, description="Simulating …")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(simulate)
    app.command()(staff)
