"""`interleave` as a process against the local stack: found by its file, as a person would run it."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import Running

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.e2e


@pytest.fixture
def interleave(running: Running, tmp_path: Path) -> Run:
    (tmp_path / ".interleave").symlink_to(running.file.parent)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "INTERLEAVE_"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


def test_from_a_start_to_its_explanation(running: Running, interleave: Run) -> None:
    entry_id, later = running.local["entry_ids"]["incidents"], "2030-01-01T00:00:00Z"
    started = interleave("start", entry_id, "--name", "A case", "--id", secrets.token_hex(8), "--not-before", later)
    assert (started.returncode, started.stderr) == (0, "")
    engagement_id = started.stdout.strip()
    listed = json.loads(interleave("items", "--state", "scheduled", "--json", "--limit", "300").stdout)["engagements"]
    assert engagement_id in {each["engagement_id"] for each in listed}
    assert "2030-01-01T00:00:00" in interleave("explain", engagement_id).stdout
    refused = interleave("--as", next(iter(running.local["agents"])), "agents")
    assert refused.returncode == 1
    assert "The role agent may not do this." in refused.stderr


def test_the_tenant_is_brought_home_and_differs_in_nothing(interleave: Run) -> None:
    assert interleave("export", "home").returncode == 0
    same = interleave("plan", "home")
    assert (same.returncode, same.stderr) == (0, "")
    assert interleave("init", "new").returncode == 0
    assert interleave("plan", "new").returncode == 2


def test_the_stack_is_looked_at_and_its_dead_letters_are_sent_again(running: Running, interleave: Run) -> None:
    wallboard = interleave("watch", "--once")
    assert "Queues" in wallboard.stdout
    assert "Agents" in wallboard.stdout
    healthy = interleave("doctor")
    assert healthy.returncode == 0, healthy.stdout
    sqs, outputs = running.stack.session.client("sqs"), running.stack.outputs
    sqs.send_message(QueueUrl=outputs["DoorbellDeadLettersUrl"], MessageBody="{}")  # a ring for nothing in particular
    assert "WRONG" in interleave("doctor").stdout
    assert json.loads(interleave("dlq", "redrive", "--json").stdout) == {"moved": {"doorbell": 1}}
    listed = json.loads(interleave("dlq", "list", "--json").stdout)["dead_letters"]
    assert {each["count"] for each in listed} == {0}
