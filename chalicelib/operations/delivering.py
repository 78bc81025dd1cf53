"""Telling the outside: from public events to deliveries, to attempts, and, a day later, to the dead letters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace

from chalicelib.configuration.profiles import Webhook
from chalicelib.errors import InvalidRequest, NotFound
from chalicelib.events.catalogue import PublicEvent
from chalicelib.events.retries import wait_after
from chalicelib.events.signatures import VALIDATION, answer_to, new_secret, signed
from chalicelib.messaging.protocol import LONGEST_DELAY, Delivery, PostFailed
from chalicelib.storage.protocol import Attempt
from chalicelib.world import World

MOST_REPLAYED = 2000
"""Events that one call sends again: as many as can be sent while it lasts."""
MOST_DAYS = 31
"""Days that one call looks through: each is read by itself, also where nothing happened."""
DAY_MS = 86_400_000


def announce(world: World, events: Sequence[PublicEvent]) -> None:
    """Hand events to everybody who wants them. Doing it again sends them again, under the same ids."""
    webhooks = world.tenant().webhooks
    if not events:
        return
    world.transport.publish(events, world.account_id)
    if not webhooks:
        return
    world.store.keep_events(events)
    world.transport.deliver([d for event in events for d in _deliveries(world, webhooks, event)])


def deliver(world: World, delivery: Delivery) -> None:
    """One attempt; what failed is sent again later, what was given up is buried."""
    now = world.now()
    webhook = _webhook(world, delivery.webhook_id)
    if webhook is None:
        return  # nobody wants it any more
    if delivery.due_at > now:
        world.transport.deliver([delivery], min(LONGEST_DELAY, (delivery.due_at - now) // 1000 + 1))
        return
    body = delivery.body.encode()
    headers = signed(webhook.signature, _secret(world, webhook), delivery.event_id, body, now // 1000)
    try:
        world.poster.post(webhook.url, {**headers, "Content-Type": "application/json"}, body)
        problem = None
    except PostFailed as failed:
        problem = str(failed)
    attempt = delivery.attempt + 1
    world.store.keep_attempt(Attempt(delivery.webhook_id, delivery.event_id, delivery.type, now, attempt, problem))
    if problem is not None:
        _again(world, replace(delivery, attempt=attempt), now)


def replay(world: World, webhook_id: str, start: int, end: int, most: int = MOST_REPLAYED) -> tuple[int, int | None]:
    """Send again what happened from `start` until before `end` (epoch ms).

    How many deliveries that are, and from when on to ask for the rest; None where there is none. A call goes through
    `MOST_DAYS` at most. What happened in the last millisecond is sent once more by the next call: a receiver knows it
    by its id.
    """
    webhook, end = webhook_of(world, webhook_id), min(end, world.now() + 1)
    if start >= end:
        return 0, None
    until = min(end, start + MOST_DAYS * DAY_MS)
    events = world.store.events(start, until, most + 1)
    wanted = [d for event in events[:most] for d in _deliveries(world, [webhook], event)]
    world.transport.deliver(wanted)
    if len(events) > most:
        return len(wanted), max(events[most].at, start + 1)
    return len(wanted), until if until < end else None


def verify(world: World, webhook_id: str) -> None:
    """Zoom's handshake: a receiver that knows the secret proves it. Raises `InvalidRequest` that says what it did."""
    webhook = webhook_of(world, webhook_id)
    secret, plain, now = _secret(world, webhook), world.new_id(), world.now()
    body = json.dumps({"event": VALIDATION, "event_ts": now, "payload": {"plainToken": plain}}).encode()
    headers = signed(webhook.signature, secret, f"validation.{plain}", body, now // 1000)
    try:
        said = json.loads(world.poster.post(webhook.url, {**headers, "Content-Type": "application/json"}, body))
    except (PostFailed, ValueError, RecursionError) as failed:
        raise InvalidRequest(f"The receiver did not answer the handshake: {failed}") from failed
    expected = {"plainToken": plain, "encryptedToken": answer_to(secret, plain)}
    if said != expected:
        raise InvalidRequest("The receiver does not know the secret: its encryptedToken is not the right one.")


def secret_of(world: World, webhook_id: str) -> str:
    """The secret that a webhook's deliveries are signed with."""
    return _secret(world, webhook_of(world, webhook_id))


def webhook_of(world: World, webhook_id: str) -> Webhook:
    """A webhook of the configuration. Raises `NotFound`."""
    webhook = _webhook(world, webhook_id)
    if webhook is None:
        raise NotFound(f"There is no webhook {webhook_id!r}.")
    return webhook


def _deliveries(world: World, webhooks: Iterable[Webhook], event: PublicEvent) -> list[Delivery]:
    body = json.dumps(event.envelope(world.account_id), separators=(",", ":"))
    return [
        Delivery(webhook.webhook_id, event.event_id, event.type, body)
        for webhook in webhooks
        if webhook.wants(event.type)
    ]


def _again(world: World, delivery: Delivery, now: int) -> None:
    wait = wait_after(delivery.attempt)
    if wait is None:
        world.transport.bury(delivery)
    else:
        later = replace(delivery, due_at=now + 1000 * wait)
        world.transport.deliver([later], min(LONGEST_DELAY, wait))


def _webhook(world: World, webhook_id: str) -> Webhook | None:
    """A webhook, also one that was made just now."""
    found = (each for tenant in (world.tenant, world.latest_tenant) for each in tenant().webhooks)
    return next((each for each in found if each.webhook_id == webhook_id), None)


def _secret(world: World, webhook: Webhook) -> str:
    return world.store.webhook_secret(webhook.webhook_id, new_secret(world.token(24)))
