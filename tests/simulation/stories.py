"""Operations, and what comes before each: for tests of what goes wrong in them, and of who may call what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.operations import amending, configuring, desk, sessions, supervising, transferring
from chalicelib.operations.amending import Amendment
from chalicelib.operations.ordering import Order
from chalicelib.operations.transferring import Target
from tests.flows.support import document_with
from tests.flows.test_steps import OTHER
from tests.support.worlds import TENANT, AwsCentre


@dataclass
class Story:
    """An operation to be killed, and what comes before it. It answers with the ids of the starts it saw accepted."""

    prepare: Callable[[AwsCentre], list[str]]
    operation: Callable[[AwsCentre, list[str]], list[str]]
    keyed: bool = False
    """Whether it starts work with an Idempotency-Key: whoever has no answer sends it again."""


JILL = {"consumer_external_id": "C-77", "consumer_display_name": "Jill Chill"}
OTHER_THAN: dict[str | None, str] = {"ana": "ben", "ben": "ana"}
"""Of the two agents."""


def nothing(centre: AwsCentre) -> list[str]:
    return []


def waiting(centre: AwsCentre) -> list[str]:
    """Two engagements wait, noticed by the stream's consumer; two agents become ready."""
    accepted = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.consume()
    centre.ready("ana", "ben")
    return accepted


def enlisted(centre: AwsCentre) -> list[str]:
    """The same, but they had to wait long enough to be entered in the index."""
    accepted = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.settle()
    centre.ready("ana", "ben")
    return accepted


def noticed(centre: AwsCentre) -> list[str]:
    """One waits. Its rings are lost: nothing but the notice in its queue tells the router of it."""
    accepted = [centre.start("CASE-1")]
    centre.consume()
    centre.lose_rings()
    return accepted


def offered(centre: AwsCentre) -> list[str]:
    accepted = waiting(centre)
    centre.settle()
    return accepted


def assigned(centre: AwsCentre) -> list[str]:
    accepted = offered(centre)
    for each in accepted:
        centre.accept(each)
    return accepted


def parked(centre: AwsCentre) -> list[str]:
    accepted = assigned(centre)
    desk.deactivate(centre.world, Order(accepted[0], "agent:x"))
    return accepted


def wrapping_up(centre: AwsCentre) -> list[str]:
    accepted = [centre.start("CASE-3", kind="other")]
    centre.ready("ben")
    centre.settle()
    centre.accept(accepted[0])
    centre.end(accepted[0])
    return accepted


def start(centre: AwsCentre, _: list[str]) -> list[str]:
    return [centre.start("CASE-1")]


def start_with_key(centre: AwsCentre, _: list[str]) -> list[str]:
    return [centre.start("CASE-1", key="k1")]


def start_again(centre: AwsCentre, accepted: list[str]) -> list[str]:
    return [centre.start("CASE-1")]


def route(centre: AwsCentre, _: list[str]) -> list[str]:
    centre.route()
    return []


def answer_the_doorbell(centre: AwsCentre, _: list[str]) -> list[str]:
    centre.ring()
    return []


def accept(centre: AwsCentre, accepted: list[str]) -> list[str]:
    centre.accept(accepted[0])
    return []


def decline(centre: AwsCentre, accepted: list[str]) -> list[str]:
    offer = centre.read(accepted[0]).offer
    assert offer is not None
    desk.decline(centre.world, Order(accepted[0], "agent:x", offer.agent_id), offer.offer_id, "busy")
    return []


def miss(centre: AwsCentre, _: list[str]) -> list[str]:
    centre.clock.pass_seconds(31)
    centre.sweep()
    return []


def leave(centre: AwsCentre, accepted: list[str]) -> list[str]:
    agent_id = centre.read(accepted[0]).agent_id
    assert agent_id is not None
    sessions.set_status(centre.world, agent_id, "not_ready", "Break", f"agent:{agent_id}")
    return []


def end(centre: AwsCentre, accepted: list[str]) -> list[str]:
    centre.end(accepted[0])
    return []


