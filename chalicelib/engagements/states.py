"""The state machine of DESIGN.md 2, as a table: command → the states it may start from and the state it leads to."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.engagements.model import State


class Transition(NamedTuple):
    """One row of the table."""

    sources: frozenset[State]
    target: State


def _row(target: State, *sources: State) -> Transition:
    return Transition(frozenset(sources), target)


TRANSITIONS: dict[str, Transition] = {
    "enqueue": _row("queued", "scheduled"),
    "overflow": _row("queued", "queued"),
    "overflow_out": _row("closed", "queued"),
    "offer": _row("offered", "queued"),
    "pull": _row("assigned", "queued"),
    "accept": _row("assigned", "offered"),
    "pass": _row("offered", "offered"),
    "decline": _row("queued", "offered"),
    "miss": _row("queued", "offered"),
    "rescind": _row("queued", "offered"),
    "deactivate": _row("inactive", "assigned"),
    "activate": _row("assigned", "inactive"),
    "release": _row("queued", "assigned", "inactive"),
    "finish": _row("wrap_up", "assigned", "inactive"),
    "close": _row("closed", "assigned", "inactive", "wrap_up"),
    "cancel": _row("closed", "scheduled", "queued", "offered", "assigned", "inactive", "wrap_up"),
}
