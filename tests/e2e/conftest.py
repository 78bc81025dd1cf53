"""The local stack, started once for all end-to-end tests: the real package, in the emulator, over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import LocalStack
from infra.tenant import demo_tenant
from tests.support.beside import beside


@dataclass
class Running:
    """A running stack, and who and what is there."""

    stack: LocalStack
    local: dict[str, Any]
    file: Path


@contextlib.contextmanager
def local_stack(folder: Path) -> Iterator[Running]:
    """A stack with the demo's tenant, which runs beside the test."""
    stack, file = LocalStack(port=0, say=lambda _: None), folder / "local.json"

    @contextlib.asynccontextmanager
    async def with_its_tenant() -> AsyncIterator[Running]:
        async with stack, demo_tenant(stack, file) as local:
            yield Running(stack, local, file)

    with beside(with_its_tenant()) as running:
        yield running


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_stack(tmp_path_factory.mktemp("local")) as found:
        yield found
