"""What a pass, a sweep, a poll and a look at live numbers read for each agent, counted from the store's calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.configuration.document import read, write
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import desk, routing, sessions, timers, watching
from chalicelib.storage import codec
from chalicelib.storage.dynamodb import DynamoStore
from chalicelib.storage.protocol import Configuration
from chalicelib.world import World
from infra import cost
from infra.billing import Meter, size_of
from infra.scale.recorded import NOON, TABLE, Receiver

FEW, MANY = 20, 60


@dataclass(frozen=True, slots=True)
class Counted:
    """Read units an agent, and bytes an agent. What does not grow with the agents is left out."""

    of_a_pass: float
    """Of one queue, for each agent who serves it."""
    of_a_sweep: float
    of_live_numbers: float
    of_a_poll: float
    document_bytes: float
    """Of the tenant's configuration, as it is kept."""
    row_bytes: float
    """Of an agent's row, without work in it."""
    entry_bytes: float
    """Of what an index has of it: its keys."""


def counted(session: Any) -> Counted:
    """By what more agents read more. All are ready."""
    few, many = _reads(session, FEW), _reads(session, MANY)
    slopes = {name: (many[name] - few[name]) / (MANY - FEW) for name in few}
    once = (many[name] for name in ("row", "entry"))
    return Counted(slopes["pass"], slopes["sweep"], slopes["live"], many["poll"], slopes["document"], *once)


def document(agents: int) -> dict[str, Any]:
    """A tenant of one queue with so many agents, each with a name and two skills of his own level."""
    skills = ["french", "german", "fraud", "contracts", "tax"]
    return {
        "queues": [{"queue_id": "cases", "queue_name": "Cases"}],
        "skill_categories": [{"skill_category_id": "knows", "skills": skills}],
        "agents": [
            {
                "user_id": f"agent-{n:06d}",
                "display_name": f"Agent {n:06d}",
                "queues": ["cases"],
                "skills": {skills[n % 5]: 1 + n % 4, skills[(n + 2) % 5]: 2},
                "capacity": {"work_item": 3},
            }
            for n in range(agents)
        ],
    }


def _reads(session: Any, agents: int) -> dict[str, float]:
    meter, dynamodb = Meter(), session.client("dynamodb")
    table = f"{TABLE}-{agents}"
    cost.create_table(dynamodb, table)
    meter.watch(dynamodb)
    store = DynamoStore(dynamodb, table)
    world = World(store, MemoryTransport(_now), _now, secrets.token_bytes, "scale", Receiver())
    applied = write(read(document(agents)))
    store.apply(applied, 0)
    world.transport.create_queue("cases")
    for agent_id in world.tenant().agent_by_id:
        sessions.set_status(world, agent_id, "ready", None, "scale")

    def reads(what: Callable[[], object]) -> float:
        before = meter.billed["read_units"]
        what()
        return meter.billed["read_units"] - before

    first = next(iter(world.tenant().agent_by_id))
    key = {"pk": {"S": f"AGENT#{first}"}, "sk": {"S": "OCCUPANCY"}}
    row = dynamodb.get_item(TableName=table, Key=key)["Item"]
    return {
        "pass": reads(lambda: routing.route(world, [Ring(queue_id="cases")])),
        "sweep": reads(lambda: _sweep(world)),
        "live": reads(lambda: watching.queues_now(world)),
        "poll": reads(lambda: desk.assignments(world, first)),
        "document": float(len(codec.CONFIGURATION.dump(Configuration(1, applied)))),
        "row": float(size_of(row)),
        "entry": float(size_of({name: row[name] for name in ("pk", "sk", "gpk", "gsk")})),
    }


def _sweep(world: World) -> None:
    timers.sweep(world)
    routing.route_everything(world)


def _now() -> int:
    return NOON
