"""`make serve` as a process: it says where it listens, answers there, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "infra.serve", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = next(line for line in process.stdout if "listens at" in line)
        local = json.loads((tmp_path / ".interleave" / "local.json").read_text())
        assert local["url"] in said
        with urllib.request.urlopen(f"{local['url']}/health", timeout=60) as answer:
            assert json.load(answer) == {"status": "ok"}
        process.send_signal(number)
        assert process.wait(60) == 0
    assert not (tmp_path / ".interleave" / "local.json").exists(), "nobody is sent to a stack that is gone"
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True, check=False)
    assert left.stdout == "", "a child process was left behind"
    assert not list(tmp_path.glob("interleave-*")), "a folder was left behind"
