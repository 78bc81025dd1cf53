"""Facts packed into segments: of a batch of facts, one row for each quarter of an hour that it touches.

A segment is named by which facts are in it, so that the same batch writes the same row again. Another cut of the same
deliveries writes other segments with the same facts in them: a fact counts once, by its identity, when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.reporting.facts import Fact
from chalicelib.storage import codec

QUARTER_MS = 900_000

Identity = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """Facts of one quarter of an hour."""

    quarter: int
    """When it begins (epoch ms)."""
    name: str
    packed: str | bytes


def identity(fact: Fact) -> Identity:
    """What tells one fact from another: which dataset it is for, and which version of which engagement gives it."""
    return fact.dataset, fact.engagement_id, fact.version


def once(facts: Iterable[Fact]) -> list[Fact]:
    """Each fact once, in order of time (I11)."""
    known = {identity(fact): fact for fact in facts}
    return sorted(known.values(), key=lambda fact: (fact.at, fact.engagement_id, fact.version, fact.dataset))


def pack(facts: Iterable[Fact]) -> Iterator[Segment]:
    """The segments of a batch; what is too large for one row is split."""
    quarters: dict[int, list[Fact]] = {}
    for fact in once(facts):
        quarters.setdefault(quarter_of(fact.at), []).append(fact)
    for quarter, some in quarters.items():
        yield from _segments(quarter, some)


def unpack(packed: str | bytes) -> list[Fact]:
    """The facts of a segment."""
    return codec.FACTS.load(packed)


def quarter_of(at: int) -> int:
    """When the quarter of an hour begins that a moment falls in."""
    return at - at % QUARTER_MS


def _segments(quarter: int, facts: list[Fact]) -> Iterator[Segment]:
    packed = codec.FACTS.dump(facts)
    if len(packed) <= codec.LARGEST_PART or len(facts) == 1:
        yield Segment(quarter, _name(facts), packed)
        return
    half = len(facts) // 2
    yield from _segments(quarter, facts[:half])
    yield from _segments(quarter, facts[half:])


def _name(facts: list[Fact]) -> str:
    return hashlib.sha256(repr([identity(fact) for fact in facts]).encode()).hexdigest()[:32]
