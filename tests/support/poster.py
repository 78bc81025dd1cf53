"""Other people's servers, as the tests have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.messaging.poster import PostFailed

Receiver = Callable[[Mapping[str, str], bytes], bytes]


@dataclass
class Posts:
    """A `Poster` that keeps everything, and lets a receiver answer, or fail."""

    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    receiver: Receiver | None = None
    """What stands at the other end; by default it takes everything."""
    receivers: dict[str, Receiver] = field(default_factory=dict)
    """Where several do: by URL."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
        self.sent.append((url, headers, body))
        receiver = self.receivers.get(url, self.receiver)
        return receiver(headers, body) if receiver else b""


def out_of_order(headers: Mapping[str, str], body: bytes) -> bytes:
    """A receiver that is down."""
    raise PostFailed("It answered 503.")
