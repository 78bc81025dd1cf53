"""How fast the routing core decides, beside a naive nested loop, in one run."""

from __future__ import annotations

import functools
import gc
import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from typing import TypeVar

from chalicelib.routing.decide import decide
from chalicelib.routing.engine import Engine
from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate, Match, Requirement, Waiting
from chalicelib.routing.rank import rank
from chalicelib.routing.widen import Needs

T = TypeVar("T")
AGENTS, ENGAGEMENTS, SKILLS, QUEUES = 10_000, 100_000, 50, 20
PROFILES, KINDS = 300, 1500
PLACES = {"voice": 1, "messaging": 3, "work_item": 3}
NAIVE_SAMPLE = 400
"""Engagements of which the naive loop is timed; its cost an engagement does not depend on how many there are."""
NOW = 10_000_000


def measure() -> dict[str, float]:
    """Full pass and growth, incremental engine, memory, and the gap to the exact optimum."""
    return {**_full_pass(), **_incremental(), **_memory(), "core_gap_1000_percent": gap_percent(1000, 3000)}


def _full_pass() -> dict[str, float]:
    """Speed-ups over the naive loop with all agents free, with 98 % busy and with skills that nobody shares."""
    everything = _waiting(ENGAGEMENTS)
    free, busy, unique = _agents(0.0), _agents(0.98), _agents(0.0, profiles=AGENTS)
    naive_free, naive_busy, naive_unique = (_naive_seconds(everything, agents) for agents in (free, busy, unique))
    seconds_free, matches = timed(lambda: decide(everything, free, NOW))
    seconds_busy, _ = timed(lambda: decide(everything, busy, NOW))
    seconds_unique, _ = timed(lambda: decide(everything, unique, NOW))
    numbers = {
        "core_speedup_free": round(naive_free / seconds_free, 1),
        "core_speedup_busy": round(naive_busy / seconds_busy, 1),
        "core_speedup_unique_skills": round(naive_unique / seconds_unique, 1),
        "core_full_pass_s": round(seconds_free, 3),
        "core_full_pass_matches": len(matches),
    }
    for engagements, agents in ((10_000, AGENTS), (1_000_000, AGENTS), (ENGAGEMENTS, 1000), (ENGAGEMENTS, 100_000)):
        waiting, candidates = _waiting(engagements), _agents(0.0, count=agents)
        name = f"core_full_pass_{engagements // 1000}k_by_{agents // 1000}k_s"
        numbers[name] = round(timed(functools.partial(decide, waiting, candidates, NOW))[0], 3)
    return numbers


def _incremental() -> dict[str, float]:
    """A day at 10,000 agents: work arrives, agents take it, finish it and are free again; microseconds of each.

    An arrival and a release are a decision each: who gets this, and what does he get.
    """
    chance = random.Random(3)  # noqa: S311 - the same day in every run
    agents = {agent.agent_id: replace(agent, capacity={"work_item": 1}) for agent in _agents(0.0)}
    arrivals = [replace(each, channel="work_item", queued_at=NOW) for each in _waiting(40_000)]
    engine, now, events = Engine(agents.values(), (), NOW), NOW, {"arrival": 0, "release": 0}
    spent = {"arrival": 0.0, "release": 0.0}
    busy: list[tuple[int, str]] = []
    gc.collect()
    gc.freeze()
    for each in arrivals:
        now += 1
        while busy and busy[0][0] <= now:
            released = replace(agents[heappop(busy)[1]], idle_since=now)
            at = time.perf_counter()
            engine.update([released])
            matches = engine.decide(now)
            spent["release"] += time.perf_counter() - at
            events["release"] += 1
            for match in matches:
                heappush(busy, (now + chance.randrange(10_000), match.agent_id))
        at = time.perf_counter()
        engine.arrive(each, now)
        matches = engine.decide(now)
        spent["arrival"] += time.perf_counter() - at
        events["arrival"] += 1
        for match in matches:
            heappush(busy, (now + chance.randrange(10_000), match.agent_id))
    gc.unfreeze()
    return {
        "core_decisions_per_s": round(sum(events.values()) / sum(spent.values())),
        "core_arrival_us": round(1e6 * spent["arrival"] / events["arrival"], 1),
        "core_release_us": round(1e6 * spent["release"] / events["release"], 1),
    }


