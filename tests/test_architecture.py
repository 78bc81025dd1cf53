"""The rooms of the house and the arrows between them: pure rooms know nothing of the shell, and nothing leaks back."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "chalicelib"
WORDS = {"chalicelib.errors"}

MAY_KNOW: dict[str, set[str]] = {
    "routing": set(),
    "flows": {"routing"},
    "engagements": {"routing"},
    "events": {"engagements"},
    "reporting": {"engagements", "routing"},
    "configuration": {"engagements", "events", "flows", "routing"},
    "storage": {"engagements", "events", "reporting", "routing"},
    "messaging": {"events"},
    "archive": {"reporting"},
    "operations": {
        "archive",
        "configuration",
        "engagements",
        "events",
        "flows",
        "messaging",
        "reporting",
        "routing",
        "storage",
        "world",
    },
    "http": {"configuration", "engagements", "messaging", "operations", "reporting", "routing", "storage", "world"},
    "handlers": {"engagements", "messaging", "operations", "storage", "world"},
    "console": set(),
}
"""Room → the rooms it may import. `errors` is everybody's."""

LIBRARIES: dict[str, set[str]] = {
    "routing": set(),
    "flows": {"jmespath"},
    "engagements": set(),
    "events": set(),
    "reporting": set(),
    "configuration": {"pydantic"},
    "storage": {"pydantic", "botocore", "mypy_boto3_dynamodb"},
    "messaging": {"pydantic", "urllib3", "mypy_boto3_events", "mypy_boto3_sqs"},
    "archive": {"botocore", "mypy_boto3_s3"},
    "operations": set(),
    "http": {"pydantic", "pydantic_core", "chalice", "jwt", "Crypto", "aws_lambda_powertools"},
    "handlers": {"pydantic", "aws_lambda_powertools"},
    "console": set(),
}
"""Room → what it may import from outside the standard library."""


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide where they lead"
            yield node.module or ""


def _of_room(room: str) -> set[str]:
    return {name for file in (PACKAGE / room).rglob("*.py") for name in _imports(file)}


def test_every_room_is_in_the_tables() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert rooms == set(MAY_KNOW) == set(LIBRARIES)


@pytest.mark.parametrize("room", MAY_KNOW)
def test_a_room_imports_only_the_rooms_it_may_know(room: str) -> None:
    ours = {name.split(".")[1] for name in _of_room(room) if name.startswith("chalicelib.")}
    assert ours <= MAY_KNOW[room] | {room, "errors"}


@pytest.mark.parametrize("room", LIBRARIES)
def test_a_room_imports_only_the_libraries_it_may(room: str) -> None:
    foreign = {name.split(".")[0] for name in _of_room(room)} - set(sys.stdlib_module_names)
    assert foreign <= LIBRARIES[room] | {"chalicelib"}


@pytest.mark.parametrize("room", ["routing", "flows", "engagements", "events", "reporting", "configuration"])
def test_a_pure_room_has_no_clock_and_no_randomness(room: str) -> None:
    assert not _of_room(room) & {"time", "random", "secrets", "uuid", "os"}
    calls = {
        node.func.attr
        for file in (PACKAGE / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert not calls & {"now", "utcnow", "today"}


def test_the_package_never_imports_what_is_outside_it() -> None:
    everything = {name.split(".")[0] for file in PACKAGE.rglob("*.py") for name in _imports(file)}
    assert not everything & {"infra", "tests", "app"}
