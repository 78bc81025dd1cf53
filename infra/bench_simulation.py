"""How fast a simulation is, beside SimPy doing the same model, in one run.

The model: 500 agents of ten kinds, 20 queues of which each kind serves four, 100,000 engagements by a Poisson process
that keeps the agents 90 % busy, exponential handling times; first come, first served, by the agent idle longest. In
SimPy an engagement is a process that takes an agent who serves its queue out of a `FilterStore` and puts him back,
which is the same rule; so both must give the same waits, and that is checked.
"""

from __future__ import annotations

import random
import time
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from chalicelib.engagements.model import Destination
from chalicelib.routing.model import Candidate
from infra.bench_core import timed
from infra.simulation.centre import Centre, Presence, QueueTerms
from infra.simulation.run import simulate
from infra.simulation.work import Stint, Work

AGENTS, ENGAGEMENTS, QUEUES, KINDS, SERVED = 500, 100_000, 20, 10, 4
BUSY = 0.9
HANDLING_MS = 300_000
SIMPY_SAMPLE = 20_000
"""SimPy is timed on the first so many; its pace is the same over all of them."""


def measure() -> dict[str, float]:
    """Engagements a second of processor time, of the simulator and of SimPy."""
    centre, works = model()
    seconds, waits = timed(lambda: _ours(centre, works), time.process_time)
    sample = works[:SIMPY_SAMPLE]
    simpy_seconds, simpy_waits = timed(lambda: _simpy(centre, sample), time.process_time)
    if _ours(centre, sample) != simpy_waits:
        raise AssertionError("the simulator and SimPy do not agree on the same model")
    assert len(waits) == len(works)
    return {
        "simulated_engagements_per_s": round(len(works) / seconds),
        "simpy_engagements_per_s": round(len(sample) / simpy_seconds),
    }


def model() -> tuple[Centre, list[Work]]:
    """The centre, and what comes to it."""
    chance = random.Random(1)  # noqa: S311 - the same world in every run
    kinds = [frozenset(f"q{(2 * n + nth) % QUEUES}" for nth in range(SERVED)) for n in range(KINDS)]
    agents = tuple(Candidate(f"a{n:03d}", False, kinds[n % KINDS], 0, capacity={"work_item": 1}) for n in range(AGENTS))
    works, at = [], 0.0
    for n in range(ENGAGEMENTS):
        at += chance.expovariate(AGENTS * BUSY / HANDLING_MS)
        to = Destination(f"q{chance.randrange(QUEUES)}")
        works.append(
            Work(f"e{n:06d}", round(at), "work_item", to, (Stint(round(chance.expovariate(1 / HANDLING_MS))),))
        )
    presence = tuple(Presence(0, agent.agent_id, True) for agent in agents)
    return Centre(agents, presence, queues={f"q{q}": QueueTerms(auto_accept=True) for q in range(QUEUES)}), works


def _ours(centre: Centre, works: Sequence[Work]) -> list[int]:
    return sorted(visit.until - visit.since for visit in simulate(centre, works).visits)


def _simpy(centre: Centre, works: Sequence[Work]) -> list[int]:
    environment = simpy.Environment()
    free = simpy.FilterStore(environment)
    free.items = list(centre.agents)
    waits: list[int] = []

    def engagement(work: Work) -> Generator[Any, Any, None]:
        came = environment.now
        agent = yield free.get(lambda each: work.to.queue_id in each.queues)
        waits.append(round(environment.now - came))
        yield environment.timeout(work.stints[0].handled)
        yield free.put(agent)

    def source() -> Generator[Any, Any, None]:
        for work in works:
            yield environment.timeout(work.at - environment.now)
            environment.process(engagement(work))

    environment.process(source())
    environment.run()
    return sorted(waits)
