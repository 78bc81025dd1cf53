"""A tenant's documents as files: read with every fault named by file and line, and written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from chalicelib.configuration.document import read, write
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.warnings import warnings
from chalicelib.errors import InvalidRequest
from infra import closures, documents
from infra.cli.failures import Failed


@dataclass(frozen=True, slots=True)
class Given:
    """What files say."""

    tenant: Tenant
    document: dict[str, Any]
    """As it would be kept: holidays are days, what is as usual is left out."""
    warnings: list[str]
    """What is worth a look, with file and line."""


def given(path: Path) -> Given:
    """The tenant that files describe. Raises `Failed` that names every place at fault."""
    try:
        loaded = documents.load(path)
    except InvalidRequest as error:
        places = tuple(each.message for each in error.errors)
        raise Failed(error.detail, f"Correct it; `interleave init {path}` writes one to begin with.", places) from error
    try:
        tenant = read(closures.expand(loaded.document))
    except InvalidRequest as error:
        raise Failed(error.detail, "Correct these places.", tuple(loaded.lines(error.errors))) from error
    return Given(tenant, write(tenant), loaded.lines(warnings(tenant)))


def put(file: Path, text: str) -> None:
    """Write a file. Raises `Failed`."""
    with writing(file):
        file.write_text(text)


def expect_folder(file: Path) -> None:
    """Raise `Failed` where a file that takes long to make could not be written then."""
    with writing(file):
        file.parent.stat()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """What is written inside may find no place. Raises `Failed`."""
    try:
        yield
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}.", "Name another place.") from error


def store(document: dict[str, Any], folder: Path) -> list[Path]:
    """Write a file for each kind; the files. A folder that has documents already is left alone. Raises `Failed`."""
    suffixes = documents.SUFFIXES
    with writing(folder):
        if folder.exists() and any(file.suffix in suffixes for file in folder.rglob("*")):
            raise Failed(f"There are documents in {folder} already.", "Choose another folder, or take them away.")
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, part in document.items():
        file = folder / f"{name}.yaml"
        put(file, yaml.safe_dump({name: part}, sort_keys=False, allow_unicode=True, width=120))
        files.append(file)
    return files
