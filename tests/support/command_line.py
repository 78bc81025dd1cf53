"""`interleave` as somebody runs it, whose calls reach the API of a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from infra.cli import app
from infra.cli.connection import Options
from infra.client import Reply
from tests.support.api import Api


@dataclass
class InProcess:
    """Calls the API without a network."""

    api: Api

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        answer = self.api.call(method, path, body, headers)
        return Reply(answer.status, answer.headers, answer.body)

    def token(self) -> str:
        assert self.api.token is not None
        return self.api.token

    def close(self) -> None:
        """There is nothing to let go of."""


@dataclass
class Ran:
    """What a command said, and how it ended."""

    code: int
    out: str
    error: str

    @property
    def document(self) -> Any:
        """What it said to a program."""
        return json.loads(self.out)


def interleave(api: Api, *arguments: str, as_: str = "adm") -> Ran:
    """Run a command as one of the API's clients."""

    def connect(_: Options) -> InProcess:
        return InProcess(api.by(as_))

    result = CliRunner().invoke(app, list(arguments), obj=connect)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
