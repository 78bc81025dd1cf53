"""A day in a contact centre, played through the API and told as a timeline.

Whatever a step brings about must show in three places: in the engagement's history, in the deliveries of a webhook,
whose sequence is dense, and in its explanation. Every step looks there; the timeline is written from what it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chalicelib.events.catalogue import NAMES, PREFIX
from tests.support.adapter import Adapter, Line, verified
from tests.support.api import Api, Reply
from tests.support.invariants import check
from tests.support.worlds import Centre

V2 = "/v2/contact_center"
ONE = f"{V2}/engagements"
MINE = f"{V2}/users/me/assignments"
TOKENS_LAST_MS = 3_000_000
TOLD_BY_TEXT = {"observe": "takes part", "flag": "Its clocks have said"}
TOLD_BY_STATE = ("start", "enqueue", "leave")
OWN_NAMES = ("flag",)
"""Commands whose event is named by what they say."""

Brought = tuple[str, str]
"""An engagement's name and a command."""


@dataclass
class Day:
    """The centre, who is connected to it, and what has been told of the day so far."""

    centre: Centre
    api: Api
    adapters: dict[str, Adapter] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """By engagement id, the short name of it in the timeline."""
    lines: dict[str, Line] = field(default_factory=dict)
    """By that name."""
    heard: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    """What the webhook heard: by engagement id and sequence."""
    timeline: list[str] = field(default_factory=list)
    logged_in_at: int = 0
    _told: dict[str, int] = field(default_factory=dict)
    _carried: dict[str, str] = field(default_factory=dict)

    def by(self, who: str) -> Api:
        """Somebody's client, logged in."""
        if self.centre.clock() - self.logged_in_at > TOKENS_LAST_MS:
            self.api.tokens.clear()
            self.logged_in_at = self.centre.clock()
        return self.api.by(who)

    def listen(self, webhook_id: str, url: str) -> None:
        """Stand behind a webhook and keep what it delivers, once it is verified."""
        secret = self.by("adm").get(f"{V2}/webhooks/{webhook_id}/secret").body["secret"]

        def receive(headers: Mapping[str, str], body: bytes) -> bytes:
            event = verified(secret, headers, body, self.centre.clock())
            told = event["payload"]["object"]
            if "engagement_id" in told:
                self.heard.setdefault(told["engagement_id"], {})[told["sequence"]] = event
            return b""

        self.centre.posts.receivers[url] = receive

    def connect(self, who: str, webhook_id: str, url: str) -> None:
        """Put a reference adapter behind a webhook."""
        secret = self.by("adm").get(f"{V2}/webhooks/{webhook_id}/secret").body["secret"]
        adapter = Adapter(lambda: self.by(who), secret, self.centre.clock)
        self.adapters[who] = adapter
        self.centre.posts.receivers[url] = adapter.receive

    # What people and systems do

    def begins(self, who: str, name: str, channel: str, source: str, entry_id: str, what: str) -> None:
        """A system starts an engagement through its adapter."""
        consumer = {"consumer_display_name": f"Consumer of {name}", "consumer_number": "+15550199"}
        line = self.adapters[who].begin(name, channel, source, entry_id, consumer, what)
        self.names[line.engagement_id], self.lines[name] = name, line
        self._tell(who, f"starts {name}: {what}", [(name, "start")])

    def hangs_up(self, who: str, name: str, brings: str) -> None:
        self.adapters[who].leave(self.lines[name])
        self._tell(who, f"reports that the consumer of {name} has left", [(name, brings)])

    def says(self, agent: str, status: str, brings: Iterable[Brought] = ()) -> None:
        self._done(self.by(agent).patch(f"{V2}/users/me/status", {"status_id": status}))
        self._tell(agent, f"is {status}", brings)

    def accepts(self, agent: str, name: str) -> None:
        self._answers(agent, name, "accept")

    def declines(self, agent: str, name: str, reason: str, and_then: Iterable[Brought] = ()) -> None:
        self._answers(agent, name, "decline", and_then, reason=reason)

    def acts(
        self, who: str, name: str, action: str, what: str, brings: Iterable[Brought], status: int = 204, **more: Any
    ) -> None:
        """Somebody changes an engagement, and is answered with this status."""
        path = f"{ONE}/{self._id(name)}"
        self._done(self.by(who).patch(path, {"engagement_action": action, **more}), status)
        self._tell(who, what, brings)

    def ends(self, agent: str, name: str, disposition: str, brings: Iterable[Brought] = ()) -> None:
        what = f"ends {name}: {disposition}"
        self.acts(agent, name, "end", what, [(name, "close"), *brings], disposition=disposition)

    def wraps_up(self, agent: str, name: str, disposition: str) -> None:
        self._done(self.by(agent).post(f"{MINE}/{self._id(name)}/wrap_up", {"disposition": disposition}), 200)
        self._tell(agent, f"wraps {name} up: {disposition}", [(name, "close")])

    def takes_part(self, who: str, name: str, mode: str, what: str) -> None:
        self._done(self.by(who).post(f"{ONE}/{self._id(name)}/monitor", {"mode": mode}), 200)
        self._tell(who, what, [(name, "leave" if mode == "leave" else "observe")])

    def occupies(self, who: str, agent: str, reference: str) -> None:
        """A system that routes by itself has connected the agent."""
        self.adapters[who].occupy(agent, reference, "voice")
        self._tell(who, f"reports that {agent} is on its call {reference}", [])

    def vacates(self, who: str, agent: str, reference: str, brings: Iterable[Brought]) -> None:
        self.adapters[who].vacate(agent, reference)
        self._tell(who, f"reports that {reference} is over", brings)

    def clock_strikes(self, text: str, brings: Iterable[Brought] = (), what: str = "time passes") -> None:
        """It is this time of the day now, and the schedule has run."""
        today = datetime.fromtimestamp(self.centre.clock() / 1000, UTC).date()
        moment = datetime.fromisoformat(f"{today}T{text}+00:00")
        later = moment.timestamp() - self.centre.clock() / 1000
        assert later >= 0, "a day goes forward"
        self.centre.clock.pass_seconds(later)
        self.centre.sweep()
        self.centre.route()
        self._tell("clock", what, brings)

    # What is then to be seen

    def read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.by("sue").get(f"{ONE}/{self._id(name)}").body
        return found

    def history(self, name: str) -> list[dict[str, Any]]:
        """Every event of an engagement."""
        events: list[dict[str, Any]] = self.by("sue").get(f"{ONE}/{self._id(name)}/events").body["events"]
        return events

    def explained(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.by("sue").get(f"{ONE}/{self._id(name)}/explanation").body
        return found

    def reasons(self, name: str) -> dict[str, str | None]:
        """Why an engagement waits: by agent, the rule that excludes him."""
        return {each["user_id"]: each["reason"] for each in self.explained(name)["users"]}

    def settle(self) -> None:
        """What the stream and the doorbell bring about, until nothing more comes of it; then the deliveries."""
        more = True
        while more:
            self.centre.catch_up()
            self.centre.ring()
            more = self.centre.catch_up()
        self.centre.deliver()

    def _answers(self, agent: str, name: str, answer: str, and_then: Iterable[Brought] = (), **more: str) -> None:
        offers = self.by(agent).get(MINE).body["assignments"]
        offer = next(each for each in offers if each["engagement_id"] == self._id(name))
        body = {"offer_id": offer["offer_id"], **more}
        self._done(self.by(agent).post(f"{MINE}/{self._id(name)}/{answer}", body), 200)
        self._tell(agent, f"{answer}s {name}", [(name, answer), *and_then])

    def _tell(self, who: str, what: str, brings: Iterable[Brought]) -> None:
        """Let it take its course; look at everything that came of it in all three places; write it down."""
        self.settle()
        self.timeline.append(f"{self._time(self.centre.clock())}  {who:<5}  {what}")
        new: set[Brought] = set()
        for engagement_id, name in sorted(self.names.items(), key=lambda pair: pair[1]):
            new |= {(name, command) for command in self._look(engagement_id, name)}
        for name, line in self.lines.items():
            self._carry(name, line)
        check(self.centre, self.names)
        assert set(brings) <= new, f"{what}: {sorted(set(brings) - new)} is missing of {sorted(new)}"
        self.centre.clock.pass_seconds(1)

    def _look(self, engagement_id: str, name: str) -> list[str]:
        since, heard = self._told.get(name, 0), self.heard.get(engagement_id, {})
        if max(heard) == since:
            return []
        history = self.history(name)
        versions = [each["version"] for each in history]
        assert versions == list(range(1, len(history) + 1)), f"I6: {name}'s history is not dense"
        assert sorted(heard) == versions, f"I13: what was heard of {name} is not its history"
        explained = self.explained(name)
        assert explained["state"] == history[-1]["state"]
        new = history[since:]
        for each in new:
            self._shows(name, each, heard[each["version"]], explained)
        self._told[name] = len(history)
        text = re.sub(r"\d{4}-\d\d-\d\dT(\d\d:\d\d:\d\d)\.000Z", r"\1", explained["text"])
        for each in new[:-1]:
            self._write(name, each, "")
        self._write(name, new[-1], text)
        return [each["event_name"] for each in new]

    def _shows(self, name: str, each: dict[str, Any], heard: dict[str, Any], explained: dict[str, Any]) -> None:
        command = each["event_name"]
        if command not in OWN_NAMES:
            assert heard["event"] == PREFIX + NAMES[command]
        told = heard["payload"]["object"]
        assert (told["state"], told["cc_queue_id"]) == (each["state"], each["queue_id"])
        assert told.get("user_id") == each.get("user_id")
        assert told.get("participant_user_id") == each["event_content"].get("user_id")
        if command in TOLD_BY_TEXT:
            assert TOLD_BY_TEXT[command] in explained["text"], f"{name}: {command} is not explained"
        elif command not in TOLD_BY_STATE:
            decided = {decision["version"] for decision in explained["decisions"]}
            assert each["version"] in decided, f"{name}: {command} is not explained"

    def _write(self, name: str, each: dict[str, Any], text: str) -> None:
        about = each.get("user_id", "")
        row = f"          {name:<6}  {each['event_name']:<15}  {about:<4}  {each['state']:<8}  {text}"
        self.timeline.append(row.rstrip())

    def _carry(self, name: str, line: Line) -> None:
        with_whom = ", ".join(f"{address} ({mode})" for address, mode in line.connected.items())
        carries = f"{line.carries}: {with_whom}" if with_whom else line.carries
        if self._carried.get(name, "waiting") != carries:
            self._carried[name] = carries
            if self.read(name)["channel"] != "work_item":
                self.timeline.append(f"          {name:<6}  its line is {carries}")

    def _done(self, reply: Reply, status: int = 204) -> None:
        assert reply.status == status, (reply.status, reply.body)

    def _id(self, name: str) -> str:
        return self.lines[name].engagement_id

    def _time(self, at: int) -> str:
        return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M:%S")
