"""Datasets that are added up, by interval and by what is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import tables, wire
from chalicelib.http.datasets import PATH, QUERY, answered, window_of
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.paging import LARGEST_PAGE, page_size
from chalicelib.http.reach import is_reported_to
from chalicelib.http.window import A_YEAR, MAX_RANGE_DAYS
from chalicelib.operations import reporting
from chalicelib.reporting.counting import counted, says
from chalicelib.reporting.datasets import Marks, Row, fold
from chalicelib.reporting.definitions import SUMMED, Summed
from chalicelib.reporting.facts import Fact
from chalicelib.reporting.histogram import percentile
from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS
from chalicelib.reporting.rollup import rows

INTERVALS = {"15m": QUARTER_MS, "1h": HOUR_MS, "1d": DAY_MS}
PERCENTILES = {50: "half", 90: "nine in ten"}
TARGET = "service_level_target_in_percentage"
TARGET_MEANING = "the queue's target, as it is set now; where the rows are of one queue each"
COST = "cost_per_engagement"
COST_MEANING = (
    "what the agents' time costs: `handled_ms` and `wrapped_ms` at the tenant's `agent_hour_cost`, as it is set now, "
    "by `engagement_count`; nothing for agents"
)


def _queue_name(tenant: Tenant, queue_id: str) -> str | None:
    queue = tenant.queue_by_id.get(queue_id)
    return queue.queue_name if queue else None


NAMES: Mapping[str, Callable[[Tenant, str], str | None]] = {
    "queue_id": _queue_name,
    "first_queue_id": _queue_name,
    "user_id": lambda tenant, key: agent.display_name if (agent := tenant.agent_by_id.get(key)) else None,
    "team_id": lambda tenant, key: team.team_name if (team := tenant.team_by_id.get(key)) else None,
    "flow_id": lambda tenant, key: next((flow.flow_name for flow in tenant.flows if flow.flow_id == key), None),
    "disposition_id": lambda tenant, key: d.disposition_name if (d := tenant.disposition_by_id.get(key)) else None,
}
"""Dimensions whose values have names in the configuration; what it does not have any more is called by its id."""
MOST_ROWS = 4000
"""Rows of a page where nobody says how many: what fits into an answer of the API, which is 6 MB at most."""
MOST_BEHIND = 20_000
"""Engagements or statuses that a page tells to be behind its numbers, for the same reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is asked for, beside its window."""

    interval: str
    zone: ZoneInfo
    group_by: tuple[str, ...]
    wanted: Mapping[str, list[str]]
    """By dimension, the values that count."""
    teams: Mapping[str, str]
    """Agents' teams, as they are configured now."""
    behind: str | None

    @property
    def interval_ms(self) -> int:
        return INTERVALS[self.interval]


def meanings(name: str) -> dict[str, str]:
    """What each number of a dataset means, by name."""
    defined = SUMMED[name]
    told = {**defined.measures, **{each: share.meaning for each, share in defined.shares.items()}}
    if name == "queue_performance":
        told[TARGET] = TARGET_MEANING
    if "engagement_count" in defined.measures:
        told[COST] = COST_MEANING
    for measure in defined.spread:
        for percent, share in PERCENTILES.items():
            told[_percentile_of(measure, percent)] = (
                f"what {share} of the single `{measure}` do not exceed, to within 1.25 %"
            )
    return told


def _reader(name: str) -> Callable[[Call[None]], Answer]:
    def read(call: Call[None]) -> Answer:
        asked = _asked(call, SUMMED[name])
        usual = MOST_ROWS if asked.behind is None else LARGEST_PAGE
        size = page_size(call) if "page_size" in call.query else usual
        most_days = A_YEAR if asked.interval == "1d" and asked.behind is None else MAX_RANGE_DAYS
        window = window_of(call, name, r"\d{14}#(?s:.*)", size, most_days)
        start, end = reporting.whole_quarters(window.start, window.end)
        window = replace(window, start=start, end=end)
        found, onward = reporting.page(
            lambda since, upto: _rows(call, name, asked, since, upto), window, asked.interval_ms, asked.zone
        )
        if asked.behind is not None:
            found, onward = _fitting(found, onward, asked.behind)
        tenant = call.world.tenant()
        hour_cost = None if call.principal.role == "agent" else tenant.agent_hour_cost
        shown = [_row(tenant, name, row, asked.behind, hour_cost) for row in found]
        return answered(call, name, _columns(name, asked.group_by, asked.behind), shown, window, onward)

    read.__name__ = f"get_{name}_dataset"
    return read


def _fitting(rows: list[Row], onward: str | None, measure: str) -> tuple[list[Row], str | None]:
    """The rows up to where an answer is full of what is behind them; and the mark after which the next page begins."""
    told = accumulate(len(row.behind(measure)) for row in rows)
    fitting = [row for row, so_far in zip(rows, told, strict=True) if so_far <= MOST_BEHIND]
    if len(fitting) == len(rows):
        return rows, onward
    if not fitting:
        message = f"More than {MOST_BEHIND} are behind a single number; ask for shorter intervals, or group or filter."
        raise InvalidRequest("Too much is behind a number.", [FieldError("query/behind", message)])
    return fitting, fitting[-1].mark


