"""How far the decisions are from the best there could be, by an exact solver; and whether expected waits come true."""

from __future__ import annotations

import random
from heapq import heappop, heappush

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma

from chalicelib.routing.decide import decide
from chalicelib.routing.engine import Engine
from chalicelib.routing.estimate import COVERAGE, expected_wait
from chalicelib.routing.filter import unmet
from chalicelib.routing.model import Candidate, Waiting
from chalicelib.routing.widen import Needs
from infra.bench_core import gap_percent
from tests.routing.worlds import NOW, agent, work

skills = st.sets(st.sampled_from("abcd"))
small = st.tuples(
    st.lists(st.tuples(skills, st.integers(1, 2)), min_size=1, max_size=4),
    st.lists(st.tuples(st.sets(st.sampled_from("abcd"), max_size=2), st.integers(0, 3)), max_size=6),
)


def _best(waiting: list[Waiting], agents: list[Candidate]) -> list[str]:
    """Every engagement by rank, kept if those kept so far can still all be served: plain search."""
    kept: list[Waiting] = []
    for each in sorted(waiting, key=lambda w: (-w.priority, w.engagement_id)):
        if _served([*kept, each], [*agents]):
            kept.append(each)
    return [each.engagement_id for each in kept]


def _served(waiting: list[Waiting], agents: list[Candidate]) -> bool:
    if not waiting:
        return True
    need = Needs({}).of(waiting[0], NOW)
    for n, candidate in enumerate(agents):
        if unmet(candidate, need) is None:
            load = {"work_item": candidate.load.get("work_item", 0) + 1}
            fuller = Candidate(
                candidate.agent_id, True, candidate.queues, 0, candidate.skills, candidate.capacity, load
            )
            if _served(waiting[1:], [*agents[:n], fuller, *agents[n + 1 :]]):
                return True
    return False


@given(small)
def test_in_one_channel_the_best_set_is_served(
    world: tuple[list[tuple[set[str], int]], list[tuple[set[str], int]]],
) -> None:
    from chalicelib.routing.model import Requirement

    agents = [
        agent(f"a{n}", skills=dict.fromkeys(s, 1), capacity={"work_item": c}) for n, (s, c) in enumerate(world[0])
    ]
    waiting = [
        work(f"e{n}", priority=p, skills=tuple(Requirement(skill) for skill in sorted(s)))
        for n, (s, p) in enumerate(world[1])
    ]
    served = {match.waiting.engagement_id for match in decide(waiting, agents, NOW)}
    assert served == set(_best(waiting, agents))


@pytest.mark.parametrize(("agents", "engagements", "most"), [(50, 300, 1.0), (200, 600, 1.0), (1000, 3000, 0.1)])
def test_the_gap_to_the_exact_optimum(agents: int, engagements: int, most: float) -> None:
    assert gap_percent(agents, engagements) <= most


def test_expected_waits_come_true_as_often_as_they_say() -> None:
    """Work of random length in front of eight agents who are always busy; each wait beside its interval."""
    chance = random.Random(7)
    team, handling, now = 8, 60_000, 0
    busy: list[tuple[int, str]] = []
    engine = Engine([agent(f"a{n}", capacity={"work_item": 1}) for n in range(team)], [], now)
    intervals: dict[str, tuple[int, int]] = {}
    hits = total = 0
    arrival = 0
    waiting: list[str] = []
    for nth in range(20_000):
        arrival += round(chance.expovariate(team * 0.95 / handling))
        while busy and busy[0][0] <= arrival:
            now, agent_id = heappop(busy)
            engine.update([agent(agent_id, idle_since=now)])
            hits, total = _begin(engine, now, busy, intervals, waiting, chance, handling, hits, total)
        now, name = arrival, f"e{nth:06d}"
        engine.arrive(work(name, queued_at=now), now)
        if len(busy) == team:
            waiting.append(name)
            estimate = expected_wait(len(waiting), team, handling)
            assert estimate is not None
            intervals[name] = (now + estimate.at_least, now + estimate.at_most)
        hits, total = _begin(engine, now, busy, intervals, waiting, chance, handling, hits, total)
    assert total > 5000
    assert abs(hits / total - COVERAGE) < 0.03


def _begin(
    engine: Engine,
    now: int,
    busy: list[tuple[int, str]],
    intervals: dict[str, tuple[int, int]],
    waiting: list[str],
    chance: random.Random,
    handling: int,
    hits: int,
    total: int,
) -> tuple[int, int]:
    for match in engine.decide(now):
        heappush(busy, (now + round(chance.expovariate(1 / handling)), match.agent_id))
        interval = intervals.pop(match.waiting.engagement_id, None)
        if interval is not None:
            waiting.remove(match.waiting.engagement_id)
            total += 1
            hits += interval[0] <= now <= interval[1]
    return hits, total


def test_nobody_to_wait_for_is_no_expectation() -> None:
    assert expected_wait(1, 0, 1000) is None
    assert expected_wait(0, 1, 1000) is None


@pytest.mark.parametrize("position", [1, 2, 3, 5, 10, 100])
def test_the_interval_is_the_gamma_distributions(position: int) -> None:
    """Within 2 %, as is published of the approximation; the first place's is exact."""
    estimate = expected_wait(position, 4, 40_000_000)
    assert estimate is not None
    low, high = (gamma.ppf(share, position, scale=10_000_000) for share in (0.1, 0.9))
    within = 1e-6 if position == 1 else 0.02
    assert estimate == (pytest.approx(low, within), 10_000_000 * position, pytest.approx(high, within))
