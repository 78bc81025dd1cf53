"""An agent's desk in a simulation: what he has in hand, since when he is idle, and how long he was busy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.routing.model import Candidate
from chalicelib.routing.occupancy import UNLIMITED

if TYPE_CHECKING:
    from infra.simulation.journey import Journey


class Desk:
    """The counterpart of an occupancy row (`chalicelib.engagements.model.Occupancy`), changed in place for speed."""

    __slots__ = (
        "agent",
        "busy_ms",
        "busy_since",
        "caps_offers",
        "held",
        "idle_since",
        "load",
        "offered_at",
        "offers",
        "ready",
        "ready_ms",
        "ready_since",
        "set_aside",
        "taken",
    )

    def __init__(self, agent: Candidate) -> None:
        self.agent = agent
        self.ready = False
        self.caps_offers = agent.occupancy.most_offers < UNLIMITED
        self.load: dict[str, int] = {}
        self.taken = 0
        """Places, of all channels."""
        self.offers = 0
        """Those that he has not answered yet."""
        self.idle_since = 0
        self.offered_at = 0
        self.held: dict[Journey, None] = {}
        """In the order in which it came to him."""
        self.set_aside: list[Journey] = []
        """Parked work that he takes up again as soon as he has room."""
        self.ready_since = self.busy_since = 0
        self.ready_ms = self.busy_ms = 0

    def candidate(self) -> Candidate:
        """The agent as the core sees him."""
        agent = self.agent
        return Candidate(
            agent.agent_id,
            self.ready,
            agent.queues,
            self.idle_since,
            agent.skills,
            agent.capacity,
            self.load.copy(),
            agent.position,
            self.offered_at,
            self.offers,
            agent.terms,
            agent.occupancy,
        )

    def come(self, now: int) -> None:
        """He is ready, and idle from now on."""
        if not self.ready:
            self.ready, self.idle_since = True, now
            self.ready_since = self.busy_since = now

    def leave(self, now: int) -> None:
        """He takes nothing more."""
        self.add_up(now)
        self.ready = False

    def add_up(self, now: int) -> None:
        """Count the time until now in which he was ready, and of that in which he was busy."""
        if self.ready:
            self.ready_ms += now - self.ready_since
            if self.taken:
                self.busy_ms += now - self.busy_since
            self.ready_since = self.busy_since = now

    def take(self, journey: Journey, now: int) -> None:
        """It is offered to him."""
        self.held[journey] = None
        self.offered_at = now
        self.occupy(journey.work.channel, now)

    def let_go(self, journey: Journey, now: int) -> None:
        """It is his no longer."""
        del self.held[journey]
        self.free(journey.work.channel, now)

    def occupy(self, channel: str, now: int) -> None:
        """One of his places is taken."""
        load = self.load
        load[channel] = load.get(channel, 0) + 1
        self.taken += 1
        if self.taken == 1:
            self.busy_since = now

    def free(self, channel: str, now: int) -> None:
        """A place comes free, and his idle time starts anew."""
        self.load[channel] -= 1
        self.taken -= 1
        self.idle_since = now
        if self.taken == 0 and self.ready:
            self.busy_ms += now - self.busy_since
