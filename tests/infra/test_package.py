"""What goes into the Lambda, and what does not."""

from __future__ import annotations

import importlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from infra import package

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def files(built: Path) -> set[str]:
    with zipfile.ZipFile(built / "deployment.zip") as archive:
        return set(archive.namelist())


def test_the_handlers_are_in_it(files: set[str], functions: dict[str, Resource]) -> None:
    """A handler that is not there is noticed at the first invocation, and by no tool before."""
    for function in functions.values():
        module, name = function["Handler"].split(".")
        assert f"{module}.py" in files
        assert hasattr(importlib.import_module(module), name)


def test_all_of_our_code_is_in_it_and_nothing_else_of_this_folder(files: set[str]) -> None:
    code = package.ROOT / "chalicelib"
    assert {str(file.relative_to(package.ROOT)) for file in code.rglob("*.py")} <= files
    assert not [file for file in files if file.startswith(("infra/", "tests/", "docs/", ".", "boto"))]


def test_it_is_small(built: Path) -> None:
    assert (built / "deployment.zip").stat().st_size < 6e6


def test_building_again_builds_nothing(built: Path) -> None:
    said: list[str] = []
    assert package.build(said.append) == built
    assert said == []