def _asked(call: Call[None], defined: Summed) -> Asked:
    interval = call.query.get("interval", "15m")
    group_by = tuple(each for each in call.query["group_by"].split(",") if each) if "group_by" in call.query else None
    behind = call.query.get("behind")
    for name, given, known in (
        ("interval", {interval}, INTERVALS),
        ("behind", {behind} - {None}, defined.measures),
        ("group_by", {*(group_by or ())}, defined.dimensions),
    ):
        if not given <= {*known}:
            raise InvalidRequest("Validation Failed.", [FieldError(f"query/{name}", f"Use one of {', '.join(known)}.")])
    return Asked(
        interval,
        _zone(call.query.get("timezone", call.world.tenant().timezone)),
        defined.group_by if group_by is None else tuple(dict.fromkeys(group_by)),
        {name: call.query[name].split(",") for name in defined.dimensions if name in call.query},
        {agent.user_id: agent.team_id for agent in call.world.tenant().agents if agent.team_id},
        behind,
    )


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # a folder of zones, or no name of a file at all
        wrong = FieldError("query/timezone", "Use a name such as Europe/Paris.")
        raise InvalidRequest("Validation Failed.", [wrong]) from unknown


def _rows(call: Call[None], name: str, asked: Asked, start: int, end: int) -> list[Row]:
    """The rows of a stretch of time: from the roll-ups, and from the facts where what is behind them is asked for."""
    world, length, zone, by = call.world, asked.interval_ms, asked.zone, asked.group_by
    marks = {queue.queue_id: _marks(queue) for queue in world.tenant().queues}
    if asked.behind is not None:
        facts = reporting.facts_of(world, name, start, end)
        counting = [fact for fact in facts if _counts(call, asked, counted(fact))]
        return fold(name, counting, length, marks, zone, by, asked.teams)
    limited = call.principal.role == "agent" or call.principal.supervised is not None
    by_agent = limited or not {"user_id", "team_id"}.isdisjoint({*by, *asked.wanted})
    cells = reporting.cells(world, name, start, end, length, zone, by_agent=by_agent)
    counting_cells = [cell for cell in cells if _counts(call, asked, cell.total)]
    return rows(name, counting_cells, length, marks, zone, by, asked.teams)


def _counts(call: Call[None], asked: Asked, fact: Fact) -> bool:
    """Whether it is asked for, and the caller's to see."""
    wanted = all(says(fact, name, values, asked.teams) for name, values in asked.wanted.items())
    return wanted and is_reported_to(call, {fact.agent_id}, fact.queue_id)


def _marks(queue: Queue) -> Marks:
    threshold, short = queue.service_level.threshold, queue.short_abandon
    return Marks(None if threshold is None else 1000 * threshold, None if short is None else 1000 * short)


def _row(tenant: Tenant, name: str, row: Row, behind: str | None, hour_cost: float | None) -> dict[str, Any]:
    fields: dict[str, Any] = {"start_time": wire.time_text(row.start), "end_time": wire.time_text(row.end)}
    for each, value in row.group.items():
        fields[each] = value or None
        if each in NAMES:
            fields[_name_of(each)] = NAMES[each](tenant, value) or value or None
    shares = {each: share.of(row.measures) for each, share in SUMMED[name].shares.items()}
    target = {TARGET: _target(tenant, row)} if name == "queue_performance" else {}
    cost = {COST: _cost(row, hour_cost)} if "engagement_count" in row.measures else {}
    spread = {
        _percentile_of(measure, percent): percentile(histogram, percent)
        for measure, histogram in row.spread.items()
        for percent in PERCENTILES
    }
    return {**fields, **row.measures, **shares, **target, **cost, **spread, **_behind(name, row, behind)}


def _target(tenant: Tenant, row: Row) -> int | None:
    queue = tenant.queue_by_id.get(row.group.get("queue_id", ""))
    return None if queue is None or queue.service_level.threshold is None else queue.service_level.target_percentage


def _cost(row: Row, hour_cost: float | None) -> float | None:
    if hour_cost is None or not row.measures["engagement_count"]:
        return None
    worked_ms = row.measures["handled_ms"] + row.measures["wrapped_ms"]
    return round(worked_ms / HOUR_MS * hour_cost / row.measures["engagement_count"], 4)


def _behind(name: str, row: Row, measure: str | None) -> dict[str, Any]:
    """The engagements, or the agents' statuses, that a row's number comes from, and what each adds to it."""
    if measure is None:
        return {}
    whose = "user_id" if name == "agent_timecard" else "engagement_id"
    return {
        "behind": [
            {
                whose: part.engagement_id,
                "version": part.version,
                "time": wire.time_text(part.at),
                measure: part.measures[measure],
            }
            for part in row.behind(measure)
        ]
    }


def _columns(name: str, group_by: Sequence[str], behind: str | None = None) -> list[str]:
    groups = [each for by in group_by for each in ((by, _name_of(by)) if by in NAMES else (by,))]
    return ["start_time", "end_time", *groups, *meanings(name), *(["behind"] if behind else [])]


def _name_of(dimension: str) -> str:
    return dimension.replace("_id", "_name")


def _percentile_of(measure: str, percent: int) -> str:
    return measure.replace("_ms", f"_p{percent}_ms")


def _schema(name: str) -> dict[str, Any]:
    told, defined = meanings(name), SUMMED[name]
    columns = _columns(name, defined.dimensions, behind="any")
    kinds = {each: "time" if each.endswith("_time") else "string?" for each in columns}
    kinds |= {each: "integer" if each in defined.measures else "integer?" for each in told}
    kinds |= {each: "number?" for each in told if each == COST}
    groups = [each for each in columns[2:] if each not in told]
    return tables.schema_of(name, {**kinds, "behind": "list"}, told, optional=groups)


ENDPOINTS = tuple(
    Endpoint(
        "GET",
        f"{PATH}/{name}",
        "report.read",
        f"Read {name}, added up by interval, and {defined.title} or by other dimensions",
        _reader(name),
        query=("interval", "timezone", "group_by", "behind", *defined.dimensions, *QUERY),
        answers=_schema(name),
    )
    for name, defined in SUMMED.items()
)
