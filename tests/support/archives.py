"""An archive in a folder, and what is in its files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def lines(folder: Path) -> list[dict[str, Any]]:
    """The lines of all files, each as it would be read."""
    files = sorted(folder.glob("facts/day=*/*.jsonl.gz"))
    return [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


def identities(folder: Path) -> list[tuple[str, str, int]]:
    """Which facts the files hold, one for each line."""
    return sorted((each["dataset"], each["engagement_id"], each["version"]) for each in lines(folder))
