"""Several routers at the same work at once, every write committed: decisions a second, and what goes wrong.

So much work waits that every place of every agent can be filled, and the routers fill them, until none finds anything.
Then the rows are recounted: nobody may hold more than he has places, and nothing may wait beside a free place.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg

from chalicelib.configuration.document import read, write
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.messaging.poster import HttpPoster
from chalicelib.operations import routing, sessions
from chalicelib.operations.translation import waiting_of
from chalicelib.storage.memory import MemoryStore
from chalicelib.world import World
from infra.demo.incidents import load, start, start_body, tenant
from infra.versus.postgres import GIVE, TABLES

ROUTERS, AGENTS, PLACES = 4, 100, 5
WORK = AGENTS * PLACES
LOOKS, PAUSE_SECONDS = 3, 0.02
Connection = psycopg.Connection[Any]

CLAIM = """
SELECT id FROM work WHERE agent IS NULL ORDER BY priority DESC, queued_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
LEAST_LOADED = "SELECT id FROM agents WHERE ready AND cases < most_cases ORDER BY cases, idle_since LIMIT 1"


def of_postgres(where: str, careful: bool) -> dict[str, float]:
    """The tables of `postgres`: one statement that locks work and agent, or what is written first, which locks the
    work, reads who has least, and counts him up."""
    give = _give if careful else _give_carelessly
    with psycopg.connect(where, autocommit=True) as connection:
        connection.execute(TABLES)
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO agents VALUES (%s, true, '{q}', '{}', %s, 0, 0, %s)",
                [(f"a{n:03d}", n, PLACES) for n in range(AGENTS)],
            )
            cursor.executemany(
                "INSERT INTO work VALUES (%s, 'q', 'work_item', %s, %s, '{}', '{}')",
                [(f"w{n:05d}", n % 3, n) for n in range(WORK)],
            )
        seconds = _routers([lambda: _fill(where, give)] * ROUTERS)
        held = dict(_all(connection, "SELECT agent, count(*) FROM work WHERE agent IS NOT NULL GROUP BY agent"))
    return _recounted(held, seconds)


def of_ours() -> dict[str, float]:
    """Interleave's passes, each router with a world of its own over one in-memory twin of the store, whose conditions
    are the table's. DynamoDB's own time is not in it."""
    store, transport = MemoryStore(), MemoryTransport(_now)
    worlds = [World(store, transport, _now, secrets.token_bytes, "versus", HttpPoster()) for _ in range(ROUTERS)]
    first = worlds[0]
    ticket = next(each for each in load() if each.group == "Group 70")
    document = tenant([ticket])
    agent = {**document["agents"][0], "capacity": {"work_item": PLACES}}
    agents = [{**agent, "user_id": f"a{n:03d}"} for n in range(AGENTS)]
    store.apply(write(read({**document, "agents": agents})), 0)
    for queue in document["queues"]:
        transport.create_queue(queue["queue_id"])
    for each in agents:
        sessions.set_status(first, str(each["user_id"]), "ready", None, "versus")
    for n in range(WORK):
        body = start_body(ticket)
        body["work_item_variables"]["work_item_id"] = f"w{n}"
        engagement = store.engagement(start(first, body, "integration:versus"))
        assert engagement is not None
        store.enlist(waiting_of(first.tenant(), engagement))
    seconds = _routers([lambda world=each: _pass_until_done(world) for each in worlds])  # type: ignore[misc]
    held = {each.agent_id: len(each.held) for each in store.occupancies(str(a["user_id"]) for a in agents).values()}
    return _recounted(held, seconds)


def _pass_until_done(world: World) -> None:
    while routing.route_everything(world).offered:
        pass


def _now() -> int:
    return time.time_ns() // 1_000_000


def _routers(runs: Iterable[Callable[[], None]]) -> float:
    """Seconds that routers take together."""
    threads = [threading.Thread(target=run) for run in runs]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def _fill(where: str, give: Callable[[Connection], bool]) -> None:
    """Until nothing is found several times: once may only mean that others had it locked, or were quicker."""
    with psycopg.connect(where, autocommit=True) as connection:
        in_vain = 0
        while in_vain < LOOKS:
            in_vain = 0 if give(connection) else in_vain + 1
            time.sleep(PAUSE_SECONDS if in_vain else 0)


def _give(connection: Connection) -> bool:
    return connection.execute(GIVE).fetchone() is not None


def _give_carelessly(connection: Connection) -> bool:
    with connection.transaction():
        work = connection.execute(CLAIM).fetchone()
        agent = connection.execute(LEAST_LOADED).fetchone()
        if work is None or agent is None:
            return False
        connection.execute("UPDATE agents SET cases = cases + 1 WHERE id = %s", agent)
        connection.execute("UPDATE work SET agent = %s WHERE id = %s", (agent[0], work[0]))
    return True


def _all(connection: Connection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _recounted(held: dict[str, int], seconds: float) -> dict[str, float]:
    given, free = sum(held.values()), sum(max(PLACES - count, 0) for count in held.values())
    free += PLACES * (AGENTS - len(held))
    return {
        "decisions_per_s": given / seconds,
        "over_capacity": sum(max(count - PLACES, 0) for count in held.values()),
        "stuck": min(WORK - given, free),
    }