def release(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.release(centre.world, Order(accepted[0], "agent:x"))
    return []


def park(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.deactivate(centre.world, Order(accepted[0], "agent:x"))
    return []


def take_up(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.activate(centre.world, Order(accepted[0], "agent:x"))
    return []


def consumer_left(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.consumer_left(centre.world, Order(accepted[0], "integration:pbx"), None)
    return []


def cancel(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.cancel(centre.world, Order(accepted[0], "integration:crm"))
    return []


def wrap_up(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.wrap_up(centre.world, Order(accepted[0], "agent:ben", "ben"), "Solved")
    return []


def consume(centre: AwsCentre, _: list[str]) -> list[str]:
    centre.consume()
    return []


def extend(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.extend(centre.world, Order(accepted[0], "agent:ben", "ben"), 120)
    return []


def time_is_up(centre: AwsCentre) -> list[str]:
    """A wrap-up whose time is over."""
    accepted = wrapping_up(centre)
    centre.clock.pass_seconds(61)
    return accepted


def snooze(centre: AwsCentre, accepted: list[str]) -> list[str]:
    desk.deactivate(centre.world, Order(accepted[0], "agent:x"), wake_at=centre.clock() + 60_000)
    return []


def start_or_find(centre: AwsCentre, _: list[str]) -> list[str]:
    return [centre.start("CASE-1", use_existing=True)]


def note(centre: AwsCentre, accepted: list[str]) -> list[str]:
    supervising.add_note(centre.world, centre.read(accepted[0]), "sue", "Look at this.")
    return []


def closed_and_started_again(centre: AwsCentre) -> list[str]:
    accepted = assigned(centre)
    centre.end(accepted[0])
    return [*accepted, centre.start("CASE-1")]


def closed(centre: AwsCentre) -> list[str]:
    accepted = assigned(centre)
    centre.end(accepted[0])
    return accepted


def configured(centre: AwsCentre, **settings: Any) -> None:
    """The usual tenant, with these settings of the queue that the stories take place in."""
    first, *rest = TENANT["queues"]
    centre.configure({**TENANT, "queues": [{**first, **settings}, *rest]})
    centre.clock.pass_seconds(5)


def offered_to_both(centre: AwsCentre) -> list[str]:
    configured(centre, distribution="simultaneous")
    accepted = [centre.start("CASE-1")]
    centre.ready("ana", "ben")
    centre.settle()
    return accepted


def too_many(centre: AwsCentre) -> list[str]:
    configured(centre, max_engagement_in_queue=1, overflow={"queue_id": "express"})
    accepted = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.consume()
    return accepted


def too_late(centre: AwsCentre) -> list[str]:
    """Its queue keeps nothing for so long, and has no other place for it."""
    configured(centre, max_wait_time=20, overflow={"end": True})
    accepted = [centre.start("CASE-1")]
    centre.settle()
    centre.clock.pass_seconds(20)
    return accepted


def at_once(centre: AwsCentre) -> list[str]:
    """What waits is accepted in the agent's name."""
    accepted = [centre.start("CASE-1", kind="express")]
    centre.consume()
    centre.ready("ana")
    return accepted


def overdue(centre: AwsCentre) -> list[str]:
    """It waits for longer than its service level says."""
    configured(centre, service_level={"threshold": 10})
    accepted = [centre.start("CASE-1")]
    centre.settle()
    centre.clock.pass_seconds(10)
    return accepted


ASKING: list[dict[str, Any]] = [
    {"consumer": {"returning_within": 60}},
    {"queue_statistics": "billing"},
    {"http": {"system_id": "crm", "path": "/"}, "failed": {}},
]


def a_flow_that_asks(centre: AwsCentre) -> list[str]:
    centre.configure(document_with(*ASKING, {"route": {"queue_id": "billing"}}))
    centre.clock.pass_seconds(5)
    return []


def start_known_consumer(centre: AwsCentre, _: list[str]) -> list[str]:
    return [centre.start("CASE-1", key="k1", consumer=JILL)]


def a_flow_that_ends_work(centre: AwsCentre) -> list[str]:
    centre.configure(document_with({"end": True}))
    centre.clock.pass_seconds(5)
    return []


def too_many_for_a_flow(centre: AwsCentre) -> list[str]:
    onward = {**OTHER, "versions": [{**OTHER["versions"][0], "steps": [*ASKING, {"route": {"queue_id": "express"}}]}]}
    first, *rest = TENANT["queues"]
    full = {**first, "max_engagement_in_queue": 1, "overflow": {"flow_entry_id": "entry-escalation"}}
    centre.configure(document_with({"route": {"queue_id": "billing"}}, queues=[full, *rest], flows=[onward]))
    centre.clock.pass_seconds(5)
    accepted = [centre.start("CASE-1", consumer=JILL), centre.start("CASE-2", consumer=JILL)]
    centre.consume()
    return accepted


def scheduled(centre: AwsCentre) -> list[str]:
    accepted = [centre.start("CASE-1", not_before=centre.clock() + 60_000)]
    centre.clock.pass_seconds(60)
    return accepted


def snoozed(centre: AwsCentre) -> list[str]:
    accepted = assigned(centre)
    desk.deactivate(centre.world, Order(accepted[0], "agent:x"), wake_at=centre.clock() + 1000)
    centre.clock.pass_seconds(1)
    return accepted


def snoozed_beside_waiting(centre: AwsCentre) -> list[str]:
    """An agent has room, for what he has snoozed or for what is new."""
    accepted = snoozed(centre)
    centre.lose_rings()
    accepted.append(centre.start("CASE-3"))
    centre.consume()
    return accepted


def for_agents_to_pull(centre: AwsCentre) -> list[str]:
    configured(centre, distribution="manual")
    accepted = [centre.start("CASE-1")]
    centre.settle()
    centre.ready("ana")
    return accepted


def pull(centre: AwsCentre, _: list[str]) -> list[str]:
    desk.pull(centre.world, "ana", "billing", "agent:ana")
    return []


def interrupting(centre: AwsCentre) -> list[str]:
    """An agent works on all he has room for; what comes now is allowed to interrupt him."""
    profile = {"occupancy_profile_id": "p", "capacity": {"work_item": 1}, "parks": {"work_item": "work_item"}}
    ana = {**TENANT["agents"][0], "occupancy_profile_id": "p"}
    centre.configure({**TENANT, "agents": [ana, TENANT["agents"][1]], "occupancy_profiles": [profile]})
    centre.clock.pass_seconds(5)
    accepted = [centre.start("CASE-1")]
    centre.ready("ana")
    centre.settle()
    centre.accept(accepted[0])
    accepted.append(centre.start("CASE-2"))
    centre.consume()
    return accepted


def transfer(centre: AwsCentre, accepted: list[str]) -> list[str]:
    transferring.transfer(centre.world, Order(accepted[0], "agent:x"), Target("queue", "general"))
    return []


def transfer_to_an_agent(centre: AwsCentre, accepted: list[str]) -> list[str]:
    owner = centre.read(accepted[0]).agent_id
    transferring.transfer(centre.world, Order(accepted[0], "agent:x"), Target("agent", OTHER_THAN[owner]))
    return []


def assigned_beside_a_flow(centre: AwsCentre) -> list[str]:
    """There is a flow through which it may be sent, and which asks."""
    onward = {**OTHER, "versions": [{**OTHER["versions"][0], "steps": [*ASKING, {"route": {"queue_id": "express"}}]}]}
    centre.configure(document_with({"route": {"queue_id": "billing"}}, flows=[onward]))
    centre.clock.pass_seconds(5)
    return assigned(centre)


def transfer_through_a_flow(centre: AwsCentre, accepted: list[str]) -> list[str]:
    transferring.transfer(centre.world, Order(accepted[0], "agent:x"), Target("flow", "entry-escalation"))
    return []


def not_to_be_sent_on(centre: AwsCentre) -> list[str]:
    configured(centre, transfer={"queues": "none"})
    return assigned(centre)


def transferred_in_vain(centre: AwsCentre) -> list[str]:
    """Sent on, and nobody has taken it in time."""
    configured(centre, transfer={"return_after": 60})
    accepted = assigned(centre)
    transferring.transfer(centre.world, Order(accepted[0], "agent:x"), Target("queue", "express"))
    centre.ready("ben")
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    centre.consume()
    centre.clock.pass_seconds(61)
    return accepted


def observed(centre: AwsCentre) -> list[str]:
    """One work, in one agent's hands; the other has been asked for advice, and has room."""
    accepted = [centre.start("CASE-1")]
    centre.ready("ana", "ben")
    centre.settle()
    centre.accept(accepted[0])
    consult(centre, accepted)
    return accepted


def take_over(centre: AwsCentre, accepted: list[str]) -> list[str]:
    (other,) = centre.read(accepted[0]).participants
    supervising.take_over(centre.world, Order(accepted[0], f"agent:{other}"), other)
    return []


def barge(centre: AwsCentre, accepted: list[str]) -> list[str]:
    supervising.observe(centre.world, Order(accepted[0], "supervisor:sue"), "sue", "barge")
    return []


def consult(centre: AwsCentre, accepted: list[str]) -> list[str]:
    owner = centre.read(accepted[0]).agent_id
    supervising.observe(centre.world, Order(accepted[0], f"agent:{owner}", owner), OTHER_THAN[owner], "consult")
    return []


def advise_no_longer(centre: AwsCentre, accepted: list[str]) -> list[str]:
    (other,) = centre.read(accepted[0]).participants
    supervising.leave(centre.world, Order(accepted[0], f"agent:{other}"), other)
    return []


def amend(centre: AwsCentre, accepted: list[str]) -> list[str]:
    amending.update(centre.world, Order(accepted[0], "integration:crm"), Amendment(priority=7))
    return []


def able_to_call(centre: AwsCentre) -> list[str]:
    agents = [{**agent, "capacity": {"work_item": 2, "voice": 1}} for agent in TENANT["agents"]]
    centre.configure({**TENANT, "agents": agents})
    centre.clock.pass_seconds(5)
    return assigned(centre)


def switch(centre: AwsCentre, accepted: list[str]) -> list[str]:
    amending.switch(centre.world, Order(accepted[0], "agent:x"), "voice")
    return []


def left_behind(centre: AwsCentre) -> list[str]:
    """Their agents have gone, for longer than they may."""
    configured(centre, orphans={"grace": 0, "queue_id": "general"})
    accepted = assigned(centre)
    for agent_id in ("ana", "ben"):
        sessions.set_status(centre.world, agent_id, "offline", None, f"agent:{agent_id}")
    return accepted


def silent(centre: AwsCentre) -> list[str]:
    """One agent works, the other has not answered; nothing is heard of their clients any more."""
    centre.configure({**TENANT, "heartbeat_timeout": 3600})
    centre.clock.pass_seconds(5)
    accepted = offered(centre)
    centre.accept(accepted[0])
    centre.clock.pass_seconds(3601)
    return accepted


def given_elsewhere(centre: AwsCentre) -> list[str]:
    """Of one agent's places another system has taken the only one."""
    accepted = waiting(centre)
    take_elsewhere(centre, accepted)
    return accepted


def take_elsewhere(centre: AwsCentre, _: list[str]) -> list[str]:
    sessions.take_elsewhere(centre.world, "ana", "call-1", "work_item")
    return []


def leave_elsewhere(centre: AwsCentre, _: list[str]) -> list[str]:
    sessions.leave_elsewhere(centre.world, "ana", "call-1")
    return []


def opt_out(centre: AwsCentre, _: list[str]) -> list[str]:
    sessions.opt_out(centre.world, "ana", ["billing"])
    return []


def sweep(centre: AwsCentre, _: list[str]) -> list[str]:
    centre.sweep()
    return []


WITHOUT_BILLING: dict[str, Any] = {
    **TENANT,
    "queues": TENANT["queues"][1:],
    "agents": [
        {**TENANT["agents"][0], "queues": ["express"]},
        {**TENANT["agents"][1], "queues": ["general"]},
    ],
    "flows": [
        {
            **TENANT["flows"][0],
            "versions": [{"flow_version": 2, "status": "published", "steps": [{"set": {"queue_id": "general"}}]}],
        },
        TENANT["flows"][1],
    ],
    "moved_queues": {"billing": "general"},
}
CLEO = {"user_id": "cleo", "display_name": "Cleo", "queues": ["billing"], "capacity": {"work_item": 2}}


def configure_anew(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, {**TENANT, "queues": [*TENANT["queues"], NEW_QUEUE]}, None)
    return []


NEW_QUEUE = {"queue_id": "new", "queue_name": "New"}


def configured_anew(centre: AwsCentre) -> list[str]:
    accepted = waiting(centre)
    configure_anew(centre, accepted)
    return accepted


def roll_back(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.rollback(centre.world, 1, None, configuring.Terms("admin:adm"))
    return []


def take_out_the_queue(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, WITHOUT_BILLING, None)
    return []


def in_the_hands_of_cleo(centre: AwsCentre) -> list[str]:
    centre.configure({**TENANT, "agents": [*TENANT["agents"], CLEO]})
    accepted = [centre.start("CASE-1"), centre.start("CASE-2")]
    centre.ready("cleo")
    centre.settle()
    centre.accept(accepted[0])
    return accepted


def take_out_cleo(centre: AwsCentre, _: list[str]) -> list[str]:
    configuring.apply(centre.world, TENANT, None, configuring.Terms(release=True))
    return []


STORIES = {
    "start": Story(nothing, start),
    "start with a key": Story(nothing, start_with_key, keyed=True),
    "start closed work again": Story(closed, start_again),
    "start or find closed work": Story(closed, start_or_find),
    "start through a flow that asks": Story(a_flow_that_asks, start_known_consumer, keyed=True),
    "start through a flow that ends it": Story(a_flow_that_ends_work, start_with_key, keyed=True),
    "overflow through a flow": Story(too_many_for_a_flow, route),
    "overflow through a flow at the doorbell": Story(too_many_for_a_flow, answer_the_doorbell),
    "route": Story(waiting, route),
    "route what is enlisted": Story(enlisted, route),
    "route with nobody there": Story(noticed, route),
    "route what is accepted at once": Story(at_once, route),
    "answer the doorbell": Story(waiting, answer_the_doorbell),
    "accept": Story(offered, accept),
    "decline": Story(offered, decline),
    "miss": Story(offered, miss),
    "leave with an offer open": Story(offered, leave),
    "end": Story(assigned, end),
    "release": Story(assigned, release),
    "park": Story(assigned, park),
    "take up": Story(parked, take_up),
    "snooze": Story(assigned, snooze),
    "cancel while it waits": Story(waiting, cancel),
    "cancel while it is offered": Story(offered, cancel),
    "the consumer leaves while it is offered": Story(offered, consumer_left),
    "cancel out of an agent's hands": Story(parked, cancel),
    "wrap up": Story(wrapping_up, wrap_up),
    "wrap up by itself": Story(time_is_up, sweep),
    "extend": Story(wrapping_up, extend),
    "note": Story(assigned, note),
    "decline what others have too": Story(offered_to_both, decline),
    "accept what several have": Story(offered_to_both, accept),
    "miss what several have": Story(offered_to_both, miss),
    "overflow": Story(too_many, route),
    "overflow out": Story(too_late, route),
    "tell that it is late": Story(overdue, route),
    "enter the queue on time": Story(scheduled, sweep),
    "wake": Story(snoozed, sweep),
    "wake before new work": Story(snoozed_beside_waiting, route),
    "pull": Story(for_agents_to_pull, pull),
    "park to make room": Story(interrupting, route),
    "transfer": Story(assigned, transfer),
    "transfer to an agent": Story(assigned, transfer_to_an_agent),
    "transfer through a flow": Story(assigned_beside_a_flow, transfer_through_a_flow),
    "refuse a transfer": Story(not_to_be_sent_on, transfer),
    "give back": Story(transferred_in_vain, route),
    "take over": Story(observed, take_over),
    "barge": Story(assigned, barge),
    "consult": Story(assigned, consult),
    "advise no longer": Story(observed, advise_no_longer),
    "amend while it waits": Story(enlisted, amend),
    "switch": Story(able_to_call, switch),
    "rescue what was left behind": Story(left_behind, sweep),
    "sign out who is silent": Story(silent, sweep),
    "be given work elsewhere": Story(waiting, take_elsewhere),
    "be given work elsewhere no longer": Story(given_elsewhere, leave_elsewhere),
    "opt out": Story(waiting, opt_out),
    "consume the stream": Story(closed_and_started_again, consume),
    "apply a document": Story(waiting, configure_anew),
    "roll back": Story(configured_anew, roll_back),
    "take out a queue whose work moves": Story(enlisted, take_out_the_queue),
    "take out a queue while its work is in an agent's hands": Story(assigned, take_out_the_queue),
    "take out an agent who holds work": Story(in_the_hands_of_cleo, take_out_cleo),
}
