"""Start Engagement: one call in, one engagement."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.engagements import commands
from chalicelib.engagements.clocks import said_by, watched
from chalicelib.engagements.model import (
    Content,
    Engagement,
    FlowReference,
    new_engagement_id,
    own_work_key,
    work_key,
)
from chalicelib.errors import DuplicateWork, FieldError, InvalidRequest, KeyReused
from chalicelib.events.catalogue import duplicate_rejected
from chalicelib.flows.document import Flow, FlowVersion
from chalicelib.messaging.protocol import Ring
from chalicelib.operations.delivering import announce
from chalicelib.operations.flowing import Run, pass_through
from chalicelib.operations.translation import targets_of
from chalicelib.operations.wording import completed
from chalicelib.storage.protocol import Receipt, Refused, Replayed
from chalicelib.world import World

RECEIPT_SECONDS = 48 * 3600
"""How long an Idempotency-Key is remembered."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The caller's key, and the fingerprint of the request it came with."""

    key: str
    fingerprint: str

    def of(self, actor: str) -> IdempotencyKey:
        """The same, with a key that is nobody else's: whatever is in names and keys, no two together read alike."""
        return replace(self, key=f"{len(actor)}:{actor}{self.key}")


@dataclass(frozen=True, slots=True)
class Intake:
    """The outcome: what the answer needs, whether it is `new`, the `first` answer again or the one `existing`."""

    outcome: Literal["new", "replayed", "existing"]
    engagement_id: str
    started_at: int
    flow: FlowReference
    existing: Engagement | None = None


def start(
    world: World,
    *,
    flow_entry_id: str,
    channel: str,
    content: Content,
    actor: str,
    idempotency: IdempotencyKey | None,
    use_existing: bool,
    not_before: int | None = None,
) -> Intake:
    """Run the work through its flow and put it on record, once; it enters its queue at `not_before` (epoch ms).

    Raises `InvalidRequest` for an Entry ID that leads nowhere, `DuplicateWork` for active work, `KeyReused`.
    """
    key = idempotency.of(actor) if idempotency else None
    try:
        return _start(world, flow_entry_id, channel, content, actor, key, use_existing, not_before)
    except InvalidRequest:
        receipt = world.store.receipt(key.key, world.now() // 1000) if key else None
        if receipt is None or key is None or receipt.fingerprint != key.fingerprint:
            raise
        return _replayed(receipt, key)  # what has been configured since does not undo what was started


def _start(
    world: World,
    flow_entry_id: str,
    channel: str,
    content: Content,
    actor: str,
    idempotency: IdempotencyKey | None,
    use_existing: bool,
    not_before: int | None,
) -> Intake:
    now = world.now()
    flow, version = _flow(world, flow_entry_id, channel)
    tenant = world.tenant()
    content = completed(tenant, content)
    work_item = content.work_item_variables
    work_item_id = work_item.get("work_item_id")
    key = work_key(work_item_id, work_item["work_item_name"]) if work_item_id else own_work_key(world.token(16))
    if tenant.systems_of_record:
        known = _known(world, key, idempotency, use_existing)
        if known is not None:
            return known
    engagement_id = new_engagement_id(key, world.token(8))
    who = Run(engagement_id, now, idempotency.key if idempotency else engagement_id)
    passed = pass_through(world, tenant, flow, version, content, who)
    engagement = commands.start(
        engagement_id,
        channel=flow.channel,
        to=passed.destination(tenant, now),
        flow=FlowReference(flow.flow_id, flow.flow_name, version.flow_version, flow_entry_id),
        content=passed.passage.content,
        actor=actor,
        now=now,
        not_before=None if passed.outcome.ends else not_before,
        trace=passed.outcome.trace,
    )
    engagement = replace(engagement, kept_days=tenant.retention_days)
    engagement = _ended(engagement, now) if passed.outcome.ends else _flagged(world, engagement, now)
    outcome = world.store.start(engagement, _receipt(engagement, idempotency))
    if isinstance(outcome, Replayed):
        return _replayed(outcome.receipt, idempotency)
    if isinstance(outcome, Refused):
        return _refused(world, outcome.existing, use_existing)
    if engagement.state == "queued":
        world.transport.ring([Ring(queue_id=engagement.queue_id, engagement_id=engagement.engagement_id)])
    return Intake("new", engagement.engagement_id, engagement.started_at, engagement.flow)


def _flow(world: World, flow_entry_id: str, channel: str) -> tuple[Flow, FlowVersion]:
    at = "/flow/flow_entry_id"
    known = world.tenant().flow_by_entry_id.get(flow_entry_id)
    flow = known or world.latest_tenant().flow_by_entry_id.get(flow_entry_id)
    if flow is None:
        raise InvalidRequest("The Entry ID is unknown.", [FieldError(at, "No flow has this Entry ID.")])
    version = flow.published()
    if version is None:
        message = f"Flow {flow.flow_name!r} has no published version; publish one first."
        raise InvalidRequest("The flow is not published.", [FieldError(at, message)])
    if flow.channel != channel:
        message = f"Flow {flow.flow_name!r} is for channel {flow.channel}."
        raise InvalidRequest("The flow is for another channel.", [FieldError("/channels/0/channel", message)])
    return flow, version


def _known(world: World, key: str, idempotency: IdempotencyKey | None, use_existing: bool) -> Intake | None:
    """What will be refused or replayed anyway, found out before the flow calls anybody. The write decides the rest."""
    if idempotency is not None:
        receipt = world.store.receipt(idempotency.key, world.now() // 1000)
        if receipt is not None:
            return _replayed(receipt, idempotency)
    existing = world.store.last_of_work(key)
    if existing is not None and existing.state != "closed":
        return _refused(world, existing, use_existing)
    return None


def _ended(engagement: Engagement, now: int) -> Engagement:
    """Closed by its flow, in the same write."""
    ended = commands.overflow_out(engagement, reason="flow", now=now).engagement
    assert ended is not None
    return ended


def _flagged(world: World, engagement: Engagement, now: int) -> Engagement:
    """What its clocks say at the very beginning."""
    targets = targets_of(world.tenant(), engagement)
    return watched(replace(engagement, flags=said_by(engagement, targets, now)), targets)


def _receipt(engagement: Engagement, idempotency: IdempotencyKey | None) -> Receipt | None:
    if idempotency is None:
        return None
    return Receipt(
        idempotency.key,
        idempotency.fingerprint,
        engagement.engagement_id,
        engagement.started_at,
        engagement.flow,
        engagement.started_at // 1000 + RECEIPT_SECONDS,
    )


def _replayed(receipt: Receipt, idempotency: IdempotencyKey | None) -> Intake:
    if idempotency is None or receipt.fingerprint != idempotency.fingerprint:
        raise KeyReused("This Idempotency-Key came with another request before; use a new key for a new request.")
    return Intake("replayed", receipt.engagement_id, receipt.started_at, receipt.flow)


def _refused(world: World, existing: Engagement, use_existing: bool) -> Intake:
    if not use_existing:
        rejected = duplicate_rejected(existing.engagement_id, f"rejected.{world.new_id()}", world.now())
        announce(world, [rejected])
        raise DuplicateWork(
            "An engagement with this work_item_id and work_item_name is active.",
            existing.engagement_id,
            existing.state,
        )
    return Intake("existing", existing.engagement_id, existing.started_at, existing.flow, existing)
