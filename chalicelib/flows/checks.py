"""What would only be noticed while a flow runs: references into nowhere, exits never taken, roads without a queue."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from urllib.parse import urlsplit

from chalicelib.errors import FieldError
from chalicelib.flows import cases, conditions, expressions, intake
from chalicelib.flows.addresses import wrong_public_address
from chalicelib.flows.conditions import Condition, Expression, Test
from chalicelib.flows.document import (
    Assignment,
    Branch,
    Call,
    Case,
    Choose,
    Consumer,
    EntryPoint,
    Flow,
    FlowVersion,
    OpenHours,
    OtherFlow,
    OverflowOf,
    QueueStatistics,
    RouteTo,
    Set,
    Split,
    Step,
    exits,
)
from chalicelib.flows.roads import DEEPEST, Roads, all_steps, placed_exits
from chalicelib.flows.setting import Setting, SystemOfRecord
from chalicelib.routing.numbers import number
from chalicelib.routing.rank import HIGHEST_PRIORITY

MOST_STEPS = 200
MOST_EXITS = 1000
MOST_TESTS = 200
"""Tests, and values they are compared with, in one condition."""
DEEPEST_CONDITION = 10
LONGEST_NAME = 40
LONGEST_TIMEOUT = 3000
"""Milliseconds."""
LONGEST_VALUE = 1024
YEAR = 366 * 86_400
"""Seconds: what is said to last longer is a mistake, and may be later than any time that can be written."""
HIGHEST_LEVEL = 5
OWN = ("work_item_", "consumer_", "language_code", "queue.", "consumer.")
"""How the variables begin that a flow reads and does not set."""


def check(at: str, flow: Flow, setting: Setting) -> Iterator[FieldError]:
    """Everything wrong with a flow, by place; `at` is the flow's own."""
    for v, version in enumerate(flow.versions):
        yield from _version(f"{at}/versions/{v}", version, setting)
    for e, point in enumerate(flow.entry_points):
        yield from _entry_point(f"{at}/entry_points/{e}", point)


def check_systems(at: str, systems: Collection[SystemOfRecord]) -> Iterator[FieldError]:
    """Systems of record are reached by https, at a public host, from the root or below."""
    for s, system in enumerate(systems):
        wrong = wrong_public_address(system.url) or _beside_https(system.url)
        if wrong is not None:
            yield FieldError(f"{at}/{s}/url", wrong)


def _beside_https(url: str) -> str | None:
    """What is wrong with an address to which paths are added."""
    parts = urlsplit(url)
    plain = parts.scheme == "https" and "@" not in parts.netloc and not parts.query and not parts.fragment
    return None if plain else "An https address without credentials and query."


def _version(at: str, version: FlowVersion, setting: Setting) -> Iterator[FieldError]:
    steps = list(all_steps(f"{at}/steps", version.steps))
    if len(steps) > MOST_STEPS or sum(len(exits(step)) for _, _, step in steps) > MOST_EXITS:
        yield FieldError(f"{at}/steps", f"At most {MOST_STEPS} steps with {MOST_EXITS} exits; use several flows.")
        return
    if any(depth > DEEPEST for _, depth, _ in steps):
        yield FieldError(f"{at}/steps", f"Steps nest at most {DEEPEST} deep; use several flows.")
        return
    names = [step.name for _, _, step in steps if step.name is not None]
    for place, _, step in steps:
        yield from _name(f"{place}/name", step.name)
        if step.name is not None and names.count(step.name) > 1:
            yield FieldError(f"{place}/name", f"{step.name!r} is the name of more than one step.")
        yield from _step(place, step, setting)
    road = Roads()
    end = road.of(f"{at}/steps", version.steps)
    yield from road.wrong
    if end is not None and None in end:
        yield FieldError(f"{at}/steps", "Not every road ends with a queue; add a last step that routes to one.")
    for c, case in enumerate(version.cases):
        yield from _case(f"{at}/cases/{c}", case)


def _step(at: str, step: Step, setting: Setting) -> Iterator[FieldError]:
    for place, exit_ in placed_exits(at, step):
        yield from _assignment(place, exit_, setting)
    match step:
        case Set(set_=assignment):
            yield from _assignment(f"{at}/set", assignment, setting)
        case RouteTo(route=assignment):
            yield from _assignment(f"{at}/route", assignment, setting)
        case Choose(choose=branches):
            yield from _branches(f"{at}/choose", branches)
        case Split():
            yield from _split(at, step)
        case OpenHours(hours=hours_id):
            yield from refers(f"{at}/hours", "business hours", hours_id, setting.hours)
        case QueueStatistics(queue_statistics=queue_id):
            yield from refers(f"{at}/queue_statistics", "queue", queue_id, setting.overflows)
        case Consumer(consumer=asked):
            if not asked.lists and asked.returning_within is None:
                yield FieldError(f"{at}/consumer", "Say what to look up: `returning_within`, or `lists`.")
            for n, each in enumerate(asked.lists):
                yield from refers(f"{at}/consumer/lists/{n}", "consumer list", each, setting.lists)
        case Call():
            yield from _call(f"{at}/http", step, setting)
        case OtherFlow(flow=entry_id):
            yield from refers(f"{at}/flow", "Entry ID", entry_id, setting.flows)
            if entry_id in setting.flows and setting.flows[entry_id].published() is None:
                yield FieldError(f"{at}/flow", "That flow has no published version.")
        case OverflowOf(overflow=queue_id):
            yield from refers(f"{at}/overflow", "queue", queue_id, setting.overflows)
            if queue_id in setting.overflows and setting.overflows[queue_id] is None:
                yield FieldError(f"{at}/overflow", f"The queue {queue_id!r} says no place where its overflow goes.")


