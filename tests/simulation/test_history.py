"""The checker of histories, put to the test: it lets pass what can be true, and nothing that cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.history import Call, Found, Happened, History, calls_of, faults

START = Call("crm", "start", "CASE-1", 1000, key="k", outcome="ok", ended_at=2000, engagement_id="e1")
LOST = replace(START, outcome="unknown", engagement_id=None)
ACCEPT = Call("agent:ana", "accept", "e1", 3000, ("accept",), outcome="ok", ended_at=4000, version=3)
UNHEARD = replace(ACCEPT, outcome="unknown", version=None)
STARTED = Happened(1, 1500, "start", "crm")
OFFERED = Happened(2, 2500, "offer", "system:router")
ACCEPTED = Happened(3, 3500, "accept", "agent:ana")
E1 = Found("CASE-1", (STARTED, OFFERED, ACCEPTED))
WAITS = Found("CASE-1", (STARTED,))


@pytest.mark.parametrize(
    ("calls", "found"),
    [
        ([START, ACCEPT], {"e1": E1}),
        ([START, UNHEARD], {"e1": E1}),
        ([START, UNHEARD], {"e1": WAITS}),
        ([LOST], {"e1": WAITS}),
        ([LOST], {}),
        ([LOST, replace(START, invoked_at=5000)], {"e1": WAITS}),
        ([START, replace(START, key="k2", invoked_at=6000, engagement_id="e2")], {"e1": E1, "e2": WAITS}),
        ([START, replace(START, key="k2", new=False)], {"e1": E1}),
        ([START, replace(START, key="k2", outcome="failed", engagement_id=None)], {"e1": E1}),
        ([START, replace(ACCEPT, outcome="failed", version=None)], {"e1": WAITS}),
        ([START, replace(ACCEPT, version=None), replace(UNHEARD, invoked_at=3200)], {"e1": E1}),
        ([START, Call("ana", "read", "e1", 2600, outcome="ok", version=2)], {"e1": E1}),
    ],
)
def test_what_can_be_true_passes(calls: list[Call], found: dict[str, Found]) -> None:
    assert faults(calls, found) == []


@pytest.mark.parametrize(
    ("calls", "found", "fault"),
    [
        ([START], {}, "it is lost"),
        ([START, ACCEPT], {"e1": WAITS}, "not all that agent:ana was told is done has happened"),
        ([START], {"e1": replace(E1, events=(STARTED, ACCEPTED))}, "some are lost or doubled"),
        ([START, replace(START, invoked_at=5000, engagement_id="e2")], {"e1": E1, "e2": WAITS}, "it is doubled"),
        ([LOST], {"e1": WAITS, "e2": WAITS}, "no start explains it"),
        ([replace(LOST, outcome="failed")], {"e1": WAITS}, "no start explains it"),
        ([START, replace(START, key="k2")], {"e1": WAITS}, "the same engagement as a new one"),
        ([START], {"e1": replace(WAITS, events=(STARTED, replace(STARTED, version=2)))}, "not been started once"),
        ([START, replace(ACCEPT, outcome="failed", version=None)], {"e1": E1}, "was not asked for"),
        ([START, ACCEPT, replace(ACCEPT, invoked_at=3100)], {"e1": E1}, "not all that agent:ana was told"),
        (
            [START, UNHEARD],
            {"e1": replace(E1, events=(*E1.events, replace(ACCEPTED, version=4)))},
            "version 4, accept by agent:ana, was not asked for",
        ),
        ([START, replace(UNHEARD, about="e2")], {"e1": E1}, "was not asked for"),
        ([START, replace(ACCEPT, invoked_at=3600)], {"e1": E1}, "not all that agent:ana was told"),
        ([START, Call("ana", "read", "e1", 2600, outcome="ok", version=2)], {"e1": WAITS}, "it is gone again"),
    ],
)
def test_what_cannot_be_true_is_told(calls: list[Call], found: dict[str, Found], fault: str) -> None:
    told = faults(calls, found)
    assert any(fault in line for line in told), told


def test_what_was_noted_is_what_is_read() -> None:
    noted = History()
    start = noted.invoked("crm", "start", "CASE-1", 1000, key="k")
    accept = noted.invoked("agent:ana", "accept", "e1", 3000, brings=("accept",))
    noted.ended(start, "ok", 2000, engagement_id="e1")
    assert calls_of(noted.text()) == [START, replace(UNHEARD, ended_at=None)]
    noted.ended(accept, "ok", 4000, version=3)
    assert calls_of(noted.text()) == [START, ACCEPT]
