"""What the rest of Interleave asks of its archive. A file is written over the one that was seen, or not at all."""

from __future__ import annotations

from typing import Protocol


class Archive(Protocol):
    """The port."""

    @property
    def name(self) -> str:
        """What tells this archive from another one."""

    def seen(self, key: str) -> str | None:
        """What marks the file as it is now; None where there is none."""

    def put(self, key: str, content: bytes, seen: str | None) -> None:
        """Write a file in place of the one that was seen. Raises `LostRace` where that is no longer the one there."""
