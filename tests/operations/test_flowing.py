"""Work goes through flows: what they ask is found out, what they set is kept, and nobody is asked twice in vain."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping

import pytest

from chalicelib.engagements import model
from chalicelib.engagements.model import Content
from chalicelib.errors import DuplicateWork, KeyReused, NotFound, TransferRefused
from chalicelib.events.signatures import signed
from chalicelib.flows import interpreter
from chalicelib.operations import flowing, intake, reading, transferring
from chalicelib.operations.ordering import Order
from tests.flows.support import document_with
from tests.flows.test_steps import BY_TIER, CALL, GENERAL, OTHER
from tests.support.poster import out_of_order
from tests.support.worlds import NOW, TENANT, Centre, MemoryCentre

GOLD = json.dumps({"customer": {"tier": "gold", "owner": "ana"}}).encode()


def gold(headers: Mapping[str, str], body: bytes) -> bytes:
    return GOLD


def start(centre: Centre, work: str = "CASE-1", key: str | None = None, **consumer: str) -> str:
    content = Content({"work_item_id": work, "work_item_name": "A case"}, (consumer,) if consumer else ())
    given = intake.IdempotencyKey(key, repr(content)) if key else None
    started = intake.start(
        centre.world,
        flow_entry_id="entry-tickets",
        channel="work_item",
        content=content,
        actor="integration:crm",
        idempotency=given,
        use_existing=False,
    )
    return started.engagement_id


def trace(centre: Centre, engagement_id: str) -> list[str]:
    started = centre.read(engagement_id).trail[0]
    found: list[str] = started.detail["trace"]
    return found


class TestSize:
    def test_what_a_flow_sets_beyond_what_a_row_has_room_for_is_not_kept(self, any_centre: Centre) -> None:
        """Whoever starts work is not refused for it, and the router, through whose hands it goes, is not stopped."""
        much = {f"global_custom.t.v{n}": random.Random(n).randbytes(512).hex() for n in range(900)}
        any_centre.configure(document_with({"set": {"queue_id": "express", "variables": much}}))
        work = any_centre.read(start(any_centre))
        assert (work.queue_id, work.content.variables) == ("express", ())


class TestCalls:
    def test_a_system_of_record_is_asked_signed_and_in_time(self, any_centre: Centre) -> None:
        any_centre.configure(document_with(CALL, BY_TIER))
        any_centre.posts.receiver = gold
        work = any_centre.read(start(any_centre, consumer_external_id="C-1"))
        ((url, headers, body),) = any_centre.posts.sent
        assert url == "https://crm.example.com/api/customers/find"
        assert json.loads(body) == {"id": "C-1", "why": "routing"}
        secret = flowing.secret_of_system(any_centre.world, "crm")
        assert headers == {
            **signed("standard", secret, headers["webhook-id"], body, NOW // 1000),
            "Content-Type": "application/json",
        }
        assert any_centre.posts.seconds == [3.0]
        assert (work.queue_id, work.content.variables) == (
            "express",
            ({"name": "global_custom.crm.owner", "value": "ana"},),
        )

    @pytest.mark.parametrize("answer", [b"", b"no JSON", b"{" * 20_000, b'{"customer": '])
    def test_what_cannot_be_read_is_a_failure(self, centre: MemoryCentre, answer: bytes) -> None:
        centre.configure(document_with(CALL, BY_TIER))
        centre.posts.receiver = lambda *_: answer
        assert trace(centre, start(centre)) == ["crm:failed", "2:otherwise"]

    def test_half_a_character_is_kept_as_none(self, any_centre: Centre) -> None:
        """Systems that cut a text by its UTF-16 units answer with half of what is beyond them."""
        any_centre.configure(document_with(CALL, BY_TIER))
        any_centre.posts.receiver = lambda *_: b'{"customer": {"tier": "gold", "owner": "ana \\ud83d"}}'
        work = any_centre.read(start(any_centre))
        assert work.content.variables == ({"name": "global_custom.crm.owner", "value": "ana ?"},)

    def test_a_system_that_is_down_takes_the_exit_of_its_own(self, centre: MemoryCentre) -> None:
        centre.configure(document_with(CALL, BY_TIER))
        centre.posts.receiver = out_of_order
        assert trace(centre, start(centre)) == ["crm:failed", "2:otherwise"]

    def test_all_calls_of_a_run_together_take_no_longer_than_one_may(self, centre: MemoryCentre) -> None:
        calls = [{**CALL, "name": name} for name in ("one", "two", "three")]
        centre.configure(document_with(*calls, GENERAL))

        def slow(headers: Mapping[str, str], body: bytes) -> bytes:
            centre.clock.pass_seconds(1.5)
            return GOLD

        centre.posts.receiver = slow
        assert trace(centre, start(centre)) == ["one:answered", "two:answered", "three:failed"]
        assert centre.posts.seconds == [3.0, 1.5]

    def test_a_replay_calls_nobody(self, any_centre: Centre) -> None:
        any_centre.configure(document_with(CALL, BY_TIER))
        any_centre.posts.receiver = gold
        work = start(any_centre, key="k")
        assert start(any_centre, key="k") == work
        with pytest.raises(DuplicateWork):
            start(any_centre, key="other")
        with pytest.raises(KeyReused):
            start(any_centre, "CASE-2", key="k")
        assert len(any_centre.posts.sent) == 1

    def test_a_retry_after_a_crash_calls_again_under_the_same_id(self, centre: MemoryCentre) -> None:
        centre.configure(document_with(CALL, BY_TIER))

        def dying(headers: Mapping[str, str], body: bytes) -> bytes:
            raise MemoryError

        centre.posts.receiver = dying
        with pytest.raises(MemoryError):
            start(centre, key="k")
        centre.posts.receiver = gold
        start(centre, key="k")
        start(centre, "CASE-2", key="another")
        ids = [headers["webhook-id"] for _, headers, _ in centre.posts.sent]
        assert ids[0] == ids[1] != ids[2]

    def test_the_secret_of_no_system_is_not_there(self, centre: MemoryCentre) -> None:
        with pytest.raises(NotFound):
            flowing.secret_of_system(centre.world, "crm")


class TestLookUps:
    def test_a_queue_is_counted(self, any_centre: Centre) -> None:
        full = {"when": {"field": "queue.general.waiting", "op": "greater_than", "value": 1}, "route": {}}
        ready = {"when": {"field": "queue.general.agents_ready", "op": "greater_than", "value": 0}, "route": {}}
        old = {"when": {"field": "queue.general.oldest_seconds", "op": "greater_than", "value": 59}, "route": {}}
        steps = [
            {"queue_statistics": "general"},
            {"name": "full", "choose": [full], "otherwise": {}},
            {"name": "ready", "choose": [ready], "otherwise": {}},
            {"name": "old", "choose": [old], "otherwise": {}},
            GENERAL,
        ]
        any_centre.configure(document_with(*steps))
        assert trace(any_centre, start(any_centre)) == ["full:otherwise", "ready:otherwise", "old:otherwise"]
        start(any_centre, "CASE-2")
        any_centre.settle()
        any_centre.clock.pass_seconds(60)
        any_centre.ready("ben")
        assert trace(any_centre, start(any_centre, "CASE-3")) == ["full:1", "ready:1", "old:1"]

    def test_a_consumer_who_was_here_is_known_again(self, any_centre: Centre) -> None:
        back = {"when": {"field": "consumer.returning", "op": "equal_to", "value": True}, "route": {}}
        any_centre.configure(
            document_with(
                {"consumer": {"returning_within": 3600}},
                {"name": "back", "choose": [back], "otherwise": {}},
                GENERAL,
            )
        )
        assert trace(any_centre, start(any_centre, consumer_external_id="C-1")) == ["back:otherwise"]
        any_centre.settle()
        any_centre.clock.pass_seconds(3600)
        assert trace(any_centre, start(any_centre, "CASE-2", consumer_external_id="C-1")) == ["back:1"]
        assert trace(any_centre, start(any_centre, "CASE-3", consumer_external_id="C-2")) == ["back:otherwise"]
        any_centre.settle()  # the stream comes again from its beginning: what is older changes nothing
        any_centre.clock.pass_seconds(3600)
        assert trace(any_centre, start(any_centre, "CASE-4", consumer_external_id="C-1")) == ["back:1"]

    def test_work_that_is_transferred_through_a_flow_does_not_come_back(self, any_centre: Centre) -> None:
        back = {"when": {"field": "consumer.returning", "op": "equal_to", "value": True}, "route": {}}
        steps = [{"consumer": {"returning_within": 3600}}, {"name": "back", "choose": [back], "otherwise": {}}, GENERAL]
        any_centre.configure(document_with(*steps))
        work = start(any_centre, consumer_external_id="C-1")
        any_centre.ready("ben")
        any_centre.settle()
        any_centre.accept(work)
        any_centre.clock.pass_seconds(1)
        target = transferring.Target("flow", "entry-tickets")
        transferring.transfer(any_centre.world, Order(work, "agent:ben", "ben"), target)
        assert any_centre.read(work).trail[-1].detail["trace"] == ["back:otherwise"]

    def test_a_consumer_is_the_same_to_flows_and_to_his_visits(self) -> None:
        assert interpreter.IDENTITIES == model.IDENTITIES

    def test_a_split_is_fair_and_the_same_for_the_same_engagement(self) -> None:
        lots = [flowing.lot(f"engagement-{n}/trial") for n in range(2000)]
        assert all(0 <= lot < 100 for lot in lots)
        assert 0.26 < sum(lot < 30 for lot in lots) / 2000 < 0.34
        assert flowing.lot("engagement-1/trial") == lots[1]


class TestWhatAFlowSets:
    def test_a_due_date_by_rule_is_the_works_due_date(self, centre: MemoryCentre) -> None:
        centre.configure(document_with({"set": {"queue_id": "general", "due": {"seconds": 60}}}))
        content = centre.read(start(centre)).content
        assert content.work_item_variables["work_item_due_date"] == "2025-11-23T17:47:40+00:00"

    def test_a_value_that_its_declaration_does_not_allow_changes_nothing(self, centre: MemoryCentre) -> None:
        variables = {"global_custom.desk.amount": "a lot", "global_custom.desk.free": "a lot"}
        declared = {
            "variable_groups": [{"variable_group_id": "desk", "variable_group_name": "desk"}],
            "variables": [
                {
                    "variable_id": "amount",
                    "variable_name": "amount",
                    "variable_group_id": "desk",
                    "data_type": "number",
                    "default_value": "5",
                }
            ],
        }
        centre.configure(document_with({"set": {"variables": variables}}, GENERAL, **declared))
        said = {each["name"]: each["value"] for each in centre.read(start(centre)).content.variables}
        assert said == {"global_custom.desk.amount": "5", "global_custom.desk.free": "a lot"}

    def test_a_flow_may_close_work_at_once(self, any_centre: Centre) -> None:
        any_centre.configure(document_with({"name": "spam", "end": True}))
        work = any_centre.read(start(any_centre))
        assert (work.state, work.end_reason, work.version) == ("closed", "overflowed", 2)
        assert [event.command for event in work.trail] == ["start", "overflow_out"]
        any_centre.settle()
        assert (
            any_centre.world.store.facts("queue_performance", NOW - 86_400_000, NOW + 1) == []
        )  # it never was in a queue
        assert start(any_centre) != work.engagement_id  # the work is not active


class TestOtherWaysThrough:
    def test_a_transfer_through_a_flow_names_its_version_and_keeps_the_one_it_started_with(
        self, centre: MemoryCentre
    ) -> None:
        routed = {"route": {"queue_id": "express", "variables": {"global_custom.a.b": "c"}}}
        version = {"flow_version": 4, "status": "published", "steps": [CALL, routed]}
        centre.configure(document_with({"route": {"queue_id": "billing"}}, flows=[{**OTHER, "versions": [version]}]))
        centre.posts.receiver = gold
        work = start(centre)
        centre.ready("ana")
        centre.settle()
        centre.accept(work)
        order = Order(work, "agent:ana", "ana")
        moved = transferring.transfer(centre.world, order, transferring.Target("flow", "entry-escalation"))
        assert (moved.queue_id, moved.flow.flow_version) == ("express", 1)
        assert {"name": "global_custom.a.b", "value": "c"} in moved.content.variables
        detail = moved.trail[-1].detail
        assert (detail["flow"], detail["trace"]) == ("escalation@4", ["crm:answered"])

    def test_a_flow_that_ends_work_is_nowhere_to_transfer_to(self, centre: MemoryCentre) -> None:
        version = {"flow_version": 1, "status": "published", "steps": [{"end": True}]}
        centre.configure(document_with({"route": {"queue_id": "billing"}}, flows=[{**OTHER, "versions": [version]}]))
        work = start(centre)
        centre.ready("ana")
        centre.settle()
        centre.accept(work)
        order, target = Order(work, "agent:ana", "ana"), transferring.Target("flow", "entry-escalation")
        with pytest.raises(TransferRefused, match="ends"):
            transferring.transfer(centre.world, order, target)

    @pytest.mark.parametrize("ends", [False, True])
    def test_overflow_through_a_flow_calls_nobody_and_names_the_version(self, centre: MemoryCentre, ends: bool) -> None:
        last = {"end": True} if ends else {"route": {"queue_id": "express"}}
        version = {"flow_version": 4, "status": "published", "steps": [CALL, last]}
        overflow = {"max_wait_time": 60, "overflow": {"flow_entry_id": "entry-escalation"}}
        queues = [{**TENANT["queues"][0], **overflow}, *TENANT["queues"][1:]]
        flows = [{**OTHER, "versions": [version]}]
        centre.configure(document_with({"route": {"queue_id": "billing"}}, flows=flows, queues=queues))
        work = start(centre)
        centre.settle()
        centre.clock.pass_seconds(60)
        centre.settle()
        moved = centre.read(work)
        assert (moved.state, moved.queue_id) == (("closed", "billing") if ends else ("queued", "express"))
        detail = reading.events(centre.world, moved)[1].detail
        assert (detail["flow"], detail["trace"][0]) == ("escalation@4", "crm:failed")
        assert centre.posts.sent == []
