"""Listing engagements: the open ones from the rows of queues and agents, the closed ones from the facts of reports.

No row is kept for lists alone, and no table is scanned. What is in an agent's hands is listed at once; what has just
been started or released, once the router has seen it (within seconds); what has been closed, once the stream has.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from chalicelib.engagements.model import Engagement
from chalicelib.errors import NotFound
from chalicelib.operations import reading
from chalicelib.routing.rank import rank
from chalicelib.world import World

FOR_EVER = 99_999_999_999_999
"""Later than any time that is written down (epoch milliseconds)."""
CHUNK = 100
MOST_READ = 1000
"""Engagements looked at for one page; a page may end early, and says where the next one begins."""
MOST_WEIGHT = 2_500_000
"""Bytes after which a page of open ones, and one of closed ones, ends early: an answer holds both, and 6 MB at most."""
BESIDE_CONTENT = 2000
"""Bytes of what an engagement says beside its content."""
FIRST_SLICE = 900_000
"""Closed engagements are looked for in slices of time, newest first; an empty one makes the next twice as long."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None is any."""

    queue_id: str | None = None
    agent_id: str | None = None
    test: Callable[[Engagement], bool] = lambda _: True

    def holds(self, engagement: Engagement) -> bool:
        """Whether an engagement is meant."""
        mine = self.agent_id is None or self.agent_id in (*engagement.holders, *engagement.participants)
        return mine and self.queue_id in (None, engagement.queue_id) and self.test(engagement)


@dataclass(frozen=True, slots=True)
class Page:
    """Some engagements, and where the next page begins; None is the end."""

    engagements: list[Engagement]
    onward: str | None


def open_ones(world: World, wanted: Wanted, size: int, after: str = "") -> Page:
    """Open engagements in the order of their ids, so that no page repeats or skips what stays open meanwhile."""
    ids = sorted(each for each in _open_ids(world, wanted) if each > after)
    found, read = _read(world, wanted, size, ids)
    return Page(found, ids[read - 1] if read < len(ids) else None)


def urgent_ones(world: World, wanted: Wanted, size: int, place: int = 0) -> Page:
    """Open engagements from a place on: what waits, the most urgent first; what is in hands, longest there first; and
    what is scheduled. What moves meanwhile may come twice, or not at all."""
    ids = _open_ids(world, wanted)[place:]
    found, read = _read(world, wanted, size, ids)
    return Page(found, str(place + read) if read < len(ids) else None)


def _read(world: World, wanted: Wanted, size: int, ids: list[str]) -> tuple[list[Engagement], int]:
    """Of these, as many as are asked for or looked at for one page; and how many were looked at."""
    found: list[Engagement] = []
    read = weight = 0
    for first in range(0, min(len(ids), MOST_READ), CHUNK):
        chunk = ids[first : min(first + CHUNK, MOST_READ)]
        heads = world.store.engagements(chunk)
        for engagement_id in chunk:
            read += 1
            head = heads.get(engagement_id)
            if head is not None and head.state != "closed" and wanted.holds(head):
                found.append(head)
                weight += weight_of(head)
            if len(found) == size or weight > MOST_WEIGHT:
                return found, read
    return found, read


def _open_ids(world: World, wanted: Wanted) -> list[str]:
    """Everything waiting, in hands and scheduled; of one agent, what is in his hands."""
    tenant, now = world.tenant(), world.now()
    agents = tenant.agent_by_id if wanted.agent_id is None else [wanted.agent_id]
    held = {key: each for occupancy in world.store.occupancies(agents).values() for key, each in occupancy.held.items()}
    in_hands = sorted(held, key=lambda key: (held[key].offer_expires_at, key))
    if wanted.agent_id is not None:
        return in_hands
    queues = tenant.queue_by_id if wanted.queue_id is None else [wanted.queue_id]
    waiting = sorted(
        (each for queue_id in queues for each in world.store.waiting(queue_id)), key=lambda w: rank(w, now)
    )
    scheduled = sorted(each.engagement_id for each in world.store.due(FOR_EVER))
    return list(dict.fromkeys([*(each.engagement_id for each in waiting), *in_hands, *scheduled]))


def closed_ones(world: World, wanted: Wanted, start: int, end: int, size: int, before: str | None = None) -> Page:
    """Engagements closed within start <= closed_at < end (epoch ms), newest first."""
    found: list[Engagement] = []
    endings = _endings(world, wanted, start, end, before)
    read = weight = 0
    mark: str | None = None
    while len(found) < size and weight <= MOST_WEIGHT and read < MOST_READ:
        chunk = list(islice(endings, min(CHUNK, MOST_READ - read)))
        if not chunk:
            return Page(found, None)
        known = _readable(world, [engagement_id for _, engagement_id in chunk])
        for at, engagement_id in chunk:
            read += 1
            mark = _mark(at, engagement_id)
            engagement = known.get(engagement_id)
            if engagement is not None and wanted.holds(engagement):
                found.append(engagement)
                weight += weight_of(engagement)
            if len(found) == size or weight > MOST_WEIGHT:
                break
    return Page(found, mark)


def _endings(world: World, wanted: Wanted, start: int, end: int, before: str | None) -> Iterator[tuple[int, str]]:
    """When which engagement was closed, newest first."""
    span = FIRST_SLICE
    if before is not None:
        end = min(end, int(before.split("#")[0]) + 1)
    while end > start:
        begin = max(end - span, start)
        ended = {
            (fact.at, fact.engagement_id)
            for fact in world.store.facts("engagement", begin, end)
            if wanted.queue_id in (None, fact.queue_id)
            and (wanted.agent_id is None or fact.agent_id == wanted.agent_id)
        }
        yield from (each for each in sorted(ended, reverse=True) if before is None or _mark(*each) < before)
        end, span = begin, span if ended else 2 * span


def _readable(world: World, ids: Iterable[str]) -> dict[str, Engagement]:
    """The engagements that can still be read, from their rows or else from the history."""
    ids = set(ids)
    heads = world.store.engagements(ids)
    now = world.now()
    found = {each: head for each, head in heads.items() if head.expires_at is None or head.expires_at > now}
    for missing in ids - set(heads):
        try:
            found[missing] = reading.engagement(world, missing)
        except NotFound:  # its retention is over
            continue
    return found


def weight_of(engagement: Engagement) -> int:
    """About how many bytes of an answer it takes."""
    content = engagement.content
    said = [dict(content.work_item_variables), *map(dict, content.consumers), *map(dict, content.variables)]
    return len(json.dumps(said)) + BESIDE_CONTENT


def _mark(at: int, engagement_id: str) -> str:
    return f"{at:014d}#{engagement_id}"
