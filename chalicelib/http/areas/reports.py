"""Report datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chalicelib.configuration.profiles import Queue
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.http import wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.window import A_YEAR, MAX_RANGE_DAYS, time_range
from chalicelib.operations import reporting
from chalicelib.reporting.datasets import MEASURES, Marks, Row, fold
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.reporting.histogram import percentile
from chalicelib.reporting.intervals import DAY_MS
from chalicelib.reporting.rollup import rows

INTERVALS = {"15m": 900_000, "1h": 3_600_000, "1d": DAY_MS}
PERCENTILES = (50, 90)
SERVICE_LEVEL = ("service_level_in_percentage", "service_level_target_in_percentage")


def get_dataset(call: Call[None]) -> Answer:
    name = call.path["dataset"]
    if name not in MEASURES:
        raise NotFound(f"There is no dataset {name!r}; there are {', '.join(MEASURES)}.")
    dataset: Dataset = name
    interval = call.query.get("interval", "15m")
    if interval not in INTERVALS:
        wrong = FieldError("query/interval", f"Use one of {', '.join(INTERVALS)}.")
        raise InvalidRequest("Validation Failed.", [wrong])
    behind = call.query.get("behind")
    if behind is not None and behind not in MEASURES[dataset]:
        wrong = FieldError("query/behind", f"Use one of {', '.join(MEASURES[dataset])}.")
        raise InvalidRequest("Validation Failed.", [wrong])
    most_days = A_YEAR if interval == "1d" and behind is None else MAX_RANGE_DAYS
    start, end = reporting.whole_quarters(*time_range(call, most_days))
    zone = _zone(call.query.get("timezone", call.world.tenant().timezone))
    marks = {queue.queue_id: _marks(queue) for queue in call.world.tenant().queues}
    length = INTERVALS[interval]
    if behind is None:
        limited = call.principal.role == "agent" or call.principal.supervised is not None
        cells = reporting.cells(call.world, dataset, start, end, length, zone, by_agent=limited)
        found = rows(dataset, [cell for cell in cells if _may_see(call, cell.total)], length, marks, zone)
    else:
        facts = call.world.store.facts(dataset, start, end)
        found = fold(dataset, [fact for fact in facts if _may_see(call, fact)], length, marks, zone)
    return Answer(
        200,
        {
            "from": wire.time_text(start),
            "to": wire.time_text(end),
            name: [{**_row(call, row), **_behind(row, behind)} for row in found],
        },
    )


def _may_see(call: Call[None], fact: Fact) -> bool:
    """Agents see what is theirs, supervisors of teams what is their teams'."""
    if call.principal.role == "agent":
        return fact.agent_id == call.principal.subject
    mine = call.principal.supervised
    return mine is None or fact.agent_id in mine.agents or fact.queue_id in mine.queues


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        wrong = FieldError("query/timezone", "Use a name such as Europe/Paris.")
        raise InvalidRequest("Validation Failed.", [wrong]) from unknown


def _marks(queue: Queue) -> Marks:
    threshold, short = queue.service_level.threshold, queue.short_abandon
    return Marks(None if threshold is None else 1000 * threshold, None if short is None else 1000 * short)


def _service_level(queue: Queue, measures: Mapping[str, int]) -> dict[str, int | None]:
    """How much of the work was taken in time, of all but what its consumers withdrew very soon; and the target."""
    if queue.service_level.threshold is None:
        return {}
    counted = measures["handled_count"] + measures["abandoned_count"] - measures["short_abandoned_count"]
    percentage = 100 * measures["within_service_level_count"] // counted if counted else None
    return dict(zip(SERVICE_LEVEL, (percentage, queue.service_level.target_percentage), strict=True))


def _row(call: Call[None], row: Row) -> dict[str, Any]:
    tenant = call.world.tenant()
    queue = tenant.queue_by_id.get(row.queue_id)
    fields: dict[str, Any] = {
        "start_time": wire.time_text(row.start),
        "end_time": wire.time_text(row.end),
        "queue_id": row.queue_id,
        "queue_name": queue.queue_name if queue else row.queue_id,
        "channel": row.channel,
    }
    if row.agent_id is not None:
        agent = tenant.agent_by_id.get(row.agent_id)
        fields["user_id"] = row.agent_id
        fields["user_name"] = agent.display_name if agent else row.agent_id
    elif queue is not None:
        fields |= _service_level(queue, row.measures)
    return {**fields, **row.measures, **_percentiles(row)}


def _percentiles(row: Row) -> dict[str, int | None]:
    return {
        name.replace("_ms", f"_p{percent}_ms"): percentile(histogram, percent)
        for name, histogram in row.spread.items()
        for percent in PERCENTILES
    }


def _behind(row: Row, measure: str | None) -> dict[str, Any]:
    """The engagements that a row's number comes from, and what each adds to it."""
    if measure is None:
        return {}
    found = [
        {
            "engagement_id": part.engagement_id,
            "version": part.version,
            "time": wire.time_text(part.at),
            measure: part.measures[measure],
        }
        for part in row.behind(measure)
    ]
    return {"behind": found}


ENDPOINTS = (
    Endpoint(
        "GET",
        "/v2/contact_center/analytics/dataset/historical/{dataset}",
        "report.read",
        "Read a dataset, added up by interval: queue_performance or agent_performance",
        get_dataset,
        query=("from", "to", "interval", "timezone", "behind"),
    ),
)
