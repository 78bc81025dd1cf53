"""Webhook intake: a foreign system's call becomes a start, by the mapping of the Entry ID that it calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import NotFound
from chalicelib.events.signatures import new_secret
from chalicelib.flows.document import Flow
from chalicelib.flows.intake import Intake, concerns, delivery_id, input_of, start_of, verify
from chalicelib.world import World


@dataclass(frozen=True, slots=True)
class Mapped:
    """What a call asks for: the fields of a start, and what names the delivery."""

    fields: Mapping[str, Any]
    delivery_id: str | None


def hook(world: World, entry_id: str) -> tuple[Flow, Intake]:
    """The flow and the intake of an Entry ID, also of one that was given it just now. Raises `NotFound`."""
    for tenant in (world.tenant, world.latest_tenant):
        flow = tenant().flow_by_entry_id.get(entry_id)
        point = flow.entry_point(entry_id) if flow else None
        if flow is not None and point is not None and point.intake is not None:
            return flow, point.intake
    raise NotFound(f"The Entry ID {entry_id!r} takes no webhooks.")


def authenticate(world: World, entry_id: str, headers: Mapping[str, str], body: bytes) -> None:
    """Return if the call is the foreign system's own. Raises `NotAuthenticated`, `NotFound`."""
    _, intake = hook(world, entry_id)
    verify(intake.signature, secret_of(world, entry_id), headers, body, world.now())


def mapped(intake: Intake, payload: Any, headers: Mapping[str, str]) -> Mapped | None:
    """What a call asks for; None where it is to start nothing. Raises `InvalidRequest`."""
    given = input_of(payload, headers, intake.signature)
    if not concerns(intake, given):
        return None
    return Mapped(start_of(intake, given), delivery_id(intake, given))


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
