"""The README's examples are run, as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Running

README = Path(__file__).parent.parent.parent / "README.md"

pytestmark = pytest.mark.e2e


def test_the_examples_of_the_readme_work(running: Running, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 4
    (tmp_path / ".interleave").symlink_to(running.file.parent)
    installed = f'interleave() {{ PYTHONPATH="{README.parent}" "{sys.executable}" -m infra.cli "$@"; }}'
    script = "\n".join(["set -euo pipefail", installed, *blocks])
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line for line in done.stderr.splitlines() if not line.startswith("Next: ")] == []
