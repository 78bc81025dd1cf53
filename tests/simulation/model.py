"""The reference: what may happen to work and how each command is answered, as plainly as it can be said.

Written from the documented table of transitions. It knows no rows, no index and no messages, and takes
all the time it needs. A command that is refused raises `Refused` with the name of the answer's error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from tests.simulation.tenant import AGENTS, DOCUMENT

SECOND, HOUR = 1000, 3_600_000
DESK, EVERYBODY = "agent supervisor", "agent supervisor admin system"
OPEN = "scheduled queued offered assigned inactive"
TABLE: dict[str, tuple[str, str, str]] = {
    "enqueue": ("scheduled", "queued", "system"),
    "overflow": ("queued", "queued", "system"),
    "overflow_out": ("queued", "closed", "system"),
    "offer": ("queued", "offered", "system"),
    "pull": ("queued", "assigned", "agent"),
    "accept": ("offered", "assigned", "agent system"),
    "pass": ("offered", "offered", EVERYBODY),
    "decline": ("offered", "queued", "agent"),
    "miss": ("offered", "queued", "system"),
    "rescind": ("offered", "queued", EVERYBODY),
    "deactivate": ("assigned", "inactive", f"{DESK} system"),
    "activate": ("inactive", "assigned", f"{DESK} system"),
    "release": ("assigned inactive", "queued", f"{DESK} system"),
    "transfer": ("assigned inactive", "queued", f"{DESK} system"),
    "refuse_transfer": ("assigned inactive", "", DESK),
    "give_back": ("queued", "queued", "system"),
    "take_over": ("assigned", "assigned", DESK),
    "observe": ("assigned", "", DESK),
    "leave": ("assigned", "", DESK),
    "switch": ("assigned", "assigned", DESK),
    "update": (OPEN, "", "integration agent supervisor admin"),
    "flag": (OPEN, "", "system"),
    "finish": ("assigned inactive", "wrap_up", f"{DESK} integration system"),
    "extend": ("wrap_up", "wrap_up", DESK),
    "close": ("assigned inactive wrap_up", "closed", f"{DESK} integration system"),
    "abandon": ("queued offered", "closed", "integration"),
    "cancel": (f"{OPEN} wrap_up", "closed", "integration supervisor admin"),
}
"""By command: from which states, to which (none: it stays), and who may."""

QUEUE: dict[str, dict[str, Any]] = {each["queue_id"]: each for each in DOCUMENT["queues"]}
AGENT: dict[str, dict[str, Any]] = {each["user_id"]: each for each in DOCUMENT["agents"]}
CAPACITY = {each: AGENT[each].get("capacity", {"work_item": 1}) for each in AGENTS} | {
    "dee": {"work_item": 2, "voice": 1}
}


class Refused(Exception):
    """The answer is this error. `on_record`: what was made of the model so far holds, though it was refused."""

    def __init__(self, error: str, on_record: bool = False) -> None:
        super().__init__(error)
        self.on_record = on_record


@dataclass(frozen=True)
class Work:
    """One engagement."""

    id: str
    name: str
    state: str
    queue: str
    queued_at: int
    since: int
    version: int = 1
    french: bool = False
    priority: int = 0
    direct: str | None = None
    channel: str = "work_item"
    hands: tuple[str, ...] = ()
    """Whose it is, or to whom it is offered; of what is closed, whose it was."""
    parked: bool = False
    offer: str | None = None
    deadline: int | None = None
    """When its state ends by itself: the schedule, the offer, the snooze or the wrap-up."""
    wrap_from: int = 0
    cooling: tuple[tuple[str, int], ...] = ()
    preferred: str | None = None
    preferred_until: int = 0
    offers: int = 0
    overflows: int = 0
    transfers: int = 0
    return_to: str | None = None
    return_at: int | None = None
    return_queue: str = ""
    return_priority: int = 0
    return_french: bool = False
    taking_part: tuple[tuple[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    due: int | None = None
    end: str | None = None


@dataclass(frozen=True)
class Person:
    """One agent, but for what is in his hands."""

    status: str = "offline"
    since: int = 0
    out: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()
    beat: int = 0


@dataclass
class Model:
    """Everything there is."""

    works: dict[str, Work] = field(default_factory=dict)
    newest: dict[str, str] = field(default_factory=dict)
    """By the work's name, the engagement that came last."""
    people: dict[str, Person] = field(default_factory=lambda: {each: Person() for each in AGENTS})
    keys: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Idempotency-Keys: the request, the engagement, and until when it is remembered (seconds)."""

    def copy(self) -> Model:
        return Model(dict(self.works), dict(self.newest), dict(self.people), dict(self.keys))

    def find(self, id_: str, agent: str | None = None, version: int | None = None) -> Work:
        work = self.works.get(id_)
        if work is None or self.newest[work.name] != id_ or agent not in (None, *work.hands):
            raise Refused("NotFound")
        if version not in (None, work.version):
            raise Refused("VersionMismatch")
        return work

    def load(self, agent: str, without: str = "") -> Counter[str]:
        held = (w for w in self.works.values() if agent in w.hands and w.state in ("offered", "assigned", "wrap_up"))
        mine = [w.channel for w in held if not w.parked and w.id != without]
        return Counter([*mine, *(channel for _, channel in self.people[agent].elsewhere)])

    def room(self, agent: str, channel: str, without: str = "") -> bool:
        load = self.load(agent, without)
        if agent == "dee" and channel == "work_item" and load["voice"]:
            return False
        return load[channel] < CAPACITY[agent].get(channel, 0)

    def can_take(self, agent: str, work: Work, now: int, room: bool = True) -> bool:
        """I8. `room`: whether he has to have room too. Nothing is kept for one who could never take it."""
        person = self.people[agent]
        direct, preferred = (
            each if each is not None and self.could_take(each, work) else None for each in (work.direct, work.preferred)
        )
        return (
            person.status == "ready"
            and work.queue in set(AGENT[agent]["queues"]) - set(person.out)
            and is_open(work.queue, now)
            and (not work.french or AGENT[agent].get("skills", {}).get("french", 0) >= 3)
            and not any(each == agent and now < until for each, until in work.cooling)
            and direct in (None, agent)
            and (direct is not None or now >= work.preferred_until or preferred in (None, agent))
            and (not room or self.room(agent, work.channel))
        )

    @staticmethod
    def could_take(agent: str, work: Work) -> bool:
        """Whether an agent could ever take it."""
        able = not work.french or AGENT[agent].get("skills", {}).get("french", 0) >= 3
        return able and work.queue in AGENT[agent]["queues"] and work.channel in CAPACITY[agent]

    def waiting(self, queue: str) -> list[Work]:
        return [work for work in self.works.values() if work.state == "queued" and work.queue == queue]

    def begin(
        self, id_: str, name: str, entry: str, kind: str, french: bool, due: int | None, later: int | None, now: int
    ) -> Work:
        queue, priority, french, direct = routed(entry, kind, french)
        state = "scheduled" if later is not None and later > now else "queued"
        begun = Work(id_, name, state, queue, now, now, 1, french, priority, direct, due=due)
        begun = replace(begun, deadline=later if state == "scheduled" else None)
        said = tuple(flag for at, flag in moments(begun) if at <= now)
        self.works[id_] = replace(begun, flags=said)
        self.newest[name] = id_
        return self.works[id_]

    def step(self, work: Work, command: str, role: str, **changes: Any) -> Work:
        """One version on (I6), by whom it may be (I12)."""
        sources, target, by = TABLE[command]
        if work.state not in sources.split():
            raise Refused("WrongState")
        if role not in by.split():
            raise Refused("NotAllowed")
        state = target or work.state
        if state != "assigned":
            changes["taking_part"] = ()
        self.works[work.id] = replace(work, version=work.version + 1, state=state, **changes)
        return self.works[work.id]

    def taken(self, work: Work, command: str, role: str, agent: str) -> None:
        self.step(
            work,
            command,
            role,
            hands=(agent,),
            offer=None,
            deadline=None,
            cooling=(),
            return_to=None,
            return_at=None,
        )

    def back(self, work: Work, agent: str, command: str, role: str, now: int) -> None:
        """An agent's part in an offer ends; for a miss, everybody's."""
        missed = work.hands if command == "miss" else (agent,)
        cool = QUEUE[work.queue].get("cool_down", 60) * SECOND if command != "rescind" else 0
        cooling = (*work.cooling, *((each, now + cool) for each in missed if cool))
        left = tuple(each for each in work.hands if each not in missed)
        if left:
            self.step(work, "pass", role, hands=left, cooling=cooling)
        else:
            self.step(work, command, role, cooling=cooling, **NOBODYS)

    def close(self, work: Work, role: str) -> None:
        self.step(work, "close", role, parked=False, deadline=None, end="completed")

    def sent(self, work: Work, role: str, kind: str, to: str, keep: bool, return_at: int | None, now: int) -> None:
        queue, priority, french, direct = work.queue, work.priority, work.french and keep, None
        if kind == "queue":
            queue = to
        elif kind == "agent":
            french, direct = False, to
        else:
            queue, priority, french, direct = routed(to, kind_of(work), spoken(work))
        self.step(
            work,
            "transfer",
            role,
            **{**arriving(queue, priority, french, direct, now), **NOBODYS},
            transfers=work.transfers + 1,
            return_to=work.hands[0] if work.hands and return_at is not None else None,
            return_at=return_at,
            return_queue=work.queue,
            return_priority=work.priority,
            return_french=work.french,
        )


NOBODYS: dict[str, Any] = {"hands": (), "offer": None, "deadline": None, "parked": False}
ANYBODYS: dict[str, Any] = {"direct": None, "preferred": None, "preferred_until": 0}


def arriving(queue: str, priority: int, french: bool, direct: str | None, now: int) -> dict[str, Any]:
    """What becomes of work that comes into another queue. It keeps its age."""
    route = {"queue": queue, "priority": priority, "french": french, "direct": direct, "preferred": None}
    return {**route, "preferred_until": 0, "since": now, "cooling": (), "offers": 0}


def owned(work: Work, agent: str | None) -> Work:
    """I4: nobody acts on what is another's. Of several who have an offer, the first stands for it."""
    if agent not in (None, *work.hands[:1]):
        raise Refused("NotFound")
    return work


