"""A tenant's documents as YAML files in a folder: a file for each part, all parts one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from infra.cli.failures import Failed

ENDINGS = (".yaml", ".yml")


def load(path: Path) -> dict[str, Any]:
    """The document in a file (YAML or JSON), or in all YAML files of a folder. Raises `Failed`."""
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in ENDINGS)
    if not files:
        raise Failed(f"There is no document at {path}.", f"`interleave init {path}` writes one to begin with.")
    document: dict[str, Any] = {}
    for file in files:
        try:
            part = yaml.safe_load(file.read_text()) or {}
        except yaml.YAMLError as error:
            raise Failed(f"{file} is no YAML.", "Correct it.", (" ".join(str(error).split()),)) from error
        if not isinstance(part, dict):
            raise Failed(f"{file} is no mapping.", "Begin it with a part such as `queues:`.")
        for name, value in part.items():
            if isinstance(value, list) and isinstance(document.get(name, []), list):
                document[name] = [*document.get(name, []), *value]
            elif name in document:
                raise Failed(f"{file} says `{name}` once more.", "Keep it in one file.")
            else:
                document[name] = value
    return document


def write(document: dict[str, Any], folder: Path) -> list[Path]:
    """A file for each part; the files. A folder that has documents already is left alone: raises `Failed`."""
    present = [file for file in folder.glob("*") if file.suffix in ENDINGS] if folder.exists() else []
    if present:
        raise Failed(f"There are documents in {folder} already.", "Choose another folder, or take them away.")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, part in document.items():
        file = folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump({name: part}, sort_keys=False, allow_unicode=True, width=120))
        files.append(file)
    return files
