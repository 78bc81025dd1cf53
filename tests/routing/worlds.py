"""Random small worlds with every feature of the routing core mixed, and short ways to say an agent and a work."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from chalicelib.routing.model import Candidate, Category, QueueRules, Requirement, Terms, Waiting
from chalicelib.routing.occupancy import PLAIN, Closing, Criterion, OccupancyRules

QUEUES, CHANNELS = ("billing", "general"), ("work_item", "voice")
SKILLS = ("french", "german", "refunds")
NOW = 100
DELAYS = (2, 5)


@dataclass(frozen=True)
class World:
    waiting: list[Waiting]
    candidates: list[Candidate]
    rules: dict[str, QueueRules]
    closed: frozenset[str]


skills, channels, queues = st.sampled_from(SKILLS), st.sampled_from(CHANNELS), st.sampled_from(QUEUES)
levels = st.integers(1, 5)
pairs = st.tuples(skills, levels)
agent_ids = st.sampled_from([f"a{n}" for n in range(6)])
criteria = st.builds(Criterion, channels, st.sampled_from([0, 50, 100]))
closings = st.builds(
    Closing,
    st.lists(criteria, min_size=1, max_size=2).map(tuple),
    st.none() | st.frozensets(channels, min_size=1),
)
occupancies = st.just(PLAIN) | st.builds(
    OccupancyRules,
    closings=st.lists(closings, max_size=2).map(tuple),
    units=st.just({"all": 4, "deep": 2}),
    costs=st.dictionaries(channels, st.sampled_from([(("all", 1),), (("all", 2),), (("all", 1), ("deep", 1))])),
    parks=st.sampled_from([{}, {}, {"voice": "work_item"}]),
    most_offers=st.sampled_from([1, 2, 99]),
)
candidates = st.builds(
    Candidate,
    agent_id=agent_ids,
    ready=st.booleans() | st.just(True),
    queues=st.frozensets(queues),
    idle_since=st.integers(0, 2),
    skills=st.dictionaries(skills, levels),
    capacity=st.dictionaries(channels, st.integers(0, 3)),
    load=st.dictionaries(channels, st.integers(0, 3)),
    position=st.integers(0, 2),
    offered_at=st.integers(0, 2),
    offers=st.integers(0, 1),
    terms=st.dictionaries(queues, st.builds(Terms, st.integers(1, 2), st.sampled_from([0, *DELAYS]))),
    occupancy=occupancies,
)
requirements = st.builds(Requirement, skill=skills, level=levels, instead=st.lists(pairs, max_size=1).map(tuple))
works = st.builds(
    Waiting,
    engagement_id=st.sampled_from([f"e{n}" for n in range(12)]),
    version=st.just(1),
    queue_id=queues,
    channel=channels,
    priority=st.integers(0, 2),
    queued_at=st.integers(NOW - 8, NOW),
    skills=st.lists(requirements, max_size=2, unique_by=lambda need: need.skill).map(tuple),
    cooling=st.lists(st.tuples(st.sampled_from(["a0", "a1"]), st.integers(NOW - 1, NOW + 9)), max_size=1).map(tuple),
    top=st.sampled_from([False, False, True]),
    rate=st.sampled_from([0, 0, 1_000_000]),
    target_at=st.none() | st.integers(NOW - 2, NOW + 2),
    direct_to=st.none() | st.none() | agent_ids,
    preferred=st.none() | agent_ids,
    preferred_until=st.integers(NOW - 1, NOW + 5),
)
categories = st.builds(
    Category,
    members=st.frozensets(skills, min_size=1, max_size=2),
    minimum=st.integers(1, 3),
    required=st.booleans(),
    default=st.none() | skills,
    instead=st.lists(pairs, max_size=1).map(tuple),
    gives_way=st.none() | st.integers(1, 3),
)
rules = st.builds(
    QueueRules,
    distribution=st.sampled_from(
        [
            "longest_idle",
            "most_available",
            "best_skilled",
            "best_worker",
            "sequential",
            "rotating",
            "simultaneous",
            "manual",
        ]
    ),
    at_once=st.integers(1, 3),
    profile=st.lists(categories, max_size=3).map(tuple),
    steps=st.sampled_from([(), (3,), (2, 6), (1, 4, 7)]),
    delays=st.just(DELAYS),
)
worlds = st.builds(
    World,
    waiting=st.lists(works, unique_by=lambda waiting: waiting.engagement_id, max_size=12),
    candidates=st.lists(candidates, unique_by=lambda candidate: candidate.agent_id, max_size=6),
    rules=st.fixed_dictionaries(dict.fromkeys(QUEUES, rules)),
    closed=st.sampled_from([frozenset(), frozenset(), frozenset({"general"})]),
)


def agent(agent_id: str, **changes: object) -> Candidate:
    base = Candidate(agent_id, True, frozenset({"billing"}), 0, capacity={"work_item": 1})
    return replace(base, **changes)  # type: ignore[arg-type]


def work(engagement_id: str = "e1", **changes: object) -> Waiting:
    return replace(Waiting(engagement_id, 1, "billing", "work_item", 0, 0), **changes)  # type: ignore[arg-type]


FRENCH = (Requirement("french", 3),)
