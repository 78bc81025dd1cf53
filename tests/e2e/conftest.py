"""The local stack, started once for all end-to-end tests: the real package, in the emulator, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local import LocalStack
from infra.tenant import demo_tenant


@dataclass
class Running:
    """A running stack, and who and what is there."""

    stack: LocalStack
    local: dict[str, Any]
    file: Path


@contextlib.contextmanager
def local_stack(folder: Path) -> Iterator[Running]:
    """A stack with the demo's tenant, which runs beside the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    stack = LocalStack(port=0, say=lambda _: None)
    file = folder / "local.json"
    there = contextlib.AsyncExitStack()

    async def begin() -> dict[str, Any]:
        await there.enter_async_context(stack)
        return await there.enter_async_context(demo_tenant(stack, file))

    try:
        yield Running(stack, asyncio.run_coroutine_threadsafe(begin(), loop).result(240), file)
    finally:
        asyncio.run_coroutine_threadsafe(there.aclose(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with local_stack(tmp_path_factory.mktemp("local")) as found:
        yield found
