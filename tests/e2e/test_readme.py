"""The README's examples are run, as they stand there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Running

README = Path(__file__).parent.parent.parent / "README.md"

pytestmark = pytest.mark.e2e


def test_the_examples_of_the_readme_work(running: Running, tmp_path: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(blocks) == 3
    (tmp_path / ".interleave").symlink_to(running.file.parent)
    script = "set -euo pipefail\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
