"""All commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli import configuration, deployment, flows, keeping, looking, moving, running, simulating, stack, work
from infra.cli.connection import USUAL_CLIENT, Connect, Options, connect
from infra.cli.shell import Group, Shell

app = typer.Typer(
    cls=Group,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Configure a tenant of Interleave, watch it, and look into it when something is wrong.",
)


@app.callback()
def main(
    context: typer.Context,
    url: Annotated[str | None, typer.Option(envvar="INTERLEAVE_URL", help="The tenant's address.")] = None,
    account: Annotated[str | None, typer.Option(envvar="INTERLEAVE_ACCOUNT", help="Its account id.")] = None,
    client_id: Annotated[str | None, typer.Option(envvar="INTERLEAVE_CLIENT_ID", help="The client to act as.")] = None,
    client_secret: Annotated[
        str | None, typer.Option(envvar="INTERLEAVE_CLIENT_SECRET", help="Its secret; better in the environment.")
    ] = None,
    as_: Annotated[str, typer.Option("--as", help="Which client of the local stack to act as.")] = USUAL_CLIENT,
) -> None:
    """Without a tenant named, commands speak to the local stack that `interleave serve` started here."""
    made: Connect = context.obj if callable(context.obj) else connect
    context.obj = Shell(Options(url, account, client_id, client_secret, as_), made)


for group in (running, keeping, deployment, configuration, flows, moving, work, looking, simulating, stack):
    group.register(app)