def _assignment(at: str, given: Assignment, setting: Setting) -> Iterator[FieldError]:
    yield from refers(f"{at}/queue_id", "queue", given.queue_id, setting.overflows)
    yield from refers(f"{at}/user_id", "agent", given.user_id, setting.agents)
    yield from refers(f"{at}/preferred_user_id", "agent", given.preferred_user_id, setting.agents)
    for name, user_id in (("user_id", given.user_id), ("preferred_user_id", given.preferred_user_id)):
        if given.queue_id in setting.overflows and given.queue_id not in setting.agents.get(
            user_id or "", [given.queue_id]
        ):
            yield FieldError(f"{at}/{name}", f"Agent {user_id!r} does not serve the queue {given.queue_id!r}.")
    for n, need in enumerate(given.skills or ()):
        known = (need.skill,) if setting.skills is None else setting.skills
        yield from refers(f"{at}/skills/{n}/skill", "skill", need.skill, known)
        for level in (need.level, *(level for _, level in need.instead)):
            if not 1 <= level <= HIGHEST_LEVEL:
                yield FieldError(f"{at}/skills/{n}/level", f"A level is between 1 and {HIGHEST_LEVEL}.")
    if given.preferred_seconds is not None and not 0 <= given.preferred_seconds <= YEAR:
        yield FieldError(f"{at}/preferred_seconds", "At most a year.")
    if given.priority is not None and not 0 <= given.priority <= HIGHEST_PRIORITY:
        yield FieldError(f"{at}/priority", f"Priority {given.priority} is not within 0 and {HIGHEST_PRIORITY}.")
    for name, value in given.variables.items():
        yield from _variable(f"{at}/variables/{name}", name)
        if isinstance(value, Expression):
            yield from _expression(f"{at}/variables/{name}/jmespath", value.jmespath)
        elif isinstance(value, str) and len(value) > LONGEST_VALUE:
            yield FieldError(f"{at}/variables/{name}", f"At most {LONGEST_VALUE} characters.")
    if given.due is not None:
        if not 1 <= given.due.seconds <= YEAR:
            yield FieldError(f"{at}/due/seconds", "Between one second and a year.")
        hours_id = given.due.business_hours_id
        yield from refers(f"{at}/due/business_hours_id", "business hours", hours_id, setting.hours)
        hours = setting.hours.get(hours_id or "")
        if hours is not None and not any(hours.weekly.values()):
            yield FieldError(f"{at}/due/business_hours_id", f"The business hours {hours_id!r} are never open.")


def _branches(at: str, branches: tuple[Branch, ...]) -> Iterator[FieldError]:
    if len({branch.name for branch in branches if branch.name}) < sum(branch.name is not None for branch in branches):
        yield FieldError(at, "Two branches have the same name.")
    for b, branch in enumerate(branches):
        yield from _name(f"{at}/{b}/name", branch.name)
        wrong = list(_condition(f"{at}/{b}/when", branch.when))
        yield from wrong
        if wrong:
            continue
        if conditions.never(branch.when):
            yield FieldError(f"{at}/{b}/when", "It never holds, so its exit is never taken.")
        for e, earlier in enumerate(branches[:b]):
            if conditions.implies(branch.when, earlier.when):
                yield FieldError(f"{at}/{b}/when", f"It is never reached: branch {e + 1} holds wherever it would.")
                break


def _condition(at: str, condition: Condition) -> Iterator[FieldError]:
    tests = 0
    for depth, each in conditions.parts(condition):
        values = len(each.value) if isinstance(each, Test) and isinstance(each.value, tuple) else 1
        tests += values
        if depth > DEEPEST_CONDITION or tests > MOST_TESTS:
            yield FieldError(at, f"At most {MOST_TESTS} tests and values, {DEEPEST_CONDITION} deep; take it apart.")
            return
        if isinstance(each, Expression):
            yield from _expression(at, each.jmespath)
        elif isinstance(each, Test):
            yield from _test(at, each)


