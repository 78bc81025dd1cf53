"""Azure Job Router (retired on 30 September 2028): the answers of its administration and worker lists.

Read are `classificationPolicies`, `distributionPolicies`, `exceptionPolicies`, `queues` and `workers`, each
`{"value": [...]}`. A label that is true or a number is a skill of its name; a label with a text is the skill
`<label>=<text>`. Labels of a job are sent as variables named `global_custom.job.<label>`.
Source: Azure Communication Services, Job Router REST API 2023-11-01.
"""

from __future__ import annotations

from typing import Any

from chalicelib.routing import presets
from infra.movers.job_router_flows import SERVER as _SERVER
from infra.movers.job_router_flows import Flows, level_of
from infra.movers.moving import PLAIN, Answers, Move, Moved, Row
from infra.movers.profiles import CHANNELS, occupancy_profile
from infra.movers.references import settle

MODES = {"longestIdle": "most_available", "roundRobin": "rotating", "bestWorker": "best_worker"}
"""Longest idle is, in Job Router, whose load ratio is lowest, and among equals who is idle longest."""
MOST_OFFERS = 20
LONGEST_OFFER = 900


def move(answers: Answers) -> Moved:
    """A tenant's document from what Job Router's endpoints answer."""
    return _JobRouter(answers).document()


