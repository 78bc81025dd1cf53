"""The invariants of docs/guarantees.md, each a function, checked on what a store holds.

I2, I7, I8 and I14 are about answers and decisions and not about what is stored: the state machine of
`tests/simulation` checks them against its model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping

from chalicelib.engagements.chain import fault
from chalicelib.engagements.model import Engagement, Event, Occupancy, work_key_of
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.events.catalogue import PublicEvent
from chalicelib.operations import reading
from chalicelib.operations.recording import EVENTS_PER_ROW
from chalicelib.operations.translation import candidates_of, waiting_of
from chalicelib.reporting.datasets import fold
from chalicelib.reporting.facts import Dataset, Fact
from chalicelib.routing.decide import decide
from chalicelib.storage.protocol import Store
from chalicelib.world import World
from tests.support.worlds import Centre

HELD = ("offered", "assigned", "inactive", "wrap_up")
EVER = 1 << 62


def check(centre: Centre, accepted: Iterable[str]) -> None:
    """I1, I3–I6 and I10, of the engagements whose start was accepted and of every agent, also of those who are gone."""
    engagements = i3_nothing_is_lost(centre, accepted)
    agents = centre.world.tenant().agent_by_id
    holders = {agent_id for each in engagements for agent_id in each.holders}
    occupancies = {agent_id: centre.occupancy(agent_id) for agent_id in sorted(agents.keys() | holders)}
    i1_one_active_of_each_work(engagements)
    i4_one_owner(engagements)
    i5_load_equals_a_recount(engagements, occupancies)
    for agent_id, agent in agents.items():
        i5_within_the_places(occupancies[agent_id], centre.world.tenant().places(agent)[0])
    for engagement in engagements:
        i6_only_listed_transitions(engagement)
    i10_closed_holds_nothing(engagements, occupancies)


def check_nothing_waits_in_vain(centre: Centre, engagement_ids: Iterable[str]) -> None:
    """I3 after recovery: what is queued is on an index or in its queue, where the router finds it."""
    store, transport = centre.world.store, centre.world.transport
    queued = [each for each in store.engagements(engagement_ids).values() if each.state == "queued"]
    for queue_id in {each.queue_id for each in queued}:
        enlisted = {waiting.engagement_id for waiting in store.waiting(queue_id)}
        noticed = {notice.engagement_id for notice in transport.drain(queue_id).notices}
        in_vain = {each.engagement_id for each in queued if each.queue_id == queue_id} - enlisted - noticed
        assert not in_vain, f"I3: nobody knows of {in_vain}"


def check_what_waits(centre: Centre, started: Iterable[str]) -> None:
    """The router finds it (I3), and leaves nobody free who could have it."""
    tenant, now, store = centre.world.tenant(), centre.clock(), centre.world.store
    heads = [each for each in store.engagements(started).values() if each.state == "queued"]
    check_nothing_waits_in_vain(centre, [each.engagement_id for each in heads])
    given_out = [each for each in heads if tenant.queue_by_id[each.queue_id].distribution != "manual"]
    candidates = candidates_of(tenant, store.occupancies(tenant.agent_by_id).values())
    closed = {queue_id for queue_id in tenant.queue_by_id if not tenant.is_open(queue_id, now)}
    matches = decide([waiting_of(tenant, each) for each in given_out], candidates, now, tenant.rules, closed)
    assert all(match.parks for match in matches), "L1: what waits could be offered"


def i1_one_active_of_each_work(engagements: Iterable[Engagement]) -> None:
    active = [work_key_of(each.engagement_id) for each in engagements if each.state != "closed"]
    assert len(active) == len(set(active)), "I1: a work is active twice"


def i3_nothing_is_lost(centre: Centre, accepted: Iterable[str]) -> list[Engagement]:
    """Every accepted start is there, open or closed, for ever."""
    store = centre.world.store
    found = []
    for engagement_id in accepted:
        engagement = store.engagement(engagement_id) or store.archived(engagement_id)[0]
        assert engagement is not None, f"I3: {engagement_id} is lost"
        found.append(engagement)
    return found


def i4_one_owner(engagements: Iterable[Engagement]) -> None:
    for each in engagements:
        if each.state in HELD:
            assert each.agent_id, "I4: held by nobody"
            assert each.agent_id not in each.participants, "I4: its owner takes part in it besides"
        elif each.state in ("scheduled", "queued"):
            assert each.agent_id is None, "I4: held while it waits"
        assert (each.offer is not None) == (each.state == "offered"), "I4: an offer where none can be"
        assert len(set(each.holders)) == len(each.holders), "I4: offered to somebody twice"
        assert not each.participants or each.state == "assigned", "I4: somebody takes part in what is nobody's"


def i5_load_equals_a_recount(engagements: Iterable[Engagement], occupancies: Mapping[str, Occupancy]) -> None:
    recount: dict[str, dict[str, Engagement]] = {agent_id: {} for agent_id in occupancies}
    for each in engagements:
        for agent_id in each.holders if each.state in HELD else ():
            recount[agent_id][each.engagement_id] = each
    for agent_id, occupancy in occupancies.items():
        mine = recount[agent_id]
        assert mine.keys() == occupancy.held.keys(), f"I5: what {agent_id} holds is not what the engagements say"
        for engagement_id, held in occupancy.held.items():
            assert held.channel == mine[engagement_id].channel, "I5: held as work of another channel"
            if mine[engagement_id].state != "wrap_up":
                assert held.parked == (mine[engagement_id].state == "inactive"), "I5: parked, or not, on one side alone"


def i5_within_the_places(occupancy: Occupancy, capacity: Mapping[str, int]) -> None:
    """What another system gives an agent is not asked first; all else is."""
    held = Counter(each.channel for each in occupancy.held.values() if not each.parked)
    for channel, taken in held.items():
        assert taken <= capacity.get(channel, 0), f"I5: {occupancy.agent_id} holds too much"


def i6_only_listed_transitions(engagement: Engagement) -> None:
    versions = [event.version for event in engagement.trail]
    assert versions == list(range(versions[0], engagement.version + 1)), "I6: versions are not dense"
    assert engagement.trail[-1].state == engagement.state, "I6: the newest event says another state"
    for before, event in zip(engagement.trail, engagement.trail[1:], strict=False):
        transition = TRANSITIONS[event.command]
        assert before.state in transition.sources, f"I6: {event.command} from {before.state}"
        assert event.state == (transition.target or before.state), f"I6: {event.command} to {event.state}"


def i6_history_is_dense(world: World, versions: Mapping[str, int]) -> None:
    """Once the stream has been delivered, every version that there was is in the history, also of what is over; what
    another engagement has taken the place of is whole without its trail."""
    for engagement_id, version in versions.items():
        engagement = reading.engagement(world, engagement_id)
        kept = reading.events(world, engagement)
        assert [event.version for event in kept] == list(range(1, version + 1)), "I6: the history has gaps"
        archived = world.store.archived(engagement_id)[1]
        whole = version - version % EVENTS_PER_ROW if world.store.engagement(engagement_id) else version
        assert [event.version for event in archived] == list(range(1, whole + 1)), "I6: what is archived has gaps"
        wrong = fault(engagement, archived)
        assert wrong is None, f"I6: the history does not lead to its digest: {wrong}"
        assert engagement.chain


def i9_nothing_older_overwrites(old: Engagement | None, new: Engagement) -> None:
    if old is not None and old.engagement_id == new.engagement_id:
        assert new.version > old.version, "I9: a newer version is overwritten"
    else:
        assert old is None or old.state == "closed", "I1: active work is overwritten"
        assert new.version == 1, "I9: an engagement that has been replaced is written"


def i10_closed_holds_nothing(engagements: Iterable[Engagement], occupancies: Mapping[str, Occupancy]) -> None:
    closed = {each.engagement_id for each in engagements if each.state == "closed"}
    for occupancy in occupancies.values():
        assert not closed & occupancy.held.keys(), f"I10: {occupancy.agent_id} holds what is closed"


COUNTS: Mapping[str, tuple[Dataset, str]] = {
    "accept": ("queue_performance", "handled_count"),
    "pull": ("queue_performance", "handled_count"),
    "overflow": ("queue_performance", "overflow_count"),
    "overflow_out": ("queue_performance", "overflow_count"),
    "decline": ("agent_performance", "refused_count"),
    "pass": ("agent_performance", "refused_count"),
    "miss": ("agent_performance", "missed_count"),
    "release": ("agent_performance", "released_count"),
    "transfer": ("agent_performance", "transferred_count"),
    "take_over": ("agent_performance", "taken_over_count"),
    "give_back": ("queue_performance", "returned_count"),
    "abandon": ("queue_performance", "abandoned_count"),
    "close": ("agent_performance", "handled_count"),
}
"""What each command counts as. A cancellation counts for the agent in whose hands it was, else for the queue."""


def i11_reports_equal_a_fold(
    store: Store, history: Mapping[tuple[str, int], tuple[Engagement, Event]], delivered: Iterable[tuple[str, int]]
) -> None:
    """Of everything that was delivered there is the one fact that it gives; of nothing there are two."""
    facts: dict[tuple[str, int], Fact] = {}
    times = [event.at for _, event in history.values()]
    first, last = min(times, default=0), max(times, default=0)
    for dataset in ("queue_performance", "agent_performance"):
        found = store.facts(dataset, first, last + 1)  # type: ignore[arg-type]
        named = {(fact.engagement_id, fact.version): fact for fact in found}
        assert len(named) == len(found), "I11: a fact is kept twice"
        facts |= named
        once, twice = (fold(dataset, some, 3_600_000) for some in (found, [*found, *found]))  # type: ignore[arg-type]
        assert once == twice, "I11: what is delivered twice counts twice"
        for name in sorted({counted for _, counted in COUNTS.values()}):
            counted = sum(row.measures.get(name, 0) for row in once)
            wanted = [k for k in facts if COUNTS.get(history[k][1].command) == (dataset, name)]
            assert counted == len(wanted), f"I11: {name} is {counted}, and not {len(wanted)}"
    for key in delivered:
        event = history[key][1]
        cancels = event.command == "cancel" and bool(event.detail)  # what was scheduled was in no queue
        nowhere = event.command == "overflow_out" and not event.queue_id  # a flow ended it before it was in any queue
        counts = (event.command in COUNTS or cancels) and not nowhere and not event.detail.get("rescinded")
        assert (key in facts) == counts, f"I11: {event.command}"
    for key, fact in facts.items():
        event = history[key][1]
        assert (fact.at, fact.queue_id, fact.agent_id) == (event.at, event.queue_id, event.agent_id), "I11"


def i12_by_whom_it_may(event: Event) -> None:
    """Of roles only: whose tenant it is, each store knows by itself."""
    if event.command != "start":
        assert event.actor.split(":")[0] in TRANSITIONS[event.command].by, f"I12: {event.command} by {event.actor}"


def i13_an_event_is_always_the_same(event: PublicEvent, seen: MutableMapping[str, PublicEvent]) -> None:
    assert seen.setdefault(event.event_id, event) == event, "I13: an event has changed"


def i13_every_version_is_an_event(seen: Mapping[str, PublicEvent], versions: Mapping[str, int]) -> None:
    """One each, with its place among the events of its engagement."""
    told = sorted((e.subject, e.sequence) for e in seen.values() if e.subject in versions and e.sequence > 0)
    wanted = sorted((id_, n) for id_, version in versions.items() for n in range(1, version + 1))
    assert told == wanted, "I13: a version without an event, or with two"
