"""Lists of engagements: what is open and what was closed, over both stores, page by page."""

from __future__ import annotations

from chalicelib.engagements.model import Engagement
from chalicelib.operations import desk, listing, watching
from chalicelib.operations.listing import Page, Wanted
from chalicelib.operations.ordering import Order
from tests.flows.support import document_with
from tests.support.worlds import NOW, Centre, MemoryCentre

ANY = Wanted()


def states(page: Page) -> dict[str, str]:
    return {each.engagement_id: each.state for each in page.engagements}


def closed(centre: Centre, wanted: Wanted = ANY, size: int = 30) -> list[str]:
    return [
        each.engagement_id for each in listing.closed_ones(centre.world, wanted, NOW, NOW + 10**8, size).engagements
    ]


def test_what_is_in_hands_is_listed_as_its_last_command_left_it(any_centre: Centre) -> None:
    any_centre.ready("ana")
    one = any_centre.start()
    any_centre.settle()
    assert states(listing.open_ones(any_centre.world, ANY, 30)) == {one: "offered"}
    any_centre.accept(one)
    assert states(listing.open_ones(any_centre.world, ANY, 30)) == {one: "assigned"}
    any_centre.end(one)
    assert states(listing.open_ones(any_centre.world, ANY, 30)) == {}


def test_what_waits_and_what_is_scheduled_is_listed_once_the_router_has_seen_it(any_centre: Centre) -> None:
    waits, later = any_centre.start("1"), any_centre.start("2", not_before=NOW + 60_000)
    any_centre.settle()
    assert states(listing.open_ones(any_centre.world, ANY, 30)) == {waits: "queued", later: "scheduled"}


def test_closed_ones_are_listed_newest_first_and_only_they(any_centre: Centre) -> None:
    any_centre.ready("ana", "ben")
    ended: list[str] = []
    for number in range(3):
        one = any_centre.start(str(number))
        any_centre.settle()
        any_centre.accept(one)
        any_centre.clock.pass_seconds(60)
        any_centre.end(one)
        ended.append(one)
    held = any_centre.start("held")
    any_centre.settle()
    any_centre.accept(held)
    any_centre.settle()
    assert closed(any_centre) == ended[::-1]
    assert closed(any_centre, size=2) == ended[:0:-1]
    page = listing.closed_ones(any_centre.world, ANY, NOW, NOW + 10**8, 2)
    rest = listing.closed_ones(any_centre.world, ANY, NOW, NOW + 10**8, 2, page.onward)
    assert [each.engagement_id for each in rest.engagements] == ended[:1]
    assert closed(any_centre, Wanted(agent_id="ana")) + closed(any_centre, Wanted(agent_id="ben")) != []
    assert closed(any_centre, Wanted(queue_id="general")) == []


def test_closed_ones_are_found_where_a_later_engagement_has_their_works_row(any_centre: Centre) -> None:
    any_centre.ready("ana")
    first = any_centre.start("same")
    any_centre.settle()
    any_centre.accept(first)
    any_centre.end(first)
    any_centre.settle()
    any_centre.clock.pass_seconds(1)
    any_centre.start("same")
    any_centre.settle()
    assert closed(any_centre) == [first]


def test_what_was_closed_before_it_was_in_any_queue_is_listed_too(any_centre: Centre) -> None:
    later = any_centre.start("1", not_before=NOW + 60_000)
    desk.cancel(any_centre.world, Order(later, "integration:crm"))
    any_centre.clock.pass_seconds(1)
    any_centre.configure(document_with({"end": True}))
    any_centre.clock.pass_seconds(5)
    spam = any_centre.start("2")
    any_centre.settle()
    assert closed(any_centre) == [spam, later]
    assert closed(any_centre, Wanted(agent_id="ana")) == []


def test_lists_by_queue_and_by_agent(any_centre: Centre) -> None:
    any_centre.ready("ana")
    bill, other = any_centre.start("1", "invoice"), any_centre.start("2", "other")
    any_centre.settle()
    of_queue = listing.open_ones(any_centre.world, Wanted(queue_id="general"), 30)
    assert states(of_queue) == {other: "queued"}
    assert states(listing.open_ones(any_centre.world, Wanted(queue_id="billing"), 30)) == {bill: "offered"}
    assert states(listing.open_ones(any_centre.world, Wanted(agent_id="ana"), 30)) == {bill: "offered"}
    assert states(listing.open_ones(any_centre.world, Wanted(agent_id="ben"), 30)) == {}


def test_pages_show_everything_that_stays_open_once_whatever_happens_between_them(any_centre: Centre) -> None:
    started = {any_centre.start(str(number)) for number in range(9)}
    any_centre.settle()
    seen: list[Engagement] = []
    after: str | None = ""
    while after is not None:
        page = listing.open_ones(any_centre.world, ANY, 2, after)
        assert len(page.engagements) <= 2
        seen += page.engagements
        after = page.onward
        any_centre.ready("ana", "ben")
        any_centre.settle()  # some of them come into hands
    assert sorted(each.engagement_id for each in seen) == sorted(started)


def test_a_page_ends_early_rather_than_read_everything(centre: MemoryCentre) -> None:
    for number in range(listing.MOST_READ + 5):
        centre.start(str(number))
    centre.settle()
    last = max(each.engagement_id for each in centre.store.waiting("billing"))
    wanted = Wanted(test=lambda each: each.engagement_id == last)
    first = listing.open_ones(centre.world, wanted, 30)
    assert first.engagements == []
    assert first.onward is not None
    second = listing.open_ones(centre.world, wanted, 30, first.onward)
    assert [each.engagement_id for each in second.engagements] == [last]
    assert second.onward is None


def test_live_numbers_of_queues_and_agents(any_centre: Centre) -> None:
    any_centre.ready("ben")
    any_centre.start("1")
    any_centre.clock.pass_seconds(30)
    any_centre.settle()
    for number in "234":
        any_centre.start(number)
    any_centre.clock.pass_seconds(20)
    any_centre.settle()
    (offered,) = [e for e in listing.open_ones(any_centre.world, ANY, 9).engagements if e.agent_id == "ben"][:1]
    any_centre.accept(offered.engagement_id)
    queues = {each.queue.queue_id: each for each in watching.queues_now(any_centre.world)}
    billing = queues["billing"]
    assert (billing.waiting, billing.in_work + billing.offers) == (2, 2)
    assert billing.in_work == 1
    assert billing.oldest_at == NOW + 30_000
    assert (billing.agents["ready"], billing.agents["offline"], billing.free) == (1, 1, 0)
    assert (queues["express"].agents["offline"], queues["express"].free) == (1, 0)
    ana, ben = watching.agents_now(any_centre.world)
    assert (ana.occupancy.status, ana.free, ana.held) == ("offline", {}, [])
    assert (ben.capacity, ben.free, len(ben.held)) == ({"work_item": 2}, {"work_item": 0}, 2)
