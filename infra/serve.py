"""`make serve`: the local stack with the demo's tenant, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal

from infra.endpoints import LOCAL_FILE
from infra.local import LocalStack
from infra.tenant import demo_tenant


async def main(port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    serving = asyncio.create_task(_serve(port))
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    if not serving.done():
        print("Stopping …", flush=True)
        serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        failed = await serving
        if failed is not None:
            raise failed


async def _serve(port: int) -> SystemExit | None:
    """Why it could not start: what ends a program tears down the loop, and is traced, where a task raises it."""
    try:
        await _serving(port)
    except SystemExit as failed:
        return failed
    return None


async def _serving(port: int) -> None:
    async with LocalStack(port=port, say=print) as stack, demo_tenant(stack):
        print(f"Interleave listens at {stack.url}; who and what is there: {LOCAL_FILE}. Ctrl-C stops it.", flush=True)
        print(f"The console is at {stack.url}/console.", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8000, help="where to listen on loopback; 0 takes a free port")
    asyncio.run(main(arguments.parse_args().port))
