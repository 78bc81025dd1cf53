"""What keeps the local stack from starting is told at once, with the next step."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from typing import Any

import pytest

from infra import package
from infra.local import LocalStack
from infra.stacks import DeployFailed


def started(port: int = 0) -> None:
    async def start() -> None:
        async with LocalStack(port, lambda _: None):
            pytest.fail("it has started")

    asyncio.run(start())


def test_a_port_that_is_taken_is_told_before_anything_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "build", lambda _: pytest.fail("it builds"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"Port {port} is taken; choose another: PORT=8001 make serve"):
            started(port)


def test_whoever_serves_is_told_no_more_than_that() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "infra.serve", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr


def test_what_cannot_be_deployed_is_told_with_its_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Any) -> Any:
        raise DeployFailed("Packaging failed: no index", "Correct that.")

    monkeypatch.setattr(package, "build", fails)
    with pytest.raises(SystemExit, match=r"Packaging failed: no index\nNext: Correct that\."):
        started()
