"""Makes the package start fast: without what it never reads, with its bytecode, the same bytes for the same code."""

from __future__ import annotations

import compileall
import zipfile
from pathlib import Path, PurePosixPath
from py_compile import PycInvalidationMode
from tempfile import TemporaryDirectory

SERVICES = ("dynamodb", "events", "sqs")
"""The services that the package speaks to: botocore describes some 400."""
UNUSED = ("aws_lambda_powertools/event_handler", "pydantic/v1")
"""Parts of libraries that nothing here imports."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""A date for every file; the earliest that a zip can hold."""


def rewrite(package: Path) -> None:
    """Rewrite a deployment package in place. Safe to repeat."""
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if _needed(PurePosixPath(name))])
        # Unchecked: nobody edits a file in Lambda, and the files' dates say nothing there.
        compileall.compile_dir(
            folder, quiet=2, stripdir=folder, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH, workers=0
        )
        _zip(Path(folder), package)


def _needed(file: PurePosixPath) -> bool:
    """Of botocore's data, what is of all services, and what is of ours; of the rest, what is used."""
    parts = file.parts
    if parts[:2] == ("botocore", "data"):
        return len(parts) == 3 or parts[2] in SERVICES
    return "/".join(parts[:2]) not in UNUSED


def _zip(folder: Path, package: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
