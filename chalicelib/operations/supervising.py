"""Taking part in work: monitor, whisper, barge, consult, take over, leave; and the notes on it."""

from __future__ import annotations

import json

from chalicelib.engagements import supervision, transfers
from chalicelib.engagements.model import DAY_MS, Change, Engagement, Mode, Note
from chalicelib.errors import NoAgent, NoCapacity, NotFound
from chalicelib.operations.ordering import Hands, Order, change
from chalicelib.operations.translation import room_for
from chalicelib.world import World

LONGEST_OPEN_MS = 400 * DAY_MS
"""How long the notes of open work are kept at the most; once it is closed, they go with it."""
MOST_NOTED = 1024 * 1024
"""Bytes of an answer that the notes of one engagement take: they are read, handed out and ended all at once."""
BESIDE_NOTE = 1024
"""Bytes of what a note counts for beside its own words."""


def observe(world: World, order: Order, user_id: str, mode: Mode) -> Engagement:
    """Let somebody take part. Whom an agent asks for advice must be an agent too."""
    if mode == "consult" and user_id not in world.tenant().agent_by_id:
        raise NotFound(f"User does not exist: {user_id}.")

    def decide(hands: Hands) -> Change:
        return supervision.observe(hands.engagement, user_id, mode, actor=order.actor, now=world.now())

    return change(world, order, decide)


def leave(world: World, order: Order, user_id: str) -> Engagement:
    """Take part no longer."""

    def decide(hands: Hands) -> Change:
        return supervision.leave(hands.engagement, user_id, actor=order.actor, now=world.now())

    return change(world, order, decide)


def take_over(world: World, order: Order, user_id: str) -> Engagement:
    """Become the owner. Only a configured agent can be one; others take part."""
    tenant = world.tenant()
    if user_id not in tenant.agent_by_id:
        raise NoAgent(f"{user_id} is no agent, and can't own work.")

    def decide(hands: Hands) -> Change:
        taker = world.store.occupancies([user_id])[user_id]
        places = room_for(tenant, taker, hands.engagement, hands.engagement.channel)
        return transfers.take_over(
            hands.engagement, hands.occupancy, taker, room=places, actor=order.actor, now=world.now()
        )

    return change(world, order, decide)


def add_note(world: World, engagement: Engagement, user_id: str, text: str) -> Note:
    """Write something beside the work: the owner's own note, a participant's comment to him. Raises `NoCapacity`."""
    noted = [text, *(note.text for note in world.store.notes(engagement.engagement_id))]
    if sum(len(json.dumps(each)) + BESIDE_NOTE for each in noted) > MOST_NOTED:
        raise NoCapacity(f"Its {len(noted) - 1} notes are all that it has room for; write to its system of record.")
    kind = engagement.participants.get(user_id, "note")
    to = engagement.agent_id if kind == "whisper" else None
    note = Note(world.new_id(), engagement.engagement_id, world.now(), user_id, kind, text, to)
    world.store.add_note(note, engagement.expires_at or world.now() + LONGEST_OPEN_MS)
    return note