def _test(at: str, test: Test) -> Iterator[FieldError]:
    """Whether there is something to compare with, of the kind that the operator compares with."""
    value = test.value
    match test.op:
        case "in":
            right, wanted = isinstance(value, tuple), "a list of values"
        case "exists":
            right, wanted = value is None or isinstance(value, bool), "true, or false for what must not be there"
        case "greater_than" | "less_than":
            right, wanted = number(value) is not None, "a number"
        case _:
            right, wanted = value is not None and not isinstance(value, tuple), "one value; for several, use `in`"
    if not right:
        yield FieldError(at, f"`{test.op}` compares with {wanted}.")


def _split(at: str, step: Split) -> Iterator[FieldError]:
    total = sum(share.percent for share in step.split)
    if abs(total - 100) > 1e-6:
        yield FieldError(f"{at}/split", f"The percentages add up to {total:g}, not to 100.")
    for n, share in enumerate(step.split):
        yield from _name(f"{at}/split/{n}/name", share.name)
        if share.percent <= 0:
            yield FieldError(f"{at}/split/{n}/percent", "More than 0, or its exit is never taken.")


def _call(at: str, step: Call, setting: Setting) -> Iterator[FieldError]:
    yield from refers(f"{at}/system_id", "system of record", step.http.system_id, setting.systems)
    if not step.http.path.startswith("/") or not all(
        32 < ord(each) < 127 and each not in "\\#" for each in step.http.path
    ):
        yield FieldError(f"{at}/path", "It begins with / and is plain ASCII without spaces.")
    if not 1 <= step.http.timeout <= LONGEST_TIMEOUT:
        yield FieldError(f"{at}/timeout", f"Between 1 and {LONGEST_TIMEOUT} milliseconds.")
    for name, value in step.http.body.items():
        if isinstance(value, Expression):
            yield from _expression(f"{at}/body/{name}/jmespath", value.jmespath)
    for name, text in step.http.result.items():
        yield from _variable(f"{at}/result/{name}", name)
        yield from _expression(f"{at}/result/{name}", text)


def _entry_point(at: str, point: EntryPoint) -> Iterator[FieldError]:
    if point.intake is None:
        return
    for place, text in point.intake.expressions():
        yield from _expression(f"{at}/intake/{place}", text)
    mapping = point.intake.mapping
    if "work_item_name" not in mapping.work_item_variables:
        yield FieldError(f"{at}/intake/mapping/work_item_variables", "A start needs a `work_item_name`.")
    if mapping.consumer and "consumer_display_name" not in mapping.consumer:
        yield FieldError(f"{at}/intake/mapping/consumer", "A consumer needs a `consumer_display_name`.")
    for place, known in (("work_item_variables", intake.WORK_ITEM), ("consumer", intake.CONSUMER)):
        for name in getattr(mapping, place):
            yield from refers(f"{at}/intake/mapping/{place}/{name}", "field", name, known)
    scheme = getattr(point.intake.signature, "hmac", None)
    if scheme is None:
        return
    if scheme.signs.count("{body}") != 1:
        yield FieldError(f"{at}/intake/signature/hmac/signs", "Name `{body}` once.")
    if ("{timestamp}" in scheme.signs) != (scheme.timestamp is not None):
        yield FieldError(f"{at}/intake/signature/hmac/signs", "`{timestamp}` and `timestamp` go together.")


def _case(at: str, case: Case) -> Iterator[FieldError]:
    for name in case.expect:
        if name not in cases.PARTS:
            yield FieldError(f"{at}/expect/{name}", f"Nothing of this name comes out.{_nearest(name, cases.PARTS)}")
    try:
        cases.moment(case.at)
    except ValueError:
        yield FieldError(f"{at}/at", "An ISO 8601 time such as 2026-01-05T12:00:00Z.")


def _name(at: str, name: str | None) -> Iterator[FieldError]:
    if name is not None and not (1 <= len(name) <= LONGEST_NAME and name.isprintable() and ":" not in name):
        yield FieldError(at, f"Between 1 and {LONGEST_NAME} printable characters, without a colon.")


def _variable(at: str, name: str) -> Iterator[FieldError]:
    if not 1 <= len(name) <= 128:
        yield FieldError(at, "A name has between 1 and 128 characters.")
    elif name.startswith(OWN):
        yield FieldError(at, "A flow reads this, and does not set it; `global_custom.…` stays with the engagement.")


def _expression(at: str, text: str) -> Iterator[FieldError]:
    try:
        expressions.check(text)
    except expressions.BadExpression as bad:
        yield FieldError(at, str(bad))


def refers(at: str, kind: str, to: str | None, known: Collection[str]) -> Iterator[FieldError]:
    """What is referred to has to be there; else the nearest that is is named."""
    if to is not None and to not in known:
        yield FieldError(at, f"There is no {kind} {to!r}.{_nearest(to, known)}")


def _nearest(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f" Did you mean {near[0]!r}?" if near else ""
