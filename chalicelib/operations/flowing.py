"""Work goes through a flow: the flow says what it wants to know, and here it is found out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import Content, Destination, Passage
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.events.signatures import new_secret, signed
from chalicelib.flows import cases
from chalicelib.flows.document import Case, Flow, FlowVersion
from chalicelib.flows.interpreter import answered_by, follow, run
from chalicelib.flows.questions import (
    Answer,
    Answered,
    Counted,
    Counts,
    Draw,
    HttpCall,
    LastSeen,
    NotAnswered,
    Outcome,
    Question,
)
from chalicelib.messaging.protocol import PostFailed
from chalicelib.operations.ranking import last_seen, seen_before
from chalicelib.operations.translation import Seen, candidates_of, destination_of, variables_of
from chalicelib.operations.wording import MOST_SAID, size_of
from chalicelib.world import World

CALLS_MS = 3000
"""How long all calls of one run may take together: somebody waits for the answer."""
MOST_COUNTED = 1000
"""A queue's waiting work is counted up to here."""


@dataclass(frozen=True, slots=True)
class Run:
    """Who runs a flow: the same engagement always draws the same lots."""

    engagement_id: str
    started_at: int
    """When the engagement was started (epoch milliseconds)."""
    call_id: str | None = None
    """What is the same when the same request comes again, and so in the ids of the calls; None: no calls are made."""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a flow made of work: where it goes, and with what."""

    outcome: Outcome
    passage: Passage
    seen: Seen

    def destination(self, tenant: Tenant, now: int) -> Destination:
        """Where it goes. Raises `InvalidRequest` where the flow gave it no queue."""
        if self.outcome.route.queue_id is None and not self.outcome.ends:
            message = f"Flow {self.passage.flow} gave it no queue."
            raise InvalidRequest("The flow leads nowhere.", [FieldError("/flow/flow_entry_id", message)])
        return destination_of(tenant, self.outcome.route, self.passage.content, now, self.seen)


def pass_through(world: World, tenant: Tenant, flow: Flow, version: FlowVersion, content: Content, who: Run) -> Passed:
    """Run a flow version over the work."""
    clerk = _Clerk(world, tenant, who, flow.flow_id, world.now() + CALLS_MS)
    outcome = answered_by(clerk.answer, run(version, variables_of(content), tenant.setting, world.now()))
    passage = Passage(follow(flow, version), outcome.trace, _with(tenant, content, outcome))
    return Passed(outcome, passage, seen_before(world, who.started_at))


def try_out(
    world: World,
    flow_id: str,
    number: int | None,
    given: Mapping[str, Any],
    answers: Mapping[str, Any],
    at: str | None,
) -> tuple[int, dict[str, Any]]:
    """Which version would run, by default the published one, and what it makes of this; nothing is written or called.

    Raises `NotFound`, `InvalidRequest`.
    """
    tenant = world.latest_tenant()
    flow = next((each for each in tenant.flows if each.flow_id == flow_id), None)
    if flow is None:
        raise NotFound(f"Flow does not exist: {flow_id}.")
    newest = flow.versions[-1] if flow.versions else None
    numbered = {each.flow_version: each for each in flow.versions}
    version = flow.published() or newest if number is None else numbered.get(number)
    if version is None:
        raise NotFound(f"Flow {flow_id} has no such version.")
    case = Case("", {}, given, at or cases.time_text(world.now()), answers)
    try:
        outcome = cases.outcome_of(case, version, tenant.setting)
    except cases.Unanswered as lacking:
        wrong = FieldError(f"/answers/{lacking.step}", str(lacking))
        raise InvalidRequest("A step asks for something that is not said.", [wrong]) from None
    except ValueError:
        raise InvalidRequest("Validation Failed.", [FieldError("/at", "A time, such as 2026-01-05T12:00Z.")]) from None
    return version.flow_version, {name: part(outcome) for name, part in cases.PARTS.items()}


def secret_of_system(world: World, system_id: str) -> str:
    """The secret that signs calls to a system of record. Raises `NotFound`."""
    if system_id not in world.tenant().setting.systems and system_id not in world.latest_tenant().setting.systems:
        raise NotFound(f"There is no system of record {system_id!r}.")
    return world.store.webhook_secret(f"system.{system_id}", new_secret(world.token(24)))


@dataclass(frozen=True, slots=True)
class _Clerk:
    """Answers a flow's questions."""

    world: World
    tenant: Tenant
    who: Run
    flow_id: str
    until: int
    """When calls end (epoch milliseconds)."""

    def answer(self, question: Question) -> Answer:
        match question:
            case Draw(step=step):
                return lot(f"{self.who.engagement_id}/{self.flow_id}/{step}")
            case Counts(queue_id=queue_id):
                return self._counted(queue_id)
            case LastSeen(consumer=consumer):
                return last_seen(self.world, consumer, self.who.started_at)
            case HttpCall():
                return self._called(question)

    def _counted(self, queue_id: str) -> Counted:
        waiting = self.world.store.waiting(queue_id, MOST_COUNTED)
        oldest = min((each.queued_at for each in waiting), default=self.world.now())
        occupancies = self.world.store.occupancies(self.tenant.agents_of_queue[queue_id])
        channel = self.tenant.queue_by_id[queue_id].channel
        candidates = candidates_of(self.tenant, occupancies.values())
        ready = sum(each.ready and queue_id in each.queues and each.room(channel) > 0 for each in candidates)
        return Counted(len(waiting), (self.world.now() - oldest) // 1000, ready)

    def _called(self, asked: HttpCall) -> Answered | NotAnswered:
        now = self.world.now()
        left = min(asked.timeout, self.until - now)
        if self.who.call_id is None or left <= 0:
            return NotAnswered()
        system = self.tenant.setting.systems[asked.system_id]
        body = json.dumps(asked.body, separators=(",", ":")).encode()
        call_id = "flow." + hashlib.sha256(f"{self.who.call_id}/{asked.step}".encode()).hexdigest()[:32]
        headers = signed("standard", secret_of_system(self.world, asked.system_id), call_id, body, now // 1000)
        url = system.url.rstrip("/") + asked.path
        try:
            said = self.world.poster.post(url, {**headers, "Content-Type": "application/json"}, body, left / 1000)
            return Answered(json.loads(said))
        except (PostFailed, ValueError, RecursionError):
            return NotAnswered()


def lot(text: str) -> float:
    """A number from 0 to below 100, evenly spread."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") / 2**48 * 100


def _with(tenant: Tenant, content: Content, outcome: Outcome) -> Content:
    """The content with what the flow set; a value that its variable's declaration does not allow changes nothing, and
    neither does more than a row has room for."""
    declared = tenant.variable_by_name
    kept = {
        name: value
        for name, value in outcome.variables.items()
        if name not in declared or declared[name].fault(value) is None
    }
    work_item: dict[str, Any] = dict(content.work_item_variables)
    if outcome.due_at is not None:
        work_item["work_item_due_date"] = datetime.fromtimestamp(outcome.due_at / 1000, UTC).isoformat()
    others = tuple(each for each in content.variables if each["name"] not in kept)
    added = tuple({"name": name, "value": value} for name, value in kept.items())
    kept_all = replace(content, work_item_variables=work_item, variables=(*others, *added))
    return kept_all if size_of(kept_all) <= MOST_SAID else replace(content, work_item_variables=work_item)
