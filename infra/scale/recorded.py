"""Where the writes of engagements' lives go, taken from the store's own calls, the same in every run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from chalicelib.engagements.model import Engagement
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import delivering, recording
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.world import World
from infra import cost
from infra.billing import Meter, Touch
from infra.demo.incidents import load

LIVES, TABLE = 25, "scale"
"""So many lives fill a batch of the stream."""
NOON = 1_772_452_800_000
"""2026-03-02, 12:00 UTC."""
STEP_MS = 250
OWN = ("WORK", "AGENT")
"""Kinds of keys of one work and of one agent: there are as many as there are works and agents."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The writes of so many lives, one after another."""

    lives: int
    touches: list[Touch]
    shards: int
    rings: float
    """A life: how often it rings the doorbell."""

    def units(self) -> dict[str, float]:
        """Write units a life, by kind of key: numbers, names and days are left out."""
        added: Counter[str] = Counter()
        for key, units in self.touches:
            added[kind_of(key)] += units  # type: ignore[assignment]
        return {kind: units / self.lives for kind, units in sorted(added.items())}


def kind_of(key: str) -> str:
    """What a key is for: its first word."""
    return key.partition("#")[0]


def recorded(session: Any, shards: int) -> Recording:
    """Lives in one queue in which everything has to wait, with one webhook, so that every write there is gets made.

    The stream's consumer takes its records in batches, as it does when there are many.
    """
    writes = _Writes()
    meter, clock, chance = Meter(), count(NOON, STEP_MS), random.Random(1)  # noqa: S311 - the same in every run
    dynamodb = session.client("dynamodb")
    cost.create_table(dynamodb, f"{TABLE}-shards-{shards}")
    meter.watch(dynamodb)
    store, transport = (
        DynamoStore(dynamodb, f"{TABLE}-shards-{shards}", shards=shards),
        _Doorbell(lambda: next(clock), meter),
    )
    world = World(store, transport, lambda: next(clock), chance.randbytes, "scale", Receiver())
    tickets = [ticket for ticket in load() if ticket.group == "Group 70"]
    with meter.paused():
        cost.prepare(world, tickets[0])
        document = world.store.configuration(1).document
        world.store.apply({**document, "webhooks": [{"webhook_id": "crm", "url": "https://crm.example.com"}]}, 1)
        world.latest_tenant()
    for ticket in tickets[:LIVES]:
        cost.life(world, ticket, meter, None, wait=True, deliver=writes.take)
    for first in range(0, len(writes.taken), cost.RECORDS_PER_BATCH):
        recording.record(world, writes.taken[first : first + cost.RECORDS_PER_BATCH])
    for delivery in transport.due_deliveries():
        delivering.deliver(world, delivery)
    return Recording(LIVES, meter.touches, shards, transport.rung / LIVES)


@dataclass
class _Writes:
    """Keeps what the stream would hand over."""

    taken: list[tuple[Engagement | None, Engagement]] = field(default_factory=list)

    def take(self, world: World, meter: Meter, engagement_id: str, before: Engagement | None) -> Engagement:
        """The newest version, for later."""
        now = cost.newest(world, meter, engagement_id)
        self.taken.append((before, now))
        return now


class _Doorbell(MemoryTransport):
    """Counts what rings while it is billed."""

    def __init__(self, now: Callable[[], int], meter: Meter) -> None:
        super().__init__(now)
        self.rung = 0
        self._meter = meter

    def ring(self, rings: Iterable[Ring], delay: int = 0) -> None:
        rings = list(rings)
        self.rung += 0 if self._meter.is_paused else len(rings)
        super().ring(rings, delay)


class Receiver:
    """Takes whatever is delivered."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float = 3.0) -> bytes:  # noqa: ARG002
        """Fine."""
        return b""

    def fetch(self, url: str) -> bytes:  # noqa: ARG002 - there is nothing
        """Nothing."""
        return b""
