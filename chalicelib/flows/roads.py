"""The roads through a flow: what none of them reaches, which end without a queue, which lead back to their start."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from chalicelib.errors import FieldError
from chalicelib.flows.document import (
    Call,
    Choose,
    Consumer,
    End,
    Exit,
    Flow,
    OtherFlow,
    OverflowOf,
    QueueStatistics,
    RouteTo,
    Set,
    Split,
    Step,
    exits,
)
from chalicelib.flows.setting import Setting

DEEPEST = 10
"""How deep steps nest."""


def all_steps(at: str, steps: tuple[Step, ...], depth: int = 1) -> Iterator[tuple[str, int, Step]]:
    """Every step with its place and depth, as far as anything may nest."""
    for s, step in enumerate(steps):
        yield f"{at}/{s}", depth, step
        if depth <= DEEPEST:
            for place, exit_ in placed_exits(f"{at}/{s}", step):
                yield from all_steps(f"{place}/steps", exit_.steps, depth + 1)


def placed_exits(at: str, step: Step) -> Iterator[tuple[str, Exit]]:
    """The exits of a step by their place in the document."""
    match step:
        case Choose(choose=branches, otherwise=otherwise):
            yield from ((f"{at}/choose/{b}/route", branch.route) for b, branch in enumerate(branches))
            yield f"{at}/otherwise", otherwise
        case Split(split=shares):
            yield from ((f"{at}/split/{n}/route", share.route) for n, share in enumerate(shares))
        case _:
            yield from ((f"{at}/{name}", exit_) for name, exit_ in exits(step))


@dataclass
class Roads:
    """Goes every road through the steps at once: which end without a queue, what no road reaches."""

    wrong: list[FieldError] = field(default_factory=list)

    def of(self, at: str, steps: tuple[Step, ...], has_queue: bool) -> bool | None:
        """Whether there is a queue on every road that goes on after these steps; None where none goes on."""
        goes_on: bool | None = has_queue
        for s, step in enumerate(steps):
            if goes_on is None:
                self.wrong.append(FieldError(f"{at}/{s}", "It is never reached: every road ends before it."))
                return None
            goes_on = self.after(f"{at}/{s}", step, goes_on)
        return goes_on

    def after(self, at: str, step: Step, has_queue: bool) -> bool | None:
        match step:
            case Set(set_=assignment):
                return has_queue or assignment.queue_id is not None
            case RouteTo(route=assignment):
                if not has_queue and assignment.queue_id is None:
                    self.wrong.append(FieldError(f"{at}/route", "It has no queue by here; name one."))
                return None
            case OtherFlow() | OverflowOf() | End():
                return None
            case _:
                ends = [self.through(place, exit_, has_queue) for place, exit_ in placed_exits(at, step)]
                going_on = [
                    end for end in [*ends, *([has_queue] if self._just_goes_on(step) else [])] if end is not None
                ]
                return all(going_on) if going_on else None

    def through(self, place: str, exit_: Exit, has_queue: bool) -> bool | None:
        return self.of(f"{place}/steps", exit_.steps, has_queue or exit_.queue_id is not None)

    @staticmethod
    def _just_goes_on(step: Step) -> bool:
        return isinstance(step, QueueStatistics | Consumer | Call)


MOST_HOPS = 5
"""How often a run goes on with another flow."""


def check_circles(at: str, flows: Collection[Flow], setting: Setting) -> Iterator[FieldError]:
    """Published flows that go on with one another must come to an end, and soon."""
    circles = [_circle(flow, setting) for flow in flows]
    for f, (flow, circle) in enumerate(zip(flows, circles, strict=True)):
        if circle is not None:
            yield FieldError(f"{at}/{f}", f"It leads back to itself: {' → '.join(circle)}.")
        elif not any(circles) and _hops(flow, setting, {}) > MOST_HOPS:
            yield FieldError(f"{at}/{f}", f"It goes on with more than {MOST_HOPS} flows, one after the other.")


def _hops(flow: Flow, setting: Setting, known: dict[str, int]) -> int:
    """How many flows a run may go on with from this one; none of them leads back."""
    if flow.flow_id not in known:
        known[flow.flow_id] = max((1 + _hops(each, setting, known) for each in _following(flow, setting)), default=0)
    return known[flow.flow_id]


def _circle(flow: Flow, setting: Setting) -> list[str] | None:
    """The ids of the flows from this one back to it, if they lead there."""
    roads = [[flow]]
    seen: set[str] = set()
    while roads:
        road = roads.pop()
        for following in _following(road[-1], setting):
            if following.flow_id == flow.flow_id:
                return [*(each.flow_id for each in road), flow.flow_id]
            if following.flow_id not in seen:
                seen.add(following.flow_id)
                roads.append([*road, following])
    return None


def _following(flow: Flow, setting: Setting) -> Iterator[Flow]:
    version = flow.published()
    for _, _, step in all_steps("", version.steps if version else ()):
        entry_id: str | None = None
        match step:
            case OtherFlow(flow=other):
                entry_id = other
            case OverflowOf(overflow=queue_id):
                place = setting.overflows.get(queue_id)
                entry_id = place.flow_entry_id if place else None
        following = setting.flows.get(entry_id or "")
        if following is not None:
            yield following
