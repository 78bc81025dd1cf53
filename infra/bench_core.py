"""How fast the routing core decides, beside a naive nested loop, in one run."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace

from chalicelib.routing.decide import decide
from chalicelib.routing.filter import need_of, unmet
from chalicelib.routing.model import Candidate, Match, Requirement, Waiting
from chalicelib.routing.rank import rank

AGENTS, ENGAGEMENTS, SKILLS, QUEUES = 10_000, 100_000, 50, 20
PROFILES, KINDS = 300, 1500
PLACES = {"voice": 1, "messaging": 3, "work_item": 3}
NAIVE_SAMPLE = 400
"""Engagements of which the naive loop is timed; its cost an engagement does not depend on how many there are."""
NOW = 10_000_000


def measure() -> dict[str, float]:
    """Speed-ups over the naive loop with all agents free and with 98 % of them busy, and matches a second."""
    everything = _waiting(ENGAGEMENTS)
    free, busy = _agents(0.0), _agents(0.98)
    seconds_free, matches = _timed(lambda: list(decide(everything, free, NOW)))
    seconds_busy, _ = _timed(lambda: list(decide(everything, busy, NOW)))
    return {
        "core_speedup_free": round(_naive_seconds(everything, free) / seconds_free, 1),
        "core_speedup_busy": round(_naive_seconds(everything, busy) / seconds_busy, 1),
        "core_decisions_per_s": round(len(matches) / seconds_free),
        "core_full_pass_s": round(seconds_free, 3),
    }


def _naive_seconds(waiting: list[Waiting], agents: list[Candidate]) -> float:
    """What the naive loop would take for all, from what it takes for a sample spread over all ranks."""
    ranked = sorted(waiting, key=rank)
    sample = ranked[:: len(ranked) // NAIVE_SAMPLE]
    seconds, _ = _timed(lambda: _naive(sample, agents))
    return seconds * len(waiting) / len(sample)


def _naive(waiting: list[Waiting], agents: list[Candidate]) -> list[Match]:
    """For each engagement, every agent."""
    ready = {agent.agent_id: agent for agent in agents if agent.ready}
    matches = []
    for engagement in waiting:
        need = need_of(engagement, NOW)
        best = None
        for agent in ready.values():
            if unmet(agent, need) is None and (best is None or agent.idle_since < best.idle_since):
                best = agent
        if best is not None:
            matches.append(Match(engagement, best.agent_id))
            load = {**best.load, engagement.channel: best.load.get(engagement.channel, 0) + 1}
            ready[best.agent_id] = replace(best, load=load, idle_since=NOW)
    return matches


def _timed(run: Callable[[], list[Match]]) -> tuple[float, list[Match]]:
    began = time.perf_counter()
    result = run()
    return time.perf_counter() - began, result


def _agents(busy: float) -> list[Candidate]:
    chance = random.Random(1)  # noqa: S311 - the same world in every run
    profiles = [
        (
            frozenset(f"q{q}" for q in chance.sample(range(QUEUES), 3)),
            {f"s{s}": chance.randint(1, 5) for s in chance.sample(range(SKILLS), 6)},
        )
        for _ in range(PROFILES)
    ]
    agents = []
    for n in range(AGENTS):
        queues, skills = chance.choice(profiles)
        load = PLACES if chance.random() < busy else {}
        agents.append(Candidate(f"a{n}", True, queues, chance.randrange(NOW), skills, PLACES, load))
    return agents


def _waiting(count: int) -> list[Waiting]:
    chance = random.Random(2)  # noqa: S311 - the same world in every run
    kinds = [
        (
            f"q{chance.randrange(QUEUES)}",
            chance.choice(list(PLACES)),
            tuple(
                Requirement(f"s{s}", chance.randint(1, 3))
                for s in chance.sample(range(SKILLS), chance.choice([0, 1, 1, 2]))
            ),
        )
        for _ in range(KINDS)
    ]
    engagements = []
    for n in range(count):
        queue_id, channel, skills = chance.choice(kinds)
        priority, queued_at = chance.randrange(10), chance.randrange(NOW)
        engagements.append(Waiting(f"e{n:07d}", 1, queue_id, channel, priority, queued_at, skills))
    return engagements
