"""Breaks a copy of the project and runs the tests until one fails."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.sabotage.breaks import ROOT, Break

COPIED = ("app.py", "chalicelib", "infra", "tests", "docs", "pyproject.toml", "README.md", ".chalice")
SUITES = (
    "contract",
    "engagements",
    "operations",
    "reporting",
    "events",
    "http",
    "handlers",
    "simulation/test_faults.py",
)
"""In the order in which they are run, what is quick first. They must do: the rest would find more, but later."""


def caught_by(broken: Break, suites: tuple[str, ...] = SUITES) -> str | None:
    """The test that failed first, or None: then nothing holds what was broken."""
    with TemporaryDirectory(prefix="interleave-sabotage-") as folder:
        root = Path(folder)
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / name, root / name)
        broken.apply(root)
        for suite in suites:
            command = [sys.executable, "-m", "pytest", "-x", "-q", "-rf", "-p", "no:cacheprovider", f"tests/{suite}"]
            done = subprocess.run([*command, "-m", "not e2e"], cwd=root, capture_output=True, text=True, check=False)
            if done.returncode not in (0, 5):
                found = re.search(r"^(?:FAILED|ERROR) (\S+(?: \S+)*?)(?: - .*)?$", done.stdout, re.MULTILINE)
                if found is None:
                    raise RuntimeError(f"{broken.name}: the tests did not run\n{done.stdout}{done.stderr}")
                return found[1]
    return None
