"""A tenant's history, as its API tells it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from infra.simulation import history
from infra.simulation.history import History, Status, time_text
from infra.simulation.recorded import recorded

CONTACT_CENTER = "/v2/contact_center"
PAGE = 300
HOUR = 3_600_000
AWAY = 4 * HOUR
"""An agent of whom nothing is heard for so long was away."""

Get = Callable[[str], Any]
"""The body of the answer to a GET that succeeds."""


def fetched(get: Get, start: int, end: int) -> History:
    """What was closed between two moments (epoch ms), and what is open; with the configuration that is applied.

    Of agents whose statuses are not on record, when they were ready is taken from what they did.
    """
    listed = [
        (each, get(f"{CONTACT_CENTER}/engagements/{each['engagement_id']}/events")["events"])
        for each in _listed(get, "engagements", "engagements", from_=start, to=end)
    ]
    found = [recorded(engagement, events, end) for engagement, events in listed]
    document = get(f"{CONTACT_CENTER}/configuration")["document"]
    told = _told(get, start)
    known = {each.user_id for each in told}
    statuses = [*told, *(each for each in _seen(listed) if each.user_id not in known)]
    return history.of((each for each in found if each is not None), statuses, document)


def _listed(get: Get, path: str, name: str, **window: int) -> Iterator[dict[str, Any]]:
    """All pages of a list; `from_` and `to` are epoch ms."""
    query = {"page_size": str(PAGE), **{key.rstrip("_"): time_text(at) for key, at in window.items()}}
    while True:
        page = get(f"{CONTACT_CENTER}/{path}?{urlencode(query)}")
        yield from page[name]
        if not page["next_page_token"]:
            return
        query["next_page_token"] = page["next_page_token"]


def _told(get: Get, start: int) -> list[Status]:
    """What is on record of statuses that ended since the start, and what agents say of themselves now."""
    statuses = []
    history_of = "agent_status_history"
    for each in _listed(get, f"analytics/dataset/historical/{history_of}", history_of, from_=start):
        for at, name in ((each["start_time"], each["status_name"]), (each["end_time"], each["next_status_name"])):
            statuses.append(Status(history.moment(at), each["user_id"], name == "Ready"))
    now = (each for each in get(f"{CONTACT_CENTER}/statistics/users")["users"] if "status_since" in each)
    statuses += [
        Status(history.moment(each["status_since"]), each["user_id"], each["status_name"] == "Ready") for each in now
    ]
    return sorted(set(statuses), key=lambda each: (each.at, each.user_id))


def _seen(listed: list[tuple[dict[str, Any], list[dict[str, Any]]]]) -> list[Status]:
    """Ready from the first sign of an agent until the last, except where none was seen for long."""
    signs: dict[str, list[int]] = {}
    for _, events in listed:
        for event in events:
            if event.get("user_id"):
                signs.setdefault(event["user_id"], []).append(history.moment(event["start_time"]))
    statuses = []
    for user_id, moments in signs.items():
        moments.sort()
        statuses.append(Status(moments[0], user_id, True))
        for before, after in pairwise(moments):
            if after - before > AWAY:
                statuses += [Status(before + 1, user_id, False), Status(after, user_id, True)]
        statuses.append(Status(moments[-1] + 1, user_id, False))
    return statuses
