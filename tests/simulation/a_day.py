"""A day of three agents and a supervisor: a call, two chats and ten work items.

`python -m tests.simulation.a_day` plays it in memory and prints its timeline, which is kept beside this file.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from chalicelib.http.authorization import Role
from chalicelib.http.endpoint import log
from tests.simulation.day import V2, Day
from tests.support.api import api_of
from tests.support.worlds import Centre, memory_centre

TIMELINE = Path(__file__).with_name("a_day.txt")
CLIENTS: dict[str, Role] = {
    **{"crm": "integration", "pbx": "integration", "chat": "integration"},
    **{"ana": "agent", "ben": "agent", "cleo": "agent", "sue": "supervisor", "adm": "admin"},
}
ANA, SUE = "sip:ana@desk.example", "sip:sue@desk.example"


def _flow(name: str, channel: str, **route: Any) -> dict[str, Any]:
    return {
        "flow_id": name,
        "flow_name": name.capitalize(),
        "channel": channel,
        "entry_points": [{"entry_id": f"entry-{name}", "entry_name": name.capitalize()}],
        "versions": [{"flow_version": 1, "status": "published", "steps": [{"set": route}]}],
    }


DOCUMENT: dict[str, Any] = {
    "queues": [
        {"queue_id": "calls", "queue_name": "Calls", "channel": "voice", "wrap_up_time": 60, "offer_timeout": 20},
        {"queue_id": "chats", "queue_name": "Chats", "channel": "messaging"},
        {
            "queue_id": "billing",
            "queue_name": "Billing",
            "service_level": {"threshold": 1200},
            "transfer": {"queues": ["claims"]},
            "cool_down": 300,
        },
        {"queue_id": "claims", "queue_name": "Claims"},
        {"queue_id": "fraud", "queue_name": "Fraud"},
    ],
    "occupancy_profiles": [
        {
            "occupancy_profile_id": "blended",
            "capacity": {"voice": 1, "video": 1, "messaging": 2, "work_item": 2},
            "closings": [{"when": [{"channel": each, "percent": 100}]} for each in ("video", "voice")],
        }
    ],
    "agents": [
        {
            "user_id": "ana",
            "display_name": "Ana",
            "queues": ["calls", "chats", "billing"],
            "occupancy_profile_id": "blended",
            "addresses": {"voice": ANA, "messaging": "desk-1"},
        },
        {
            "user_id": "ben",
            "display_name": "Ben",
            "queues": ["chats", "billing", "claims"],
            "occupancy_profile_id": "blended",
            "addresses": {"messaging": "desk-2"},
        },
        {
            "user_id": "cleo",
            "display_name": "Cleo",
            "queues": ["billing", "claims"],
            "occupancy_profile_id": "blended",
            "addresses": {"voice": "sip:cleo@desk.example"},
        },
        {"user_id": "sue", "display_name": "Sue", "queues": [], "addresses": {"voice": SUE}},
    ],
    "flows": [
        _flow("calls", "voice", queue_id="calls"),
        _flow("chats", "messaging", queue_id="chats"),
        _flow("billing", "work_item", queue_id="billing"),
        _flow("claims", "work_item", queue_id="claims"),
    ],
    "webhooks": [
        {"webhook_id": each, "url": f"https://{each}.example.com/interleave"}
        for each in ("audit", "crm", "pbx", "chat")
    ],
}
"""Ben's chats, everybody's bills, Ana's calls, Cleo's claims. A call or a video makes its agent Occupied."""


def opened(centre: Centre) -> Day:
    """The centre at nine, configured through the API, its systems connected, nobody there yet."""
    centre.clock.at = round(datetime.fromisoformat("2026-03-02T08:59:50+00:00").timestamp() * 1000)
    day = Day(centre, api_of(centre, CLIENTS), logged_in_at=centre.clock())
    assert day.by("adm").call("PUT", f"{V2}/configuration", DOCUMENT).status == 200
    centre.clock.pass_seconds(10)
    day.listen("audit", "https://audit.example.com/interleave")
    for each in ("crm", "pbx", "chat"):
        day.connect(each, each, f"https://{each}.example.com/interleave")
    return day


def play(day: Day) -> None:
    """The whole day."""
    _morning(day)
    _a_call(day)
    _two_chats(day)
    _a_breach(day)
    _transfers(day)
    _by_telephone(day)
    _evening(day)


def _bill(day: Day, name: str, what: str, queue: str = "billing") -> None:
    day.begins("crm", name, "work_item", "API", f"entry-{queue}", what)


def _morning(day: Day) -> None:
    """Work waits for somebody; an offer is declined, and missed by the next."""
    for name, what in (("T01", "A refund"), ("T02", "A disputed invoice"), ("T03", "A missing receipt")):
        _bill(day, name, what)
    assert set(day.reasons("T01").values()) == {"not_ready"}
    day.says("ana", "Ready", [("T01", "offer"), ("T02", "offer")])
    day.accepts("ana", "T01")
    day.declines("ana", "T02", "I know the customer", [("T03", "offer")])
    assert day.reasons("T02") == {"ana": "cooling_down", "ben": "not_ready", "cleo": "not_ready"}
    day.accepts("ana", "T03")
    day.says("ben", "Ready", [("T02", "offer")])
    day.clock_strikes("09:00:45", [("T02", "miss")], "Ben's time to answer T02 is over")
    assert day.reasons("T02") == {"ana": "cooling_down", "ben": "cooling_down", "cleo": "not_ready"}
    day.says("cleo", "Ready", [("T02", "offer")])
    day.accepts("cleo", "T02")


def _a_call(day: Day) -> None:
    """A call is taken, keeps everything else away, is barged into, and ends with its consumer."""
    day.clock_strikes("09:10:00")
    day.begins("pbx", "call", "voice", "+15550100", "entry-calls", "A call about a late delivery")
    day.accepts("ana", "call")
    assert day.lines["call"].connected == {ANA: "owner"}
    _bill(day, "T04", "A change of address")
    day.accepts("ben", "T04")
    day.clock_strikes("09:12:00")
    day.takes_part("sue", "call", "monitor", "monitors call")
    day.takes_part("sue", "call", "barge", "barges into call")
    assert day.lines["call"].connected == {ANA: "owner", SUE: "barge"}
    day.takes_part("sue", "call", "leave", "leaves call")
    for name, what, agent in (("T05", "A wrong amount", "ben"), ("T06", "A late fee", "cleo")):
        _bill(day, name, what)
        day.accepts(agent, name)
    _bill(day, "T07", "A tax certificate")
    assert day.reasons("T07") == {"ana": "occupied", "ben": "no_room", "cleo": "no_room"}
    day.clock_strikes("09:15:00")
    day.hangs_up("pbx", "call", "finish")
    assert (day.lines["call"].carries, day.reasons("T07")["ana"]) == ("over", "occupied")
    day.wraps_up("ana", "call", "Delivery traced")
    assert day.reasons("T07")["ana"] == "no_room"


def _two_chats(day: Day) -> None:
    """A chat is handled beside work items; another consumer leaves while it rings."""
    day.clock_strikes("09:20:00")
    day.begins("chat", "chat-1", "messaging", "web", "entry-chats", "Where is my parcel?")
    day.accepts("ben", "chat-1")
    assert day.lines["chat-1"].connected == {"desk-2": "owner"}
    day.begins("chat", "chat-2", "messaging", "web", "entry-chats", "Do you ship abroad?")
    day.clock_strikes("09:20:20")
    day.hangs_up("chat", "chat-2", "abandon")
    day.clock_strikes("09:24:00")
    day.ends("ben", "chat-1", "Answered")


def _a_breach(day: Day) -> None:
    """T07 waits longer than it should, until somebody parks something; what was parked comes back by itself."""
    day.clock_strikes("09:28:30", [("T07", "flag")], "T07's service level is at risk")
    day.clock_strikes("09:32:30", [("T07", "flag")], "T07's service level is breached")
    wake_at = "2026-03-02T09:50:00Z"
    day.acts(
        "ben", "T05", "deactivate", "parks T05 until 09:50", [("T05", "deactivate"), ("T07", "offer")], wake_at=wake_at
    )
    day.accepts("ben", "T07")
    day.clock_strikes("09:40:00")
    day.ends("ben", "T04", "Address changed")
    day.clock_strikes("09:50:00", [("T05", "activate")], "T05 comes back to Ben")
    day.clock_strikes("10:10:00")
    day.ends("ben", "T07", "Certificate sent")


def _transfers(day: Day) -> None:
    """The policy of Billing lets work go to Claims, and nowhere else."""
    day.clock_strikes("10:15:00")
    day.acts(
        *("cleo", "T02", "transfer to queue", "wants to send T02 to Fraud", [("T02", "refuse_transfer")]),
        status=409,
        target_queue_id="fraud",
    )
    day.acts(
        *("cleo", "T02", "transfer to queue", "sends T02 to Claims", [("T02", "transfer"), ("T02", "offer")]),
        target_queue_id="claims",
    )
    day.accepts("ben", "T02")


def _by_telephone(day: Day) -> None:
    """Ana calls her customer; Cleo is called by somebody through another telephone system."""
    day.clock_strikes("11:00:00")
    day.acts("ana", "T03", "switch", "goes on with T03 by telephone", [("T03", "switch")], target_channel="voice")
    assert day.lines["T03"].connected == {ANA: "owner"}, "the system that started it is told where to connect"
    day.occupies("pbx", "cleo", "desk-77")
    _bill(day, "T08", "A payment plan")
    assert day.reasons("T08") == {"ana": "occupied", "ben": "no_room", "cleo": "occupied"}
    day.ends("ana", "T03", "Receipt found", [("T03", "close"), ("T08", "offer")])
    day.accepts("ana", "T08")
    _bill(day, "T09", "A broken parcel", "claims")
    assert day.reasons("T09") == {"ben": "no_room", "cleo": "occupied"}
    day.vacates("pbx", "cleo", "desk-77", [("T09", "offer")])
    day.accepts("cleo", "T09")
    _bill(day, "T10", "A second refund")
    day.acts("crm", "T10", "end", "withdraws T10", [("T10", "cancel")])


def _evening(day: Day) -> None:
    """Everything comes to its end."""
    day.clock_strikes("16:30:00")
    for agent, name, disposition in (
        ("ana", "T01", "Refunded"),
        ("ana", "T08", "Plan agreed"),
        ("ben", "T02", "Claim paid"),
        ("ben", "T05", "Amount corrected"),
        ("cleo", "T06", "Fee waived"),
        ("cleo", "T09", "Parcel replaced"),
    ):
        day.ends(agent, name, disposition)
    for agent in ("ana", "ben", "cleo"):
        day.says(agent, "Offline")


def main() -> None:
    """Print the timeline."""
    day = opened(memory_centre(configured=False))
    log.setLevel("CRITICAL")  # the one refusal of the day is in the timeline
    play(day)
    sys.stdout.write("\n".join(day.timeline) + "\n")


if __name__ == "__main__":
    main()
