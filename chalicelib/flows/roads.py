"""The roads through a flow: where they end, what none of them reaches, which lead back to their start."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from chalicelib.errors import FieldError
from chalicelib.flows.document import (
    Assignment,
    Call,
    Choose,
    Consumer,
    End,
    Exit,
    Flow,
    FlowVersion,
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


Queues = frozenset[tuple[str, str] | None]
"""The queues that work may be for at a point, each with the place that names it; None: none yet."""
NO_QUEUE: Queues = frozenset([None])


@dataclass
class Roads:
    """Goes every road through the steps at once: in which queues they end, which end in none, what no road reaches."""

    wrong: list[FieldError] = field(default_factory=list)
    ends: Queues = frozenset()

    def of(self, at: str, steps: tuple[Step, ...], queues: Queues = NO_QUEUE) -> Queues | None:
        """The queues on the roads that go on after these steps; None where none goes on."""
        going_on: Queues | None = queues
        for s, step in enumerate(steps):
            if going_on is None:
                self.wrong.append(FieldError(f"{at}/{s}", "It is never reached: every road ends before it."))
                return None
            going_on = self.after(f"{at}/{s}", step, going_on)
        return going_on

    def after(self, at: str, step: Step, queues: Queues) -> Queues | None:
        match step:
            case Set(set_=assignment):
                return _named(f"{at}/set", assignment, queues)
            case RouteTo(route=assignment):
                here = _named(f"{at}/route", assignment, queues)
                if None in here:
                    self.wrong.append(FieldError(f"{at}/route", "It has no queue by here; name one."))
                self.ends |= here
                return None
            case OtherFlow() | OverflowOf() | End():
                return None
            case _:
                roads = [self.through(place, exit_, queues) for place, exit_ in placed_exits(at, step)]
                going_on = [each for each in [*roads, *([queues] if self._just_goes_on(step) else [])] if each]
                return frozenset[tuple[str, str] | None]().union(*going_on) or None

    def through(self, place: str, exit_: Exit, queues: Queues) -> Queues | None:
        return self.of(f"{place}/steps", exit_.steps, _named(place, exit_, queues))

    @staticmethod
    def _just_goes_on(step: Step) -> bool:
        return isinstance(step, QueueStatistics | Consumer | Call)


def _named(at: str, given: Assignment, queues: Queues) -> Queues:
    return queues if given.queue_id is None else frozenset([(f"{at}/queue_id", given.queue_id)])


def ends_of(at: str, version: FlowVersion) -> Iterator[tuple[str, str]]:
    """The queues that its own steps end in, by the places that name them."""
    roads = Roads()
    last = roads.of(f"{at}/steps", version.steps) or frozenset()
    yield from sorted(each for each in roads.ends | last if each is not None)


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
