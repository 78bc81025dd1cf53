"""Facts packed into segments: of a batch of facts, one row for each quarter of an hour that it touches.

A segment is named by which facts are in it, so that the same batch writes the same row again. Another cut of the same
deliveries writes other segments with the same facts in them: a fact counts once, by its identity, when it is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.reporting.facts import Fact, identity, once
from chalicelib.reporting.intervals import quarter_of
from chalicelib.storage import codec


@dataclass(frozen=True, slots=True)
class Segment:
    """Facts of one quarter of an hour."""

    quarter: int
    """When it begins (epoch ms)."""
    name: str
    packed: str | bytes


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
