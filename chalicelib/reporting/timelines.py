"""Timelines: from the events of an engagement to who had it, doing what, from when until when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from chalicelib.engagements.model import Event

Entity = Literal["Queue", "Agent", "Supervisor", "Flow"]
WAITS = ("scheduled", "queue_waiting")
OBSERVED = "supervisor_"


@dataclass(frozen=True, slots=True)
class Segment:
    """One stretch of an engagement's life (epoch ms)."""

    entity: Entity
    entity_id: str
    name: str
    """In Zoom's words where it has one: in_flow, queue_waiting, agent_ring, agent_conversation, agent_wrap_up,
    supervisor_monitor and the like; scheduled and agent_park besides."""
    start: int
    end: int | None = None
    """None is: it goes on."""
    end_reason: str = ""
    """The command that ended it."""


def segments_of(events: Iterable[Event]) -> list[Segment]:
    """The segments of an engagement's events, by the time at which they began."""
    line = _Line()
    for event in sorted(events, key=lambda each: each.version):
        line.take(event)
    return sorted([*line.over, *line.open], key=lambda each: each.start)


class _Line:
    """An engagement's events, one after another."""

    def __init__(self) -> None:
        self.open: list[Segment] = []
        self.over: list[Segment] = []

    def take(self, event: Event) -> None:
        """What one event begins and ends."""
        agent_id, detail = event.agent_id or "", event.detail
        if "trace" in detail:
            self._passed(event)
        match event.command:
            case "start":
                self._begin("Queue", event.queue_id, "queue_waiting" if event.state == "queued" else "scheduled", event)
            case "enqueue" | "overflow" | "give_back":
                self._end(event, *WAITS)
                self._begin("Queue", detail.get("to_queue_id", ""), "queue_waiting", event)
            case "offer":
                self._begin("Agent", agent_id, "agent_ring", event)
            case "accept" | "pull":
                self._end(event, *WAITS, "agent_ring")
                self._begin("Agent", agent_id, "agent_conversation", event)
            case "decline" | "miss" | "rescind" | "pass":
                self._rang(event, agent_id)
            case "deactivate" | "activate" | "finish":
                self._end(event, "agent_conversation", "agent_park")
                self._begin("Agent", agent_id, DOING[event.command], event)
            case "release" | "transfer":
                self._end(event, "agent_conversation", "agent_park")
                self._begin("Queue", detail.get("to_queue_id", event.queue_id), "queue_waiting", event)
            case "take_over":
                self._end(event, "agent_conversation", "agent_park")
                self._begin("Agent", detail["to_user_id"], "agent_conversation", event)
                self._end(event, OBSERVED, of=detail["to_user_id"])
            case "observe":
                self._end(event, OBSERVED, of=detail["user_id"])
                self._begin("Supervisor", detail["user_id"], f"{OBSERVED}{detail['mode']}", event)
            case "leave":
                self._end(event, OBSERVED, of=detail["user_id"])
        if event.state != "assigned":
            self._end(event, OBSERVED)
        if event.state == "closed":
            self._end(event, "")

    def _begin(self, entity: Entity, entity_id: str, name: str, event: Event) -> None:
        self.open.append(Segment(entity, entity_id, name, event.at))

    def _end(self, event: Event, *names: str, of: str | None = None) -> None:
        """What is open under names that begin so is over; a queue is known at the latest when work leaves it."""
        ended = [s for s in self.open if s.name.startswith(names) and of in (None, s.entity_id)]
        self.open = [each for each in self.open if each not in ended]
        for each in ended:
            known = each if each.entity_id else replace(each, entity_id=event.queue_id)
            self.over.append(replace(known, end=event.at, end_reason=event.command))

    def _rang(self, event: Event, agent_id: str) -> None:
        """An offer is over for one agent, or for all. Of several who had it, only the first one's beginning is told."""
        if not any(each.name == "agent_ring" and each.entity_id == agent_id for each in self.open):
            began = event.at - event.detail.get("rang_ms", 0)
            self.open.append(Segment("Agent", agent_id, "agent_ring", began))
        self._end(event, "agent_ring", of=None if event.state == "queued" else agent_id)

    def _passed(self, event: Event) -> None:
        """A flow decides at once."""
        flow = str(event.detail.get("flow", ""))
        self.over.append(Segment("Flow", flow, "in_flow", event.at, event.at, event.command))


DOING = {"deactivate": "agent_park", "activate": "agent_conversation", "finish": "agent_wrap_up"}
"""By command, what its agent does with it then."""
