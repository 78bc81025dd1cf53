"""What sources, agents and supervisors do, each as one call that is made while others make theirs.

Whoever acts chooses by what he sees at this moment; by the time that his call is made, it may be otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from chalicelib.engagements.model import Engagement
from chalicelib.operations import amending, desk, intake, sessions, supervising, transferring
from chalicelib.operations.ordering import Order
from chalicelib.operations.transferring import Target
from chalicelib.world import World
from tests.simulation.sources import ENTRIES, content_of
from tests.simulation.tenant import AGENTS, QUEUES
from tests.support.history import Outcome

if TYPE_CHECKING:
    from tests.simulation.days.day import Day

SOURCE, SUPERVISOR = "integration:crm", "supervisor:sue"
NAMES = 10
"""Works of each kind and language; the same ones come again and again."""


@dataclass
class Errand:
    """One call of somebody."""

    process: str
    operation: str
    run: Callable[[World], Any]
    about: str = ""
    brings: tuple[str, ...] = ()
    """As in `tests/support/history.py`; an errand that neither starts nor brings anything is not noted."""
    key: str | None = None
    tells: frozenset[str] = frozenset()
    """The engagements of which it tells the router."""
    ended: Callable[[Outcome], None] = field(default=lambda _: None)


def start(day: Day, dice: Random) -> Errand:
    """New work, or work that is active already; with a key as a rule."""
    name = f"{dice.randint(1, NAMES)}/{dice.choice(('tickets', *QUEUES))}/{dice.choice(('en', 'en', 'fr'))}"
    due = dice.choice((None, None, day.now() + 60_000, day.now() + 7_200_000))
    key = f"key-{dice.getrandbits(30)}" if dice.random() < 0.8 else None
    given: dict[str, Any] = {
        "flow_entry_id": dice.choice(ENTRIES),
        "channel": "work_item",
        "content": content_of(name, due),
        "actor": SOURCE,
        "idempotency": intake.IdempotencyKey(key, repr((name, due))) if key else None,
        "use_existing": dice.random() < 0.3,
        "not_before": dice.choice((None,) * 6 + (day.now() + 60_000, day.now() + 1_800_000)),
    }
    return _sent(day, name, key, given)


def send_again(day: Day, dice: Random) -> Errand | None:
    """A start with a key that was not answered, or that its sender thinks was not."""
    return _sent(day, *dice.choice(day.sent[-6:])) if day.sent else None


def _sent(day: Day, name: str, key: str | None, given: dict[str, Any]) -> Errand:
    if key:
        day.sent.append((name, key, given))
    return Errand(SOURCE, "start", lambda world: intake.start(world, **given), name, key=key)


Does = Callable[[World, Order, Engagement, Random, "Day"], Any]


@dataclass(frozen=True)
class Deed:
    """Something that is done to an engagement."""

    states: tuple[str, ...]
    """In which it usually is then."""
    brings: tuple[str, ...]
    does: Does


def _answer(act: Callable[..., Any], *more: Any) -> Does:
    """An offer is answered; now and then one that is over."""

    def does(world: World, order: Order, work: Engagement, dice: Random, day: Day) -> Any:
        offer_id = work.offer.offer_id if work.offer and dice.random() < 0.9 else dice.choice(day.offers or ["none"])
        answer = act(world, order, offer_id, *more)
        day.answered.append((answer.engagement_id, answer.version, offer_id))
        return answer

    return does


def _target(dice: Random) -> Target:
    kinds = (("queue", QUEUES), ("agent", AGENTS), ("flow", ("entry-kind", "entry-dee", "entry-draft")))
    kind, ids = dice.choice(kinds)
    return Target(kind, dice.choice(ids), dice.random() < 0.5)  # type: ignore[arg-type]


HELD = ("assigned", "inactive")
DESK: dict[str, Deed] = {
    "decline": Deed(("offered",), ("decline", "pass"), _answer(desk.decline, "lunch")),
    "park": Deed(("assigned",), ("deactivate",), lambda world, order, *_: desk.deactivate(world, order)),
    "snooze": Deed(
        ("assigned",),
        ("deactivate",),
        lambda world, order, _, dice, day: desk.deactivate(world, order, day.now() + dice.randint(1, 600_000)),
    ),
    "take up": Deed(("inactive",), ("activate",), lambda world, order, *_: desk.activate(world, order)),
    "release": Deed(HELD, ("release",), lambda world, order, *_: desk.release(world, order)),
    "end": Deed(HELD, ("finish", "close"), lambda world, order, *_: desk.end(world, order, "Done")),
    "end without a disposition": Deed(HELD, ("finish", "close"), lambda world, order, *_: desk.end(world, order, None)),
    "wrap up": Deed(("wrap_up",), ("close",), lambda world, order, *_: desk.wrap_up(world, order, "Done")),
    "extend": Deed(
        ("wrap_up",), ("extend",), lambda world, order, _, dice, __: desk.extend(world, order, dice.randint(5, 400))
    ),
    "transfer": Deed(
        HELD, ("transfer",), lambda world, order, _, dice, __: transferring.transfer(world, order, _target(dice))
    ),
    "switch": Deed(
        ("assigned",),
        ("switch",),
        lambda world, order, _, dice, __: amending.switch(world, order, dice.choice(("voice", "work_item"))),
    ),
    "consult": Deed(
        ("assigned",),
        ("observe",),
        lambda world, order, _, dice, __: supervising.observe(world, order, dice.choice(AGENTS), "consult"),
    ),
}
ACCEPT = Deed(("offered",), ("accept",), _answer(desk.accept))
FROM_ABOVE: dict[str, Deed] = {
    "barge": Deed(
        ("assigned",), ("observe",), lambda world, order, *_: supervising.observe(world, order, "sue", "barge")
    ),
    "reassign": Deed(
        HELD,
        ("transfer",),
        lambda world, order, _, dice, __: transferring.transfer(world, order, Target("agent", dice.choice(AGENTS))),
    ),
    "end from above": Deed(("assigned",), ("finish", "close"), lambda world, order, *_: desk.end(world, order, None)),
}
OF_SOURCES: dict[str, Deed] = {
    "cancel": Deed(("queued",), ("cancel",), lambda world, order, *_: desk.cancel(world, order)),
    "hang up": Deed(
        ("queued", "offered", "assigned"),
        ("abandon", "finish", "close"),
        lambda world, order, *_: desk.consumer_left(world, order, None),
    ),
    "update": Deed(
        ("queued",),
        ("update",),
        lambda world, order, _, dice, __: amending.update(
            world, order, amending.Amendment({"work_item_desc": f"{dice.random()}"}, None, dice.choice((None, 0, 5)))
        ),
    ),
}


def done(day: Day, dice: Random, name: str, deed: Deed, actor: str | None = None) -> Errand | None:
    """Somebody does it: to something that is in the right state, as a rule, and in his hands."""
    works = day.works(*deed.states) if dice.random() < 0.9 else day.works()
    if not works:
        return None
    work = dice.choice(works)
    agent = dice.choice(work.holders) if work.holders and dice.random() < 0.95 else dice.choice(AGENTS)
    order = Order(work.engagement_id, actor or f"agent:{agent}", None if actor else agent)
    later = Random(dice.random())
    return Errand(
        order.actor, name, lambda world: deed.does(world, order, work, later, day), work.engagement_id, deed.brings
    )


def desk_work(day: Day, dice: Random) -> Errand | None:
    name = dice.choice(("end", "end", "end", *DESK))
    return done(day, dice, name, DESK[name])


def source_work(day: Day, dice: Random) -> Errand | None:
    name = dice.choice(tuple(OF_SOURCES))
    return done(day, dice, name, OF_SOURCES[name], SOURCE)


def supervisor_work(day: Day, dice: Random) -> Errand | None:
    """A supervisor interferes, or sets somebody's status; whoever takes part in work leaves it, or takes it over."""
    name = dice.choice((*FROM_ABOVE, "barge", "leave", "take over", "take over", "status"))
    if name == "status":
        return status(day, dice, SUPERVISOR)
    if name in FROM_ABOVE:
        return done(day, dice, name, FROM_ABOVE[name], SUPERVISOR)
    parts = [(each.engagement_id, user) for each in day.works("assigned") for user in sorted(each.participants)]
    if name == "take over":
        parts = [(engagement_id, user) for engagement_id, user in parts if user in AGENTS]
    if not parts:
        return None
    engagement_id, user = dice.choice(parts)
    order = Order(engagement_id, SUPERVISOR if user == "sue" else f"agent:{user}")
    act, brings = (supervising.leave, "leave") if name == "leave" else (supervising.take_over, "take_over")
    return Errand(order.actor, name, lambda world: act(world, order, user), engagement_id, (brings,))


def accept(day: Day, dice: Random) -> Errand | None:
    return done(day, dice, "accept", ACCEPT)


def pull(_: Day, dice: Random) -> Errand:
    agent = dice.choice(("cem", "dee"))
    return Errand(f"agent:{agent}", "pull", lambda world: desk.pull(world, agent, "shelf", f"agent:{agent}"))


def status(_: Day, dice: Random, actor: str | None = None) -> Errand:
    """An agent signs in or out, opts out of a queue, or is given something by another system."""
    agent, what = dice.choice(AGENTS), dice.choice(("status",) * 4 + ("opt out", "elsewhere"))
    by = actor or f"agent:{agent}"
    if what == "opt out":
        out = dice.choice(([], [], ["tickets"], ["crew"]))
        return Errand(by, what, lambda world: sessions.opt_out(world, agent, out))
    if what == "elsewhere":
        if dice.random() < 0.5:
            return Errand(by, what, lambda world: sessions.take_elsewhere(world, agent, "r1", "voice"))
        return Errand(by, what, lambda world: sessions.leave_elsewhere(world, agent, "r1"))
    says: Any = dice.choice(("ready",) * 5 + ("not_ready", "offline"))
    return Errand(by, what, lambda world: sessions.set_status(world, agent, says, None, by))
