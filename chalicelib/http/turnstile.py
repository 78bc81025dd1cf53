"""How often one caller may call, so that nobody's loop takes the tenant from the others.

A window of time is handed out in blocks of calls. Each process gives every caller the first block of a window; further
ones it claims in the store, where all processes claim. So whoever calls seldom costs no write, who calls all the time
one a block, and what a caller gets in a window is at most its share and a block for each process.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from chalicelib.errors import TooManyRequests
from chalicelib.world import World

WINDOW_MS = 10_000
BLOCKS = 10
"""A window's calls, in so many blocks: a block is what a caller may do in a second."""


@dataclass
class Turnstile:
    """Counts the calls of this process."""

    _window: int = 0
    _left: dict[str, int] = field(default_factory=dict)
    """How many calls each caller of this window has left before the next claim."""

    def admit(self, world: World, caller: str) -> None:
        """Let one call of a caller through. Raises `TooManyRequests`."""
        block = world.tenant().requests_per_second
        if block is None:
            return
        now = world.now()
        window = now // WINDOW_MS
        if window != self._window:
            self._window, self._left = window, {}
        left = self._left.get(caller, block)
        if left == 0 and not world.store.claim(f"CALLS#{caller}", window, BLOCKS, until=now // 1000 + 60):
            wait = -(-((window + 1) * WINDOW_MS - now) // 1000)
            raise TooManyRequests(f"A caller has {block} requests a second; wait {wait} s.", retry_after=wait)
        self._left[caller] = (left or block) - 1
