"""Each AWS call of each operation goes wrong in each way that AWS has. Then the router runs, and all is well.

The process dies, or lives on and does what the code does with the error. The client's own retries are used up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest import mock

import pytest

from chalicelib.engagements.model import consumer_key, work_key
from chalicelib.messaging.protocol import Delivery
from chalicelib.messaging.sqs import VISIBILITY_SECONDS
from chalicelib.operations import configuring, delivering, desk, privacy, reading, rolling, supervising
from chalicelib.operations.ordering import Order
from chalicelib.reporting.intervals import QUARTER_MS
from chalicelib.storage import codec
from tests.operations.test_rolling import NEXT, QUARTER, RIPE, fact, handled, record, report
from tests.simulation.splits import ANY_CALL, WENT_WRONG, WITH_EFFECT, Splits, going_wrong
from tests.simulation.stories import JILL, NEW_QUEUE, STORIES, Story
from tests.support.figures import Figure
from tests.support.invariants import (
    check,
    check_nothing_waits_in_vain,
    i6_history_is_dense,
    i11_reports_equal_a_fold,
)
from tests.support.size import LONG
from tests.support.worlds import NOW, TENANT, AwsCentre, aws, aws_centre


@contextmanager
def pretended() -> Iterator[AwsCentre]:
    """A centre whose clock is that of its pretended AWS as well."""
    with aws() as clients:
        centre = aws_centre(clients)
        seconds = lambda: centre.clock() / 1000  # noqa: E731
        with mock.patch.multiple("moto.sqs.models", unix_time=seconds, unix_time_millis=centre.clock):
            yield centre


def play(split: Splits, operation: Callable[[], object], then: Callable[[], None], *known: object) -> Counter[str]:
    """The operation with all that goes wrong in it, and what must be possible, and true, after each of it."""
    with split.everywhere():
        with suppress(*WENT_WRONG), going_wrong(split.centre.clients, split.way_of):
            operation()
        if split.is_to_be_judged(*known):
            then()
    return split.tried()


def tell(story: Story, centre: AwsCentre, split: Splits) -> Counter[str]:
    """The story, each time until its work is done."""
    accepted = story.prepare(centre)

    def operation() -> None:
        accepted.extend(story.operation(centre, list(accepted)))

    def recover() -> None:
        if story.keyed:
            (engagement_id,) = story.operation(centre, [])
            assert set(accepted) <= {engagement_id}, "I2: sent again, it is another"
            accepted[:] = [engagement_id]
        known = [*accepted, *_started_unanswered(centre, accepted)]
        _recover(centre, known)
        if split.is_new("recovered", known):
            _finish_all(centre, known)

    return play(split, operation, recover, accepted)


@pytest.mark.parametrize("name", STORIES)
def test_whatever_goes_wrong_all_invariants_hold_after_the_router_has_run(
    name: str, tmp_path: Path, figure: Figure
) -> None:
    with pretended() as centre:
        tried = tell(STORIES[name], centre, Splits(centre, tmp_path))
    assert {*ANY_CALL, *WITH_EFFECT} <= tried.keys(), "does it write anything?"
    figure("points at which one call goes wrong", tried.total())


@pytest.mark.skipif(not LONG, reason="every pair of faults: make test-long")
@pytest.mark.parametrize("name", STORIES)
def test_two_calls_that_go_wrong_are_survived_as_well(name: str, tmp_path: Path, figure: Figure) -> None:
    with pretended() as centre:
        tried = tell(STORIES[name], centre, Splits(centre, tmp_path, faults=2))
    figure("pairs of calls that go wrong", tried.total())


def test_where_it_went_wrong_is_told(tmp_path: Path) -> None:
    def never() -> None:
        raise AssertionError("so it ends")

    told = r"killed before at call 1, GetItem:\nTraceback [\s\S]*so it ends"
    with pretended() as centre, pytest.raises(AssertionError, match=told):
        play(Splits(centre, tmp_path), lambda: centre.start("CASE-1"), never)


@pytest.fixture
def told() -> Iterator[AwsCentre]:
    """A system is told of what happens."""
    with pretended() as centre:
        centre.configure({**TENANT, "webhooks": [{"webhook_id": "crm", "url": "https://crm.example.com/hook"}]})
        centre.clock.pass_seconds(5)
        yield centre


@pytest.fixture
def cancelled(told: AwsCentre) -> AwsCentre:
    """Jill's case has been noted upon and cancelled."""
    centre = told
    engagement_id = centre.start("CASE-1", consumer=JILL)
    centre.consume()
    supervising.add_note(centre.world, centre.read(engagement_id), "sue", "He called again.")
    desk.cancel(centre.world, Order(engagement_id, "integration:crm"))
    centre.consume()
    return centre


def test_an_erasure_that_was_cut_short_is_finished_by_asking_again(cancelled: AwsCentre, tmp_path: Path) -> None:
    centre = cancelled

    def erase() -> None:
        privacy.erase(centre.world, JILL, "admin:adm")

    def erased_for_good() -> None:
        erase()
        centre.consume()
        rows = str(centre.clients.dynamodb.scan(TableName="interleave")["Items"])
        assert "Jill" not in rows
        assert "called" not in rows
        assert centre.world.store.visits(consumer_key(JILL) or "") == []

    assert play(Splits(centre, tmp_path), erase, erased_for_good)["killed after"] > 0


