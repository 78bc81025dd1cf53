"""Job Router's classification policies as flows: queue, priority and skills, a step each."""

from __future__ import annotations

from typing import Any

from infra.movers.conditions import ALWAYS, Option, Skills, choice, condition, skills_step
from infra.movers.expressions import Compare, If, Key, NotUnderstood, parse
from infra.movers.moving import Move, Row

MOST_LEVEL = 5
SERVER = ("etag", "kind")
"""Fields that Job Router keeps for itself."""


def field(name: str) -> str:
    """The variable in which a job's label arrives."""
    return f"global_custom.job.{name.removeprefix('job.')}"


def level_of(move: Move, where: str, name: str, value: float) -> int:
    """The level of a skill that a label with a number is."""
    level = min(max(round(value), 1), MOST_LEVEL)
    if level != value:
        move.leave(where, f"{name} {value:g}", f"It is level {level} here: 1 to {MOST_LEVEL}.")
    return level


def _percentages(shares: list[tuple[float, str]], rest: str) -> list[dict[str, Any]]:
    """Weights as parts of a hundred; what they leave of 1 goes to `rest`."""
    total = max(1.0, sum(weight for weight, _ in shares))
    parts = [(round(100 * weight / total, 2), queue_id) for weight, queue_id in shares]
    left = round(100 - sum(percent for percent, _ in parts), 2)
    if left > 0.01 * len(parts):
        parts.append((left, rest))
    else:  # what rounding left
        parts[-1] = (round(parts[-1][0] + left, 2), parts[-1][1])
    return [{"percent": percent, "route": {"queue_id": queue_id}} for percent, queue_id in parts]


