"""How the reference answers each command: what it makes of the model, or the error that says why not."""

from __future__ import annotations

from tests.simulation.model import (
    AGENT,
    ANYBODYS,
    CAPACITY,
    NOBODYS,
    QUEUE,
    SECOND,
    Model,
    Refused,
    Work,
    owned,
    rank,
)
from tests.simulation.tenant import AGENTS, QUEUES


def answer(model: Model, command: str, id_: str, agent: str, offer: str, now: int, version: int | None) -> None:
    """Accept, or decline."""
    work = model.find(id_, agent, version)
    if work.state != "offered" or work.offer != offer or work.deadline is None or now >= work.deadline:
        raise Refused("StaleOffer")  # I7
    if command == "accept":
        model.taken(work, "accept", "agent", agent)
    else:
        model.back(work, agent, "decline", "agent", now)


def park(model: Model, id_: str, agent: str | None, role: str, wake_at: int | None, version: int | None) -> None:
    work = owned(model.find(id_, agent, version), agent)
    model.step(work, "deactivate", role, parked=True, deadline=wake_at)


def take_up(model: Model, id_: str, agent: str | None, role: str, version: int | None) -> None:
    work = owned(model.find(id_, agent, version), agent)
    model.step(work, "activate", role, parked=False, deadline=None)
    if not model.room(work.hands[0], work.channel, without=id_):
        raise Refused("NoCapacity")


def release(model: Model, id_: str, agent: str | None, role: str, now: int, version: int | None) -> None:
    """Its age and its priority stay; it is anybody's."""
    work = owned(model.find(id_, agent, version), agent)
    model.step(work, "release", role, since=now, offers=0, **ANYBODYS, **NOBODYS)


def finish(model: Model, id_: str, agent: str | None, role: str, now: int, version: int | None) -> None:
    work = owned(model.find(id_, agent, version), agent)
    time = QUEUE[work.queue].get("wrap_up_time", 0) * SECOND
    if time and work.state != "wrap_up":
        model.step(work, "finish", role, wrap_from=now, deadline=now + time)
    else:
        model.close(work, role)


def wrapped(model: Model, id_: str, agent: str | None, role: str, version: int | None) -> None:
    work = model.find(id_, agent, version)
    if work.state != "wrap_up":
        raise Refused("WrongState")
    model.close(owned(work, agent), role)


def extend(model: Model, id_: str, agent: str | None, role: str, seconds: int, now: int, version: int | None) -> None:
    work = owned(model.find(id_, agent, version), agent)
    most = work.wrap_from + QUEUE[work.queue].get("max_wrap_up_time", 900) * SECOND
    model.step(work, "extend", role, deadline=max(work.deadline or 0, min(now + seconds * SECOND, most)))


def cancel(model: Model, id_: str, role: str, version: int | None) -> None:
    work = model.find(id_, None, version)
    model.step(work, "cancel", role, hands=work.hands[:1], parked=False, offer=None, deadline=None, end="cancelled")


def hang_up(model: Model, id_: str, role: str, now: int, version: int | None) -> None:
    """The consumer hangs up: what nobody has taken is abandoned, what somebody has, he finishes."""
    work = model.find(id_, None, version)
    if work.state in ("assigned", "inactive"):
        finish(model, id_, None, role, now, version)
    else:
        model.step(work, "abandon", role, hands=work.hands[:1], offer=None, deadline=None, end="abandoned")


def update(model: Model, id_: str, role: str, priority: int | None, version: int | None) -> None:
    work = model.find(id_, None, version)
    if priority in (None, work.priority):
        model.step(work, "update", role)
    else:
        model.step(work, "update", role, priority=priority, return_priority=priority)


def switch(model: Model, id_: str, agent: str | None, role: str, channel: str, version: int | None) -> None:
    work = owned(model.find(id_, agent, version), agent)
    model.step(work, "switch", role, channel=channel)
    if not model.room(work.hands[0], channel, without=id_):
        raise Refused("NoCapacity")


def transfer(
    model: Model, id_: str, agent: str | None, role: str, to: tuple[str, str, bool], now: int, version: int | None
) -> None:
    """It keeps its age; the sender has it back where nobody takes it in time."""
    work = model.find(id_, agent, version)
    kind, target, keep = to

    def refuse() -> None:
        model.step(owned(work, agent), "refuse_transfer", role)
        raise Refused("TransferRefused", on_record=True)

    policy = QUEUE[work.queue].get("transfer", {})
    known = {"queue": QUEUES, "agent": AGENTS, "flow": ("entry-kind", "entry-dee")}[kind]
    if target not in known:
        raise Refused("InvalidRequest")
    if kind == "agent" and (work.queue not in AGENT[target]["queues"] or work.channel not in CAPACITY[target]):
        refuse()
    if kind != "agent" and work.channel != "work_item":  # no queue or flow here is for another channel
        refuse()
    allowed = policy.get({"queue": "queues", "agent": "users", "flow": "flows"}[kind], "all")
    if allowed != "all" and target not in allowed:
        refuse()
    owned(work, agent)
    if work.transfers >= policy.get("most", 10):
        refuse()
    back = policy.get("return_after")
    model.sent(work, role, kind, target, keep, None if back is None else now + back * SECOND, now)


def observe(model: Model, id_: str, role: str, user: str, mode: str, version: int | None) -> None:
    if mode == "consult" and user not in AGENTS:
        raise Refused("NotFound")
    work = model.find(id_, None, version)
    if user in work.hands:
        raise Refused("WrongState")
    others = tuple(pair for pair in work.taking_part if pair[0] != user)
    model.step(work, "observe", role, taking_part=(*others, (user, mode)))


def leave(model: Model, id_: str, role: str, user: str, version: int | None) -> None:
    work = model.find(id_, None, version)
    if user not in dict(work.taking_part):
        raise Refused("NotFound")
    model.step(work, "leave", role, taking_part=tuple(pair for pair in work.taking_part if pair[0] != user))


def take_over(model: Model, id_: str, role: str, user: str, version: int | None) -> None:
    if user not in AGENTS:
        raise Refused("NoAgent")
    work = model.find(id_, None, version)
    if user not in dict(work.taking_part):
        raise Refused("NotFound")
    if not model.room(user, work.channel):
        raise Refused("NoCapacity")
    others = tuple(pair for pair in work.taking_part if pair[0] != user)
    model.step(work, "take_over", role, hands=(user,), taking_part=others)


def next_on(model: Model, queue: str, agent: str, visible: set[str], now: int) -> Work | None:
    """What an agent gets who asks for work."""
    if agent not in AGENTS or queue not in AGENT[agent]["queues"]:
        raise Refused("NotFound")
    if QUEUE[queue].get("distribution") != "manual":
        raise Refused("InvalidRequest")
    fitting = [w for w in model.waiting(queue) if w.id in visible and model.can_take(agent, w, now)]
    return min(fitting, key=lambda w: rank(w, now), default=None)
