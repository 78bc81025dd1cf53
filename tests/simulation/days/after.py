"""After a day: faults are over, what is on its way arrives, and everything must be as it should (I1–I14)."""

from __future__ import annotations

from random import Random
from typing import Any

from chalicelib.archive.lines import key_of, packed
from chalicelib.engagements.model import Engagement, Event
from chalicelib.operations import configuring, desk, reading, reconciling, sessions
from chalicelib.operations.ordering import Order
from chalicelib.reporting.intervals import HOUR_MS
from tests.simulation.days import machinery
from tests.simulation.days.acts import Errand
from tests.simulation.days.day import MORNING, PATIENCE_S, Day
from tests.simulation.days.story import SKEW_MS
from tests.simulation.model import is_open
from tests.simulation.tenant import AGENTS, DOCUMENT
from tests.support import history, invariants

DAY_MS = 86_400_000
OPEN_MS = 9 * 3_600_000
"""After midnight: every queue is open, and the night's work is over."""
ROUNDS = 60
ABLE = [
    {**agent, "skills": {"french": 5}, "capacity": {"work_item": 2, "voice": 1}, "occupancy_profile_id": None}
    for agent in DOCUMENT["agents"]
]


def play(day: Day) -> None:
    """The whole day, its recovery, and what must hold then. Raises `AssertionError`, or what the product raises."""
    for moment in day.story.moments:
        day.happens(moment)
    day.finish()
    everybody_fitted(day)
    recovered(day)
    everything_ends(day)
    check_all(day)


def everybody_fitted(day: Day) -> None:
    """Whoever was given something was ready then, serves its queue, has its skills, and the queue was open (I8)."""
    agents = {agent["user_id"]: agent for agent in DOCUMENT["agents"]}
    for change in (write.change for write in day.faults.written):
        work = change.engagement
        seen = change.engagement_seen or 0
        at = next((e.at for e in work.trail if e.version > seen and e.command in ("offer", "pull")), 0) if work else 0
        if work is None or not at:
            continue
        assert is_open(work.queue_id, at) or is_open(work.queue_id, at - 1000 * PATIENCE_S), "I8: its queue is closed"
        for occupancy, _ in change.occupancies:
            agent = agents[occupancy.agent_id]
            assert occupancy.status == "ready", f"I8: {occupancy.agent_id} was not ready"
            assert work.queue_id in agent["queues"], f"I8: {occupancy.agent_id} does not serve the queue"
            skills = agent.get("skills", {})
            assert all(skills.get(need.skill, 0) >= need.level for need in work.skills), "I8: a skill is missing"


def recovered(day: Day) -> None:
    """What happens by itself, until nothing more does; then nothing waits in vain, and no offer is forgotten.

    Of what no message told the router, the night will tell him.
    """
    for _ in range(3):
        day.now.pass_seconds(61)
        day.beat()
        settle(day)
    started = sorted({after.engagement_id for _, after in day.store.stream})
    invariants.check(day.centre, started)
    invariants.check_what_waits(day.centre, [each for each in started if each not in day.untold])
    for each in day.works("offered"):
        assert each.offer is not None
        assert each.offer.expires_at > day.now() - 61_000 - SKEW_MS, "L2: an offer was forgotten"


def settle(day: Day) -> None:
    """What happens by itself, until nothing more is written, and all that was written has come by the stream."""
    while True:
        run(day, machinery.doorbell(day, Random(1)))
        run(day, machinery.sweep())
        day.take_note()
        batches = [machinery.batch(lane, lane.taken, len(lane.records)) for lane in day.lanes]
        for each in batches:
            run(day, each)
        if not any(batches):
            return


def run(day: Day, errand: Errand | None) -> None:
    if errand is not None:
        day.begin(errand, 0)
        day.finish()