class Flows:
    """The flows. `labels` are the queues' by queue id; `worker_labels` every text that a worker has under a label."""

    def __init__(self, move: Move, labels: dict[str, dict[str, Any]], worker_labels: dict[str, set[str]]) -> None:
        self.move = move
        self.labels = labels
        self.worker_labels = worker_labels

    def flows(self) -> list[dict[str, Any]]:
        if not self.labels:
            return []
        found = []
        for row in self.move.rows("classificationPolicies", "value", "id", *SERVER):
            flow_id = self.move.identifier("flow", row.take("id"))
            name = row.take("name", row.take("id"))
            steps = [self._queue_step(row), self._priority_step(row), self._skills_step(row)]
            published = {"flow_version": 1, "status": "published", "steps": [each for each in steps if each]}
            found.append(
                {
                    "flow_id": flow_id,
                    "flow_name": name,
                    "versions": [published],
                    "entry_points": [{"entry_id": flow_id, "entry_name": name}],
                }
            )
        return found

    def _queue_step(self, row: Row) -> dict[str, Any]:
        branches: list[dict[str, Any]] = []
        fallback: str | None = row.take("fallbackQueueId")
        shares: list[tuple[float, str]] = []
        for each in row.rows("queueSelectorAttachments"):
            kind = each.take("kind")
            match kind:
                case "static":
                    fallback = self._selected(each.where, [each.take("queueSelector", {})]) or fallback
                case "conditional":
                    when = self._rule_condition(each.within("condition"))
                    queue_id = self._selected(each.where, each.members("queueSelectors", dict))
                    if when is not None and queue_id is not None:
                        branches.append({"when": when, "route": {"queue_id": self.move.identifier("queue", queue_id)}})
                case "passThrough":
                    branches.extend(self._passed_through(each))
                case "weightedAllocation":
                    shares.extend(self._allocated(each))
                case _:
                    self._not_here(each, kind)
        if fallback not in self.labels:
            first = next(iter(self.labels))
            why = f"It is {first}, the first queue: work must lead somewhere."
            self.move.leave(row.where, f"fallback queue {fallback}", why)
            fallback = first
        otherwise = {"queue_id": self.move.identifier("queue", fallback)}
        step = choice(branches, otherwise)
        if not shares or otherwise not in (step.get("set"), step.get("otherwise")):
            return step
        split = {"split": _percentages(shares, otherwise["queue_id"])}
        return {**step, "otherwise": {"steps": [split]}} if "otherwise" in step else split

    def _allocated(self, row: Row) -> list[tuple[float, str]]:
        """Weights, which Job Router has between 0 and 1, and queues."""
        found = []
        for share in row.rows("allocations"):
            queue_id = self._selected(share.where, share.members("queueSelectors", dict))
            weight = float(share.take("weight", 0))
            if queue_id is not None and weight > 0:
                found.append((weight, self.move.identifier("queue", queue_id)))
        return found

    def _selected(self, where: str, selectors: list[dict[str, Any]]) -> str | None:
        """The queue that selectors name, by its id or by its labels."""
        for queue_id, labels in self.labels.items():
            own = {**labels, "Id": queue_id}
            if all(
                s.get("labelOperator", "equal") == "equal" and own.get(str(s.get("key", ""))) == s.get("value")
                for s in selectors
            ):
                return queue_id
        self.move.leave(where, f"queue selectors {selectors}", "No queue in the export is like that.")
        return None

    def _passed_through(self, row: Row) -> list[dict[str, Any]]:
        key = row.take("key")
        row.ignore("labelOperator")
        known = {labels[key]: queue_id for queue_id, labels in reversed(self.labels.items()) if key in labels}
        if key == "Id":
            known = {queue_id: queue_id for queue_id in self.labels}
        return [
            {
                "when": condition(Compare(Key(key), "=", value), field),
                "route": {"queue_id": self.move.identifier("queue", queue_id)},
            }
            for value, queue_id in known.items()
        ]

    def _priority_step(self, row: Row) -> dict[str, Any] | None:
        rule = row.within("prioritizationRule")
        kind = rule.take("kind")
        if kind == "static":
            return {"set": {"priority": self._priority(rule.where, rule.take("value", 0))}}
        if kind == "expression":
            rule.ignore("language")
            text = rule.take("expression", "")
            try:
                return self._priorities(rule.where, parse(text))
            except NotUnderstood as error:
                self.move.leave(rule.where, text, f"Write it as a step: {error}")
        elif kind is not None:
            self._not_here(rule, kind)
        return None

    def _priorities(self, where: str, tree: Any) -> dict[str, Any]:
        branches = []
        while isinstance(tree, If):
            route = {"priority": self._priority(where, tree.then)}
            branches.append({"when": condition(tree.condition, field), "route": route})
            tree = tree.otherwise
        otherwise = {"priority": self._priority(where, tree)}
        return choice(branches, otherwise)

    def _priority(self, where: str, value: Any) -> int:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise NotUnderstood(f"{value!r} is no priority.")
        priority = min(max(round(value), 0), 999)
        if priority != value:
            self.move.leave(where, f"priority {value:g}", f"It is {priority} here: 0 to 999.")
        return priority

    def _skills_step(self, row: Row) -> dict[str, Any] | None:
        dimensions = [self._options(each) for each in row.rows("workerSelectorAttachments")]
        try:
            return skills_step(dimensions)
        except NotUnderstood as error:
            self.move.leave(row.where, "worker selectors", f"Write them as steps: {error}.")
            return None

    def _options(self, row: Row) -> list[Option]:
        kind = row.take("kind")
        match kind:
            case "static":
                return [(None, self._skills(row.where, [row.take("workerSelector", {})]))]
            case "conditional":
                when, skills = self._rule_condition(row.within("condition")), row.members("workerSelectors", dict)
                return [] if when is None else [(when, self._skills(row.where, skills)), (None, ())]
            case "passThrough":
                key, op = row.take("key"), row.take("labelOperator", "equal")
                values = sorted(self.worker_labels.get(key, ())) if op == "equal" else []
                if not values:
                    self.move.leave(
                        row.where, f"label {key} as the job has it", "No worker in the export has a text there."
                    )
                options: list[Option] = [
                    (condition(Compare(Key(key), "=", value), field), ((f"{key}={value}", 1),)) for value in values
                ]
                return [*options, (None, ())]
        self._not_here(row, kind)
        return []

    def _skills(self, where: str, selectors: list[dict[str, Any]]) -> Skills:
        skills = [skill for each in selectors if (skill := self._skill(where, each)) is not None]
        return tuple(skills)

    def _skill(self, where: str, selector: dict[str, Any]) -> tuple[str, int] | None:
        key, op, value = str(selector.get("key", "")), selector.get("labelOperator", "equal"), selector.get("value")
        for name in [each for each in ("expiresAfterSeconds", "expedite") if selector.get(each)]:
            why = "Let an agent routing profile give it up, or a consumer routing profile put it first."
            self.move.leave(where, f"{name} of {key}", why)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if op == "equal" and isinstance(value, str):
            return f"{key}={value}", 1
        if op == "equal" and value is True:
            return key, 1
        if number and op in ("equal", "greaterThanOrEqual", "greaterThan"):
            if op == "equal":
                self.move.leave(where, f"{key} of exactly {value}", "It is at least that level here.")
            return key, level_of(self.move, where, key, value + (op == "greaterThan"))
        self.move.leave(where, f"{key} {op} {value}", "A skill is asked for at a least level, and in no other way.")
        return None

    def _rule_condition(self, rule: Row) -> dict[str, Any] | None:
        kind = rule.take("kind")
        if kind == "expression":
            rule.ignore("language")
            text = rule.take("expression", "")
            try:
                return condition(parse(text), field)
            except NotUnderstood as error:
                self.move.leave(rule.where, text, f"Write it as a condition: {error}")
                return None
        if kind == "static":
            return ALWAYS if rule.take("value") else None
        self._not_here(rule, kind)
        return None

    def _not_here(self, row: Row, kind: str | None) -> None:
        row.ignore("rule", "functionUri", "credential", "webhookUri", "map", "key", "labelOperator")
        self.move.leave(row.where, f"{kind}", "Functions, webhooks and rule engines have no place in a moved flow.")
