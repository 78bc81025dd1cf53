"""A day in a contact centre on the in-memory twins, lived through by chance, and on record afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from chalicelib.engagements.model import Content, Engagement
from chalicelib.errors import NoCapacity
from chalicelib.operations import desk, intake, sessions, transferring
from chalicelib.operations.ordering import Order
from infra.simulation import history
from infra.simulation.fetched import fetched
from infra.simulation.history import History, Status
from infra.simulation.work import Offered
from tests.support.api import Api, api_of
from tests.support.worlds import NOW, MemoryCentre, memory_centre

HOUR = 3_600_000
OPENS_AND_CLOSES = (1_763_922_600_000, 1_763_928_900_000)
"""18:30 and 20:15 of that Sunday."""


def _flow(queue_id: str, channel: str = "work_item", **route: Any) -> dict[str, Any]:
    steps = [
        {
            "choose": [
                {
                    "when": {"field": "language_code", "op": "equal_to", "value": "fr"},
                    "route": {"skills": [{"skill": "french", "level": 3}], "priority": 7},
                }
            ],
            "otherwise": {},
        }
    ]
    return {
        "flow_id": queue_id,
        "flow_name": queue_id,
        "channel": channel,
        "entry_points": [{"entry_id": f"entry-{queue_id}", "entry_name": queue_id}],
        "versions": [
            {
                "flow_version": 1,
                "status": "published",
                "steps": [{"set": {"queue_id": queue_id, "priority": 1, **route}}, *steps],
            }
        ],
    }


DOCUMENT: dict[str, Any] = {
    "queues": [
        {
            "queue_id": "billing",
            "queue_name": "Wraps up, and ages",
            "wrap_up_time": 60,
            "consumer_routing_profile_id": "ageing",
            "service_level": {"threshold": 300},
        },
        {
            "queue_id": "claims",
            "queue_name": "Widens its search",
            "agent_routing_profile_id": "languages",
            "cool_down": 120,
        },
        {
            "queue_id": "express",
            "queue_name": "Accepts in the agents' names, in turn",
            "auto_accept": True,
            "distribution": "rotating",
        },
        {"queue_id": "calls", "queue_name": "Voice", "channel": "voice", "offer_timeout": 20},
        {
            "queue_id": "grouped",
            "queue_name": "Helpers later",
            "agent_groups": [{"group_id": "helpers", "level": 2, "delay": 45}],
        },
        {
            "queue_id": "short",
            "queue_name": "Keeps two, for ten minutes",
            "max_engagement_in_queue": 2,
            "max_wait_time": 600,
            "overflow": {"queue_id": "billing"},
        },
        {"queue_id": "office", "queue_name": "Opens later", "business_hours_id": "evening"},
    ],
    "skill_categories": [{"skill_category_id": "language", "skills": ["french", "german"]}],
    "agent_routing_profiles": [
        {
            "agent_routing_profile_id": "languages",
            "time_steps": [90, -1],
            "priorities": [{"skill_category_id": "language"}],
        }
    ],
    "consumer_routing_profiles": [{"consumer_routing_profile_id": "ageing", "ageing_rate": 600}],
    "business_hours": [{"business_hours_id": "evening", "weekly": {"sunday": [{"start": "18:30", "end": "20:15"}]}}],
    "occupancy_profiles": [
        {
            "occupancy_profile_id": "blended",
            "capacity": {"voice": 1, "work_item": 2},
            "closings": [{"when": [{"channel": "voice", "percent": 100}]}],
        },
        {"occupancy_profile_id": "careful", "capacity": {"voice": 1, "work_item": 3}, "most_offers": 1},
    ],
    "agents": [
        {
            "user_id": "ana",
            "display_name": "Ana",
            "queues": ["billing", "claims", "calls", "office"],
            "skills": {"french": 4},
            "occupancy_profile_id": "blended",
        },
        {
            "user_id": "ben",
            "display_name": "Ben",
            "queues": ["billing", "express", "short", "grouped"],
            "capacity": {"work_item": 2},
        },
        {
            "user_id": "cem",
            "display_name": "Cem",
            "queues": ["claims", "calls", "express", "office"],
            "skills": {"french": 2, "german": 3},
            "occupancy_profile_id": "careful",
        },
        {"user_id": "dee", "display_name": "Dee", "queues": ["grouped", "billing", "express"], "group_id": "helpers"},
        {
            "user_id": "eve",
            "display_name": "Eve",
            "queues": ["short", "claims", "calls"],
            "occupancy_profile_id": "blended",
            "offer_timeout": 10,
        },
    ],
    "flows": [
        _flow(q, "voice" if q == "calls" else "work_item")
        for q in ("billing", "claims", "express", "calls", "grouped", "short", "office")
    ],
}
QUEUES = [queue["queue_id"] for queue in DOCUMENT["queues"]]


class Lived:
    """A day by chance. What an agent does with what is offered to him, chance decides when it is."""

    def __init__(self, seed: int, works: int) -> None:
        self.chance = random.Random(seed)
        self.centre: MemoryCentre = memory_centre(configured=False)
        self.centre.configure(DOCUMENT)
        self._next: list[tuple[int, int, Callable[[], None]]] = []
        self._order = count()
        self._seen = 0
        for agent in DOCUMENT["agents"]:
            self._at(NOW + self.chance.randrange(60_000), self._status(agent["user_id"], "ready"))
            for _ in range(2):
                gone = NOW + self.chance.randrange(HOUR, 3 * HOUR)
                self._at(gone, self._status(agent["user_id"], "not_ready"))
                self._at(gone + self.chance.randrange(60_000, 900_000), self._status(agent["user_id"], "ready"))
        for clock in OPENS_AND_CLOSES:
            self._at(clock, lambda: void(self.centre.route()))  # as the schedule does, within a minute
        for n in range(works):
            self._at(NOW + self.chance.randrange(3 * HOUR), self._start(n))

    def live(self) -> None:
        """Until nothing more happens, or everybody has long gone home."""
        while (self._next or self._rings()) and self.centre.clock.at < NOW + 6 * HOUR:
            moments = [at for at, _ in self._rings()] + [self._next[0][0] if self._next else NOW + 10**12]
            self.centre.clock.at = max(min(moments), self.centre.clock.at)
            if self._next and self._next[0][0] <= self.centre.clock.at:
                heappop(self._next)[2]()
            self._settle()

    def record(self) -> History:
        """As the API tells it; when agents were ready, the stream of their rows tells."""
        api: Api = api_of(self.centre)
        told = fetched(lambda path: api.by("adm").get(path).body, NOW - HOUR, self.centre.clock.at + HOUR)
        return history.of(told.engagements, self._statuses(), told.configuration)

    def offers(self) -> list[Offered]:
        """Every offer that was made, in order."""
        return sorted(
            Offered(event.at, new.engagement_id, new.offer.agent_id if new.offer else new.agent_id or "")
            for _, new in self.centre.store.stream
            for event in new.trail
            if event.command == "offer" and event.version in (new.version, new.version - 1) and self._first(new, event)
        )

    @staticmethod
    def _first(new: Engagement, event: Any) -> bool:
        """An offer that is accepted in the same write stands before the last event."""
        return event.version == new.version or (new.trail[-1].command == "accept" and new.trail[-1].at == event.at)

    def _statuses(self) -> list[Status]:
        changes = self.centre.store.agent_stream
        return [
            Status(new.status_since, new.agent_id, new.status == "ready")
            for old, new in changes
            if (old.status if old else "offline") != new.status
        ]

    def _rings(self) -> list[tuple[int, Any]]:
        return self.centre.transport._rings

    def _settle(self) -> None:
        """What the stream and the doorbell bring, until nothing more comes of it now."""
        while True:
            moved = self.centre.catch_up()
            due = any(at <= self.centre.clock.at for at, _ in self._rings())
            self.centre.ring()
            self._react()
            if not moved and not due:
                return

    def _at(self, at: int, what: Callable[[], None]) -> None:
        heappush(self._next, (at, next(self._order), what))

    def _in(self, least: int, most: int, what: Callable[[], None]) -> None:
        self._at(self.centre.clock.at + self.chance.randrange(least, most), what)

    def _status(self, agent_id: str, status: Any) -> Callable[[], None]:
        return lambda: void(sessions.set_status(self.centre.world, agent_id, status, None, f"agent:{agent_id}"))

    def _start(self, n: int) -> Callable[[], None]:
        queue_id, language = self.chance.choice(QUEUES), self.chance.choice(["fr", "de", None])
        content = Content({"work_item_id": f"W{n}", "work_item_name": "Work"}, language_code=language)
        return lambda: self._started(queue_id, content)

    def _started(self, queue_id: str, content: Content) -> None:
        channel = "voice" if queue_id == "calls" else "work_item"
        begun = intake.start(
            self.centre.world,
            flow_entry_id=f"entry-{queue_id}",
            channel=channel,
            content=content,
            actor="integration:crm",
            idempotency=None,
            use_existing=False,
        )
        if self.chance.random() < 0.1:
            self._in(10_000, 600_000, lambda: self._cancel(begun.engagement_id))

    def _react(self) -> None:
        """Agents decide what they will do about what has just come to them."""
        stream = self.centre.store.stream
        while self._seen < len(stream):
            new = stream[self._seen][1]
            self._seen += 1
            if new.state == "offered" and new.offer is not None and new.trail[-1].command == "offer":
                self._answers(new)
            elif new.state == "assigned" and new.trail[-1].command in ("accept", "activate"):
                self._works(new)
            elif new.state == "wrap_up":
                self._in(1_000, 50_000, self._act(new, lambda order: desk.wrap_up(self.centre.world, order, None)))

    def _answers(self, offered: Engagement) -> None:
        offer, world = offered.offer, self.centre.world
        assert offer is not None
        chance = self.chance.random()
        if chance < 0.7:
            self._in(500, 9_000, self._act(offered, lambda order: desk.accept(world, order, offer.offer_id)))
        elif chance < 0.85:
            self._in(500, 9_000, self._act(offered, lambda order: desk.decline(world, order, offer.offer_id, None)))

    def _works(self, mine: Engagement) -> None:
        world, chance = self.centre.world, self.chance.random()
        if chance < 0.1 and mine.trail[-1].command != "activate" and mine.channel != "voice":
            self._in(5_000, 200_000, self._act(mine, lambda order: self._parks(order)))
        elif chance < 0.2 and mine.channel != "voice" and mine.transfers < 2:
            to = transferring.Target("queue", "claims", False)
            self._in(5_000, 200_000, self._act(mine, lambda order: transferring.transfer(world, order, to)))
        elif chance < 0.25:
            self._in(5_000, 200_000, self._act(mine, lambda order: desk.release(world, order)))
        else:
            self._in(20_000, 500_000, self._act(mine, lambda order: desk.end(world, order, None)))

    def _parks(self, order: Order) -> None:
        parked = desk.deactivate(self.centre.world, order)
        self._in(30_000, 300_000, self._act(parked, self._activates))

    def _activates(self, order: Order) -> None:
        """As soon as he has room."""
        try:
            desk.activate(self.centre.world, order)
        except NoCapacity:
            self._in(1_000, 20_000, self._act(self.centre.read(order.engagement_id), self._activates))

    def _act(self, seen: Engagement, what: Callable[[Order], Any]) -> Callable[[], None]:
        """Unless something else has happened to it by then."""

        def act() -> None:
            found = self.centre.read(seen.engagement_id)
            if found.version == seen.version:
                what(Order(seen.engagement_id, f"agent:{seen.agent_id}", seen.agent_id))

        return act

    def _cancel(self, engagement_id: str) -> None:
        if self.centre.read(engagement_id).state in ("queued", "offered"):
            desk.cancel(self.centre.world, Order(engagement_id, "integration:crm"))


def void(_: object) -> None:
    """Nothing comes of it."""
