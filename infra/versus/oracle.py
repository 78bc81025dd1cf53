"""Ciw, a simulator written by others, plays what both can: one queue, agents who are alike, strict priorities.

Arrivals and handling times are handed to it as they were drawn, so that not means are compared but every single wait.
"""

from __future__ import annotations

import random

import ciw

from chalicelib.engagements.model import Destination
from chalicelib.routing.model import Candidate
from infra.simulation.centre import Centre, Presence, QueueTerms
from infra.simulation.run import simulate
from infra.simulation.work import Stint, Work

PRIORITIES = (3, 2, 1)
AGENTS, WORK, HANDLED_MS, BUSY = 12, 2_000, 300_000, 0.95


def agree(work: int = WORK) -> dict[str, float]:
    """How many waits were compared, how many differ by a millisecond or more, and the mean by priority in seconds."""
    works = _drawn(work)
    ours, theirs = _ours(works), _ciw(works)
    apart = sum(abs(one - other) >= 1 for p in PRIORITIES for one, other in zip(ours[p], theirs[p], strict=True))
    means = {f"wait_mean.priority.{p}": sum(ours[p]) / len(ours[p]) / 1000 for p in PRIORITIES}
    return {"waits": len(works), "apart": apart, **means}


def _drawn(count: int) -> list[Work]:
    chance = random.Random(1)  # noqa: S311 - the same in every run
    works, at = [], 0
    for n in range(count):
        at += round(chance.expovariate(AGENTS * BUSY / HANDLED_MS)) + 1
        to = Destination("q", chance.choice(PRIORITIES))
        works.append(Work(f"w{n:06d}", at, "work_item", to, (Stint(round(chance.expovariate(1 / HANDLED_MS)) + 1),)))
    return works


def _ours(works: list[Work]) -> dict[int, list[float]]:
    agents = tuple(Candidate(f"a{n}", False, frozenset("q"), 0, capacity={"work_item": 1}) for n in range(AGENTS))
    presence = tuple(Presence(0, each.agent_id, True) for each in agents)
    visits = simulate(Centre(agents, presence, queues={"q": QueueTerms(auto_accept=True)}), works).visits
    found: dict[int, list[float]] = {priority: [] for priority in PRIORITIES}
    for visit in sorted(visits, key=lambda each: each.work.work_id):
        found[visit.priority].append(visit.until - visit.since)
    return found


def _ciw(works: list[Work]) -> dict[int, list[float]]:
    """The nth of a class to come is the nth of it to be served, so a class's handling times come in their order."""
    arrivals, handling = {}, {}
    for priority in PRIORITIES:
        own = [each for each in works if each.to.priority == priority]
        gaps = [after - before for before, after in zip([0, *(e.at for e in own)], [e.at for e in own], strict=False)]
        arrivals[str(priority)] = [ciw.dists.Sequential([*map(float, gaps), float("inf")])]
        handling[str(priority)] = [ciw.dists.Sequential([float(each.stints[0].handled) for each in own])]
    network = ciw.create_network(
        arrival_distributions=arrivals,
        service_distributions=handling,
        number_of_servers=[AGENTS],
        priority_classes={str(priority): n for n, priority in enumerate(PRIORITIES)},
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(works[-1].at + 100.0 * HANDLED_MS)
    found: dict[int, list[float]] = {priority: [] for priority in PRIORITIES}
    for record in sorted(simulation.get_all_records(), key=lambda each: each.arrival_date):
        found[int(record.customer_class)].append(record.waiting_time)
    return found
