"""The in-memory twin of the SQS transport. Delayed rings wait for a clock that the owner moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from threading import RLock

from chalicelib.events.catalogue import PublicEvent
from chalicelib.messaging.protocol import Delivery, Drained, Notice, Ring


class MemoryTransport:
    """`Transport` in lists. `now` is epoch milliseconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._lock = RLock()
        self._rings: list[tuple[int, Ring]] = []
        self._queues: dict[str, dict[str, Notice]] = {}
        self._receipts = 0
        self._deliveries: list[tuple[int, Delivery]] = []
        self.published: list[tuple[str, PublicEvent]] = []
        """Everything that was put on the bus."""
        self.buried: list[Delivery] = []
        """Everything that was given up."""

    def create_queue(self, queue_id: str) -> None:
        with self._lock:
            self._queues.setdefault(queue_id, {})

    def ring(self, rings: Iterable[Ring], delay: int = 0) -> None:
        with self._lock:
            self._rings.extend((self._now() + delay * 1000, ring) for ring in dict.fromkeys(rings))

    def announce(self, notices: Sequence[Notice]) -> None:
        with self._lock:
            for notice in notices:
                self._receipts += 1
                self._queues[notice.queue_id][str(self._receipts)] = notice

    def drain(self, queue_id: str) -> Drained:
        with self._lock:
            held = self._queues[queue_id]
            return Drained(tuple(held.values()), tuple(held))

    def forget(self, queue_id: str, receipts: Sequence[str]) -> None:
        with self._lock:
            for receipt in receipts:
                self._queues[queue_id].pop(receipt, None)

    def publish(self, events: Sequence[PublicEvent], account_id: str) -> None:
        self.published.extend((account_id, event) for event in events)

    def deliver(self, deliveries: Sequence[Delivery], delay: int = 0) -> None:
        with self._lock:
            self._deliveries.extend((self._now() + delay * 1000, delivery) for delivery in deliveries)

    def bury(self, delivery: Delivery) -> None:
        self.buried.append(delivery)

    def due_deliveries(self) -> list[Delivery]:
        """Takes the deliveries whose time has come."""
        with self._lock:
            due = [delivery for at, delivery in self._deliveries if at <= self._now()]
            self._deliveries = [pair for pair in self._deliveries if pair[0] > self._now()]
            return due

    def due_rings(self) -> list[Ring]:
        """Takes the rings whose time has come."""
        with self._lock:
            due = [ring for at, ring in self._rings if at <= self._now()]
            self._rings = [pair for pair in self._rings if pair[0] > self._now()]
            return due
