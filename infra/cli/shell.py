"""What every command starts from: the tenant meant, and how it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from infra.cli.connection import Connect, Options, Tenant, connect
from infra.cli.failures import Failed
from infra.cli.output import Output

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for programs.")]
CONTACT_CENTER = "/v2/contact_center"
DASHED_ID = re.compile(r"-[\w-]{31}")
"""One engagement's id in 64 begins with a dash."""


@dataclass(slots=True)
class Shell:
    """One run of the command line."""

    options: Options
    connect: Connect = connect
    output: Output | None = None

    def tenant(self) -> Tenant:
        """The tenant's API. Raises `Failed`."""
        return Tenant(self.connect(self.options))


def begin(context: typer.Context, as_json: bool) -> tuple[Shell, Output]:
    """The shell, and its output as this command wants it."""
    shell: Shell = context.obj
    shell.output = Output(as_json)
    return shell, shell.output


class OfEngagement(typer.core.TyperCommand):
    """A command that takes an engagement's id, whatever that begins with: it is no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ids = [] if "--" in args else [each for each in args if DASHED_ID.fullmatch(each)]
        return super().parse_args(ctx, [*(each for each in args if each not in ids), *(["--", *ids] if ids else [])])


class Group(typer.core.TyperGroup):
    """Commands whose failures are told once, here: 1 is the exit code of what failed, and of what was asked wrongly."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        with _asked(args):
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: Any) -> Any:
        try:
            with _asked(ctx.args):
                return super().invoke(ctx)
        except Failed as failure:
            shell = ctx.find_root().obj
            output = shell.output if isinstance(shell, Shell) else None
            (output or Output()).failed(failure)
            raise typer.Exit(1) from None


@contextmanager
def _asked(args: Sequence[str]) -> Iterator[None]:
    """What is asked wrongly inside is told to people with the usage, and to programs as any failure."""
    as_json = "--json" in args
    try:
        yield
    except typer.TyperException as error:
        error.exit_code = 1
        if not as_json:
            raise
        asked = getattr(error, "ctx", None)
        step = f"`{asked.command_path if asked else 'interleave'} --help` says what there is."
        Output(as_json).failed(Failed(error.format_message(), step))
        raise typer.Exit(1) from None
