"""The tenant's configuration from files: begin, check, plan, apply, compare, bring home."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from pydantic import TypeAdapter

from chalicelib.configuration import document as documents
from chalicelib.configuration.tenant import Tenant as Document
from chalicelib.errors import InvalidRequest
from infra.cli import files
from infra.cli.changes import Change, changes, differences
from infra.cli.connection import Tenant
from infra.cli.failures import Failed
from infra.cli.output import Output, table
from infra.cli.shell import CONTACT_CENTER, Json, begin

CONFIGURATION = f"{CONTACT_CENTER}/configuration"
STARTER = Path(__file__).parent / "starter"
SCHEMA = "schema.json"
CHANGED = 2
"""The exit code of a plan that changes something."""
COLOURS = {"+": "green", "-": "red", "~": "yellow"}

Where = Annotated[Path, typer.Argument(help="A folder of YAML files, or one file.")]


def init(context: typer.Context, folder: Where = Path("tenant"), as_json: Json = False) -> None:
    """Write a tenant to begin with: a few queues, agents and a flow, with comments."""
    _, output = begin(context, as_json)
    if folder.exists() and any(folder.iterdir()):
        raise Failed(f"{folder} is not empty.", "Choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SCHEMA).write_text(json.dumps(TypeAdapter(Document).json_schema(), indent=2) + "\n")
    for file in sorted(STARTER.glob("*.yaml")):
        head = f"# yaml-language-server: $schema={SCHEMA}\n"
        (folder / file.name).write_text(head + file.read_text())
    written = sorted(str(file) for file in folder.iterdir())
    output.result({"files": written}, f"Written: {', '.join(written)}")
    if not as_json:
        output.note(f"Next: `interleave validate {folder}`, `interleave plan {folder}`, `interleave apply {folder}`.")


def validate(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Check documents, without a tenant."""
    _, output = begin(context, as_json)
    counts = {part: len(rows) for part, rows in _read(path).items() if isinstance(rows, list)}
    output.result(
        {"valid": True, "parts": counts}, "Valid: " + ", ".join(f"{n} {part}" for part, n in counts.items()) + "."
    )


def plan(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Show what applying would change. The exit code is 2 where it would change something."""
    shell, output = begin(context, as_json)
    document = _read(path)
    with shell.tenant() as tenant, output.progress("Comparing …"):
        version, applied = _applied(tenant)
    found = changes(applied, document)
    _show(output, version, found)
    if found:
        raise typer.Exit(CHANGED)


def diff(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Show line by line how documents differ from what is applied."""
    shell, output = begin(context, as_json)
    document = _read(path)
    with shell.tenant() as tenant:
        version, applied = _applied(tenant)
    lines = differences(applied, document)
    output.result({"version": version, "lines": lines}, lines or "There is no difference.")


def apply(
    context: typer.Context,
    path: Where = Path("tenant"),
    yes: Annotated[bool, typer.Option("--yes", help="Remove what is no longer named without asking.")] = False,
    as_json: Json = False,
) -> None:
    """Apply documents: one switch, from the version that is applied now to the next."""
    shell, output = begin(context, as_json)
    document = _read(path)
    with shell.tenant() as tenant:
        version, applied = _applied(tenant)
        found = changes(applied, document)
        if not found:
            output.result({"version": version, "changes": []}, f"Version {version} is applied already.")
            return
        if not as_json:
            _show(output, version, found)
        _agree([each for each in found if each.sign == "-"], yes)
        with output.progress("Applying …"):
            done = tenant.done("PUT", CONFIGURATION, document, **{"If-Match": f'"{version}"'}).body
    output.result({"version": done["version"], "changes": _plain(found)}, f"Version {done['version']} is applied.")


def export(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="An empty folder; without it, to the output.")] = None,
    as_json: Json = False,
) -> None:
    """Bring home what is applied."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        version, applied = _applied(tenant)
    if folder is None:
        text = yaml.safe_dump(applied, sort_keys=False, allow_unicode=True, width=120)
        output.result({"version": version, "document": applied}, text.rstrip("\n"))
        return
    written = [str(file) for file in files.write(applied, folder)]
    output.result({"version": version, "files": written}, f"Version {version} is in {', '.join(written)}.")


def checked(path: Path) -> Document:
    """The tenant that files describe. Raises `Failed` that names every place at fault."""
    try:
        return documents.read(files.load(path))
    except InvalidRequest as error:
        places = tuple(f"{each.pointer}: {each.message}" for each in error.errors)
        raise Failed(error.detail, f"Correct these places in {path}.", places) from error


def _read(path: Path) -> dict[str, Any]:
    """The document as it would be kept."""
    return documents.write(checked(path))


def _applied(tenant: Tenant) -> tuple[int, dict[str, Any]]:
    found = tenant.get(CONFIGURATION)
    return found["version"], found["document"]


def _show(output: Output, version: int, found: list[Change]) -> None:
    rows = [[each.sign, each.part, each.id, ", ".join(each.fields)] for each in found]
    shown = table(f"Against version {version}", ("", "what", "which", "fields"), rows)
    for row, each in zip(shown.rows, found, strict=True):
        row.style = COLOURS[each.sign]
    document = {"version": version, "changes": _plain(found)}
    output.result(document, shown if found else f"Nothing would change: version {version} is applied.")


def _plain(found: list[Change]) -> list[dict[str, Any]]:
    return [each._asdict() for each in found]


def _agree(removals: list[Change], yes: bool) -> None:
    if not removals or yes:
        return
    named = ", ".join(f"{each.part} {each.id}".strip() for each in removals)
    if not sys.stdin.isatty():
        raise Failed(f"This would remove {named}.", "Say --yes if that is meant.")
    if not typer.confirm(f"Remove {named}?"):
        raise Failed("Nothing was applied.", "Name them in the documents to keep them.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (init, validate, plan, diff, apply, export):
        app.command()(command)
