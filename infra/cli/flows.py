"""Flows: cases, tries, drawings, the way that an engagement took; out to a file, in from one, and published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
import yaml

from chalicelib.configuration.document import read
from chalicelib.configuration.tenant import Tenant as Document
from chalicelib.flows.cases import Result, try_all
from chalicelib.flows.document import Flow, FlowVersion
from chalicelib.flows.graph import graph as drawn
from infra.cli.configuration import CONFIGURATION
from infra.cli.failures import Failed
from infra.cli.files import given, put
from infra.cli.output import table
from infra.cli.shell import CONTACT_CENTER, Group, Json, OfEngagement, Shell, begin

flow = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Test, try, draw and follow flows; export, import, publish.",
)
In = Annotated[Path | None, typer.Option("--in", help="A folder of YAML files, or one; without it, what is applied.")]


@flow.command("test")
def run_cases(
    context: typer.Context,
    flow_id: Annotated[str | None, typer.Argument(help="One flow; without it, all.")] = None,
    where: In = None,
    as_json: Json = False,
) -> None:
    """Run the cases kept beside flows. The exit code is 1 where one fails."""
    shell, output = begin(context, as_json)
    document = _document(shell, where)
    tried = [
        (each.flow_id, version.flow_version, result)
        for each in _chosen(document, flow_id)
        for version in each.versions
        for result in try_all(version, document.setting)
    ]
    rows = [
        ["passed" if r.passed else "FAILED", f"{name} {n}", r.case, "; ".join(r.differences)] for name, n, r in tried
    ]
    results = [_plain(*each) for each in tried]
    output.result(
        {"results": results}, table(None, ("", "flow", "case", "difference"), rows) if rows else "There are no cases."
    )
    if not all(result.passed for _, _, result in tried):
        raise typer.Exit(1)


@flow.command()
def graph(
    context: typer.Context,
    flow_id: Annotated[str, typer.Argument(help="The flow.")],
    version: Annotated[int | None, typer.Option(help="By default the published one, or else the newest.")] = None,
    where: In = None,
    as_json: Json = False,
) -> None:
    """Draw a flow as a Mermaid flowchart."""
    shell, output = begin(context, as_json)
    (found,) = _chosen(_document(shell, where), flow_id)
    text = drawn(found, _version(found, version))
    output.result({"flow_id": flow_id, "mermaid": text}, text.rstrip("\n"))


@flow.command(cls=OfEngagement)
def trace(
    context: typer.Context,
    engagement_id: Annotated[str, typer.Argument(help="The engagement.")],
    as_json: Json = False,
) -> None:
    """Tell which exits an engagement took on its way through its flows."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        passages = tenant.get(f"{CONTACT_CENTER}/engagements/{engagement_id}/explanation")["flows"]
    rows = [
        [passage["time"], passage["flow"], step["step"], step.get("exit", "")]
        for passage in passages
        for step in passage["steps"]
    ]
    shown = table(None, ("time", "flow", "step", "exit"), rows)
    output.result({"flows": passages}, shown if rows else "It went straight through: no step had a choice.")


@flow.command("try")
def try_out(
    context: typer.Context,
    flow_id: Annotated[str, typer.Argument(help="The flow.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", help="A variable, as work_item_priority=1; the value is JSON or text.")
    ] = None,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", help="What a step that asks is told, by its name or place, as look='{\"waiting\": 3}'."
        ),
    ] = None,
    at: Annotated[str | None, typer.Option(help="ISO 8601; by default now.")] = None,
    version: Annotated[int | None, typer.Option(help="By default the published one, or else the newest.")] = None,
    as_json: Json = False,
) -> None:
    """Say where given input would lead, and by which steps; nothing is written or called."""
    shell, output = begin(context, as_json)
    body = {"given": _pairs("--set", given), "answers": _pairs("--answer", answers), **({"at": at} if at else {})}
    asked = f"?flow_version={version}" if version is not None else ""
    with shell.tenant() as tenant:
        found = tenant.done("POST", f"{CONTACT_CENTER}/flows/{quote(flow_id, safe='')}/try{asked}", body).body
    way = table(None, ("step", "exit"), [[each["step"], each.get("exit", "")] for each in found["steps"]])
    output.result(found, [_led(found), *([way] if found["steps"] else [])])


