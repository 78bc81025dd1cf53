"""The AWS emulator: installed into a virtual environment of its own, started on loopback, stopped with its children.

Standard library only, so that it can install before anything else is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import mkdtemp
from urllib.error import URLError
from urllib.request import urlopen

from infra.lock import alone

ROOT = Path(__file__).parent.parent
HOME = ROOT / ".interleave"
EMULATOR = HOME / "emulator"
RUNTIME = HOME / "runtime"
"""What Lambda's Python runtime brings along: its client, and boto3."""
EMULATOR_PINS = ("ministack==1.5.33", "aws-sam-translator==1.115.0")
RUNTIME_PINS = ("awslambdaric==4.2.2", "boto3==1.44.5")
KEY = "test"
"""The access key, and its secret, of whoever may do everything there."""
START_SECONDS = 60
PROGRAM = "import gc; gc.set_threshold(700, 10, 1000); from ministack.app import main; main()"
"""It answers nothing while Python's collector goes through all that is stored, which takes the longer the more there
is (0.3 s after five minutes of a hundred calls a second): the oldest generation is gone through a hundredth as often.
"""
Say = Callable[[str], None]


def install(say: Say) -> None:
    """Install the emulator and the runtime's libraries, each once."""
    with alone("install"):
        _once(EMULATOR, EMULATOR_PINS, say, _install_emulator)
        _once(RUNTIME, RUNTIME_PINS, say, _install_runtime)


def free_port() -> int:
    """A port on loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def running(say: Say) -> AsyncIterator[str]:
    """Run the emulator; its endpoint URL. It keeps nothing when it ends."""
    install(say)
    say("Starting the AWS emulator …")
    port = free_port()
    folder = mkdtemp(prefix="interleave-emulator-")
    process = await asyncio.create_subprocess_exec(
        str(EMULATOR / "bin" / "python"),
        "-c",
        PROGRAM,
        env=_environment(port, folder),
        cwd=folder,
        stdout=_log("emulator"),
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is ours to handle: it stops the functions first
    )
    try:
        endpoint = f"http://127.0.0.1:{port}"
        await _healthy(endpoint, process)
        yield endpoint
    finally:
        await stop(process)
        shutil.rmtree(folder, ignore_errors=True)


async def stop(process: asyncio.subprocess.Process) -> None:
    """End a child process, by force if it does not listen."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def log_file(name: str) -> Path:
    """Where a child process writes."""
    file = HOME / "logs" / f"{name}.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def _log(name: str) -> int:
    return os.open(log_file(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)


def _environment(port: int, folder: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
    return {
        **mine,
        "AUTH": "true",  # what a role does not allow is denied, as on AWS
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": "us-east-1",
        "STATE_DIR": f"{folder}/state",
        "S3_DATA_DIR": f"{folder}/s3",
        "TMPDIR": folder,
        "LOG_LEVEL": "WARNING",
    }


async def _healthy(endpoint: str, process: asyncio.subprocess.Process) -> None:
    for _ in range(START_SECONDS * 10):
        if process.returncode is not None:
            break
        with contextlib.suppress(URLError, ConnectionError, TimeoutError):
            await asyncio.to_thread(lambda: urlopen(f"{endpoint}/_ministack/health", timeout=1).read())
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"The emulator did not start; see {log_file('emulator')}.")


def _once(folder: Path, pins: tuple[str, ...], say: Say, put: Callable[[Path, tuple[str, ...]], None]) -> None:
    stamp = folder / "installed"
    wanted = "\n".join((sys.version, *pins))
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"Installing {', '.join(pins)} (once, up to a minute) …")
    shutil.rmtree(folder, ignore_errors=True)
    put(folder, pins)
    stamp.write_text(wanted)


def _install_emulator(folder: Path, pins: tuple[str, ...]) -> None:
    venv.create(folder, with_pip=False, symlinks=True)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    _pip("--target", str(folder / "lib" / version / "site-packages"), *pins)


def _install_runtime(folder: Path, pins: tuple[str, ...]) -> None:
    _pip("--target", str(folder), *pins)


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"Installing failed; check the connection to the package index and try again.\n{done.stderr}")
