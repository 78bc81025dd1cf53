"""`make package`: the deployable package, as `chalice package` makes it, in `.interleave/package`."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from infra import archive, lean
from infra.lock import alone
from infra.stacks import DeployFailed

ROOT = Path(__file__).parent.parent
PACKAGE_DIR = ROOT / ".interleave" / "package"
STAGE = "tenant"
_STAMP = PACKAGE_DIR / "sources.sha256"

Say = Callable[[str], None]


def build(say: Say = print) -> Path:
    """Build the package if anything in it has changed; the folder with `sam.json` and `deployment.zip`. Raises
    `DeployFailed`."""
    with alone("package"):
        return _build(say)


def _build(say: Say) -> Path:
    digest = _digest()
    if _STAMP.exists() and _STAMP.read_text() == digest:
        return PACKAGE_DIR
    say("Packaging …")
    command = [str(Path(sys.executable).with_name("chalice")), "package", "--stage", STAGE]
    command += ["--merge-template", "infra/template.json", str(PACKAGE_DIR)]
    region = {"AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1")}
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **region}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployFailed(
            f"Packaging failed: {done.stdout}{done.stderr}", "Correct that; the package index is needed."
        )
    lean.rewrite(PACKAGE_DIR / "deployment.zip")
    archive.rewrite(PACKAGE_DIR / "sam.json")
    _STAMP.write_text(digest)
    return PACKAGE_DIR


def _digest() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for file in _sources():
        digest.update(str(file.relative_to(ROOT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (
        ROOT / "app.py",
        ROOT / "requirements.txt",
        ROOT / "infra" / "template.json",
        ROOT / "infra" / "lean.py",
        ROOT / "infra" / "archive.py",
        *sorted(archive.QUERIES.glob("*.sql")),
    )
    yield from sorted(file for file in (ROOT / ".chalice").glob("*.json"))
    yield from sorted(f for f in (ROOT / "chalicelib").rglob("*") if f.is_file() and "__pycache__" not in f.parts)


if __name__ == "__main__":
    try:
        print(f"The package is in {build().relative_to(ROOT)}.")
    except DeployFailed as failure:
        raise SystemExit(f"{failure}\nNext: {failure.step}") from failure