def routed(entry: str, kind: str, french: bool) -> tuple[str, int, bool, str | None]:
    """Queue, priority, whether French is asked for, and whom it is meant for."""
    if entry == "entry-dee":
        return "tickets", 9, False, "dee"
    return kind, 2 if french else 1, french, None


def kind_of(work: Work) -> str:
    return work.name.split("/")[1]


def spoken(work: Work) -> bool:
    return work.name.endswith("/fr")


def is_open(queue: str, now: int) -> bool:
    moment = datetime.fromtimestamp(now / 1000, UTC)
    if queue == "shelf":
        return (moment.hour, moment.minute) < (18, 5)
    return queue != "office" or (moment.weekday() < 5 and 8 <= moment.hour < 18)


def rank(work: Work, now: int) -> tuple[float, int, str]:
    """The lower goes first."""
    rate = 60 if work.queue == "tickets" else 0
    return -(work.priority * HOUR + rate * (now - work.queued_at)), work.queued_at, work.id


def moments(work: Work) -> Iterator[tuple[int, str]]:
    """When its clocks speak, in the order of time."""
    found = []
    level = QUEUE[work.queue].get("service_level", {}).get("threshold")
    if level is not None and work.state in ("queued", "offered"):
        found += [(work.since + level * 800, "service_level_at_risk")]
        found += [(work.since + level * SECOND, "service_level_breached")]
    if work.due is not None and work.state in OPEN.split():
        found += [(work.due - HOUR, "due_date_at_risk"), (work.due, "due_date_breached")]
    return (pair for pair in sorted(found) if pair[1] not in work.flags)
