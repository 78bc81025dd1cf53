"""TaskRouter's workflows as flows: filters are branches, and what a target asks of its worker are skills."""

from __future__ import annotations

from typing import Any

from infra.movers.conditions import Option, choice, condition, conjuncts, skills_step
from infra.movers.expressions import Compare, Key, Not, NotUnderstood, Tree, parse
from infra.movers.moving import PLAIN, Move, Row

MOST_LEVEL = 5
LONGEST_OFFER = 900
LISTS = ("skills", "routing.skills")
NOT_HERE = {
    "skip_if": "An overflow by waiting time does instead.",
    "order_by": "The queue's `distribution` decides.",
    "known_worker_sid": "Let a flow's route name `preferred_user_id`.",
    "known_worker_friendly_name": "Let a flow's route name `preferred_user_id`.",
}


def field(name: str) -> str:
    """The variable in which a task's attribute arrives."""
    return f"global_custom.task.{name.removeprefix('task.')}"


class Workflows:
    """The flows. `queues` are by SID; `texts` are, by attribute, every text that a worker has there."""

    def __init__(self, move: Move, queues: dict[str, dict[str, Any]], texts: dict[str, set[str]]) -> None:
        self.move = move
        self.queues = queues
        self.texts = texts

    def flow(self, row: Row, configuration: dict[str, Any]) -> dict[str, Any] | None:
        """A workflow's flow; None where there is no queue to lead to."""
        flow_id, name = self.move.identifier("flow", row.take("sid")), row.take("friendly_name", row.take("sid"))
        for callback in ("assignment_callback_url", "fallback_assignment_callback_url"):
            if row.take(callback):
                why = "Agents' clients fetch their offers; webhooks tell of everything else."
                self.move.leave(row.where, callback, why)
        routing = self.move.watch(Row(row.path, row.where, configuration.get("task_routing") or {}))
        self._offer_timeout(row, row.number("task_reservation_timeout"))
        otherwise = self._default(row.where, routing.within("default_filter").take("queue"))
        if otherwise is None:
            self.move.leave(row.where, "the workflow", "It has no queue to lead to.")
            return None
        branches, asked = [], []
        for each in routing.rows("filters"):
            try:
                when = condition(parse(each.take("expression", "1==1")), field)
            except NotUnderstood as error:
                self.move.drop(each, f"filter {each.take('expression')}", f"Write it as a branch: {error}")
                continue
            targets = each.rows("targets")
            route = self._route(each, targets)
            if route is not None:
                branches.append({"when": when, "route": route})
                asked.append((when, self._options(each.where, targets[0].take("expression"))))
        steps = [choice(branches, otherwise)]
        steps.extend(self._skills_steps(row.where, asked))
        return {
            "flow_id": flow_id,
            "flow_name": name,
            "versions": [{"flow_version": 1, "status": "published", "steps": steps}],
            "entry_points": [{"entry_id": flow_id, "entry_name": name}],
        }

    def _offer_timeout(self, row: Row, seconds: int | None) -> None:
        """Reservations last as long as the workflow says; here it is the queue that says it."""
        if seconds is None:
            return
        timeout = min(max(seconds, 1), LONGEST_OFFER)
        if timeout != seconds:
            self.move.leave(row.where, f"reservations of {seconds} seconds", f"They last {timeout} here.")
        for queue in self.queues.values():
            if queue.setdefault("offer_timeout", timeout) != timeout:
                queue["offer_timeout"] = min(queue["offer_timeout"], timeout)
                why = "Workflows differ in it; the shortest holds for every queue. Set `offer_timeout` of each."
                self.move.leave("Workflows", "task_reservation_timeout", why)

    def _default(self, where: str, sid: str | None) -> dict[str, Any] | None:
        if sid in self.queues:
            return {"queue_id": self.queues[sid]["queue_id"]}
        if not self.queues:
            return None
        first = next(iter(self.queues.values()))["queue_id"]
        self.move.leave(where, f"default queue {sid}", f"It is {first}, the first queue: work must lead somewhere.")
        return {"queue_id": first}

    def _route(self, filter_: Row, targets: list[Row]) -> dict[str, Any] | None:
        filter_.ignore("filter_friendly_name", "friendly_name")
        sid = targets[0].take("queue") if targets else None
        queue = self.queues.get(str(sid))
        if queue is None:
            self.move.drop(filter_, f"queue {sid}", "It is not in the export.")
            _dropped(targets)
            return None
        for name, why in NOT_HERE.items():
            given = [each.take(name) for each in targets]
            if any(given):
                self.move.leave(filter_.where, name, why)
        self._escalate(filter_.where, queue, targets)
        route: dict[str, Any] = {"queue_id": queue["queue_id"]}
        priority = targets[0].take("priority")
        if priority is not None:
            route["priority"] = self._priority(filter_.where, priority)
        return route

    def _priority(self, where: str, value: Any) -> int:
        number = int(value) if str(value).isdecimal() else 0
        priority = min(number, 999)
        if str(priority) != str(value):
            self.move.leave(where, f"priority {value}", f"It is {priority} here: 0 to 999.")
        return priority

    def _escalate(self, where: str, queue: dict[str, Any], targets: list[Row]) -> None:
        """The second target's queue is the overflow of the first, where nothing else claims it."""
        first, *further = targets
        timeout = str(first.take("timeout", 0, *PLAIN))
        if not further:
            if timeout != "0":
                why = "Work waits on in its queue: give it `max_wait_time` and an `overflow`."
                self.move.leave(where, f"timeout of {timeout} s after which there is no target", why)
            return
        second, *rest = further
        onward = self.queues.get(str(second.take("queue")))
        if onward is None or onward is queue or not timeout.isdecimal() or not int(timeout):
            self.move.leave(where, "targets after the first", "Let an agent routing profile widen the search instead.")
            _dropped(further)
            return
        wanted = {"max_wait_time": int(timeout), "overflow": {"queue_id": onward["queue_id"]}}
        present = {name: queue.get(name) for name in wanted}
        if present not in ({"max_wait_time": None, "overflow": None}, wanted):
            self.move.leave(where, f"escalation after {timeout} s", "Another filter has the queue overflow otherwise.")
            _dropped(further)
            return
        queue.update(wanted)
        for name in [each for each in ("priority", "expression", "timeout") if second.take(each)]:
            self.move.leave(where, f"{name} of the second target", "Work that overflows goes on as it is.")
        if rest:
            self.move.leave(where, "targets after the second", "Give the second queue an overflow of its own.")
            _dropped(rest)

    # What is asked of the worker

    def _options(self, where: str, text: Any) -> list[list[Option]]:
        if not text:
            return []
        try:
            return [option for part in conjuncts(parse(str(text))) if (option := self._option(where, part))]
        except NotUnderstood as error:
            self.move.leave(where, f"worker {text}", f"Ask for skills in a step: {error}")
            return []

    def _option(self, where: str, tree: Tree) -> list[Option]:
        match tree:
            case Compare(Key(left), "=" | "has", Key(right)) if left.startswith("worker.") and right.startswith(
                "task."
            ):
                name = left.removeprefix("worker.")
                found: list[Option] = [
                    (condition(Compare(Key(right), "=", each), field), ((_skill(name, each), 1),))
                    for each in sorted(self.texts.get(name, ()))
                ]
                if not found:
                    self.move.leave(where, f"{left} as the task has it", "No worker in the export has a text there.")
                return [*found, (None, ())] if found else []
            case Compare(Key(name), "=" | "has", str() as value) if name.startswith("worker."):
                return [(None, ((_skill(name.removeprefix("worker."), value), 1),))]
            case Compare(Key(name), "=", True) if name.startswith("worker."):
                return [(None, ((name.removeprefix("worker."), 1),))]
            case Compare(Key(name), "=" | ">" | ">=" as op, float() as value) if name.startswith("worker."):
                skill = name.removeprefix("worker.").removeprefix("routing.levels.")
                level = min(max(round(value + (op == ">")), 1), MOST_LEVEL)
                if op == "=" or level != value + (op == ">"):
                    self.move.leave(where, f"{name} {op} {value:g}", f"It is at least level {level} here.")
                return [(None, ((skill, level),))]
            case bool() | Compare(float(), "=", float()):
                return []
            case Not():
                raise NotUnderstood("a skill cannot be asked not to be there.")
        raise NotUnderstood(f"{tree!r} asks for no skill.")

    def _skills_steps(self, where: str, asked: list[tuple[Any, list[list[Option]]]]) -> list[dict[str, Any]]:
        """One step over all filters: the first that matches says what is asked for."""
        branches: list[dict[str, Any]] = []
        for when, dimensions in asked:
            try:
                step = skills_step(dimensions)
            except NotUnderstood as error:
                self.move.leave(where, "what a target asks of its worker", f"Write it as steps: {error}.")
                step = None
            if step is None or "set" in step:
                branches.append({"when": when, "route": step["set"] if step else {}})
                continue
            branches.extend({"when": {"all": [when, b["when"]]}, "route": b["route"]} for b in step["choose"])
            branches.append({"when": when, "route": step["otherwise"]})
        if not any(branch["route"] for branch in branches):
            return []
        return [choice(branches, {})]


def _dropped(rows: list[Row]) -> None:
    """That they are left out has been told."""
    for each in rows:
        each.drop()


def _skill(attribute: str, value: str) -> str:
    return value if attribute in LISTS else f"{attribute}={value}"