@flow.command("export")
def export(
    context: typer.Context,
    flow_id: Annotated[str, typer.Argument(help="The flow.")],
    to: Annotated[Path | None, typer.Option(help="The file to write; without it, it is printed.")] = None,
    version: Annotated[int | None, typer.Option(help="One version; without it, all.")] = None,
    as_json: Json = False,
) -> None:
    """Take a flow out as a file."""
    shell, output = begin(context, as_json)
    asked = f"?flow_version={version}" if version is not None else ""
    with shell.tenant() as tenant:
        found = tenant.get(f"{CONTACT_CENTER}/flows/{quote(flow_id, safe='')}/export{asked}")
    text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=120)
    if to is not None:
        put(to, text)
    output.result(found, text.rstrip("\n") if to is None else f"Written: {to}")


@flow.command("import")
def take_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `flow export` wrote, YAML or JSON.")],
    name: Annotated[str | None, typer.Option(help="What the flow is called; by default as in the file.")] = None,
    as_version: Annotated[bool, typer.Option("--as-version", help="As a draft of the flow that has the name.")] = False,
    as_json: Json = False,
) -> None:
    """Take a flow in from a file: a new one, or a draft of one that is there."""
    shell, output = begin(context, as_json)
    try:
        held = yaml.safe_load(file.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise Failed(f"{file} cannot be read: {error}", "Name a file that `interleave flow export` wrote.") from error
    named = name or (held.get("flow_name") if isinstance(held, dict) else None)
    mode = "version" if as_version else "new"
    with shell.tenant() as tenant:
        body = {"flow_name": named, "flow_file": held, "import_mode": mode}
        made = tenant.done("POST", f"{CONTACT_CENTER}/flows", body).body
    newest = max(each["flow_version"] for each in made["versions"])
    output.result(made, f"{made['flow_id']} has version {newest} now.")


@flow.command()
def publish(
    context: typer.Context,
    flow_id: Annotated[str, typer.Argument(help="The flow.")],
    version: Annotated[int, typer.Argument(help="The version.")],
    as_json: Json = False,
) -> None:
    """Publish a version of a flow; the one that was published is archived."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        tenant.done("PUT", f"{CONTACT_CENTER}/flows/{quote(flow_id, safe='')}/publish?flow_version={version}")
    output.result({"flow_id": flow_id, "flow_version": version}, f"{flow_id} {version} is published.")


def _pairs(option: str, given: list[str] | None) -> dict[str, Any]:
    pairs = [each.partition("=") for each in given or ()]
    if not all(name and middle for name, middle, _ in pairs):
        raise Failed(f"{option} takes a name and a value.", f"Say it as {option} name=value.")
    return {name: _value(text) for name, _, text in pairs}


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _led(found: dict[str, Any]) -> str:
    """Where it led, in a sentence."""
    at = f"{found['flow_id']} {found['flow_version']}"
    if found["end"]:
        return f"{at} ends the engagement."
    apart = ("flow_id", "flow_version", "steps", "end")
    parts = [
        f"{name} {_plainly(value)}"
        for name, value in found.items()
        if name not in apart and value not in (None, {}, [])
    ]
    return f"{at} leads to {', '.join(parts)}." if parts else f"{at} gives no queue."


def _plainly(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(shell: Shell, where: Path | None) -> Document:
    if where is not None:
        return given(where).tenant
    with shell.tenant() as tenant:
        return read(tenant.get(CONFIGURATION)["document"])


def _chosen(document: Document, flow_id: str | None) -> list[Flow]:
    found = [each for each in document.flows if flow_id in (None, each.flow_id)]
    if flow_id is not None and not found:
        raise Failed(f"There is no flow {flow_id!r}.", f"One of {', '.join(each.flow_id for each in document.flows)}.")
    return found


def _version(found: Flow, number: int | None) -> FlowVersion:
    if number is None:
        return found.published() or max(found.versions, key=lambda each: each.flow_version)
    for each in found.versions:
        if each.flow_version == number:
            return each
    numbers = ", ".join(str(each.flow_version) for each in found.versions)
    raise Failed(f"The flow {found.flow_id} has no version {number}.", f"It has {numbers}.")


def _plain(flow_id: str, version: int, result: Result) -> dict[str, Any]:
    return {
        "flow_id": flow_id,
        "flow_version": version,
        "case": result.case,
        "passed": result.passed,
        "differences": list(result.differences),
        "trace": list(result.trace),
    }


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.add_typer(flow, name="flow")
