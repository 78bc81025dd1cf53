"""The state machine, as a table: what may happen, from which states to which, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chalicelib.engagements.model import OPEN, State

SYSTEM, AGENT, SUPERVISOR, ADMIN, INTEGRATION = "system", "agent", "supervisor", "admin", "integration"


class Transition(NamedTuple):
    """One row of the table."""

    sources: frozenset[State]
    target: State | None
    """None: it stays as it is."""
    by: frozenset[str]
    """The roles that may; `system` is Interleave itself."""
    when: str
    """What else must hold, for a reader."""


def _row(target: State | None, sources: tuple[State, ...], by: tuple[str, ...], when: str = "") -> Transition:
    return Transition(frozenset(sources), target, frozenset(by), when)


_WORKED_ON: tuple[State, ...] = ("assigned", "inactive")
_DESK = (AGENT, SUPERVISOR)

TRANSITIONS: dict[str, Transition] = {
    "enqueue": _row("queued", ("scheduled",), (SYSTEM,), "its time has come"),
    "overflow": _row("queued", ("queued",), (SYSTEM,), "its queue does not keep it"),
    "overflow_out": _row("closed", ("queued",), (SYSTEM,), "its queue does not keep it, and says so"),
    "offer": _row("offered", ("queued",), (SYSTEM,), "the agents are ready and have room"),
    "pull": _row("assigned", ("queued",), _DESK, "the queue is manual; the agent is ready and has room"),
    "accept": _row("assigned", ("offered",), (*_DESK, SYSTEM), "the offer is the agent's, and in time"),
    "pass": _row("offered", ("offered",), (AGENT, SUPERVISOR, ADMIN, SYSTEM), "others have the offer too"),
    "decline": _row("queued", ("offered",), _DESK, "the offer is the agent's, and in time"),
    "miss": _row("queued", ("offered",), (SYSTEM,), "the offer's deadline is past"),
    "rescind": _row("queued", ("offered",), (AGENT, SUPERVISOR, ADMIN, SYSTEM), "the agent may no longer have it"),
    "deactivate": _row("inactive", ("assigned",), (*_DESK, SYSTEM), "it is the agent's"),
    "activate": _row("assigned", ("inactive",), (*_DESK, SYSTEM), "it is the agent's, and he has room"),
    "release": _row("queued", _WORKED_ON, (*_DESK, SYSTEM), "it is the agent's"),
    "transfer": _row("queued", _WORKED_ON, (*_DESK, SYSTEM), "the queue's transfer policy allows it"),
    "refuse_transfer": _row(
        None, _WORKED_ON, _DESK, "the policy does not allow it, it is of another channel, or could never be taken"
    ),
    "give_back": _row("queued", ("queued",), (SYSTEM,), "nobody took what was transferred in time"),
    "take_over": _row("assigned", ("assigned",), _DESK, "who takes it over takes part in it, and has room"),
    "observe": _row(None, ("assigned",), _DESK, "an agent has been asked to by its owner"),
    "leave": _row(None, ("assigned",), _DESK, "he takes part in it"),
    "switch": _row("assigned", ("assigned",), _DESK, "the agent has room in the other channel"),
    "update": _row(None, OPEN, (INTEGRATION, AGENT, SUPERVISOR, ADMIN)),
    "flag": _row(None, OPEN, (SYSTEM,), "a service level or a due date is at risk or missed"),
    "finish": _row("wrap_up", _WORKED_ON, (*_DESK, INTEGRATION, SYSTEM), "the queue allows time for it"),
    "extend": _row("wrap_up", ("wrap_up",), _DESK, "the queue allows more time"),
    "close": _row(
        "closed",
        ("assigned", "inactive", "wrap_up"),
        (*_DESK, INTEGRATION, SYSTEM),
        "it is the agent's, or the consumer has left the conversation",
    ),
    "abandon": _row("closed", ("queued", "offered"), (INTEGRATION,), "the consumer has left before anybody took it"),
    "cancel": _row("closed", (*OPEN, "wrap_up"), (INTEGRATION, SUPERVISOR, ADMIN), "it is the source's own"),
    "erase": _row(None, ("closed",), (ADMIN,), "its consumer's data is to be forgotten"),
}


def table() -> str:
    """The table in Markdown, for the documentation."""
    rows = [
        f"| `{command}` | {', '.join(sorted(row.sources))} | {row.target or 'unchanged'} "
        f"| {', '.join(sorted(row.by))} | {row.when} |"
        for command, row in TRANSITIONS.items()
    ]
    return "\n".join(["| command | from | to | by | where |", "| --- | --- | --- | --- | --- |", *rows])


def diagram() -> str:
    """The states and what leads from one to the next, as a Mermaid diagram."""
    return "\n".join(["stateDiagram-v2", "    [*] --> queued: start", "    [*] --> scheduled: start", *_arrows()])


def _arrows() -> Iterator[str]:
    between: dict[tuple[str, str], list[str]] = {}
    for command, row in TRANSITIONS.items():
        for source in sorted(row.sources):
            if row.target is not None:
                between.setdefault((source, row.target), []).append(command)
    for (before, after), commands in between.items():
        yield f"    {before} --> {after}: {', '.join(commands)}"
    yield "    closed --> [*]"
