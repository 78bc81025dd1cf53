"""The simulator agrees with queueing theory: Erlang C, Erlang A, and an N design solved exactly."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from scipy.stats import t

from chalicelib.routing.model import Terms
from infra.simulation.figures import t_quantile
from tests.infra.simulation.theory import Measured, agent, centre, erlang_a, erlang_c, n_design, poisson
from tests.support.size import examples

RUNS = examples(4, 60)
WORKS = 6_000


def runs(**given: object) -> list[list[object]]:
    return [poisson(random.Random(seed), count=WORKS, **given) for seed in range(RUNS)]  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (5, 4.0), (20, 17.0)])
def test_single_skill_is_erlang_c(servers: int, load: float) -> None:
    measured = Measured(centre(*(agent(f"a{n}", "q") for n in range(servers))), runs(rates={"q": load}, service=1.0))
    waits = erlang_c(servers, load)
    assert measured.share_that_waits().holds(waits)
    assert measured.wait().holds(waits / (servers - load))
    assert measured.occupancy().holds(load / servers)


def test_erlang_c_is_as_published() -> None:
    """Gans, Koole, Mandelbaum (Telephone Call Centers, 2003) and every table: 10 agents, 8 erlangs, 40.9 % wait."""
    assert erlang_c(10, 8.0) == pytest.approx(0.409, abs=0.0005)


@pytest.mark.parametrize(("servers", "load", "patience"), [(5, 4.0, 0.5), (10, 12.0, 1.0), (20, 19.0, 0.2)])
def test_impatient_work_is_erlang_a(servers: int, load: float, patience: float) -> None:
    measured = Measured(
        centre(*(agent(f"a{n}", "q") for n in range(servers))),
        runs(rates={"q": load}, service=1.0, patience=patience),
    )
    leave, wait = erlang_a(servers, load, 1.0, patience)
    assert measured.share_that_leaves().holds(leave)
    assert measured.wait().holds(wait)


@pytest.mark.parametrize(("own", "both", "rates"), [(3, 3, (2.4, 2.0)), (4, 2, (3.0, 1.2))])
def test_two_skills_in_an_n_design_are_their_markov_chain(own: int, both: int, rates: tuple[float, float]) -> None:
    """Own agents stand at a level before the others, so that the flexible ones are kept for the second kind."""
    specialists = [agent(f"a{n}", "first") for n in range(own)]
    flexible = [replace(agent(f"b{n}", "first", "second"), terms={"first": Terms(level=2)}) for n in range(both)]
    measured = Measured(
        centre(*specialists, *flexible),
        runs(rates={"first": rates[0], "second": rates[1]}, service=1.0),
    )
    first, second = n_design(rates, 1.0, own, both)
    assert measured.wait("first").holds(first)
    assert measured.wait("second").holds(second)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 19, 100])
def test_intervals_are_students(freedom: int) -> None:
    assert t_quantile(freedom) == pytest.approx(t.ppf(0.975, freedom), rel=0.01)
