"""What one would build on a maintained library: procrastinate's queue in PostgreSQL, agents as its workers.

Work of one queue and one requirement is a queue of the library's; an agent fetches, by `FOR UPDATE SKIP LOCKED`, from
all whose requirement he meets and for whose channel he has room. Who of several free agents fetches first is chance.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Iterable, Set
from typing import TypeVar

from procrastinate import App, PsycopgConnector
from procrastinate.jobs import Status

from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.widen import Need, Needs

T = TypeVar("T")


class Procrastinated:
    """The library as a strategy: every arrival is deferred, every decision fetched and finished."""

    def __init__(self, where: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._app = App(connector=PsycopgConnector(conninfo=where, min_size=1, max_size=1))
        self._do(self._app.open_async())
        self._do(self._app.schema_manager.apply_schema_async())
        self._worker = self._do(self._app.job_manager.register_worker())
        self._needs = Needs({})
        self._waiting: dict[str, Waiting] = {}
        self._queues: dict[str, Need] = {}
        self._names: dict[Need, str] = {}
        self._depth: Counter[str] = Counter()
        """A worker is told when there is something in his queues; he does not ask empty ones."""
        self._agents: dict[str, Candidate] = {}
        self._chance = random.Random(1)  # noqa: S311 - the same order in every run

    def arrive(self, waiting: Waiting, now: int) -> None:
        """Defer a job that names the work."""
        need = self._needs.of(waiting, now)._replace(not_to=())
        queue = self._names.setdefault(need, f"queue-{len(self._names)}")
        self._queues[queue] = need
        self._waiting[waiting.engagement_id] = waiting
        self._depth[queue] += 1
        deferrer = self._app.configure_task("give", queue=queue, priority=waiting.priority, allow_unknown=True)
        self._do(deferrer.defer_async(engagement_id=waiting.engagement_id))

    def leave(self, engagement_id: str) -> None:
        """On this day nothing leaves."""
        raise NotImplementedError(engagement_id)

    def update(self, candidates: Iterable[Candidate]) -> None:
        """A worker with other places free."""
        self._agents.update({each.agent_id: each for each in candidates})

    def decide(self, now: int, closed: Set[str]) -> list[Match]:  # noqa: ARG002 - nothing closes on this day
        """Each agent who has room and something to fetch, in no particular order, fetches one."""
        matches = []
        for agent in self._chance.sample(sorted(self._agents.values(), key=_name), len(self._agents)):
            queues = [
                queue for queue, need in self._queues.items() if self._depth[queue] > 0 and unmet(agent, need) is None
            ]
            job = self._do(self._app.job_manager.fetch_job(queues, self._worker)) if queues else None
            if job is not None:
                self._do(self._app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True))
                self._depth[job.queue] -= 1
                matches.append(Match(self._waiting.pop(str(job.task_kwargs["engagement_id"])), agent.agent_id))
        return matches

    def close(self) -> None:
        """Let go of the connection."""
        self._do(self._app.close_async())
        self._loop.close()

    def _do(self, what: Awaitable[T]) -> T:
        async def done() -> T:
            return await what

        return self._loop.run_until_complete(done())


def _name(agent: Candidate) -> str:
    return agent.agent_id
