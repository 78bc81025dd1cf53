"""A tenant's data: backed up into a file, and restored into a tenant that was just deployed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.cli.deployed import EndpointUrl, Profile, Region, SettingsFile, Where, deployed
from infra.cli.failures import Failed
from infra.cli.files import writing
from infra.cli.shell import Json

Name = Annotated[str, typer.Argument(help="The tenant's name.")]


def backup(
    context: typer.Context,
    tenant: Name,
    to: Annotated[Path | None, typer.Option(help="The file; by default the tenant's name and the time.")] = None,
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """Write every row of a tenant into a file. It holds personal data and secrets: keep it as you keep those."""
    from infra.backup import save

    with deployed(context, tenant, Where(settings, region, profile, endpoint_url), as_json) as found:
        found.expect_stack()
        file = to or Path(f"{tenant}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl.gz")
        if not file.parent.is_dir():
            raise Failed(f"{file.parent} is no folder.", "Make it, or name another file with --to.")
        found.say(f"Backing up {tenant} …")
        with writing(file):
            count = save(found.session.client("dynamodb"), found.stack.outputs()["TableName"], file, found.say)
        document = {"tenant": tenant, "file": str(file), "rows": count}
        found.output.result(document, f"{count} rows are in {file}.")


def restore(
    context: typer.Context,
    tenant: Name,
    file: Annotated[Path, typer.Argument(help="What `interleave backup` or `destroy` wrote.")],
    settings: SettingsFile = None,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    as_json: Json = False,
) -> None:
    """Put a backup into a tenant that has no configuration yet. A restore that died is done again."""
    from infra.backup import NotABackup, NotEmpty, load

    with deployed(context, tenant, Where(settings, region, profile, endpoint_url), as_json) as found:
        found.expect_stack()
        found.say(f"Restoring {tenant} …")
        try:
            count = load(found.session, found.stack.outputs(), file, found.say)
        except NotEmpty:
            step = "Deploy another without a `configuration` in its settings, and restore into that."
            raise Failed(f"{tenant} has a configuration already.", step) from None
        except NotABackup as error:
            raise Failed(f"{file} is no backup: {error}", "Name a file that `interleave backup` wrote.") from error
        document = {"tenant": tenant, "file": str(file), "rows": count}
        found.output.result(document, f"{count} rows are in {tenant}, which routes their work now.")


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(backup)
    app.command()(restore)