def test_a_batch_of_the_stream_that_was_cut_short_comes_again_and_all_of_it_is_told(
    told: AwsCentre, tmp_path: Path
) -> None:
    centre = told
    works = [centre.start("CASE-1"), centre.start("CASE-2")]
    desk.cancel(centre.world, Order(works[0], "integration:crm"))

    def again() -> None:
        centre.catch_up()
        centre.deliver()
        heard = {headers["webhook-id"] for _, headers, _ in centre.posts.sent}
        assert heard == {f"{works[0]}.1", f"{works[0]}.2", f"{works[1]}.1"}, "I13"

    assert play(Splits(centre, tmp_path), centre.catch_up, again)["done in part"] > 0


def test_a_delivery_that_was_cut_short_comes_again_and_is_made(cancelled: AwsCentre, tmp_path: Path) -> None:
    centre = cancelled
    delivery = Delivery("crm", "e.1", "contact_center.engagement_started", "{}")

    def deliver() -> None:
        delivering.deliver(centre.world, delivery)

    def made() -> None:
        deliver()  # nobody took it off its queue
        assert {headers["webhook-id"] for _, headers, _ in centre.posts.sent} == {"e.1"}
        assert centre.world.store.attempts("crm", 0, 2 * centre.clock(), 10)[-1].problem is None

    assert play(Splits(centre, tmp_path), deliver, made)["killed after"] > 0


def test_a_roll_up_that_was_cut_short_is_made_by_the_next_sweep(tmp_path: Path) -> None:
    """One quarter of an hour is over, and a fact of the one before has come late."""
    with pretended() as centre:
        rolling.roll_up(centre.world)
        record(centre, fact(1, NOW))
        centre.clock.at = RIPE
        rolling.roll_up(centre.world)
        record(centre, fact(2, NOW), fact(3, NEXT))
        centre.clock.at = RIPE + QUARTER_MS

        def next_sweep() -> None:
            rolling.roll_up(centre.world)
            assert handled(report(centre, QUARTER, NEXT)) == 2
            assert handled(report(centre, NEXT, NEXT + QUARTER_MS)) == 1
            assert centre.world.store.late() == {}
            assert centre.world.store.coverage().upto == NEXT + QUARTER_MS

        tried = play(Splits(centre, tmp_path), lambda: rolling.roll_up(centre.world), next_sweep)
    assert tried["killed after"] > 0


CHANGES = {
    "in one row": {**TENANT, "heartbeat_timeout": 60},
    "in more than one row": {**TENANT, "queues": [*TENANT["queues"], NEW_QUEUE]},
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_document_that_is_cut_short_is_the_old_one_or_the_new_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "in more than one row":
        monkeypatch.setattr(codec, "LARGEST_PART", 200)
    with pretended() as centre:
        known = {1: ("old", configuring.current(centre.world).document), 2: ("new", CHANGES[name])}

        def either() -> None:
            found = configuring.current(centre.world)
            which, document = known[found.version]
            assert found.document == document
            (tmp_path / which).touch()

        play(Splits(centre, tmp_path), lambda: configuring.apply(centre.world, CHANGES[name], None), either)
    assert (tmp_path / "old").exists()
    assert (tmp_path / "new").exists()


def _started_unanswered(centre: AwsCentre, accepted: list[str]) -> list[str]:
    """A start whose answer was lost may be on record: then it must live on like any other."""
    found = centre.world.store.last_of_work(work_key("CASE-1", "A case"))
    return [found.engagement_id] if found and found.engagement_id not in accepted else []


def _recover(centre: AwsCentre, accepted: list[str]) -> None:
    """The router, the sweeper and the stream's consumer run; invariants hold."""
    centre.settle()
    check(centre, accepted)


def _finish_all(centre: AwsCentre, accepted: list[str]) -> None:
    """All work comes to its end (I3)."""
    centre.clock.pass_seconds(VISIBILITY_SECONDS + 1)  # what somebody had received and not deleted is there again
    check_nothing_waits_in_vain(centre, accepted)
    centre.ready("ana", "ben")
    for _ in range(6):
        if _all_closed(centre, accepted):
            break
        centre.clock.pass_seconds(90)
        centre.run()
        check(centre, accepted)
        for each in accepted:
            _finish(centre, each)
    check(centre, accepted)
    assert _all_closed(centre, accepted), "I3: not everything that was accepted could be finished"
    assert all(not centre.occupancy(agent_id).held for agent_id in ("ana", "ben")), "I10: something is still held"
    centre.catch_up()
    _all_is_recorded(centre, accepted)


def _all_is_recorded(centre: AwsCentre, accepted: list[str]) -> None:
    """Every version is in the history (I6), and counts once in the reports (I11)."""
    world = centre.world
    versions = {each: reading.engagement(world, each).version for each in accepted}
    i6_history_is_dense(world, versions)
    events = {}
    for each in accepted:
        engagement = reading.engagement(world, each)
        events |= {(each, event.version): (engagement, event) for event in reading.events(world, engagement)}
    i11_reports_equal_a_fold(world.store, events, events)


def _finish(centre: AwsCentre, engagement_id: str) -> None:
    found = centre.world.store.engagement(engagement_id)
    if found is not None and found.state == "offered":
        found = centre.accept(engagement_id)
    if found is not None and found.state == "queued" and _is_manual(centre, found.queue_id):
        found = desk.pull(centre.world, "ana", found.queue_id, "agent:ana")
    if found is not None and found.state in ("assigned", "inactive", "wrap_up"):
        centre.end(engagement_id)


def _is_manual(centre: AwsCentre, queue_id: str) -> bool:
    return centre.world.tenant().queue_by_id[queue_id].distribution == "manual"


def _all_closed(centre: AwsCentre, accepted: list[str]) -> bool:
    store = centre.world.store
    found = [store.engagement(each) or store.archived(each)[0] for each in accepted]
    return all(each is not None and each.state == "closed" for each in found)
