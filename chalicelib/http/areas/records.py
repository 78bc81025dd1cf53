"""Datasets that are read row by row: engagements and what happened to them, statuses of agents, operations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from chalicelib.configuration.vocabulary import MASK
from chalicelib.http import tables, wire
from chalicelib.http.authorization import authorize
from chalicelib.http.datasets import PATH, QUERY, answered, window_of
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.paging import page_size
from chalicelib.http.reach import is_reported_to, masked, reaches
from chalicelib.http.tables import Row
from chalicelib.operations import reports
from chalicelib.operations.listing import MOST_WEIGHT
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.reporting.timelines import segments_of

READ = "engagement.read"
DIMENSIONS = ("queue_id", "user_id", "channel", "flow_id", "flow_version", "end_reason", "priority", "skills")
ENGAGEMENT: dict[str, str] = {
    "engagement_id": "string",
    "start_time": "time",
    "end_time": "time",
    "channel": "string",
    "queue_id": "string",
    "queues": "list",
    "user_id": "string?",
    "users": "list",
    "flow_id": "string",
    "flow_version": "string",
    "flow_entry_id": "string",
    "end_reason": "string",
    "priority": "integer",
    "skills": "list",
    "transfer_count": "integer",
    "overflow_count": "integer",
    "duration_ms": "integer",
    "first_offer_ms": "integer?",
    "first_accept_ms": "integer?",
    "waited_ms": "integer",
    "handled_ms": "integer",
    "parked_ms": "integer",
    "wrapped_ms": "integer",
}
STATUS: dict[str, str] = {
    "user_id": "string",
    "start_time": "time",
    "end_time": "time",
    "status_name": "string",
    "sub_status_id": "string?",
    "next_status_name": "string",
    "next_sub_status_id": "string?",
    "changed_by": "string?",
    "duration_ms": "integer",
    "occupied_ms": "integer",
}
OPERATION: dict[str, str] = {"time": "time", "operation": "string", "operator": "string", "version": "integer"}
OPERATION |= {"comment": "string"}
VARIABLE: dict[str, str] = dict.fromkeys(("engagement_id", "channel", "queue_id", "flow_id"), "string")
VARIABLE |= {"end_time": "time", "variable_name": "string", "variable_value": "string"}


Told = tuple[Fact, list[Row]]
"""A fact, and the rows that are made from it."""


@dataclass(frozen=True, slots=True)
class Records:
    """A dataset of rows made from the facts of a page."""

    name: str
    summary: str
    kind: Dataset
    columns: dict[str, str]
    filters: tuple[str, ...]
    rows: Callable[[Call[None], list[Fact]], Iterable[Told]]
    shows_content: bool = False
    """Whether it shows what only those may see who may read the engagement itself."""


def _engagements(call: Call[None], facts: list[Fact]) -> Iterator[Told]:
    for fact in facts:
        yield fact, [_engagement(fact)]


def _engagement(fact: Fact) -> dict[str, Any]:
    measures = {name: fact.measures.get(name) for name in ENGAGEMENT if name.endswith(("_ms", "_count"))}
    return {
        "engagement_id": fact.engagement_id,
        "start_time": wire.time_text(fact.at - fact.measures["duration_ms"]),
        "end_time": wire.time_text(fact.at),
        "channel": fact.channel,
        "queue_id": fact.queue_id,
        "queues": _several(fact, "queues"),
        "user_id": fact.agent_id,
        "users": _several(fact, "agents"),
        **{name: fact.labels[name] for name in ("flow_id", "flow_version", "flow_entry_id", "end_reason")},
        "priority": int(fact.labels["priority"]),
        "skills": _several(fact, "skills"),
        **measures,
    }


def _several(fact: Fact, label: str) -> list[str]:
    return [each for each in fact.labels.get(label, "").split(",") if each]


def _timelines(call: Call[None], facts: list[Fact]) -> Iterator[Told]:
    for fact, _, events in reports.lives(call.world, facts):
        lines: dict[tuple[str, str], list[Row]] = {}
        for each in segments_of(events):
            times = {"start_time": wire.time_text(each.start), "end_time": wire.time_text(each.end)}
            segment = {"segment": each.name, **times, "end_reason": each.end_reason}
            lines.setdefault((each.entity, each.entity_id), []).append(segment)
        entities = [
            {"entity_type": kind, "entity_id": entity_id, "segments": segments}
            for (kind, entity_id), segments in lines.items()
        ]
        yield fact, [{**_engagement(fact), "entity_timelines": entities}]


def _logs(call: Call[None], facts: list[Fact]) -> Iterator[Told]:
    for fact, found, events in reports.lives(call.world, facts):
        if reaches(call, found, READ):
            told = [wire.event(each) for each in events]
            yield fact, [{**_engagement(fact), "disposition": found.disposition, "events": told}]


def _variables(call: Call[None], facts: list[Fact]) -> Iterator[Told]:
    hidden = masked(call)
    for fact, found, _ in reports.lives(call.world, facts):
        if not reaches(call, found, READ):
            continue
        whole = _engagement(fact)
        common = {name: whole[name] for name in VARIABLE if name in whole}
        said = ((each["name"], MASK if each["name"] in hidden else each["value"]) for each in found.content.variables)
        yield fact, [{**common, "variable_name": name, "variable_value": value} for name, value in said]


def _statuses(call: Call[None], facts: list[Fact]) -> Iterator[Told]:
    for fact in facts:
        spent = fact.measures
        row = {
            "user_id": fact.agent_id,
            "start_time": wire.time_text(fact.at - spent["duration_ms"]),
            "end_time": wire.time_text(fact.at),
            "status_name": wire.STATUS_NAMES[fact.labels["status"]],
            "next_status_name": wire.STATUS_NAMES[fact.labels["next_status"]],
            **{name: fact.labels.get(name) for name in ("sub_status_id", "next_sub_status_id", "changed_by")},
            "duration_ms": spent["duration_ms"],
            "occupied_ms": spent.get("occupied_ms", 0) + spent.get("finishing_ms", 0),
        }
        yield fact, [row]


def _fitting(told: Iterable[Told], onward: str | None) -> tuple[list[Row], str | None]:
    """The rows up to where an answer is full; and the mark after which the next page begins."""
    found: list[Row] = []
    weight = 0
    for fact, rows in told:
        found += rows
        weight += sum(len(json.dumps(row)) for row in rows)
        if weight > MOST_WEIGHT:
            return found, reports.mark_of(fact)
    return found, onward


def _reader(records: Records) -> Callable[[Call[None]], Answer]:
    def read(call: Call[None]) -> Answer:
        if records.shows_content:
            authorize(call.principal, READ)
        wanted = {name: call.query[name].split(",") for name in records.filters if name in call.query}

        def keep(fact: Fact) -> bool:
            who = {fact.agent_id, *_several(fact, "agents")}
            return is_reported_to(call, who, fact.queue_id) and all(
                _fits(fact, name, values) for name, values in wanted.items()
            )

        window = window_of(call, records.name, r"\d{14}(#[\w.@-]{1,128}#\d{8})?", page_size(call))
        facts, onward = reports.page(call.world, records.kind, window, keep)
        rows, onward = _fitting(records.rows(call, facts), onward)
        return answered(call, records.name, records.columns, rows, window, onward)

    read.__name__ = f"get_{records.name}_dataset"
    return read


def get_operation_log_dataset(call: Call[None]) -> Answer:
    authorize(call.principal, "configuration.read")
    window = window_of(call, "operation_log", r"\d{1,9}", page_size(call))
    found, onward = reports.operations(call.world, window)
    rows: list[Row] = [
        {
            "time": wire.time_text(stamp.at),
            "operation": "configuration.apply",
            "operator": stamp.by,
            "version": version,
            "comment": stamp.comment,
        }
        for version, stamp in found
    ]
    return answered(call, "operation_log", OPERATION, rows, window, onward)


def _fits(fact: Fact, name: str, wanted: list[str]) -> bool:
    match name:
        case "queue_id":
            return fact.queue_id in wanted or not set(wanted).isdisjoint(_several(fact, "queues"))
        case "user_id":
            return fact.agent_id in wanted or not set(wanted).isdisjoint(_several(fact, "agents"))
        case "channel":
            return fact.channel in wanted
        case _:
            return not set(wanted).isdisjoint(fact.labels.get(name, "").split(","))


_LOG = {**ENGAGEMENT, "disposition": "string?", "events": "list"}
_LINES = {**ENGAGEMENT, "entity_timelines": "list"}
RECORDS = (
    Records("engagement", "Closed engagements, a row each", "engagement", ENGAGEMENT, DIMENSIONS, _engagements),
    Records(
        "engagement_timelines", "Who had closed engagements, and when", "engagement", _LINES, DIMENSIONS, _timelines
    ),
    Records("engagement_log", "Closed engagements with their events", "engagement", _LOG, DIMENSIONS, _logs, True),
    Records("variable_log", "What closed engagements said", "engagement", VARIABLE, DIMENSIONS, _variables, True),
    Records(
        "agent_status_history", "Agents' statuses", "agent_status_history", STATUS, ("user_id", "status"), _statuses
    ),
)
ENDPOINTS = (
    *(
        Endpoint(
            "GET",
            f"{PATH}/{each.name}",
            "report.read",
            each.summary,
            _reader(each),
            query=(*each.filters, *QUERY),
            answers=tables.schema_of(each.name, each.columns),
        )
        for each in RECORDS
    ),
    Endpoint(
        "GET",
        f"{PATH}/operation_log",
        "report.read",
        "Who applied which version of the configuration, newest first",
        get_operation_log_dataset,
        query=QUERY,
        answers=tables.schema_of("operation_log", OPERATION),
    ),
)
