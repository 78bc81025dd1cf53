"""The tenant's configuration from files: begin, check, plan, apply, compare, go back, bring home."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from infra.cli import deployed, files
from infra.cli.changes import differences, shown
from infra.cli.connection import Tenant
from infra.cli.failures import Failed
from infra.cli.output import Output, table
from infra.cli.shell import CONTACT_CENTER, Json, begin

CONFIGURATION = f"{CONTACT_CENTER}/configuration"
STARTER = Path(__file__).parent.parent / "starter"
CHANGED = 2
"""The exit code of a plan that changes something."""

Where = Annotated[Path, typer.Argument(help="A folder of YAML files, or one file.")]
Comment = Annotated[str, typer.Option(help="Why; it is kept with the version.")]
Release = Annotated[bool, typer.Option("--release", help="Agents who are taken out give back what they hold.")]
Yes = Annotated[bool, typer.Option("--yes", help="Take out what is no longer named without asking.")]


def init(context: typer.Context, folder: Where = Path("tenant"), as_json: Json = False) -> None:
    """Write a tenant to begin with."""
    _, output = begin(context, as_json)
    with files.writing(folder):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Failed(f"{folder} is not an empty folder.", "Choose another.")
        folder.mkdir(parents=True, exist_ok=True)
    written = []
    for each in sorted(STARTER.glob("*.yaml")):
        file = folder / each.name
        files.put(file, each.read_text())
        written.append(str(file))
    output.result({"files": written}, f"Written: {', '.join(written)}")
    if not as_json:
        output.note(f"Next: `interleave validate {folder}`, `interleave plan {folder}`, `interleave apply {folder}`.")


def validate(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Check documents, without a tenant."""
    _, output = begin(context, as_json)
    found = files.given(path)
    counts = {kind: len(rows) for kind, rows in found.document.items() if isinstance(rows, list)}
    text = "Valid: " + ", ".join(f"{n} {kind}" for kind, n in counts.items()) + "."
    output.result({"valid": True, "kinds": counts, "warnings": found.warnings}, [text, *_warned(found.warnings)])


def plan(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Show what applying would change. The exit code is 2 where it would change something."""
    shell, output = begin(context, as_json)
    found = files.given(path)
    with shell.tenant() as tenant, output.progress("Comparing …"):
        planned = _planned(tenant, found.document)
    _show(output, planned, found.warnings)
    if planned["changes"]:
        raise typer.Exit(CHANGED)


def diff(context: typer.Context, path: Where = Path("tenant"), as_json: Json = False) -> None:
    """Show line by line how documents differ from what is applied."""
    shell, output = begin(context, as_json)
    found = files.given(path)
    with shell.tenant() as tenant, output.progress("Comparing …"):
        applied = tenant.get(CONFIGURATION)
    lines = differences(applied["document"], found.document)
    output.result({"version": applied["version"], "lines": lines}, lines or "There is no difference.")


def apply(
    context: typer.Context,
    path: Where = Path("tenant"),
    comment: Comment = "",
    release: Release = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Apply documents: one switch, from the version that is applied now to the next."""
    shell, output = begin(context, as_json)
    found = files.given(path)
    with shell.tenant() as tenant:
        with output.progress("Comparing …"):
            planned = _planned(tenant, found.document)
        if planned["changes"] and not as_json:
            _show(output, planned, found.warnings)
        version = put(tenant, output, found, planned, comment, release, yes)
    changes = planned["changes"]
    text = f"Version {version} is applied." if changes else f"Version {version} is applied already."
    output.result({"version": version, "changes": changes}, text)


def put(
    tenant: Tenant,
    output: Output,
    found: files.Given,
    planned: dict[str, Any] | None = None,
    comment: str = "",
    release: bool = False,
    yes: bool = False,
) -> int:
    """Apply what was read from files, where it changes anything; the version applied then. Raises `Failed`."""
    planned = planned or _planned(tenant, found.document)
    version, changes = planned["version"], planned["changes"]
    if not changes:
        return int(version)
    _agree([each for each in changes if each["action"] == "-"], yes)
    body = {"document": found.document, "comment": comment, "release": release}
    with output.progress("Applying …"):
        done = tenant.done("POST", f"{CONFIGURATION}/apply", body, **{"If-Match": f'"{version}"'}).body
    return int(done["version"])


def rollback(
    context: typer.Context,
    to: Annotated[
        str | None,
        typer.Argument(help="A version of the configuration, or a deployed tenant; without it, the versions."),
    ] = None,
    comment: Comment = "",
    release: Release = False,
    settings: deployed.SettingsFile = None,
    region: deployed.Region = None,
    profile: deployed.Profile = None,
    endpoint_url: deployed.EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """Go back: to an earlier version of the configuration, applied as a new one; with a tenant, to its last package."""
    if to is not None and not to.isdecimal():
        where = deployed.Where(settings, region, profile, endpoint_url)
        deployed.back(context, to, where, as_json)
        return
    version = None if to is None else int(to)
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant:
        if version is None:
            found = tenant.get(f"{CONFIGURATION}/versions")["versions"]
            rows = [[each["version"], each["applied_time"], each["applied_by"], each["comment"]] for each in found]
            output.result({"versions": found}, table("Versions", ("version", "applied", "by", "why"), rows))
            return
        body = {"version": version, "comment": comment, "release": release}
        with output.progress("Going back …"):
            done = tenant.done("POST", f"{CONFIGURATION}/rollback", body).body
    output.result(done, f"Version {version} is applied again, as version {done['version']}.")


def export(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Argument(help="A folder without documents; else to the output.")] = None,
    as_json: Json = False,
) -> None:
    """Bring home what is applied."""
    shell, output = begin(context, as_json)
    with shell.tenant() as tenant, output.progress("Reading …"):
        applied = tenant.get(CONFIGURATION)
    version, document = applied["version"], applied["document"]
    if folder is None:
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
        output.result({"version": version, "document": document}, text.rstrip("\n"))
        return
    written = [str(file) for file in files.store(document, folder)]
    output.result({"version": version, "files": written}, f"Version {version} is in {', '.join(written)}.")


def _planned(tenant: Tenant, document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = tenant.done("POST", f"{CONFIGURATION}/plan", document).body
    return found


def _show(output: Output, planned: dict[str, Any], warned: list[str]) -> None:
    version, changes = planned["version"], planned["changes"]
    told = (
        shown(changes, f"Against version {version}")
        if changes
        else f"Nothing would change: version {version} is applied."
    )
    output.result(planned, [told, *_warned(warned)])


def _warned(warned: list[str]) -> list[str]:
    return ["Worth a look:", *(f"  {each}" for each in warned)] if warned else []


def _agree(removals: list[dict[str, Any]], yes: bool) -> None:
    if not removals or yes:
        return
    named = ", ".join(f"{each['kind']} {each['id']}" for each in removals)
    if not sys.stdin.isatty():
        raise Failed(f"This would take out {named}.", "Say --yes if that is meant.")
    if not typer.confirm(f"Take out {named}?"):
        raise Failed("Nothing was applied.", "Name them in the documents to keep them.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (init, validate, plan, apply, diff, rollback, export):
        app.command()(command)
