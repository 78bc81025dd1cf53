"""The archive as a folder: for tests, and for whoever reads the same files on a machine of his own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chalicelib.errors import LostRace


class FolderArchive:
    """A folder of one process; what marks a file is the digest of what is in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def name(self) -> str:
        return str(self._folder)

    def seen(self, key: str) -> str | None:
        file = self._folder / key
        return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else None

    def put(self, key: str, content: bytes, seen: str | None) -> None:
        if self.seen(key) != seen:
            raise LostRace("Another sweep wrote the same hour at the same moment.")
        file = self._folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        whole = file.with_suffix(".part")
        whole.write_bytes(content)
        whole.replace(file)
