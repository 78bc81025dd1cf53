"""Run the local stack: serve it, or play the demo through it."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer


def serve(
    port: Annotated[int, typer.Option(help="Where to listen on loopback; 0 takes a free port.")] = 8000,
) -> None:
    """Serve the local stack with the demo's tenant, until Ctrl-C."""
    from infra import serve  # what starts the emulator is of no use to any other command

    asyncio.run(serve.main(port))


def demo() -> None:
    """Play 500 real tickets through the local stack, and count what became of each."""
    from infra.demo import __main__ as playing

    raise typer.Exit(asyncio.run(playing.main()))


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command()(serve)
    app.command()(demo)
