"""Changing a tenant's document: SQS queues first, then one write that switches to the new version.

The switch is where it happens: before it nothing is different, after it everything is. Nothing is moved or released
before it. What still comes to a queue that is gone is passed on by the router, as `moved_queues` says; what an agent
still holds who is gone is released by the sweeper. Both look for it as long as there is any, so neither a crash after
the switch nor work that was on its way at that moment loses anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from chalicelib.configuration.commas import new_commas
from chalicelib.configuration.document import read, write
from chalicelib.configuration.kinds import Document
from chalicelib.configuration.plan import Step, plan
from chalicelib.configuration.published import rewritten
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.warnings import warnings
from chalicelib.engagements.model import Engagement
from chalicelib.errors import FieldError, InvalidRequest, LostRace, NotFound, StillInUse, VersionMismatch
from chalicelib.messaging.protocol import Ring
from chalicelib.operations import departed
from chalicelib.operations.ordering import ATTEMPTS
from chalicelib.storage.protocol import Configuration, Stamp
from chalicelib.world import World

DAY_MS = 86_400_000
FOR_EVER = 1 << 46
"""Later than any time (epoch milliseconds)."""


@dataclass(frozen=True, slots=True)
class Applied:
    """The version that a document became, and what in it is worth a look."""

    version: int
    warnings: tuple[FieldError, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """By whom and why a version is applied, and whether agents who are taken out give back what they hold."""

    by: str = ""
    comment: str = ""
    release: bool = False


def current(world: World) -> Configuration:
    """What is applied now."""
    return world.store.configuration(world.store.configuration_version())


def apply(world: World, document: dict[str, Any], seen: int | None, terms: Terms = Terms()) -> Applied:
    """Replace the document. Raises `InvalidRequest`, `VersionMismatch`, `StillInUse` and `LostRace`."""
    tenant = read(document)
    now = current(world)
    _seen(now, seen)
    return _switch(world, now, tenant, _written(now.document, tenant), terms)


def rollback(world: World, version: int, seen: int | None, terms: Terms) -> Applied:
    """Apply the very document of an earlier version again, as a new one. Raises as `apply`, and `NotFound`."""
    wanted = world.store.configuration(version)
    if version < 1 or wanted.version != version:
        raise NotFound(f"There is no version {version}.")
    now = current(world)
    _seen(now, seen)
    return _switch(world, now, read(wanted.document), wanted.document, terms)


def edit(world: World, change: Callable[[Document], Document], seen: int | None, terms: Terms) -> Applied:
    """Change the document that is there; where it changes at the same moment, change the new one, unless it was
    `seen`. Raises as `apply`, and what `change` raises."""
    for _ in range(ATTEMPTS):
        now = current(world)
        _seen(now, seen)
        tenant = read(change(now.document))
        try:
            return _switch(world, now, tenant, _written(now.document, tenant), terms)
        except LostRace:
            continue
    raise LostRace("The configuration stayed in conflict with other changes; try again.")


def planned(world: World, document: dict[str, Any]) -> tuple[int, list[Step], list[FieldError]]:
    """The version it would follow, what would change, and what is worth a look. Raises `InvalidRequest`."""
    tenant = read(document)
    now = current(world)
    return now.version, plan(now.document, _written(now.document, tenant)), list(warnings(tenant))


def _seen(now: Configuration, seen: int | None) -> None:
    if seen is not None and seen != now.version:
        raise VersionMismatch("The configuration has changed since.", now.version)


def _written(before: Document, tenant: Tenant) -> Document:
    """The document to apply. Raises `InvalidRequest` where it changes what was published, or an id gets a comma."""
    document = write(tenant)
    wrong = list(rewritten(before, document))
    if wrong:
        raise InvalidRequest("A version of a flow that was published stays as it is.", wrong)
    wrong = list(new_commas(before, document))
    if wrong:
        raise InvalidRequest("An id has a comma.", wrong)
    return document


def _switch(world: World, now: Configuration, tenant: Tenant, document: Document, terms: Terms) -> Applied:
    """Nothing is promised to whoever reads in between: an SQS queue that nobody uses yet is all that can be left."""
    before = {queue["queue_id"] for queue in now.document.get("queues", ())} | set(now.document.get("moved_queues", ()))
    after = set(tenant.queue_by_id)
    agents = {agent["user_id"] for agent in now.document.get("agents", ())} - set(tenant.agent_by_id)
    _refuse_other_channels(now.document, tenant)
    _refuse_strangers(world, now.document, tenant)
    _refuse_dead_ends(world, tenant)
    _refuse_loss(world, before - after, agents, terms.release)
    for queue_id in sorted(after - before):
        world.transport.create_queue(queue_id)
    at = world.now()
    removed = {queue_id: since for queue_id, since in now.removed.items() if at - since < DAY_MS} | dict.fromkeys(
        before - after, at
    )
    removed = {queue_id: since for queue_id, since in removed.items() if queue_id not in after}
    version = world.store.apply(document, now.version, Stamp(at, terms.by, terms.comment), removed)
    world.latest_tenant()
    emptied = [*tenant.moved_queues, *removed]
    if emptied:
        world.transport.ring([Ring(queue_id=queue_id) for queue_id in emptied])
    departed.see_off(world, agents)
    return Applied(version, tuple(warnings(tenant)))


def _channels(document: Document) -> dict[str, str]:
    """The channel of each queue."""
    return {queue["queue_id"]: queue.get("channel", "work_item") for queue in document.get("queues", ())}


def _refuse_other_channels(before: Document, tenant: Tenant) -> None:
    """Raise `InvalidRequest` where work would move among agents who have no place for its channel."""
    channels = _channels(before)
    wrong = [
        FieldError(f"/moved_queues/{queue_id}", f"Its work is {channels[queue_id]}; name a queue of that channel.")
        for queue_id, to in tenant.moved_queues.items()
        if to is not None and queue_id in channels and tenant.own_queues[to].channel != channels[queue_id]
    ]
    if wrong:
        raise InvalidRequest("Work does not move to another channel.", wrong)


def _refuse_strangers(world: World, before: Document, tenant: Tenant) -> None:
    """Raise `StillInUse` where a queue's channel changes while it holds work of another: its agents may have no place
    for that."""
    now = {queue_id: queue.channel for queue_id, queue in tenant.own_queues.items()}
    changed = {queue_id for queue_id, was in _channels(before).items() if now.get(queue_id, was) != was}
    held = Counter((each.queue_id, each.channel) for each in _work_in(world, changed))
    for (queue_id, channel), count in sorted(held.items()):
        if channel == now[queue_id]:
            continue
        raise StillInUse(
            f"Queue {queue_id!r} still holds {count} engagements of {channel}. Let them be finished before it becomes "
            f"one for {now[queue_id]}, or make another queue for {now[queue_id]}.",
            count,
        )


def _refuse_dead_ends(world: World, tenant: Tenant) -> None:
    """Raise `StillInUse` where work of a queue that is gone is to go through its own flow again, and there is none."""
    again = {queue_id for queue_id, to in tenant.moved_queues.items() if to is None}
    led = {entry_id for entry_id, flow in tenant.flow_by_entry_id.items() if flow.published() is not None}
    came = Counter((each.queue_id, each.flow.flow_entry_id) for each in _work_in(world, again))
    for (queue_id, entry_id), count in sorted(came.items()):
        if entry_id in led:
            continue
        raise StillInUse(
            f"Queue {queue_id!r} still holds {count} engagements that came by Entry ID {entry_id!r}, which leads to no "
            f"published flow. Keep it, or say which queue has them: `moved_queues: {{{queue_id}: …}}`.",
            count,
        )


def _refuse_loss(world: World, queues: set[str], agents: set[str], release: bool) -> None:
    """Raise `StillInUse` for work that nobody would see to any more, as far as it is seen now."""
    for queue_id, count in sorted(Counter(each.queue_id for each in _work_in(world, queues)).items()):
        raise StillInUse(
            f"Queue {queue_id!r} still holds {count} engagements. Let them be finished, or say which queue has them: "
            f"`move_to` where one is deleted, `moved_queues: {{{queue_id}: …}}` in a document.",
            count,
        )
    if release:
        return
    for agent_id, occupancy in world.store.occupancies(agents).items() if agents else ():
        count = len(occupancy.held)
        if count:
            message = f"Agent {agent_id!r} still holds {count} engagements. Let them be finished, or send `release`."
            raise StillInUse(message, count)


def _work_in(world: World, queues: set[str]) -> list[Engagement]:
    """The engagements that wait in these queues, come from them or are scheduled for them.

    The index may be a second behind; what it misses is found by the router later.
    """
    if not queues:
        return []
    store = world.store
    waiting = {each.engagement_id for queue_id in queues for each in store.waiting(queue_id)}
    held = {each for agent in store.occupancies(store.present()).values() for each in agent.held}
    found: Iterable[Engagement] = store.engagements(waiting | held).values()
    scheduled = {each.engagement_id: each for each in store.due(FOR_EVER)}
    mine = scheduled | {each.engagement_id: each for each in found}
    return [each for each in mine.values() if each.queue_id in queues and each.state != "closed"]
