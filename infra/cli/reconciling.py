"""Reports held against the history that they came from, and made anew from it, call by call as far as each one gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from infra.cli.connection import Tenant
from infra.cli.shell import CONTACT_CENTER

RECONCILIATION = f"{CONTACT_CENTER}/analytics/reconciliation"
SETTLED = timedelta(minutes=10)
SUMS = 2**52
"""What sums of digests are kept below."""
Window = dict[str, str]


class Drift(NamedTuple):
    """What is not as it should be: in the histories themselves, and in the reports of the last days."""

    engagements: int
    histories: list[str]
    reports: list[str]


def drift(tenant: Tenant, days: int) -> Drift:
    """Look at all histories, and at the reports of so many days."""
    histories: dict[str, str] = {}
    told, kept, engagements, reports = Tally(), Tally(), 0, []
    window = _window(tenant, days)
    for page in _works(tenant, "GET", window):
        engagements += page["engagements"]
        told.add(page["told"])
        histories |= {each["engagement_id"]: each["fault"] for each in page["histories"]}
    for page in _quarters(tenant, "GET", window):
        kept.add(page["kept"])
        histories |= {each["engagement_id"]: each["fault"] for each in page["histories"]}
        reports += [
            f"{each['dataset']} of {each['engagement_id']}, version {each['version']}, is {each['fault']}"
            for each in page["facts"]
        ]
        reports += [
            f"the {each['interval']} of {each['dataset']} at {each['start_time']} is not what it adds up to"
            for each in page["rollups"]
        ]
    reports += [f"the facts from {start} on are not what all histories tell" for start in told.differing(kept)]
    return Drift(engagements, [f"{each}: {fault}" for each, fault in sorted(histories.items())], reports)


def make_anew(tenant: Tenant, days: int) -> None:
    """Make the reports of so many days anew."""
    window = _window(tenant, days)
    for _ in _works(tenant, "POST", window):
        pass
    for _ in _quarters(tenant, "POST", window):
        pass


class Tally:
    """By quarter of an hour, how many facts, and the sum of their digests."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._sums: Counter[str] = Counter()

    def add(self, tallies: list[dict[str, Any]]) -> None:
        for each in tallies:
            self._counts[each["start_time"]] += each["count"]
            self._sums[each["start_time"]] = (self._sums[each["start_time"]] + each["sum"]) % SUMS

    def differing(self, other: Tally) -> list[str]:
        """The quarters of an hour in which the two are not the same."""
        return sorted(
            start
            for start in {*self._counts, *other._counts}
            if (self._counts[start], self._sums[start]) != (other._counts[start], other._sums[start])
        )


def _works(tenant: Tenant, method: str, window: Window) -> Iterator[dict[str, Any]]:
    token: str | None = None
    while token != "":
        query = urlencode({**window, **({"next_page_token": token} if token else {})})
        page = tenant.done(method, f"{RECONCILIATION}/works?{query}").body
        yield page
        token = page["next_page_token"]


def _quarters(tenant: Tenant, method: str, window: Window) -> Iterator[dict[str, Any]]:
    start: str | None = window["from"]
    while start is not None:
        query = urlencode({**window, "from": start})
        page = tenant.done(method, f"{RECONCILIATION}/quarters?{query}").body
        yield page
        start = page["next_from"]


def _window(tenant: Tenant, days: int) -> Window:
    """The last days by the tenant's own clock, until the last quarter of an hour of which everything has come by."""
    now = datetime.fromisoformat(tenant.get(f"{CONTACT_CENTER}/statistics/users")["time"]) - SETTLED
    end = now.replace(minute=now.minute - now.minute % 15, second=0, microsecond=0)
    return {"from": _text(end - timedelta(days)), "to": _text(end)}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
