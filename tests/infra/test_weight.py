"""What the bench times of a package's imports."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra import emulator, weight


def test_imports_are_timed_where_no_stack_has_run_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"

    def install(say: Callable[[str], None]) -> None:
        say("Installing …")
        runtime.mkdir()
        (runtime / "boto3.py").write_text("client = str\n")

    with zipfile.ZipFile(tmp_path / "deployment.zip", "w") as package:
        package.writestr("app.py", "class app:\n    open = str\n")
        package.writestr("chalicelib/bootstrap.py", "world = str\n")
    monkeypatch.setattr(weight, "PACKAGE_DIR", tmp_path)
    monkeypatch.setattr(weight, "ROUNDS", 1)
    monkeypatch.setattr(emulator, "RUNTIME", runtime)
    monkeypatch.setattr(emulator, "install", install)
    said: list[str] = []
    ratios = weight.import_ratios(said.append)
    assert len(ratios) == 4
    assert min(ratios.values()) > 0
    assert said == ["Installing …"]
