"""Twilio TaskRouter: the answers of a workspace's list endpoints.

Read are `Workflows`, `TaskQueues`, `Workers` and `Workers/<sid>/Channels`. Attributes of a worker are skills: true
and numbers under their name, texts as `<attribute>=<text>`, and what stands in `skills` or `routing.skills` by itself.
Attributes of a task are sent as variables named `global_custom.task.<attribute>`.
Source: Twilio, TaskRouter API reference and "Workflows Overview".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chalicelib.routing import presets
from infra.movers.expressions import NotUnderstood, holds, parse
from infra.movers.moving import NUMBER, Answers, Move, Moved, Row
from infra.movers.profiles import CHANNELS, occupancy_profile
from infra.movers.references import settle
from infra.movers.twilio_workflows import Workflows

MOST_LEVEL = 5
MOST_OFFERS = 20
LISTS = ("skills", "routing.skills")
"""Attributes whose members are skills of their own names; `routing.levels` has their levels."""
_SERVER = ("account_sid", "workspace_sid", "date_created", "date_updated", "date_status_changed", "url", "links",
           "unique_name")  # fmt: skip


def move(answers: Answers) -> Moved:
    """A tenant's document from what TaskRouter's endpoints answer."""
    return _TaskRouter(answers).document()


class _TaskRouter:
    def __init__(self, answers: Answers) -> None:
        self.move = Move(answers)
        self.attributes: dict[str, dict[str, Any]] = {}
        """Worker's SID → attributes."""
        self.occupancies: dict[str, dict[str, Any]] = {}

    def document(self) -> Moved:
        activities = ("activity_sid", "activity_name", "available", "date_status_changed")
        workers = self.move.rows("Workers", "workers", "friendly_name", *_SERVER, *activities)
        for row in workers:
            self.attributes[row.take("sid")] = self._parsed(row, "attributes")
        queues: dict[str, dict[str, Any]] = {}
        serving: dict[str, list[str]] = {}
        for row in self.move.rows("TaskQueues", "task_queues", "friendly_name", *_SERVER, "assignment_activity_sid",
                                  "assignment_activity_name", "reservation_activity_sid",
                                  "reservation_activity_name"):  # fmt: skip
            queue = self._queue(row)
            queues[row.take("sid")] = queue
            for sid in self._targets(row):
                serving.setdefault(sid, []).append(queue["queue_id"])
        rows = self.move.rows("Workflows", "workflows", "friendly_name", *_SERVER, "document_content_type")
        workflows = Workflows(self.move, queues, self._skills_by_attribute())
        document: dict[str, Any] = {
            "flows": [flow for row in rows if (flow := workflows.flow(row, self._parsed(row, "configuration")))],
            "queues": list(queues.values()),
            "agents": [self._agent(row, serving) for row in workers],
            "occupancy_profiles": list(self.occupancies.values()),
        }
        settle(self.move, document)
        return self.move.done(document)

    def _parsed(self, row: Row, name: str) -> dict[str, Any]:
        """A field that is JSON in a text."""
        text = row.take(name, "{}", str, dict)
        try:
            found = json.loads(text) if isinstance(text, str) else text
        except json.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return found
        self.move.leave(row.where, name, "It is no JSON object.")
        return {}

    def _queue(self, row: Row) -> dict[str, Any]:
        queue = {
            "queue_id": self.move.identifier("queue", row.take("sid")),
            "queue_name": row.take("friendly_name", row.take("sid")),
        }
        most = row.take("max_reserved_workers", 1)
        if most > MOST_OFFERS:
            self.move.leave(row.where, f"offers to {most} workers at once", f"They go to {MOST_OFFERS} here.")
        if most > 1:
            queue.update(distribution="simultaneous", offered_at_once=min(most, MOST_OFFERS))
        if row.take("task_order", "FIFO") == "LIFO":
            self.move.leave(row.where, "the newest task first", "Work of equal priority goes by age here.")
        return queue

    def _targets(self, row: Row) -> Iterator[str]:
        """The workers whom the queue's expression picks now; an agent's queues are listed here, not computed."""
        text = row.take("target_workers", "1==1")
        try:
            tree = parse(text)
            yield from [sid for sid, attributes in self.attributes.items() if holds(tree, attributes)]
        except NotUnderstood as error:
            self.move.leave(row.where, f"target workers {text}", f"Name the queue in its agents' `queues`: {error}")

    # Workers

    def _agent(self, row: Row, serving: dict[str, list[str]]) -> dict[str, Any]:
        sid = row.take("sid")
        return {
            "user_id": self.move.identifier("user", sid),
            "display_name": row.take("friendly_name", sid),
            "queues": serving.get(sid, []),
            "skills": self._skills(row),
            "occupancy_profile_id": self._occupancy(sid),
        }

    def _skills(self, row: Row) -> dict[str, int]:
        skills: dict[str, int] = {}
        attributes = self.attributes[row.take("sid")]
        routing = attributes.get("routing")
        levels = routing.get("levels") if isinstance(routing, dict) else None
        levels = levels if isinstance(levels, dict) else {}  # whatever a worker has there
        for name, value in _flat(attributes):
            if name.startswith("routing.levels."):
                continue
            if isinstance(value, list) and name in LISTS:
                own = [str(each) for each in value]
                skills.update({each: self._level(row.where, each, levels.get(each, 1)) for each in own})
            elif isinstance(value, list):
                skills.update({f"{name}={each}": 1 for each in value})
            elif isinstance(value, str):
                skills[f"{name}={value}"] = 1
            elif value is True:
                skills[name] = 1
            elif value:
                skills[name] = self._level(row.where, name, value)
        return skills

    def _level(self, where: str, name: str, value: Any) -> int:
        level = min(max(round(value), 1), MOST_LEVEL) if isinstance(value, NUMBER) else 1
        if level != value:
            self.move.leave(where, f"{name} {value}", f"It is level {level} here: 1 to {MOST_LEVEL}.")
        return level

    def _skills_by_attribute(self) -> dict[str, set[str]]:
        """Attribute → every text that a worker has there, or in a list there."""
        found: dict[str, set[str]] = {}
        for attributes in self.attributes.values():
            for name, value in _flat(attributes):
                texts = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)]
                found.setdefault(name, set()).update(texts)
        return found

    def _occupancy(self, sid: str) -> str:
        server = (
            "assigned_tasks",
            "available",
            "available_capacity_percentage",
            "task_channel_sid",
            "worker_sid",
            "sid",
        )
        capacity: dict[str, int] = {}
        for row in self.move.rows(f"Workers/{sid}/Channels", "channels", "task_channel_unique_name", *_SERVER, *server):
            theirs, places = row.take("task_channel_unique_name"), row.take("configured_capacity", 0)
            ours = CHANNELS.get(theirs, "work_item")
            if theirs not in CHANNELS:
                self.move.leave("Workers", f"channel {theirs}", "Its tasks are work items.")
            capacity[ours] = max(capacity.get(ours, 0), places)
        capacity = capacity or {"work_item": 1}
        name = "-".join(f"{channel}-{places}" for channel, places in sorted(capacity.items()))
        profile_id = self.move.identifier("occupancy profile", name)
        self.occupancies[profile_id] = occupancy_profile(self.move, profile_id, presets.twilio(capacity))
        return profile_id


def _flat(attributes: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Attributes by their dotted names."""
    for name, value in attributes.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
