"""What every store promises. The same cases for the in-memory twin and for each DynamoDB."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from chalicelib.engagements import agents, commands
from chalicelib.engagements.model import (
    WORDS,
    Change,
    Content,
    Destination,
    Engagement,
    FlowReference,
    Note,
    Occupancy,
    consumer_key,
    new_engagement_id,
    work_key,
)
from chalicelib.errors import LostRace
from chalicelib.reporting.facts import Fact
from chalicelib.routing.consumer import USUAL
from chalicelib.routing.model import Requirement, Waiting
from chalicelib.storage.protocol import (
    Client,
    Configuration,
    Receipt,
    Refused,
    Replayed,
    Secret,
    SigningKey,
    SigningKeys,
    Stamp,
    Started,
    Store,
    Visit,
)
from tests.support.worlds import NOW, Centre

FLOW = FlowReference("tickets", "Tickets", 1, "entry-tickets")


@pytest.fixture
def store(any_centre: Centre) -> Store:
    return any_centre.world.store


def engagement(work: str = "CASE-1", nth: int = 1, description: str = "") -> Engagement:
    key = work_key(work, "A case")
    return commands.start(
        new_engagement_id(key, nth.to_bytes(8, "big")),
        channel="work_item",
        to=Destination("billing", 1, (Requirement("french", 3),)),
        flow=FLOW,
        content=Content({"work_item_id": work, "work_item_name": "A case", "work_item_desc": description}),
        actor="integration:crm",
        now=NOW,
    )


def receipt(of: Engagement, key: str = "k1", fingerprint: str = "f1", expires_at: int = NOW // 1000 + 60) -> Receipt:
    return Receipt(key, fingerprint, of.engagement_id, of.started_at, FLOW, expires_at)


def offered(store: Store, found: Engagement, agent_id: str = "ana", offer_id: str = "o1") -> Change:
    occupancy = replace(store.occupancies([agent_id])[agent_id], status="ready")
    return commands.offer(found, occupancy, offer_id=offer_id, expires_at=NOW + 30_000, now=NOW)


def closed(store: Store, found: Engagement) -> Engagement:
    change = commands.cancel(found, None, actor="integration:crm", now=NOW)
    store.commit(change)
    assert change.engagement is not None
    return change.engagement


class TestStart:
    def test_new_work_is_put_on_record_and_read_back_whole(self, store: Store) -> None:
        one = engagement(description="x" * 5000)  # large enough to be compressed
        assert store.start(one, None) == Started()
        assert store.engagement(one.engagement_id) == one
        assert store.last_of_work(one.work_key) == one

    def test_i1_active_work_is_refused_with_what_is_there(self, store: Store) -> None:
        one, two = engagement(nth=1), engagement(nth=2)
        store.start(one, None)
        assert store.start(two, None) == Refused(one)
        assert store.start(two, receipt(two)) == Refused(one)
        assert store.engagement(two.engagement_id) is None

    def test_closed_work_can_be_started_again(self, store: Store) -> None:
        one, two = engagement(nth=1), engagement(nth=2)
        store.start(one, None)
        closed(store, one)
        assert store.start(two, None) == Started()
        assert store.engagement(one.engagement_id) is None
        assert store.engagement(two.engagement_id) == two

    def test_sending_the_same_start_again_is_the_same_start(self, store: Store) -> None:
        one = engagement()
        assert [store.start(one, None), store.start(one, None)] == [Started(), Started()]
        two = engagement("CASE-2")
        assert [store.start(two, receipt(two)), store.start(two, receipt(two))] == [Started(), Started()]

    def test_i2_a_known_key_is_answered_with_its_receipt_even_after_the_work_was_closed(self, store: Store) -> None:
        one, two = engagement(nth=1), engagement(nth=2)
        store.start(one, receipt(one))
        assert store.start(two, receipt(two)) == Replayed(receipt(one))
        closed(store, one)
        assert store.start(two, receipt(two)) == Replayed(receipt(one))
        store.start(engagement(nth=3), None)
        assert store.start(two, receipt(two)) == Replayed(receipt(one))

    def test_i2_a_known_key_with_other_work_writes_nothing(self, store: Store) -> None:
        one, other = engagement("CASE-1"), engagement("CASE-2")
        store.start(one, receipt(one))
        assert store.start(other, receipt(other, fingerprint="f2")) == Replayed(receipt(one))
        assert store.last_of_work(other.work_key) is None

    def test_a_key_is_forgotten_after_its_time(self, store: Store) -> None:
        one, other = engagement("CASE-1"), engagement("CASE-2")
        store.start(one, receipt(one, expires_at=NOW // 1000 - 1))
        assert store.start(other, receipt(other)) == Started()

    def test_i1_of_many_at_once_one_is_started(self, store: Store) -> None:
        many = [engagement(nth=n) for n in range(16)]
        with ThreadPoolExecutor(16) as threads:
            outcomes = list(threads.map(lambda each: store.start(each, None), many))
        assert outcomes.count(Started()) == 1


class TestCommit:
    def test_engagement_and_occupancy_change_together(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        change = offered(store, one)
        store.commit(change)
        assert store.engagement(one.engagement_id) == change.engagement
        assert store.occupancies(["ana"]) == {"ana": change.occupancy}

    def test_i9_an_older_version_overwrites_nothing(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        first, second = offered(store, one, "ana", "o1"), offered(store, one, "ben", "o2")
        store.commit(first)
        with pytest.raises(LostRace):
            store.commit(second)
        assert store.occupancies(["ben"])["ben"].version == 0
        assert store.engagement(one.engagement_id) == first.engagement

    def test_a_stale_occupancy_stops_the_engagement_too(self, store: Store) -> None:
        one, two = engagement("CASE-1"), engagement("CASE-2")
        for each in (one, two):
            store.start(each, None)
        first, second = offered(store, one), offered(store, two)
        store.commit(first)
        with pytest.raises(LostRace):
            store.commit(second)
        assert store.engagement(two.engagement_id) == two

    def test_an_occupancy_that_changed_since_it_was_seen_stops_the_engagement_too(self, store: Store) -> None:
        one, two = engagement("CASE-1"), engagement("CASE-2")
        for each in (one, two):
            store.start(each, None)
        store.commit(agents.set_status(store.occupancies(["ana"])["ana"], "ready", None, NOW))
        first, second = offered(store, one), offered(store, two)  # both saw its first version
        store.commit(first)
        with pytest.raises(LostRace):
            store.commit(second)
        assert store.engagement(two.engagement_id) == two
        assert store.occupancies(["ana"])["ana"].held.keys() == {one.engagement_id}

    def test_committing_the_same_change_again_is_the_same_commit(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        change = offered(store, one)
        store.commit(change)
        store.commit(change)
        assert change.engagement is not None
        taken = commands.accept(change.engagement, agent_id="ana", offer_id="o1", actor="agent:ana", now=NOW)
        store.commit(taken)
        store.commit(taken)
        assert store.engagement(one.engagement_id) == taken.engagement

    def test_a_change_to_an_engagement_of_the_past_is_refused(self, store: Store) -> None:
        one, two = engagement(nth=1), engagement(nth=2)
        store.start(one, None)
        late = offered(store, one)
        closed(store, one)
        store.start(two, None)  # takes the same row, at version 1 again
        with pytest.raises(LostRace):
            store.commit(late)

    def test_of_many_changes_each_holds_or_not_by_itself(self, store: Store) -> None:
        works = [engagement(f"CASE-{n}") for n in range(12)]
        for each in works:
            store.start(each, None)
        changes = [offered(store, each, f"agent-{n}") for n, each in enumerate(works)]
        store.commit(changes[3])
        lost = offered(store, works[3], "somebody-else")
        assert store.commit_all([*changes[:3], lost, *changes[4:]]) == [True] * 3 + [False] + [True] * 8
        assert store.commit_all([]) == []

    def test_i7_of_many_agents_at_once_one_is_offered_it(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        changes = [offered(store, one, f"agent-{n}", f"o{n}") for n in range(12)]
        with ThreadPoolExecutor(12) as threads:
            held = list(threads.map(lambda each: store.commit_all([each])[0], changes))
        assert held.count(True) == 1


class TestWaiting:
    def waiting(self, of: Engagement, **changes: object) -> Waiting:
        base = Waiting(of.engagement_id, of.version, of.queue_id, of.channel, of.priority, of.queued_at, of.skills)
        return replace(base, **changes)  # type: ignore[arg-type]

    def test_enlisted_engagements_come_in_order_of_rank(self, store: Store) -> None:
        low, high, old = (engagement(f"CASE-{n}") for n in range(3))
        wanted = [
            self.waiting(low, queued_at=NOW),
            self.waiting(high, priority=9, queued_at=NOW + 5),
            self.waiting(old, queued_at=NOW - 5),
        ]
        for each, waiting in zip((low, high, old), wanted, strict=True):
            store.start(each, None)
            assert store.enlist(waiting)
        assert store.waiting("billing") == [wanted[1], wanted[2], wanted[0]]
        assert store.waiting("general") == []

    def test_what_has_moved_on_is_not_enlisted(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        store.commit(offered(store, one))
        assert not store.enlist(self.waiting(one))
        assert not store.enlist(self.waiting(engagement("CASE-2")))

    def test_a_later_engagement_of_the_same_work_is_not_enlisted_for_an_earlier_one(self, store: Store) -> None:
        one, two = engagement(nth=1), engagement(nth=2)
        store.start(one, None)
        closed(store, one)
        store.start(two, None)
        assert two.version == one.version
        assert not store.enlist(self.waiting(one))
        assert store.waiting("billing") == []

    def test_what_is_offered_leaves_the_index(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        store.enlist(self.waiting(one))
        store.commit(offered(store, one))
        assert store.waiting("billing") == []


class TestDue:
    def test_scheduled_and_snoozed_work_is_due_when_its_time_has_come_and_until_it_has_moved_on(
        self, store: Store
    ) -> None:
        scheduled = replace(engagement("CASE-1"), state="scheduled", not_before=NOW + 10)
        snoozed = replace(engagement("CASE-2"), state="inactive", wake_at=NOW + 20)
        for each in (scheduled, snoozed, engagement("CASE-3")):
            store.start(each, None)
        assert store.due(NOW + 9) == []
        assert store.due(NOW + 10) == [scheduled]
        assert sorted(store.due(NOW + 20), key=lambda each: each.engagement_id) == sorted(
            [scheduled, snoozed], key=lambda each: each.engagement_id
        )
        store.commit(commands.enqueue(scheduled, standing=USUAL, now=NOW + 10))
        assert store.due(NOW + 20) == [snoozed]


class TestSeveralAgents:
    def test_the_places_of_all_change_together_or_not_at_all(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        people = [Occupancy(name, status="ready") for name in ("ana", "ben", "cy")]
        offer = commands.offer(one, people[0], offer_id="o", expires_at=NOW + 30_000, now=NOW, others=tuple(people[1:]))
        store.commit(agents.set_status(store.occupancies(["cy"])["cy"], "ready", None, NOW))
        with pytest.raises(LostRace):
            store.commit(offer)
        assert store.engagement(one.engagement_id) == one
        assert store.occupancies(["ben"])["ben"].version == 0
        people[2] = store.occupancies(["cy"])["cy"]
        offer = commands.offer(one, people[0], offer_id="o", expires_at=NOW + 30_000, now=NOW, others=tuple(people[1:]))
        store.commit(offer)
        assert [list(each.held) for each in store.occupancies(["ana", "ben", "cy"]).values()] == [
            [one.engagement_id]
        ] * 3


class TestAgents:
    def test_an_agent_never_seen_is_offline_at_version_0(self, store: Store) -> None:
        occupancy = store.occupancies(["nobody"])["nobody"]
        assert (occupancy.version, occupancy.status, occupancy.held) == (0, "offline", {})

    def test_present_are_those_not_offline_and_those_who_hold_something(self, store: Store) -> None:
        one = engagement()
        store.start(one, None)
        store.commit(agents.set_status(store.occupancies(["ben"])["ben"], "not_ready", "Break", NOW))
        store.commit(agents.set_status(store.occupancies(["cy"])["cy"], "offline", None, NOW))
        change = offered(store, one)
        assert change.occupancy is not None
        store.commit(replace(change, occupancy=replace(change.occupancy, status="offline")))
        assert sorted(store.present()) == ["ana", "ben"]

    def test_many_agents_are_read_at_once(self, store: Store) -> None:
        names = [f"agent-{n}" for n in range(130)]  # more than one batch of DynamoDB's
        assert set(store.occupancies(names)) == set(names)


class TestClaims:
    def test_a_window_has_so_many_blocks_and_no_more(self, store: Store) -> None:
        assert [store.claim("CALLS#crm", 7, 2, until=NOW) for _ in range(3)] == [True, True, False]

    def test_each_key_and_each_window_has_its_own(self, store: Store) -> None:
        assert all(store.claim(key, window, 1, until=NOW) for key in ("a", "b") for window in (7, 8))

    def test_of_many_at_once_as_many_get_one_as_there_are(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(lambda _: store.claim("a", 7, 3, until=NOW), range(8))) == 3


class TestHistoryAndFacts:
    def test_archived_events_come_back_in_order_with_the_newest_engagement(self, store: Store) -> None:
        one = engagement()
        later = replace(one, version=9, priority=7, closed_at=NOW)
        late_events = [event._replace(version=9) for event in one.trail]
        for _ in range(2):
            store.archive(later, late_events)
            store.archive(one, one.trail)
        assert store.archived(one.engagement_id) == (later, [*one.trail, *late_events])
        assert store.archived("nonsense") == (None, [])

    def test_i11_a_fact_recorded_again_is_still_one_fact(self, store: Store) -> None:
        day = 86_400_000
        facts = [
            Fact("queue_performance", f"e{n}", 3, NOW + n * day, "work_item", "billing", None, {"waited_ms": n})
            for n in range(3)
        ]
        other = replace(facts[0], dataset="agent_performance")
        store.record([*facts, facts[0], other])
        store.record(facts[1:])
        assert store.facts("queue_performance", NOW, NOW + 3 * day) == facts
        assert store.facts("queue_performance", NOW + 1, NOW + 2 * day) == [facts[1]]
        assert store.facts("agent_performance", NOW, NOW + 1) == [other]

    def test_i11_however_facts_are_cut_into_batches_each_is_there_once(self, store: Store) -> None:
        minute = 60_000
        facts = [
            Fact("queue_performance", f"e{n}", 3, NOW + n * minute, "work_item", "billing", None, {"waited_ms": n})
            for n in range(40)
        ]
        for size in (40, 7, 1):
            for first in range(0, 40, size):
                store.record(facts[first : first + size][::-1])
        assert store.facts("queue_performance", NOW, NOW + 40 * minute) == facts
        assert store.facts("queue_performance", NOW + 10 * minute, NOW + 20 * minute) == facts[10:20]


class TestForgetting:
    def note(self, of: Engagement, text: str = "He called again.") -> Note:
        return Note(f"note-{text[:4]}", of.engagement_id, NOW, "ana", "note", text)

    def test_the_history_of_open_work_holds_none_of_its_content(self, store: Store) -> None:
        one = engagement()
        store.archive(one, one.trail)
        assert store.archived(one.engagement_id) == (one.without_content(), list(one.trail))

    def test_what_was_forgotten_does_not_come_back_with_a_late_message(self, store: Store) -> None:
        one = replace(engagement(), state="closed", closed_at=NOW)
        store.archive(one, one.trail)
        store.add_note(self.note(one), NOW + 1000)
        assert store.archived(one.engagement_id) == (one, list(one.trail))
        for _ in range(2):
            store.forget(one.engagement_id, NOW)
            store.archive(one, one.trail)
            store.end_notes(one)
        assert store.archived(one.engagement_id) == (one.without_content(), list(one.trail))
        assert store.notes(one.engagement_id) == []

    @pytest.mark.parametrize("closed_at", [None, NOW])
    def test_nor_does_what_an_agent_wrote_in_an_event(self, store: Store, closed_at: int | None) -> None:
        said = engagement().trail[0]._replace(detail={WORDS: "He is rude."})
        one = replace(engagement(), closed_at=closed_at, trail=(said,))
        store.archive(one, one.trail)
        assert store.archived(one.engagement_id)[1] == [said]
        for _ in range(2):
            store.forget(one.engagement_id, NOW)
            assert "rude" not in repr(store.archived(one.engagement_id))
            store.archive(one, one.trail)
        assert "rude" not in repr(store.archived(one.engagement_id))

    def test_only_the_one_that_was_meant_is_forgotten(self, store: Store) -> None:
        one, other = (replace(engagement(nth=n), closed_at=NOW) for n in (1, 2))
        for each in (one, other):
            store.archive(each, each.trail)
            store.add_note(self.note(each, each.engagement_id[-3:]), NOW + 1000)
        store.forget(one.engagement_id, NOW)
        assert store.archived(other.engagement_id) == (other, list(other.trail))
        assert len(store.notes(other.engagement_id)) == 1

    def test_a_consumers_engagements_are_found_until_they_are_no_longer_his(self, store: Store) -> None:
        key = consumer_key({"consumer_external_id": "C-77"}) or ""
        visits = [Visit(key, engagement(nth=n).engagement_id, NOW + n) for n in range(3)]
        for _ in range(2):
            store.record([], [*visits, Visit("another", "e", NOW)])
        assert store.visits(key) == visits
        store.forget_visits(visits[:1])
        store.forget_visits(visits[:1])
        assert store.visits(key) == visits[1:]


class TestTenant:
    def test_a_configuration_is_applied_where_the_seen_one_still_is(self, store: Store) -> None:
        seen = store.configuration_version()
        version = store.apply({"queues": []}, seen)
        assert version == store.configuration_version() == seen + 1
        assert store.configuration(version).document == {"queues": []}
        with pytest.raises(LostRace):
            store.apply({"flows": []}, seen)
        assert store.configuration_version() == version

    def test_a_version_tells_when_by_whom_and_why_and_what_it_took_out(self, store: Store) -> None:
        seen = store.configuration_version()
        stamp = Stamp(NOW, "admin:adm", "Less is more")
        version = store.apply({"queues": []}, seen, stamp, {"billing": NOW})
        assert store.configuration(version).removed == {"billing": NOW}
        assert store.stamps(range(version, version + 5)) == {version: stamp}
        assert store.configuration(version + 1) == Configuration()

    def test_a_document_larger_than_a_row_comes_back(self, store: Store) -> None:
        noise = random.Random(1)
        document = {"queues": [{"queue_id": noise.randbytes(20).hex(), "queue_name": "x"} for _ in range(40_000)]}
        version = store.apply(document, store.configuration_version())
        assert json.dumps(store.configuration(version).document) == json.dumps(document)
        small = store.apply({"queues": []}, version)
        assert store.configuration(small).document == {"queues": []}
        assert store.configuration(version).document == document

    def test_a_client_changes_from_the_version_that_was_seen_or_not_at_all(self, store: Store) -> None:
        assert (store.client("crm"), store.clients()) == (None, [])
        new = Client("crm", (Secret("one", NOW),), "integration", "crm", ("a", "b"))
        first = store.put_client(new)
        assert first == replace(new, version=1) == store.client("crm")
        with pytest.raises(LostRace):
            store.put_client(replace(new, secrets=()))
        second = store.put_client(replace(first, secrets=(*first.secrets, Secret("two", NOW))))
        with pytest.raises(LostRace):
            store.put_client(replace(first, secrets=()))
        assert store.client("crm") == second
        bot = store.put_client(Client("bot", (), "agent", "ana"))
        assert store.clients() == [bot, second]

    def test_a_client_sent_twice_is_kept_once(self, store: Store) -> None:
        new = Client("crm", (Secret("one", NOW),), "integration", "crm")
        assert store.put_client(new) == store.put_client(new) == store.client("crm")

    def test_signing_keys_change_from_the_version_that_was_seen_or_not_at_all(self, store: Store) -> None:
        assert store.signing_keys() == SigningKeys()
        one, two = SigningKey("1", "one", NOW), SigningKey("2", "two", NOW)
        first = store.put_signing_keys(SigningKeys((one,)))
        assert first == store.put_signing_keys(SigningKeys((one,)))
        with pytest.raises(LostRace):
            store.put_signing_keys(SigningKeys((two,)))
        second = store.put_signing_keys(replace(first, keys=(two, one)))
        assert store.signing_keys() == second == SigningKeys((two, one), 2)

    def test_the_first_secret_of_a_webhook_stays_until_another_is_put_there(self, store: Store) -> None:
        assert [store.webhook_secret("crm", each) for each in ("one", "two")] == ["one", "one"]
        for _ in range(2):
            store.put_webhook_secret("crm", "theirs")
        assert store.webhook_secret("crm", "three") == "theirs"
        store.put_webhook_secret("erp", "new")
        assert store.webhook_secret("erp", "x") == "new"

    def test_i9_a_consumers_last_visit_is_the_newest_whatever_the_order_of_writing(self, store: Store) -> None:
        assert store.last_visit("c", NOW + 9) is None
        for at in (NOW, NOW + 5, NOW + 5, NOW + 1):
            store.record([], [Visit("c", f"e{at}", at)])
        assert [store.last_visit("c", NOW + n) for n in (9, 6, 5, 1, 0)] == [NOW + 5, NOW + 5, NOW + 1, NOW, None]
        assert store.last_visit("d", NOW + 9) is None

    def test_a_receipt_is_read_until_it_expires(self, store: Store) -> None:
        one = engagement()
        kept = receipt(one)
        store.start(one, kept)
        assert store.receipt("k1", NOW // 1000 + 60) == kept
        assert store.receipt("k1", NOW // 1000 + 61) is None
        assert store.receipt("k2", NOW // 1000) is None

    def test_no_more_is_read_of_a_queue_than_is_asked_for(self, store: Store) -> None:
        for n in range(5):
            one = replace(engagement(f"CASE-{n}"), priority=n)
            store.start(one, None)
            store.enlist(Waiting(one.engagement_id, 1, "billing", "work_item", n, NOW))
        ranked = store.waiting("billing")
        assert [each.priority for each in ranked] == [4, 3, 2, 1, 0]
        assert len(store.waiting("billing", 3)) == 3
        assert store.waiting("billing", 9) == ranked
