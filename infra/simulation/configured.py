"""A tenant's configuration and what is on record, as a simulated contact centre and the work that comes to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from statistics import median_low
from typing import Any

from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import Content, Destination, Occupancy
from chalicelib.errors import InvalidRequest
from chalicelib.flows.document import Route
from chalicelib.flows.interpreter import answered_by, run
from chalicelib.flows.questions import Answer, Draw, LastSeen, Question
from chalicelib.operations.flowing import lot
from chalicelib.operations.translation import candidate_of, destination_of, due_at_of, standing_in, variables_of
from chalicelib.routing.hours import BusinessHours
from infra.simulation import work as words
from infra.simulation.centre import Centre, Opening, Presence, QueueTerms
from infra.simulation.history import History, Part, Recorded, time_text
from infra.simulation.work import Stint, Work

WEEK = 7 * 86_400_000


class _NobodyKnows(Exception):
    """A flow asks what cannot be told any more."""


@dataclass(frozen=True)
class Configured:
    """What one configuration makes of a history."""

    tenant: Tenant
    history: History
    was: Tenant | None = None
    """The configuration of the time, if it is known: whose shift it changes, comes and goes by the new one."""

    @cached_property
    def centre(self) -> Centre:
        """The contact centre. Raises `InvalidRequest` where work goes to a queue that is not there."""
        tenant = self.tenant
        agents = tuple(
            candidate_of(tenant, Occupancy(agent.user_id), position)
            for position, agent in enumerate(tenant.agent_by_id.values())
        )
        return Centre(
            agents=tuple(replace(agent, ready=False) for agent in agents),
            presence=tuple(sorted(self._presence(), key=lambda each: each.at)),
            rules=tenant.rules,
            queues={queue_id: _terms(queue) for queue_id, queue in tenant.queue_by_id.items()},
            openings=tuple(sorted(self._openings(), key=lambda each: each.at)),
            offer_timeouts={a.user_id: 1000 * a.offer_timeout for a in tenant.agents if a.offer_timeout is not None},
            onward=self._onward,
        )

    @cached_property
    def thresholds(self) -> Mapping[str, int]:
        """By queue, within what work should be taken (milliseconds)."""
        levels = ((queue.queue_id, queue.service_level.threshold) for queue in self.tenant.queues)
        return {queue_id: 1000 * threshold for queue_id, threshold in levels if threshold is not None}

    def works(self, recorded: Iterable[Recorded]) -> list[Work]:
        """What comes to it, each where this configuration puts it. Raises `InvalidRequest`."""
        return [self._work(each) for each in recorded]

    def _work(self, recorded: Recorded) -> Work:
        content = Content(recorded.work_item_variables, (), recorded.variables, recorded.language_code)
        says = tuple(words.Answer(said.says, said.after_ms, said.user_id) for said in recorded.answers)
        usual = words.Answer("accept", self._usual_answer)
        given = says if says and says[-1].says == "accept" else (*says, usual)
        due = recorded.due_at
        if due is None:
            due = due_at_of(content)
        else:  # drawn at another moment than it came, it is due at another one
            content = replace(content, work_item_variables={**content.work_item_variables, **_due_date(due)})
        return Work(
            work_id=recorded.engagement_id,
            at=recorded.queued_at,
            channel=recorded.channel,
            to=self._destination(recorded, content),
            stints=tuple(self._stint(part, content) for part in recorded.parts) or (self._usual_stint,),
            answers=given,
            patience=recorded.left_after_ms,
            due_at=due,
        )

    @cached_property
    def _usual_answer(self) -> int:
        """How long it takes to accept what was not offered on record: the median."""
        took = [said.after_ms for each in self.history.engagements for said in each.answers if said.says == "accept"]
        return median_low(took) if took else 0

    @cached_property
    def _usual_stint(self) -> Stint:
        """What becomes of what nobody had on record: the median of the others."""
        took = [part.handled_ms for each in self.history.engagements for part in each.parts]
        return Stint(median_low(took) if took else 0)

    def _destination(self, recorded: Recorded, content: Content) -> Destination:
        """Where the flow sends it; else where it went."""
        route = self._routed(recorded, content)
        if route is None:
            to = recorded.to
            route = Route(to.queue_id, to.priority, to.skills, to.user_id)
        if route.queue_id not in self.tenant.queue_by_id:
            raise InvalidRequest(
                f"Engagement {recorded.engagement_id} goes to queue {route.queue_id!r}, "
                "which the configuration does not have."
            )
        return destination_of(self.tenant, route, content, recorded.queued_at)

    def _routed(self, recorded: Recorded, content: Content) -> Route | None:
        flow = self.tenant.flow_by_entry_id.get(recorded.flow_entry_id or "")
        version = flow.published() if flow else None
        if flow is None or version is None:
            return None

        def answer(question: Question) -> Answer:
            match question:
                case Draw(step=step):
                    return lot(f"{recorded.engagement_id}/{flow.flow_id}/{step}")
                case LastSeen():
                    return None
                case _:
                    raise _NobodyKnows

        try:
            outcome = answered_by(answer, run(version, variables_of(content), self.tenant.setting, recorded.queued_at))
        except _NobodyKnows:
            return None
        return None if outcome.ends or outcome.route.queue_id is None else outcome.route

    def _stint(self, part: Part, content: Content) -> Stint:
        place, tenant = part.to, self.tenant
        if place is None or place.queue_id not in tenant.queue_by_id:
            return Stint(part.handled_ms, part.wrapped_ms, part.parked)
        standing = standing_in(tenant, place.queue_id, content, place.skills, part.taken_at, released=part.is_released)
        if part.is_released:
            return Stint(part.handled_ms, part.wrapped_ms, part.parked, released=standing)
        to = Destination(place.queue_id, place.priority, place.skills, standing, place.user_id)
        return Stint(part.handled_ms, part.wrapped_ms, part.parked, to)

    def _onward(self, to: Destination, now: int) -> Destination | None:
        """Where an overflow leads: on to a queue, or out. Through a flow, it is out too: its content is not at hand."""
        overflow = self.tenant.queue_by_id[to.queue_id].overflow
        if overflow is None or overflow.queue_id is None:
            return None
        standing = standing_in(self.tenant, overflow.queue_id, Content(), to.skills, now)
        return replace(to, queue_id=overflow.queue_id, standing=standing, preferred=None)

    def _presence(self) -> Iterable[Presence]:
        on_record = defaultdict(list)
        for status in self.history.statuses:
            on_record[status.user_id].append(status)
        for agent in self.tenant.agents:
            hours = self.tenant.hours_by_id.get(agent.shift_hours_id or "")
            if agent.user_id in on_record and not self._has_another_shift(agent.user_id, agent.shift_hours_id):
                yield from (Presence(each.at, each.user_id, each.ready) for each in on_record[agent.user_id])
            elif hours is None:
                yield Presence(self.history.start, agent.user_id, True)
            else:
                yield from (Presence(at, agent.user_id, ready) for at, ready in self._hours(hours))

    def _has_another_shift(self, user_id: str, shift: str | None) -> bool:
        before = self.was.agent_by_id.get(user_id) if self.was else None
        if before is None or self.was is None:
            return False
        return self.was.hours_by_id.get(before.shift_hours_id or "") != self.tenant.hours_by_id.get(shift or "")

    def _openings(self) -> Iterable[Opening]:
        for queue in self.tenant.queues:
            hours = self.tenant.hours_by_id.get(queue.business_hours_id or "")
            if hours is not None:
                yield from (Opening(at, queue.queue_id, is_open) for at, is_open in self._hours(hours))

    def _hours(self, hours: BusinessHours) -> list[tuple[int, bool]]:
        """What they are at the beginning, and every change until a while after the end, when all may be done."""
        start = self.history.start
        changes = hours.changes(start, 2 * self.history.end - start + WEEK)
        return [(start, hours.is_open(start)), *changes]


def _terms(queue: Queue) -> QueueTerms:
    return QueueTerms(
        offer_timeout=1000 * queue.offer_timeout,
        auto_accept=queue.auto_accept,
        cool_down=1000 * queue.cool_down,
        wraps_up=queue.wrap_up_time > 0,
        limits=queue.limits(is_open=True),
        limits_closed=queue.limits(is_open=False),
    )


def _due_date(due_at: int) -> dict[str, Any]:
    return {"work_item_due_date": time_text(due_at)}
