"""The core against the reference on random worlds, all features mixed, ties included."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing import engine as core
from chalicelib.routing.decide import decide
from chalicelib.routing.engine import Engine
from chalicelib.routing.filter import parks, unmet
from chalicelib.routing.model import Candidate, Match, Waiting
from chalicelib.routing.rank import overtaken_until, rank, rank_key
from chalicelib.routing.widen import Needs
from tests.routing.reference import Reference
from tests.routing.worlds import NOW, World, candidates, works, worlds
from tests.support.size import examples


@settings(max_examples=examples(500, 20_000))
@given(worlds)
def test_the_core_agrees_with_the_reference_and_holds_i5_i8_and_i14(world: World) -> None:
    matches = decide(world.waiting, world.candidates, NOW, world.rules, world.closed, swap=False)
    assert matches == Reference(world.candidates, NOW, world.rules).decide(world.waiting, world.closed)
    _hold_the_invariants(world, matches)


@settings(max_examples=examples(300, 10_000))
@given(worlds)
def test_swaps_serve_no_fewer_and_hold_i5_i8_and_i14(world: World) -> None:
    greedy = decide(world.waiting, world.candidates, NOW, world.rules, world.closed, swap=False)
    swapped = decide(world.waiting, world.candidates, NOW, world.rules, world.closed)
    if not any(match.parks or match.also for match in (*greedy, *swapped)):
        _hold_the_invariants(world, swapped)
    if all(c.occupancy.simple and not c.terms for c in world.candidates) and not any(m.also for m in greedy):
        assert len(swapped) >= len(greedy)


def _hold_the_invariants(world: World, matches: list[Match]) -> None:
    needs = Needs(world.rules)
    agents = {candidate.agent_id: candidate for candidate in world.candidates}
    out = set()
    for match in matches:
        need = needs.of(match.waiting, NOW)
        for agent_id in (match.agent_id, *match.also):
            assert unmet(agents[agent_id], need) is None, "I8: eligible, with room for it"
            agents[agent_id] = _given(agents[agent_id], match)
        if match.parks:
            out.add(match.agent_id)
    served = {match.waiting.engagement_id for match in matches}
    for waiting in world.waiting:
        manual = world.rules[waiting.queue_id].distribution == "manual"
        if waiting.engagement_id in served or waiting.queue_id in world.closed or manual:
            continue
        for agent_id, candidate in agents.items():
            if agent_id not in out:
                assert unmet(candidate, needs.of(waiting, NOW)) is not None, "I14: who waits fits nobody with room"


def _given(candidate: Candidate, match: Match) -> Candidate:
    channel = match.waiting.channel
    assert parks(candidate, channel) == match.parks or match.parks is None
    load = {**candidate.load, channel: candidate.load.get(channel, 0) + 1}
    if match.parks:
        load[match.parks] -= 1
    return replace(candidate, load=load, offers=candidate.offers + 1)


changes = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), works),
        st.tuples(st.just("leave"), works.map(lambda each: each.engagement_id)),
        st.tuples(st.just("update"), candidates),
        st.tuples(st.just("later"), st.integers(1, 4)),
        st.tuples(st.just("decide"), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=examples(300, 10_000))
@given(worlds, changes, st.sampled_from([(core.FEW, core.EMPTY_LINES), (0, 0)]))
def test_an_engine_that_takes_changes_decides_as_one_built_anew(
    world: World, steps: list[tuple[str, object]], bounds: tuple[int, int]
) -> None:
    """Also if it looks at every line each time, and forgets each that runs empty."""
    with patch.multiple(core, FEW=bounds[0], EMPTY_LINES=bounds[1]):
        _decides_as_one_built_anew(world, steps)


def _decides_as_one_built_anew(world: World, steps: list[tuple[str, object]]) -> None:
    now = NOW
    engine = Engine(world.candidates, world.waiting, now, world.rules)
    waiting = {each.engagement_id: each for each in world.waiting}
    agents = {each.agent_id: each for each in world.candidates}
    version = 1
    for kind, what in [("decide", None), *steps, ("decide", None)]:
        if isinstance(what, Waiting):
            version += 1
            waiting[what.engagement_id] = replace(what, version=version)
            engine.arrive(waiting[what.engagement_id], now)
        elif isinstance(what, Candidate):
            agents[what.agent_id] = what
            engine.update([what])
        elif isinstance(what, str):
            waiting.pop(what, None)
            engine.leave(what)
        elif isinstance(what, int):
            now += what
        else:
            anew = Engine(agents.values(), waiting.values(), now, world.rules)
            matches = engine.decide(now)
            assert matches == anew.decide(now), kind
            for match in matches:
                del waiting[match.waiting.engagement_id]
            parked = {match.agent_id for match in matches if match.parks}
            agents |= {each.agent_id: each for each in engine.candidates()}
            engine.update([agents[agent_id] for agent_id in sorted(parked)])


@given(st.lists(works.map(lambda each: replace(each, rate=0)), unique_by=lambda each: each.engagement_id))
def test_the_rank_as_text_sorts_like_the_rank(waiting: list[Waiting]) -> None:
    assert sorted(waiting, key=rank) == sorted(waiting, key=rank_key)


@given(works, works, st.integers(0, 10**9))
def test_nobody_is_overtaken_for_longer_than_the_bound_says(mine: Waiting, other: Waiting, later: int) -> None:
    mine = replace(mine, rate=2000, top=False, target_at=None)
    bound = overtaken_until(mine, highest=2)
    assert bound is not None
    newcomer = replace(other, engagement_id="new", rate=2000, top=False, target_at=None, queued_at=bound + later)
    assert rank(mine, newcomer.queued_at) < rank(newcomer, newcomer.queued_at) or newcomer.queued_at == mine.queued_at
