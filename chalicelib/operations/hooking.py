"""Webhook intake: a foreign system's call becomes a start, by the mapping of the Entry ID that it calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.events.signatures import new_secret
from chalicelib.flows.document import Flow
from chalicelib.flows.intake import Intake, Mapped, mapped, verify
from chalicelib.world import World


def hook(world: World, entry_id: str) -> tuple[Flow, Intake]:
    """The flow and the intake of an Entry ID, also of one that was given it just now. Raises `NotFound`."""
    for tenant in (world.tenant, world.latest_tenant):
        flow = tenant().flow_by_entry_id.get(entry_id)
        point = flow.entry_point(entry_id) if flow else None
        if flow is not None and point is not None and point.intake is not None:
            return flow, point.intake
    raise NotFound(f"The Entry ID {entry_id!r} takes no webhooks.")


def take(
    world: World, entry_id: str, headers: Mapping[str, str], raw: bytes, payload: Callable[[bytes], Any]
) -> tuple[Flow, Mapped | None]:
    """The flow that a call is for, and what it asks for; None where it is to start nothing.

    Who calls is found out before the `payload` is made of what was sent. Raises `NotAuthenticated`, `NotFound`,
    `InvalidRequest`.
    """
    flow, intake = hook(world, entry_id)
    verify(intake.signature, secret_of(world, entry_id), headers, raw, world.now())
    return flow, mapped(intake, payload(raw), headers)


def secret_of(world: World, entry_id: str) -> str:
    """The secret that calls are known by; made when it is first needed. Raises `NotFound`."""
    hook(world, entry_id)
    return world.store.webhook_secret(_secret_id(entry_id), new_secret(world.token(24)))


def keep_secret(world: World, entry_id: str, secret: str) -> None:
    """Take the secret that the foreign system has made. Raises `NotFound`."""
    hook(world, entry_id)
    world.store.put_webhook_secret(_secret_id(entry_id), secret)


def _secret_id(entry_id: str) -> str:
    return f"intake.{entry_id}"
