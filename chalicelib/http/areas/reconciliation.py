"""Reports held against the history they came from, and made anew from it. Each call does as much as it has time for."""

from __future__ import annotations

import re
from typing import Any

from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.http import marks, wire
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.window import time_range
from chalicelib.operations import reconciling
from chalicelib.operations.reconciling import Findings
from chalicelib.reporting.history import Tally

_MARK = re.compile(r"([!-~]{1,1000}\t[ -~]{1,1000})?")


def check_works(call: Call[None]) -> Answer:
    return _works(call, again=False)


def record_works(call: Call[None]) -> Answer:
    return _works(call, again=True)


def check_quarters(call: Call[None]) -> Answer:
    return _quarters(call, *reconciling.quarters(call.world, *time_range(call), reconciling.check))


def rebuild_quarters(call: Call[None]) -> Answer:
    return _quarters(call, *reconciling.quarters(call.world, *time_range(call), reconciling.rebuild))


def _works(call: Call[None], *, again: bool) -> Answer:
    start, end = reconciling.judged(call.world, *time_range(call))
    after = marks.mark_of(call) or ""
    if not _MARK.fullmatch(after):
        wrong = FieldError("query/next_page_token", "Send the token of the page before, or none.")
        raise InvalidRequest("Validation Failed.", [wrong])
    found, onward = reconciling.works(call.world, after, start, end, again=again)
    return Answer(200, {"next_page_token": marks.page_token(onward), **_counted(found), "told": _tally(found.told)})


def _quarters(call: Call[None], found: Findings, onward: int | None) -> Answer:
    stale = [
        {"dataset": each.dataset, "interval": each.level, "start_time": wire.time_text(each.start)}
        for each in found.stale
    ]
    return Answer(
        200,
        {
            "next_from": None if onward is None else wire.time_text(onward),
            **_counted(found),
            "facts": [
                {
                    "dataset": each.dataset,
                    "engagement_id": each.engagement_id,
                    "version": each.version,
                    "time": wire.time_text(each.at),
                    "fault": each.fault,
                }
                for each in found.drifts
            ],
            "rollups": stale,
            "kept": _tally(found.kept),
        },
    )


def _counted(found: Findings) -> dict[str, Any]:
    histories = [{"engagement_id": each, "fault": text} for each, text in sorted(found.broken.items())]
    return {"engagements": found.engagements, "histories": histories}


def _tally(tally: Tally) -> list[dict[str, Any]]:
    """By quarter of an hour, how many facts there are and the sum of their digests (`reporting.history`)."""
    return [
        {"start_time": wire.time_text(quarter), "count": count, "sum": total}
        for quarter, (count, total) in sorted(tally.items())
    ]


_PATH = "/v2/contact_center/analytics/reconciliation"
_OF_WORKS, _OF_QUARTERS = ("from", "to", "next_page_token"), ("from", "to")

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_PATH}/works",
        "report.check",
        "Hold the histories of some works against their chains, and tally the facts that they tell",
        check_works,
        query=_OF_WORKS,
    ),
    Endpoint(
        "POST",
        f"{_PATH}/works",
        "report.rebuild",
        "Record the facts again that the histories of some works tell",
        record_works,
        query=_OF_WORKS,
    ),
    Endpoint(
        "GET",
        f"{_PATH}/quarters",
        "report.check",
        "Hold the facts and roll-ups of some quarters of an hour against the histories they name, and tally the facts",
        check_quarters,
        query=_OF_QUARTERS,
    ),
    Endpoint(
        "POST",
        f"{_PATH}/quarters",
        "report.rebuild",
        "Make the facts and roll-ups of some quarters of an hour anew from the histories they name",
        rebuild_quarters,
        query=_OF_QUARTERS,
    ),
)