class _JobRouter:
    def __init__(self, answers: Answers) -> None:
        self.move = Move(answers)
        self.labels: dict[str, dict[str, Any]] = {}
        """Queue id, as Job Router has it → the queue's labels."""
        self.worker_labels: dict[str, set[str]] = {}
        """Label → every text that a worker has there."""

    def document(self) -> Moved:
        queues = self.move.rows("queues", "value", "id", *_SERVER)
        self.labels = {row.take("id"): row.items("labels", *PLAIN) for row in queues}
        workers = self.move.rows("workers", "value", "id", *_SERVER, "state", "availableForOffers", "offers",
                                 "assignedJobs", "loadRatio")  # fmt: skip
        for row in workers:
            for name, value in row.items("labels", *PLAIN).items():
                if isinstance(value, str):
                    self.worker_labels.setdefault(name, set()).add(value)
        distributions = {row.take("id"): row for row in self.move.rows("distributionPolicies", "value", "id", *_SERVER)}
        exceptions = {row.take("id"): row for row in self.move.rows("exceptionPolicies", "value", "id", *_SERVER)}
        agents = [self._agent(row) for row in workers]
        document = {
            "queues": [self._queue(row, distributions, exceptions) for row in queues],
            "agents": [agent for agent, _ in agents],
            "occupancy_profiles": list({p["occupancy_profile_id"]: p for _, p in agents}.values()),
            "flows": Flows(self.move, self.labels, self.worker_labels).flows(),
        }
        for row in (*distributions.values(), *exceptions.values()):
            row.ignore("name")
        settle(self.move, document)
        return self.move.done(document)

    # Queues

    def _queue(self, row: Row, distributions: dict[str, Row], exceptions: dict[str, Row]) -> dict[str, Any]:
        queue = {
            "queue_id": self.move.identifier("queue", row.take("id")),
            "queue_name": row.take("name", row.take("id")),
        }
        wanted = row.take("distributionPolicyId")
        if wanted in distributions:
            queue.update(self._distribution(distributions[wanted]))
        elif wanted:
            self.move.leave(row.where, f"distribution policy {wanted}", "It is not in the export.")
        wanted = row.take("exceptionPolicyId")
        if wanted in exceptions:
            queue.update(self._exceptions(exceptions[wanted]))
        elif wanted:
            self.move.leave(row.where, f"exception policy {wanted}", "It is not in the export.")
        return queue

    def _distribution(self, row: Row) -> dict[str, Any]:
        row.ignore("name")
        seconds = round(row.take("offerExpiresAfterSeconds", 30))
        if seconds > LONGEST_OFFER:
            self.move.leave(row.where, f"offers of {seconds} seconds", f"They last {LONGEST_OFFER} here.")
        mode = row.within("mode")
        kind, most = mode.take("kind"), mode.take("maxConcurrentOffers", 1)
        mode.ignore("minConcurrentOffers")
        distribution = MODES.get(kind, "longest_idle")
        if kind not in MODES:
            self.move.leave(row.where, f"mode {kind}", "The longest idle agent is taken instead.")
        queue = {"offer_timeout": min(max(seconds, 1), LONGEST_OFFER), "distribution": distribution}
        if most > 1:
            why = "What is offered to several at once goes to whoever accepts first; the mode does not matter then."
            self.move.leave(row.where, f"mode {kind}", why)
            queue.update(distribution="simultaneous", offered_at_once=min(most, MOST_OFFERS))
        return queue

    def _exceptions(self, row: Row) -> dict[str, Any]:
        queue: dict[str, Any] = {}
        for rule in row.rows("exceptionRules"):
            rule.ignore("id")
            trigger = rule.within("trigger")
            kind = trigger.take("kind")
            places = [place for action in rule.rows("actions") if (place := self._place(action)) is not None]
            if not places:
                continue
            if queue.get("overflow", places[0]) != places[0]:
                self.move.leave(rule.where, f"{kind} to another place", "A queue has one overflow; the first rule's.")
                trigger.ignore("threshold")
                trigger.ignore("thresholdSeconds")
                continue
            queue["overflow"] = places[0]
            if kind == "queueLength":
                queue["max_engagement_in_queue"] = max(trigger.take("threshold", 1), 1)
            elif kind == "waitTime":
                queue["max_wait_time"] = max(round(trigger.take("thresholdSeconds", 1)), 1)
        return queue

    def _place(self, action: Row) -> dict[str, Any] | None:
        kind = action.take("kind")
        action.ignore("id")
        match kind:
            case "cancel":
                return {"end": True}
            case "manualReclassify" if action.take("queueId"):
                return {"queue_id": self.move.identifier("queue", action.take("queueId"))}
            case "reclassify" if action.take("classificationPolicyId"):
                return {"flow_entry_id": self.move.identifier("flow", action.take("classificationPolicyId"))}
        self.move.leave(action.where, f"action {kind}", "It names no place to which work could overflow.")
        return None

    # Agents

    def _agent(self, row: Row) -> tuple[dict[str, Any], dict[str, Any]]:
        capacity, channels = row.take("capacity", 1), {}
        for channel in row.rows("channels"):
            channels[channel.needed("channelId", str)] = (
                max(channel.take("capacityCostPerJob", 1), 1),
                channel.number("maxNumberOfJobs"),
            )
        preset = presets.job_router(capacity, self._places(channels))
        shares = (f"{name}-{cost}-{most or 0}" for name, (cost, most) in sorted(channels.items()))
        profile_id = self.move.identifier("occupancy profile", "-".join(["capacity", str(capacity), *shares]))
        theirs = row.take("id")
        agent = {
            "user_id": self.move.identifier("user", theirs),
            "display_name": str(theirs),
            "queues": [self.move.identifier("queue", each) for each in row.members("queues", str)],
            "skills": self._labels(row),
            "occupancy_profile_id": profile_id,
        }
        return agent, occupancy_profile(self.move, profile_id, preset)

    def _places(self, channels: dict[str, tuple[int, int | None]]) -> dict[str, tuple[int, int | None]]:
        """A channel of ours keeps its name; every other is a work item, and the dearest of them counts."""
        places: dict[str, tuple[int, int | None]] = {}
        for name, cost in channels.items():
            ours = CHANNELS.get(name, "work_item")
            if name not in CHANNELS:
                self.move.leave("workers", f"channel {name}", "Its jobs are work items.")
            places[ours] = max(places.get(ours, (0, None)), cost, key=lambda each: each[0])
        return places

    def _labels(self, row: Row) -> dict[str, int]:
        skills = {}
        for name, value in row.items("labels", *PLAIN).items():
            if isinstance(value, str):
                skills[f"{name}={value}"] = 1
            elif value is True:
                skills[name] = 1
            elif value:
                skills[name] = level_of(self.move, row.where, name, value)
        return skills