def everything_ends(day: Day) -> None:
    """The next morning everybody is there and can do everything, and all work is finished (I3)."""
    day.now.at = (day.now() // DAY_MS + 1) * DAY_MS + OPEN_MS
    configuring.apply(day.centre.world, {**DOCUMENT, "agents": ABLE}, None)
    for agent in AGENTS:
        run(day, Errand(f"agent:{agent}", "back", _back(agent)))
    for _ in range(ROUNDS):
        day.now.pass_seconds(61)
        day.beat()
        settle(day)
        for each in day.works():
            _finish(day, each)
        if all(each.state == "closed" for each in day.works()):
            return
    stuck = [(each.state, each.queue_id, each.trail[-1]) for each in day.works() if each.state != "closed"]
    raise AssertionError(f"I3: not everything could be finished: {stuck}")


def _back(agent: str) -> Any:
    def back(world: Any) -> None:
        sessions.leave_elsewhere(world, agent, "r1")
        sessions.opt_out(world, agent, [])
        sessions.set_status(world, agent, "ready", None, f"agent:{agent}")

    return back


def _finish(day: Day, work: Engagement) -> None:
    """Its agent does what comes next."""
    agent, id_ = work.agent_id, work.engagement_id
    actor = f"agent:{agent}"
    order = Order(id_, actor, agent)
    match work.state:
        case "offered":
            offer = work.offer
            assert offer is not None
            run(day, Errand(actor, "accept", lambda w: desk.accept(w, order, offer.offer_id), id_, ("accept",)))
        case "assigned" | "inactive" | "wrap_up":
            run(day, Errand(actor, "end", lambda w: desk.end(w, order, "Done"), id_, ("finish", "close")))
        case "queued" if work.queue_id == "shelf":
            for who in ("cem", "dee"):
                run(day, Errand(f"agent:{who}", "pull", lambda w, a=who: desk.pull(w, a, "shelf", f"agent:{a}")))


def check_all(day: Day) -> None:
    """Nothing is lost, nothing is doubled, all is told, and reports are what has happened."""
    settle(day)
    store = day.store
    facts = store.facts(None, 0, invariants.EVER)
    day.centre.consume()  # all of it once more, from the beginning
    settle(day)
    assert store.facts(None, 0, invariants.EVER) == facts, "I11: what is delivered again counts again"
    events: dict[tuple[str, int], tuple[Engagement, Event]] = {}
    for before, after in store.stream:
        invariants.i9_nothing_older_overwrites(before, after)
        for event in after.trail:
            known = events.setdefault((after.engagement_id, event.version), (after, event))
            assert known[1] == event, "I9: the past has changed"
            invariants.i12_by_whom_it_may(event)
    open_before = {(new.engagement_id, new.version): old.offer for old, new in store.stream if old and old.offer}
    for engagement_id, version, offer_id in day.answered:
        assert open_before[engagement_id, version].offer_id == offer_id, "I7: a stale offer was answered"
    versions: dict[str, int] = {}
    for engagement_id, version in events:
        versions[engagement_id] = max(version, versions.get(engagement_id, 0))
    invariants.check(day.centre, versions)
    invariants.i6_history_is_dense(day.centre.world, versions)
    invariants.i11_reports_equal_a_fold(store, events, events)
    told: dict[str, Any] = {}
    for _, each in day.transport.published:
        invariants.i13_an_event_is_always_the_same(each, told)
    invariants.i13_every_version_is_an_event(told, versions)
    assert not any(day.transport.drain(each["queue_id"]).notices for each in DOCUMENT["queues"]), "L3: left over"
    found, _ = reconciling.quarters(day.centre.world, MORNING, day.now(), reconciling.check)
    assert found.lines() == [], "I11: roll-ups are not what has happened"
    i11_the_archive_is_the_facts(day)
    wrong = history.faults(history.calls_of(day.history.text()), found_by(day, versions), 2 * SKEW_MS)
    assert wrong == [], "\n".join(wrong)


def i11_the_archive_is_the_facts(day: Day) -> None:
    """Hour by hour, once no sweep has anything left to do."""
    store, seen = day.store, None
    while seen != (seen := (store.coverage(), store.archiving(), store.late())):
        run(day, machinery.sweep())
    since = store.coverage().since
    for hour in range(since - since % HOUR_MS, store.archiving().upto, HOUR_MS):
        facts, kept = store.facts(None, hour, hour + HOUR_MS), day.archive.get(key_of(hour))
        assert kept == (packed(facts) if facts else None), "I11: an hour's file is not its facts"


def found_by(day: Day, ids: Any) -> dict[str, history.Found]:
    """What can be read of every engagement."""
    world = day.centre.world
    found = {}
    for engagement_id in ids:
        engagement = reading.engagement(world, engagement_id)
        events = [
            history.Happened(e.version, e.at, "rescind" if e.detail.get("rescinded") else e.command, e.actor)
            for e in reading.events(world, engagement)
        ]
        name = str(engagement.content.work_item_variables["work_item_name"])
        found[engagement_id] = history.Found(name, events)
    return found
