"""What queueing theory says, and work drawn as the theory has it. Times in seconds here; the simulator has ms."""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import factorial

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.linalg import spsolve

from chalicelib.engagements.model import Destination
from chalicelib.routing.model import Candidate
from infra.simulation.centre import Centre, Presence, QueueTerms
from infra.simulation.figures import Interval, interval, occupancy
from infra.simulation.run import simulate
from infra.simulation.work import Stint, Visit, Work

COMPARED = 15
CONFIDENCE = 1 - 0.05 / COMPARED
"""So many intervals are looked at that they hold together with 95 % (Bonferroni)."""
MOST_THERE, MOST_WAITING = 400, 60
"""Where chains are cut off, since hardly any weight is left: so many in the system, so many of one kind waiting."""
SCALE = 100_000
"""Milliseconds of a second of the theory: so fine that rounding and ties do not show."""


def erlang_c(servers: int, load: float) -> float:
    """The probability of waiting in an M/M/c queue; `load` in erlangs (Erlang 1917)."""
    last = load**servers / factorial(servers) * servers / (servers - load)
    return last / (sum(load**n / factorial(n) for n in range(servers)) + last)


def erlang_a(servers: int, arrivals: float, service: float, patience: float) -> tuple[float, float]:
    """The share that abandons, and the mean wait of everybody, in an M/M/c+M queue: its birth and death chain, solved.

    Rates a second: λ in, min(n, c) μ + max(n - c, 0) θ out. Of everybody θ · E[queue] / λ leave, and the mean wait is
    E[queue] / λ (Garnett, Mandelbaum, Reiman: Designing a Call Center with Impatient Customers, 2002).
    """
    weights = [1.0]
    for n in range(1, MOST_THERE):
        weights.append(weights[-1] * arrivals / (min(n, servers) * service + max(n - servers, 0) * patience))
    queue = sum(max(n - servers, 0) * weight for n, weight in enumerate(weights)) / sum(weights)
    return patience * queue / arrivals, queue / arrivals


def n_design(arrivals: tuple[float, float], service: float, own: int, both: int) -> tuple[float, float]:
    """The mean waits of the two kinds of work in an N design, by solving its Markov chain.

    `own` agents take the first kind only, `both` take the second kind and, at their second level, the first. Kind 1
    goes to whoever of its own agents is free, else to one of the others; who of these comes free takes kind 2 first.
    All services last alike, so of those in service only how many each group has matters.
    State: (busy own, busy both, waiting of kind 1, waiting of kind 2).
    """
    states: dict[tuple[int, int, int, int], int] = {}

    def of(state: tuple[int, int, int, int]) -> int:
        return states.setdefault(state, len(states))

    moves: list[tuple[int, int, float]] = []
    todo, done = [(0, 0, 0, 0)], set()
    while todo:
        state = todo.pop()
        if state in done:
            continue
        done.add(state)
        a, b, q1, q2 = state
        steps: list[tuple[tuple[int, int, int, int], float]] = []
        if a < own:
            steps.append(((a + 1, b, q1, q2), arrivals[0]))
        elif b < both:
            steps.append(((a, b + 1, q1, q2), arrivals[0]))
        elif q1 < MOST_WAITING:
            steps.append(((a, b, q1 + 1, q2), arrivals[0]))
        if b < both:
            steps.append(((a, b + 1, q1, q2), arrivals[1]))
        elif q2 < MOST_WAITING:
            steps.append(((a, b, q1, q2 + 1), arrivals[1]))
        if a:
            steps.append(((a, b, q1 - 1, q2) if q1 else (a - 1, b, q1, q2), a * service))
        if b:
            freed = (a, b, q1, q2 - 1) if q2 else (a, b, q1 - 1, q2) if q1 else (a, b - 1, q1, q2)
            steps.append((freed, b * service))
        for to, rate in steps:
            moves.append((of(state), of(to), rate))
            todo.append(to)
    return _mean_queues(states, moves, arrivals)


def _mean_queues(
    states: dict[tuple[int, int, int, int], int], moves: list[tuple[int, int, float]], arrivals: tuple[float, float]
) -> tuple[float, float]:
    size = len(states)
    rows, columns, values = [], [], []
    for origin, to, rate in moves:
        rows += [to, origin]
        columns += [origin, origin]
        values += [rate, -rate]
    balance = coo_matrix((values, (rows, columns)), shape=(size, size)).tolil()
    balance[size - 1, :] = 1.0
    right = np.zeros(size)
    right[-1] = 1.0
    probability = spsolve(balance.tocsr(), right)
    first = sum(probability[n] * state[2] for state, n in states.items())
    second = sum(probability[n] * state[3] for state, n in states.items())
    return float(first / arrivals[0]), float(second / arrivals[1])


def agent(name: str, *queues: str) -> Candidate:
    return Candidate(name, False, frozenset(queues), 0, capacity={"work_item": 1})


def centre(*agents: Candidate) -> Centre:
    """Who are there from the beginning and take at once what is offered."""
    queues = {queue_id: QueueTerms(auto_accept=True) for each in agents for queue_id in each.queues}
    return Centre(agents, tuple(Presence(0, each.agent_id, True) for each in agents), queues=queues)


def poisson(
    chance: random.Random,
    rates: dict[str, float],
    service: float,
    count: int,
    patience: float | None = None,
) -> list[Work]:
    """Arrivals by queue, service and patience, all exponential; rates a second."""
    works, at, total = [], 0.0, sum(rates.values())
    for n in range(count):
        at += chance.expovariate(total)
        (queue_id,) = chance.choices(list(rates), list(rates.values()))
        to = Destination(queue_id)
        stint = Stint(round(SCALE * chance.expovariate(service)))
        leaves = None if patience is None else round(SCALE * chance.expovariate(patience))
        works.append(Work(f"e{n:07d}", round(SCALE * at), "work_item", to, (stint,), patience=leaves))
    return works


class Measured:
    """Means over independent runs, each without its first tenth."""

    def __init__(self, centre: Centre, runs: Sequence[list[Work]]) -> None:
        self._runs: list[list[Visit]] = []
        self._occupancies: list[float] = []
        for works in runs:
            outcome = simulate(centre, works, until=works[-1].at)
            warm = works[len(works) // 10].at
            self._runs.append([visit for visit in outcome.visits if visit.since >= warm and visit.end != "waiting"])
            self._occupancies.append(occupancy(outcome.desks))

    def share_that_waits(self) -> Interval:
        return _interval([sum(v.until > v.since for v in run) / len(run) for run in self._runs])

    def share_that_leaves(self) -> Interval:
        return _interval([sum(v.end == "left" for v in run) / len(run) for run in self._runs])

    def wait(self, queue_id: str | None = None) -> Interval:
        """Of everybody, those who left among them."""
        return _interval([_mean_wait([v for v in run if queue_id in (None, v.queue_id)]) for run in self._runs])

    def occupancy(self) -> Interval:
        return _interval(self._occupancies)


def _interval(values: list[float]) -> Interval:
    return interval(values, CONFIDENCE)


def _mean_wait(visits: list[Visit]) -> float:
    return sum(v.until - v.since for v in visits) / len(visits) / SCALE
