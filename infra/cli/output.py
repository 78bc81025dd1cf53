"""How commands speak: tables and sentences for people, JSON for programs; colour and movement on terminals only."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.cli.failures import Failed

WIDE = 240
"""Columns where nothing is there to wrap for."""


class Output:
    """Where a command's results go. Results are on the standard output, everything else on the standard error."""

    def __init__(self, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = _console(sys.stdout)
        self.error = _console(sys.stderr)

    def result(self, document: Any, text: str | Table | Iterable[Any]) -> None:
        """The result: the document for programs, the text, table or several of them for people."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False), flush=True)
            return
        for each in [text] if isinstance(text, str | Table) else text:
            self.out.print(each, highlight=False, markup=False, soft_wrap=isinstance(each, str))

    def note(self, text: str) -> None:
        """Something beside the result."""
        self.error.print(text, highlight=False, markup=False, soft_wrap=True)

    def failed(self, failure: Failed) -> None:
        """What went wrong, where, and the next step."""
        if self.as_json:
            print(json.dumps(failure.document(), ensure_ascii=False), file=sys.stderr)
            return
        self.error.print("Error:", style="bold red", end=" ")
        self.note(failure.message)
        for place in failure.places:
            self.note(f"  {place}")
        if failure.step:
            self.note(f"Next: {failure.step}")

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Shows, on a terminal, that something takes its time."""
        if self.as_json or not self.error.is_terminal:
            yield
            return
        with self.error.status(text):
            yield


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table; numbers stand to the right."""
    listed = [list(row) for row in rows]
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        numbers = bool(listed) and all(isinstance(row[n], int | float) for row in listed)
        made.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for row in listed:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    return made


def ago(text: str | None) -> str:
    """How long ago a time of the API was, in its largest unit."""
    if not text:
        return ""
    return duration((datetime.now(UTC) - datetime.fromisoformat(text)).total_seconds())


def duration(seconds: float | None) -> str:
    """Seconds, minutes, hours or days."""
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _console(file: Any) -> Console:
    return Console(file=file, emoji=False, width=None if file.isatty() else WIDE)
