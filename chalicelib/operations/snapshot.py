"""What a pass of the router works on, and what it did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import Engagement, Occupancy
from chalicelib.messaging.protocol import Drained
from chalicelib.routing.model import Waiting
from chalicelib.world import World


@dataclass(slots=True)
class Pass:
    """What a pass saw and did."""

    offered: int = 0
    overflowed: int = 0
    conflicts: int = 0
    waiting: int = 0
    oldest_wait_ms: int = 0
    """How long what has waited longest has waited in its queue."""
    unmatchable: tuple[str, ...] = ()
    """Ids of those that no agent will ever be able to take, however far their search widens."""
    poisoned: int = 0


@dataclass(slots=True)
class Snapshot:
    """What a pass works on. Heads are read when they are first needed, and kept."""

    tenant: Tenant
    occupancies: dict[str, Occupancy]
    waiting: dict[str, Waiting] = field(default_factory=dict)
    heads: dict[str, Engagement] = field(default_factory=dict)
    enlisted: dict[str, int] = field(default_factory=dict)
    """The version at which each was entered in the index; the index may be behind."""
    drained: dict[str, Drained] = field(default_factory=dict)
    stuck: dict[str, set[str]] = field(default_factory=dict)
    """By agent, the channels in which it has turned out that nothing of his can be parked."""

    def read_heads(self, world: World, engagement_ids: Iterable[str]) -> None:
        """Read the heads that are not at hand."""
        missing = set(engagement_ids) - set(self.heads)
        if missing:
            self.heads.update(world.store.engagements(missing))
