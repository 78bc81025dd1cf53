"""What the rest of Interleave asks of its messaging. Any message may be lost, late, doubled or out of order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from chalicelib.events.catalogue import PublicEvent


@dataclass(frozen=True, slots=True)
class Ring:
    """A ring of the doorbell: what the router should look at. All of it is a hint."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    queue_id: str | None = None
    engagement_id: str | None = None
    agent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """An engagement that came into a queue, at the version at which it came."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    queue_id: str
    engagement_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Drained:
    """Notices taken from a queue, with the receipts to forget them by; and how many could not be read.

    What cannot be read is left where it is: after a few tries it goes to the queue's dead letters.
    """

    notices: tuple[Notice, ...] = ()
    receipts: tuple[str, ...] = ()
    poisoned: int = 0


LONGEST_DELAY = 900
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    webhook_id: str
    event_id: str
    type: str
    body: str
    """JSON, signed as it is."""
    attempt: int = 0
    """Attempts so far."""
    due_at: int = 0
    """Not before this (epoch milliseconds): a wait may be longer than a message can be delayed."""


class PostFailed(Exception):
    """Why nothing, or nothing good, came back; for the list of deliveries."""


class Poster(Protocol):
    """Calls other people's servers."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float = 3.0) -> bytes:
        """What a receiver answers that took it, within so many seconds. Raises `PostFailed`."""

    def fetch(self, url: str) -> bytes:
        """A small document. Raises `PostFailed`."""


class Bus(Protocol):
    """Where all public events go, if anywhere."""

    def publish(self, events: Sequence[PublicEvent], account_id: str) -> None:
        """Put each event on the bus."""


class Transport(Protocol):
    """The port."""

    def create_queue(self, queue_id: str) -> None:
        """The queue of a work-item queue, with its dead-letter queue. Creating it again changes nothing."""

    def ring(self, rings: Iterable[Ring], delay: int = 0) -> None:
        """Wake the router, after `delay` seconds (0–900)."""

    def announce(self, notices: Sequence[Notice]) -> None:
        """Put each notice into its queue."""

    def drain(self, queue_id: str) -> Drained:
        """Take what waits in a queue, at most a few hundred. It comes back if it is not forgotten in time."""

    def forget(self, queue_id: str, receipts: Sequence[str]) -> None:
        """Take drained notices off the queue for good."""

    def publish(self, events: Sequence[PublicEvent], account_id: str) -> None:
        """Put events on the tenant's bus, if there is one."""

    def deliver(self, deliveries: Sequence[Delivery], delay: int = 0) -> None:
        """Have each delivered, after `delay` seconds (0–900)."""

    def bury(self, delivery: Delivery) -> None:
        """Put one that was given up among the dead letters."""