def _memory() -> dict[str, float]:
    """Megabytes that 100,000 waiting engagements and 10,000 agents take, in the engine and as they are given to it."""
    tracemalloc.start()
    engine = Engine(_agents(0.0), _waiting(ENGAGEMENTS), NOW)
    engine.decide(NOW)
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {"core_memory_mb": round(taken / 1e6, 1)}


def gap_percent(agents: int, engagements: int) -> float:
    """By how much the priorities that are served fall short of the best that could be, in per cent."""
    from scipy.optimize import linear_sum_assignment

    chance = random.Random(agents)  # noqa: S311 - the same world in every run
    kinds = [tuple(Requirement(f"s{s}") for s in chance.sample(range(12), chance.choice([1, 1, 2]))) for _ in range(40)]
    people = [
        Candidate(
            f"a{n}", True, frozenset({"q"}), n, {f"s{s}": 1 for s in chance.sample(range(12), 3)}, {"work_item": 1}
        )
        for n in range(agents)
    ]
    work = [
        Waiting(f"e{n:06d}", 1, "q", "work_item", chance.randint(1, 10), n, chance.choice(kinds))
        for n in range(engagements)
    ]
    able = {kind: [all(r.skill in p.skills for r in kind) for p in people] for kind in kinds}
    weights = [[each.priority if fits else 0 for fits in able[each.skills]] for each in work]
    rows, columns = linear_sum_assignment(weights, maximize=True)
    best = sum(weights[row][column] for row, column in zip(rows, columns, strict=True))
    served = sum(match.waiting.priority for match in decide(work, people, NOW))
    return round(100 * float(best - served) / float(best), 4)


def _naive_seconds(waiting: list[Waiting], agents: list[Candidate]) -> float:
    """What the naive loop would take for all, from what it takes for a sample spread over all ranks."""
    ranked = sorted(waiting, key=rank)
    sample = ranked[:: len(ranked) // NAIVE_SAMPLE]
    seconds, _ = timed(lambda: _naive(sample, agents))
    return seconds * len(waiting) / len(sample)


def _naive(waiting: list[Waiting], agents: list[Candidate]) -> list[Match]:
    """For each engagement, every agent."""
    ready = {agent.agent_id: agent for agent in agents if agent.ready}
    needs, matches = Needs({}), []
    for engagement in waiting:
        need = needs.of(engagement, NOW)
        best = None
        for agent in ready.values():
            if unmet(agent, need) is None and (best is None or agent.idle_since < best.idle_since):
                best = agent
        if best is not None:
            matches.append(Match(engagement, best.agent_id))
            load = {**best.load, engagement.channel: best.load.get(engagement.channel, 0) + 1}
            ready[best.agent_id] = replace(best, load=load, idle_since=NOW)
    return matches


def timed(run: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> tuple[float, T]:
    """How many seconds something takes, by a clock of seconds, and its result."""
    gc.collect()
    gc.freeze()  # the collector would go through this program's own worlds over and over
    began = clock()
    result = run()
    seconds = clock() - began
    gc.unfreeze()
    return seconds, result


def _agents(busy: float, profiles: int = PROFILES, count: int = AGENTS) -> list[Candidate]:
    chance = random.Random(1)  # noqa: S311 - the same world in every run
    kinds = [
        (
            frozenset(f"q{q}" for q in chance.sample(range(QUEUES), 3)),
            {f"s{s}": chance.randint(1, 5) for s in chance.sample(range(SKILLS), 6)},
        )
        for _ in range(profiles)
    ]
    agents = []
    for n in range(count):
        queues, skills = chance.choice(kinds)
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
