"""One consumer's data: handed out, or forgotten. Who it is, is told by the identity that came with the work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from chalicelib.engagements import amendments
from chalicelib.engagements.model import Content, Engagement, Event, Note, consumer_key
from chalicelib.errors import LostRace, NotFound
from chalicelib.operations import reading
from chalicelib.operations.listing import MOST_WEIGHT, weight_of
from chalicelib.world import World

AT_ONCE = 50
"""Engagements that one call sees to."""
MOST_READ = 500
"""Engagements that one call looks for; most of a consumer's who often comes are past their retention."""
BESIDE_WORDS = 200
"""Bytes of what an event or a note says beside its own words."""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is kept of one engagement."""

    engagement: Engagement
    events: list[Event]
    notes: list[Note]


@dataclass(slots=True)
class Erasure:
    """What was forgotten, by engagement id; what was not, because it is still worked on; and whether there is more."""

    erased: list[str] = field(default_factory=list)
    still_open: list[str] = field(default_factory=list)
    more: bool = False


def export(world: World, identity: Mapping[str, str], start: int) -> tuple[list[Record], int | None]:
    """What is kept of a consumer's engagements that started at `start` (epoch ms) or later, oldest first.

    As many as an answer holds and a call has time for; with them, where to go on, None at the end. `identity` is one
    of the `IDENTITIES`.
    """
    visits = [visit for visit in world.store.visits(consumer_key(identity) or "") if visit.at >= start]
    found: list[Record] = []
    weight = 0
    for n, visit in enumerate(visits):
        is_full = len(found) >= AT_ONCE or n >= MOST_READ or weight > MOST_WEIGHT
        if is_full and visit.at > visits[n - 1].at:  # where it goes on, no record comes twice
            return found, visit.at
        try:
            engagement = reading.engagement(world, visit.engagement_id)
        except NotFound:
            continue  # its retention is over
        events, notes = reading.events(world, engagement), world.store.notes(engagement.engagement_id)
        found.append(Record(engagement, events, notes))
        beside = [*events, *(note.text for note in notes)]
        weight += weight_of(engagement) + sum(len(json.dumps(each)) + BESIDE_WORDS for each in beside)
    return found, None


def erase(world: World, identity: Mapping[str, str], actor: str) -> Erasure:
    """Forget what a consumer's closed engagements said, and that they were his. Doing it again goes on with it.

    What happened stays, for the reports: ids, states and times. Open work keeps what it needs to be done.
    """
    done = Erasure()
    for visit in world.store.visits(consumer_key(identity) or ""):
        if len(done.erased) == AT_ONCE:
            done.more = True
            break
        head = world.store.engagement(visit.engagement_id)
        if head is not None and head.state != "closed":
            done.still_open.append(visit.engagement_id)
            continue
        world.store.forget(visit.engagement_id, world.now())
        _erase_head(world, visit.engagement_id, actor)
        world.store.forget_visits([visit])
        done.erased.append(visit.engagement_id)
    return done


def _erase_head(world: World, engagement_id: str, actor: str) -> None:
    """After the history: should the row be taken by other work meanwhile, its content is not kept any more."""
    head = world.store.engagement(engagement_id)
    if head is None or head.content == Content():
        return
    try:
        world.store.commit(amendments.erase(head, actor=actor, now=world.now()))
    except LostRace:
        if world.store.engagement(engagement_id) is not None:
            raise
