"""Who gets what next: the rules by example, and the core against the reference on random worlds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.routing.decide import decide
from chalicelib.routing.filter import need_of, unmet
from chalicelib.routing.model import Candidate, Distribution, Requirement, Waiting
from chalicelib.routing.rank import rank, rank_key
from tests.routing import reference
from tests.support.size import examples

QUEUES, CHANNELS, SKILLS = ("billing", "general"), ("work_item", "voice"), ("french", "refunds")
KINDS: tuple[Distribution, ...] = ("longest_idle", "most_available", "best_skilled", "sequential")
NOW = 100

agents = st.lists(
    st.builds(
        Candidate,
        agent_id=st.sampled_from([f"a{n}" for n in range(6)]),
        ready=st.booleans() | st.just(True),
        queues=st.frozensets(st.sampled_from(QUEUES)),
        idle_since=st.integers(0, 2),
        skills=st.dictionaries(st.sampled_from(SKILLS), st.integers(1, 5)),
        capacity=st.dictionaries(st.sampled_from(CHANNELS), st.integers(0, 3)),
        load=st.dictionaries(st.sampled_from(CHANNELS), st.integers(0, 3)),
        position=st.integers(0, 2),
    ),
    unique_by=lambda candidate: candidate.agent_id,
    max_size=6,
)
requirements = st.builds(Requirement, skill=st.sampled_from(SKILLS), level=st.integers(1, 5))
engagements = st.lists(
    st.builds(
        Waiting,
        engagement_id=st.sampled_from([f"e{n}" for n in range(12)]),
        version=st.just(1),
        queue_id=st.sampled_from(QUEUES),
        channel=st.sampled_from(CHANNELS),
        priority=st.integers(0, 2),
        queued_at=st.integers(0, 2),
        skills=st.lists(requirements, max_size=2, unique_by=lambda need: need.skill).map(tuple),
        cooling=st.lists(st.tuples(st.sampled_from(["a0", "a1"]), st.integers(99, 101)), max_size=1).map(tuple),
    ),
    unique_by=lambda waiting: waiting.engagement_id,
    max_size=12,
)
distributions = st.dictionaries(st.sampled_from(QUEUES), st.sampled_from(KINDS))


@settings(max_examples=examples(2000, 20_000))
@given(engagements, agents, distributions)
def test_the_core_agrees_with_the_reference_and_holds_i8_and_i14(
    waiting: list[Waiting], candidates: list[Candidate], kinds: dict[str, Distribution]
) -> None:
    matches = list(decide(waiting, candidates, NOW, kinds))
    assert matches == reference.decide(waiting, candidates, NOW, kinds)
    _eligible_and_within_room(matches, candidates)
    _nobody_who_fits_is_left(waiting, candidates, matches)


def _eligible_and_within_room(matches: Sequence[object], candidates: list[Candidate]) -> None:
    """I8, I5."""
    by_id = {candidate.agent_id: candidate for candidate in candidates}
    for match in matches:
        agent = by_id[match.agent_id]  # type: ignore[attr-defined]
        assert unmet(agent, need_of(match.waiting, NOW)) is None  # type: ignore[attr-defined]
    for agent in candidates:
        for channel in CHANNELS:
            taken = sum(m.agent_id == agent.agent_id and m.waiting.channel == channel for m in matches)  # type: ignore[attr-defined]
            assert taken <= max(agent.room(channel), 0)


def _nobody_who_fits_is_left(waiting: list[Waiting], candidates: list[Candidate], matches: Sequence[object]) -> None:
    """I14: whoever still waits fits no agent who still has room."""
    taken = {match.waiting.engagement_id for match in matches}  # type: ignore[attr-defined]
    for agent in candidates:
        load = dict(agent.load)
        for match in matches:
            if match.agent_id == agent.agent_id:  # type: ignore[attr-defined]
                channel = match.waiting.channel  # type: ignore[attr-defined]
                load[channel] = load.get(channel, 0) + 1
        now_loaded = replace(agent, load=load)
        for each in waiting:
            if each.engagement_id not in taken:
                assert unmet(now_loaded, need_of(each, NOW)) is not None


@given(engagements)
def test_the_rank_as_text_sorts_like_the_rank(waiting: list[Waiting]) -> None:
    assert sorted(waiting, key=rank) == sorted(waiting, key=rank_key)


def agent(agent_id: str, **changes: object) -> Candidate:
    base = Candidate(agent_id, True, frozenset({"billing"}), 0, capacity={"work_item": 1})
    return replace(base, **changes)  # type: ignore[arg-type]


def work(engagement_id: str = "e1", **changes: object) -> Waiting:
    return replace(Waiting(engagement_id, 1, "billing", "work_item", 0, 0), **changes)  # type: ignore[arg-type]


FRENCH = (Requirement("french", 3),)

WHO_GETS_IT: list[tuple[str, Distribution, list[Candidate], Waiting, str | None]] = [
    ("the one idle longest", "longest_idle", [agent("a", idle_since=5), agent("b", idle_since=1)], work(), "b"),
    ("equally idle: by id", "longest_idle", [agent("b"), agent("a")], work(), "a"),
    ("nobody who is not ready", "longest_idle", [agent("a", ready=False)], work(), None),
    ("nobody of another queue", "longest_idle", [agent("a", queues=frozenset({"general"}))], work(), None),
    ("nobody without room", "longest_idle", [agent("a", load={"work_item": 1})], work(), None),
    ("nobody over his places", "longest_idle", [agent("a", load={"work_item": 2})], work(), None),
    ("nobody without the channel", "longest_idle", [agent("a")], work(channel="voice"), None),
    ("nobody without the skill", "longest_idle", [agent("a", skills={"french": 2})], work(skills=FRENCH), None),
    ("whoever has the skill", "longest_idle", [agent("a"), agent("b", skills={"french": 3})], work(skills=FRENCH), "b"),
    ("not who has just declined", "longest_idle", [agent("a"), agent("b")], work(cooling=(("a", 101),)), "b"),
    ("who declined long ago", "longest_idle", [agent("a"), agent("b")], work(cooling=(("a", 100),)), "a"),
    (
        "the one with the lowest load ratio",
        "most_available",
        [
            agent("a", capacity={"work_item": 2}, load={"work_item": 1}),
            agent("b", capacity={"work_item": 4}, load={"work_item": 1}, idle_since=9),
        ],
        work(),
        "b",
    ),
    (
        "the best skilled",
        "best_skilled",
        [agent("a", skills={"french": 3}), agent("b", skills={"french": 5}, idle_since=9)],
        work(skills=FRENCH),
        "b",
    ),
    (
        "the first in the list",
        "sequential",
        [agent("a", position=1), agent("b", position=0, idle_since=9)],
        work(),
        "b",
    ),
]


@pytest.mark.parametrize(
    ("kind", "candidates", "waiting", "expected"), [w[1:] for w in WHO_GETS_IT], ids=[w[0] for w in WHO_GETS_IT]
)
def test_who_gets_it(kind: Distribution, candidates: list[Candidate], waiting: Waiting, expected: str | None) -> None:
    matches = list(decide([waiting], candidates, NOW, {"billing": kind}))
    assert [match.agent_id for match in matches] == ([expected] if expected else [])


WHO_IS_NEXT = [
    ("the older", [work("new", queued_at=9), work("old", queued_at=1)], "old"),
    (
        "the higher priority before the older",
        [work("old", queued_at=1), work("urgent", priority=9, queued_at=9)],
        "urgent",
    ),
    ("equal in all: by id", [work("b"), work("a")], "a"),
    ("who can be taken, if the first cannot", [work("first", priority=9, skills=FRENCH), work("second")], "second"),
]


@pytest.mark.parametrize(("waiting", "expected"), [w[1:] for w in WHO_IS_NEXT], ids=[w[0] for w in WHO_IS_NEXT])
def test_who_is_next(waiting: list[Waiting], expected: str) -> None:
    assert [match.waiting.engagement_id for match in decide(waiting, [agent("a")], NOW)] == [expected]


def test_who_has_just_been_given_work_is_asked_after_the_others() -> None:
    two = [agent("a", capacity={"work_item": 2}), agent("b", idle_since=9, capacity={"work_item": 2})]
    matches = decide([work(f"e{n}", queued_at=n) for n in range(4)], two, NOW)
    assert [match.agent_id for match in matches] == ["a", "b", "a", "b"]


def test_however_deep_the_backlog_who_fits_is_found() -> None:
    backlog = [work(f"e{n:05d}", priority=9, skills=FRENCH) for n in range(5000)]
    (match,) = decide([*backlog, work("fits")], [agent("a")], NOW)
    assert match.waiting.engagement_id == "fits"
