"""Other people's servers, as the tests have them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from chalicelib.messaging.protocol import PostFailed
from tests.support import canary

Receiver = Callable[[Mapping[str, str], bytes], bytes]


@dataclass
class Posts:
    """A `Poster` that keeps everything, and lets a receiver answer, or fail."""

    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each might take."""
    receiver: Receiver | None = None
    """What stands at the other end; by default it takes everything."""
    receivers: dict[str, Receiver] = field(default_factory=dict)
    """Where several do: by URL."""

    documents: dict[str, bytes] = field(default_factory=dict)
    """What can be fetched, by URL."""
    fetched: list[str] = field(default_factory=list)

    def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        if url not in self.documents:
            raise PostFailed("It answered 404.")
        return self.documents[url]

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float = 3.0) -> bytes:
        canary.search("a post", body.decode())
        self.sent.append((url, headers, body))
        self.seconds.append(seconds)
        receiver = self.receivers.get(url, self.receiver)
        return receiver(headers, body) if receiver else b""


def out_of_order(headers: Mapping[str, str], body: bytes) -> bytes:
    """A receiver that is down."""
    raise PostFailed("It answered 503.")
