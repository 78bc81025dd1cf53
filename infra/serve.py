"""`make serve`: the local stack with the demo's tenant, until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import signal

from infra.local import LocalStack
from infra.tenant import LOCAL_FILE, apply_demo


async def main(port: int) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    starting = asyncio.create_task(_serve(port, stopped))
    await starting


async def _serve(port: int, stopped: asyncio.Event) -> None:
    async with LocalStack(port=port, say=print) as stack:
        await apply_demo(stack)
        print(f"Interleave listens at {stack.url}; who and what is there: {LOCAL_FILE}. Ctrl-C stops it.", flush=True)
        await stopped.wait()
        print("Stopping …", flush=True)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--port", type=int, default=8000, help="where to listen on loopback; 0 takes a free port")
    asyncio.run(main(arguments.parse_args().port))
