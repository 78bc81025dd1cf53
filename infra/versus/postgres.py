"""What one would build: a table of work, a table of agents, and `FOR UPDATE SKIP LOCKED`.

It is built with care: one statement chooses work and agent, locks both rows and asks again for what it has locked, so
several routers at once give nothing twice and nobody too much. `race` has its careless sister.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Set
from typing import Any

import psycopg

from chalicelib.routing.model import Candidate, Match, Waiting

TABLES = """
DROP TABLE IF EXISTS work, agents;
CREATE TABLE work (
    id text PRIMARY KEY, queue text NOT NULL, channel text NOT NULL, priority int NOT NULL, queued_at bigint NOT NULL,
    skills jsonb NOT NULL, declined text[] NOT NULL, agent text
);
CREATE INDEX ON work (priority DESC, queued_at) WHERE agent IS NULL;
CREATE TABLE agents (
    id text PRIMARY KEY, ready bool NOT NULL, queues text[] NOT NULL, skills jsonb NOT NULL, idle_since bigint NOT NULL,
    calls int NOT NULL, cases int NOT NULL, most_cases int NOT NULL
);
"""
CAN_TAKE = """
    a.ready AND w.queue = ANY (a.queues) AND a.calls = 0 AND (w.channel = 'voice' OR a.cases < a.most_cases)
    AND NOT a.id = ANY (w.declined) AND NOT EXISTS (
        SELECT FROM jsonb_each_text(w.skills) AS s WHERE coalesce((a.skills->>s.key)::int, 0) < s.value::int
    )
"""
GIVE = f"""
WITH pair AS (
    SELECT w.id AS work, w.channel, a.id AS agent FROM work AS w JOIN agents AS a ON {CAN_TAKE}
    WHERE w.agent IS NULL
    ORDER BY w.priority DESC, w.queued_at, w.id, a.idle_since, a.id LIMIT 1
    FOR UPDATE OF w, a SKIP LOCKED
), taken AS (
    UPDATE agents SET
        calls = calls + (pair.channel = 'voice')::int,
        cases = cases + (pair.channel <> 'voice')::int
    FROM pair WHERE agents.id = pair.agent
)
UPDATE work SET agent = pair.agent FROM pair WHERE work.id = pair.work RETURNING work.id, work.agent
"""  # noqa: S608 - only our own text is put into it


class Postgres:
    """The tables as a strategy: every call is a statement, every write is durable."""

    def __init__(self, where: str, most_cases: int) -> None:
        self._most_cases = most_cases
        self._connection = psycopg.connect(where, autocommit=True)
        self._connection.execute(TABLES)
        self._waiting: dict[str, Waiting] = {}

    def arrive(self, waiting: Waiting, now: int) -> None:
        """A row of work."""
        self._waiting[waiting.engagement_id] = waiting
        declined = [agent_id for agent_id, until in waiting.cooling if until > now]
        self._run(
            "INSERT INTO work VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (id) DO UPDATE SET agent = NULL, declined = excluded.declined",
            *(waiting.engagement_id, waiting.queue_id, waiting.channel, waiting.priority, waiting.queued_at),
            json.dumps({each.skill: each.level for each in waiting.skills}),
            declined,
        )

    def leave(self, engagement_id: str) -> None:
        """Without it."""
        self._run("DELETE FROM work WHERE id = %s", engagement_id)

    def update(self, candidates: Iterable[Candidate]) -> None:
        """Agents' rows, as they are now."""
        for each in candidates:
            self._run(
                "INSERT INTO agents VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
                "ready = excluded.ready, idle_since = excluded.idle_since, calls = excluded.calls, "
                "cases = excluded.cases",
                *(each.agent_id, each.ready, sorted(each.queues), json.dumps(dict(each.skills)), each.idle_since),
                *(each.load.get("voice", 0), each.load.get("work_item", 0), self._most_cases),
            )

    def decide(self, now: int, closed: Set[str]) -> list[Match]:  # noqa: ARG002 - nothing closes on this day
        """One pair a statement, until there is none."""
        matches = []
        while (row := self._connection.execute(GIVE).fetchone()) is not None:
            matches.append(Match(self._waiting.pop(row[0]), row[1]))
        return matches

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _run(self, statement: str, *values: Any) -> None:
        self._connection.execute(statement, values)
