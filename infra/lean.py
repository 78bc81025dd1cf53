"""Makes the package start fast: without what it never reads, with its bytecode, the same bytes for the same code."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

SERVICES = ("dynamodb", "events", "s3", "sqs")
"""The services that the package speaks to: botocore describes some 400."""
OPERATIONS = {"s3": ("ListObjectsV2", "PutObject")}
"""All that is asked of a service of which little is: its whole description would be a fiftieth of the package."""
UNUSED = (
    "aws_lambda_powertools/event_handler",
    *(
        f"aws_lambda_powertools/utilities/{part}"
        for part in (
            "auth_alpha",
            "circuit_breaker",
            "data_classes",
            "data_masking",
            "feature_flags",
            "idempotency",
            "kafka",
            "parameters",
            "parser",
            "streaming",
        )
    ),
    "Crypto/SelfTest",
    *(
        f"Crypto/PublicKey/_{curve}.abi3.so"
        for curve in ("curve25519", "curve448", "ed25519", "ed448", "mldsa", "mlkem")
    ),
    "dateutil/zoneinfo",
    "pydantic/mypy.py",
    "pydantic/v1",
)
"""Parts of libraries that nothing here imports."""
EPOCH = (1980, 1, 1, 0, 0, 0)
"""A date for every file; the earliest that a zip can hold."""


def rewrite(package: Path) -> None:
    """Rewrite a deployment package in place. Safe to repeat."""
    with TemporaryDirectory() as folder:
        with zipfile.ZipFile(package) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if _needed(PurePosixPath(name))])
        _prune_endpoints(Path(folder, "botocore/data/endpoints.json"))
        for service in SERVICES:
            for file in Path(folder, "botocore/data", service).glob("*/service-2.json.gz"):
                _prune_description(file, OPERATIONS.get(service))
        _compile(folder)
        _zip(Path(folder), package)


def _needed(file: PurePosixPath) -> bool:
    """Of botocore's data, what is of all services, and what is of ours; of the rest, what is used.

    The lists of what was installed name mostly what is not here, and only an installer reads them. Bytecode is made
    anew: what lies beside the sources may be of another Python, or of a module that has gone.
    """
    parts = file.parts
    if file.name == "RECORD" or file.suffix == ".pyc":
        return False
    if parts[:2] == ("botocore", "data"):
        return len(parts) == 3 or (parts[2] in SERVICES and not file.name.startswith("examples"))
    return not any(file.is_relative_to(each) for each in UNUSED)


def _prune_endpoints(file: Path) -> None:
    """Keep the endpoints of our services: every cold start reads the whole file."""
    described = json.loads(file.read_text())
    for partition in described["partitions"]:
        partition["services"] = {name: each for name, each in partition["services"].items() if name in SERVICES}
    file.write_text(json.dumps(described, separators=(",", ":")))


def _prune_description(file: Path, operations: tuple[str, ...] | None) -> None:
    """Keep what a service's description says to programs: of all operations, or of some and the shapes they need."""
    described = _without_prose(json.loads(gzip.decompress(file.read_bytes())))
    if operations is not None:
        described["operations"] = {name: described["operations"][name] for name in operations}
        known, wanted = described["shapes"], set(_shapes(described["operations"]))
        kept: dict[str, Any] = {}
        while wanted:
            kept |= {name: known[name] for name in wanted}
            wanted = {inner for name in wanted for inner in _shapes(known[name])} - set(kept)
        described["shapes"] = {name: kept[name] for name in sorted(kept)}
    file.write_bytes(gzip.compress(json.dumps(described, separators=(",", ":")).encode(), mtime=0))


def _without_prose(described: Any) -> Any:
    """The same without a word of explanation, where some is expected."""
    if isinstance(described, list):
        return [_without_prose(each) for each in described]
    if not isinstance(described, dict):
        return described
    return {
        name: "" if name == "documentation" and isinstance(each, str) else _without_prose(each)
        for name, each in described.items()
    }


def _shapes(described: Any) -> Iterator[str]:
    """The names of the shapes that something mentions."""
    if isinstance(described, dict):
        if isinstance(described.get("shape"), str):
            yield described["shape"]
        described = list(described.values())
    if isinstance(described, list):
        for each in described:
            yield from _shapes(each)


def _compile(folder: str) -> None:
    """Unchecked: nobody edits a file in Lambda, and the files' dates say nothing there. In a process of its own whose
    hashes are not random, since the order of a set's constants is theirs."""
    how = ["--invalidation-mode", "unchecked-hash", "-s", folder, "-j", "0", "-qq"]
    subprocess.run(
        [sys.executable, "-m", "compileall", *how, folder], env={**os.environ, "PYTHONHASHSEED": "0"}, check=False
    )


def _zip(folder: Path, package: Path) -> None:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, file.read_bytes())
