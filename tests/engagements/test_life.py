"""The life of an engagement: whatever commands come, in whatever order, the invariants hold (I4–I7, I10)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.engagements import commands
from chalicelib.engagements.model import (
    Change,
    Content,
    Destination,
    Disposition,
    Engagement,
    FlowReference,
    Occupancy,
    new_engagement_id,
    own_work_key,
    work_key,
    work_key_of,
)
from chalicelib.engagements.states import TRANSITIONS
from chalicelib.errors import InterleaveError, NoCapacity, NotFound, StaleOffer, WrongState
from chalicelib.routing.consumer import USUAL, Standing
from tests.support.size import examples
from tests.support.worlds import memory_centre

CAPACITY = 1
AGENTS = ("ana", "ben", "cy")


def new(work: str = "CASE-1", now: int = 0, nth: int = 0, not_before: int | None = None) -> Engagement:
    return commands.start(
        new_engagement_id(work_key(work, "A case"), nth.to_bytes(8, "big")),
        channel="work_item",
        to=Destination("billing", 1),
        flow=FlowReference("f", "F", 1, "e"),
        content=Content({"work_item_name": "A case"}),
        actor="integration:crm",
        now=now,
        not_before=not_before,
    )


class Life(RuleBasedStateMachine):
    """Two works, two agents with one place each, and every command at any time."""

    @initialize()
    def begin(self) -> None:
        self.now = 0
        self.offers = 0
        self.starts = 0
        self.engagements = {work: new(work) for work in ("CASE-1", "CASE-2")}
        self.agents = {agent_id: Occupancy(agent_id, status="ready") for agent_id in AGENTS}

    def attempt(self, work: str, make: object) -> None:
        """Carry out a command as the store would: at the versions seen, or not at all."""
        try:
            change: Change = make()  # type: ignore[operator]
        except InterleaveError:
            return
        assert change.engagement is not None
        assert change.engagement_seen == self.engagements[work].version
        self.engagements[work] = change.engagement
        for occupancy, seen in change.occupancies:
            assert seen == self.agents[occupancy.agent_id].version
            self.agents[occupancy.agent_id] = occupancy

    works = st.sampled_from(["CASE-1", "CASE-2"])
    agents_ = st.sampled_from(AGENTS)

    @rule(seconds=st.integers(1, 20))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * 1000

    def others(self, engagement: Engagement, agent: str | None) -> tuple[Occupancy, ...]:
        return tuple(self.agents[each] for each in engagement.holders if each != agent)

    @rule(work=works, agents=st.lists(agents_, min_size=1, max_size=3, unique=True))
    def offer(self, work: str, agents: list[str]) -> None:
        """To one, or to several at once."""
        if any(self.agents[agent].load("work_item") >= CAPACITY for agent in agents):
            return  # the router's core never proposes it
        self.offers += 1
        engagement, expires = self.engagements[work], self.now + 30_000
        occupancy, *others = (self.agents[agent] for agent in agents)
        self.attempt(
            work,
            lambda: commands.offer(
                engagement,
                occupancy,
                offer_id=f"o{self.offers}",
                expires_at=expires,
                now=self.now,
                others=tuple(others),
            ),
        )

    @rule(work=works, agent=agents_)
    def pull(self, work: str, agent: str) -> None:
        engagement, occupancy = self.engagements[work], self.agents[agent]
        if occupancy.load("work_item") < CAPACITY:
            self.attempt(work, lambda: commands.pull(engagement, occupancy, actor=f"agent:{agent}", now=self.now))

    @rule(work=works, dice=st.integers(1, 6))
    def leave_the_queue(self, work: str, dice: int) -> None:
        """To another queue, or, now and then, out."""
        engagement, now = self.engagements[work], self.now
        if dice == 6:
            self.attempt(work, lambda: commands.overflow_out(engagement, reason="queue_full", now=now))
        else:
            self.attempt(
                work, lambda: commands.overflow(engagement, Destination(f"q{dice}", 2), reason="queue_full", now=now)
            )

    @rule(work=works)
    def enqueue(self, work: str) -> None:
        engagement = self.engagements[work]
        self.attempt(work, lambda: commands.enqueue(engagement, standing=Standing(), now=self.now))

    @rule(work=works, somebody=agents_, kind=st.sampled_from(["the open one", "the open one", "mine", "an old one"]))
    def accept(self, work: str, somebody: str, kind: str) -> None:
        engagement = self.engagements[work]
        mine = engagement.offer and (kind != "the open one" or somebody in engagement.holders)
        agent = somebody if mine or engagement.offer is None else engagement.holders[-1]
        offer_id = engagement.offer.offer_id if engagement.offer and kind != "an old one" else f"o{self.offers - 1}"
        before = engagement.offer
        self.attempt(
            work,
            lambda: commands.accept(
                engagement,
                agent_id=agent,
                offer_id=offer_id,
                actor=f"agent:{agent}",
                now=self.now,
                others=self.others(engagement, agent),
            ),
        )
        if self.engagements[work].version > engagement.version:
            assert before is not None, "I7"
            assert before.offer_id == offer_id, "I7"
            assert agent in engagement.holders, "I7"
            assert self.engagements[work].holders == (agent,), "I4"
            assert self.now < before.expires_at, "I7"

    @rule(work=works, agent=agents_)
    def decline(self, work: str, agent: str) -> None:
        engagement, occupancy = self.engagements[work], self.agents[agent]
        self.attempt(
            work,
            lambda: commands.decline(
                engagement,
                occupancy,
                offer_id=engagement.offer.offer_id if engagement.offer else f"o{self.offers}",
                actor=f"agent:{agent}",
                reason=None,
                cool_until=self.now + 1,
                now=self.now,
            ),
        )

    @rule(work=works)
    def miss(self, work: str) -> None:
        engagement = self.engagements[work]
        occupancy = self.agents[engagement.agent_id or "ana"]
        others = self.others(engagement, occupancy.agent_id)
        self.attempt(work, lambda: commands.miss(engagement, occupancy, cool_until=0, now=self.now, others=others))

    @rule(work=works, agent=agents_)
    def rescind(self, work: str, agent: str) -> None:
        engagement, occupancy = self.engagements[work], self.agents[agent]
        if agent in engagement.holders:
            self.attempt(
                work, lambda: commands.rescind(engagement, occupancy, actor="system:router", reason="x", now=self.now)
            )

    @precondition(lambda self: any(e.assigned_at is not None for e in self.engagements.values()))
    @rule(
        work=works,
        stranger=st.integers(1, 5).map(lambda n: n == 5),
        command=st.sampled_from(["deactivate", "activate", "release", "end", "end with wrap-up", "close"]),
    )
    def act(self, work: str, stranger: bool, command: str) -> None:
        engagement = self.engagements[work]
        agent = AGENTS[0] if engagement.agent_id is None or stranger else engagement.agent_id
        occupancy = self.agents[agent]
        actor, now = f"agent:{agent}", self.now
        calls = {
            "deactivate": lambda: commands.deactivate(engagement, occupancy, actor=actor, now=now),
            "activate": lambda: commands.activate(
                engagement, occupancy, room=CAPACITY - occupancy.load("work_item"), actor=actor, now=now
            ),
            "release": lambda: commands.release(engagement, occupancy, actor=actor, now=now, standing=USUAL),
            "end": lambda: commands.end(engagement, occupancy, wrap_up_ms=0, disposition=None, actor=actor, now=now),
            "end with wrap-up": lambda: commands.end(
                engagement, occupancy, wrap_up_ms=1000, disposition=Disposition("x"), actor=actor, now=now
            ),
            "close": lambda: commands.close(engagement, occupancy, disposition=None, actor=actor, now=now),
        }
        self.attempt(work, calls[command])

    @rule(work=works, dice=st.integers(1, 6))
    def cancel(self, work: str, dice: int) -> None:
        engagement = self.engagements[work]
        holder = self.agents[engagement.agent_id] if engagement.agent_id else None
        if dice == 6:
            others = self.others(engagement, engagement.agent_id)
            self.attempt(
                work,
                lambda: commands.cancel(engagement, holder, actor="integration:crm", now=self.now, others=others),
            )
        if dice == 5:
            others = self.others(engagement, engagement.agent_id)
            self.attempt(
                work,
                lambda: commands.abandon(engagement, holder, actor="integration:pbx", now=self.now, others=others),
            )

    @precondition(lambda self: any(e.state == "closed" for e in self.engagements.values()))
    @rule()
    def start_again(self) -> None:
        for work, engagement in self.engagements.items():
            if engagement.state == "closed":
                self.starts += 1
                not_before = self.now + 5000 if self.starts % 3 == 0 else None
                self.engagements[work] = new(work, self.now, self.starts, not_before)

    @invariant()
    def i5_and_i10_what_agents_hold_is_what_the_engagements_say(self) -> None:
        for agent_id, occupancy in self.agents.items():
            mine = {
                e.engagement_id: _parked(e)
                for e in self.engagements.values()
                if agent_id in e.holders and e.state not in ("scheduled", "queued", "closed")
            }
            assert {key: held.parked for key, held in occupancy.held.items()} == mine
            assert occupancy.load("work_item") <= CAPACITY

    @invariant()
    def i6_versions_are_dense_and_transitions_listed(self) -> None:
        for engagement in self.engagements.values():
            assert engagement.trail[-1].version == engagement.version
            for before, event in zip(engagement.trail, engagement.trail[1:], strict=False):
                assert event.version == before.version + 1
                assert before.state in TRANSITIONS[event.command].sources
                assert event.state == (TRANSITIONS[event.command].target or before.state)

    @invariant()
    def durations_are_never_negative(self) -> None:
        for engagement in self.engagements.values():
            assert all(n >= 0 for event in engagement.trail for n in event.detail.values() if isinstance(n, int))


def _parked(engagement: Engagement) -> bool:
    """Whether it takes no place. A wrap-up has the place that the work had before it."""
    return [event.state for event in engagement.trail if event.state != "wrap_up"][-1] == "inactive"


Life.TestCase.settings = settings(max_examples=examples(150, 5_000), stateful_step_count=60, deadline=None)
TestLife = Life.TestCase


def test_an_engagement_id_leads_to_the_key_of_its_work() -> None:
    engagement = new()
    assert work_key_of(engagement.engagement_id) == engagement.work_key == work_key("CASE-1", "A case")
    assert len(engagement.engagement_id) == 32


KEYS = [
    *(work_key(f"CASE-{n}", "A case") for n in range(500)),
    *(own_work_key(bytes([first, *range(15)])) for first in range(256)),
]


def test_no_id_begins_as_a_formula_or_an_option_does() -> None:
    for key in KEYS:
        engagement_id = new_engagement_id(key, b"\xf8" * 8)
        assert not engagement_id.startswith("-")
        assert work_key_of(engagement_id) == key


def test_nor_does_any_other() -> None:
    world = replace(memory_centre().world, token=lambda size: b"\xf8" * size)
    assert world.new_id() == "0Pj4-Pj4-Pj4-Pj4-Pj4-A"


@pytest.mark.parametrize("text", ["", "x", "ü" * 32, "x" * 31, "x" * 33, "!" * 32])
def test_what_is_no_engagement_id_leads_nowhere(text: str) -> None:
    assert work_key_of(text) is None


def test_id_and_name_do_not_run_into_each_other() -> None:
    assert work_key("ab", "c") != work_key("a", "bc")


class TestRefusals:
    """Why a command is refused, in the words of the errors."""

    def offered(self) -> tuple[Engagement, Occupancy]:
        change = commands.offer(new(), Occupancy("ana", status="ready"), offer_id="o", expires_at=30, now=10)
        assert change.engagement is not None
        assert change.occupancy is not None
        return change.engagement, change.occupancy

    def test_i8_an_agent_who_is_not_ready_gets_no_offer(self) -> None:
        for status in ("offline", "not_ready"):
            with pytest.raises(NoCapacity):
                commands.offer(new(), Occupancy("ana", status=status), offer_id="o", expires_at=30, now=10)  # type: ignore[arg-type]

    def test_i7_an_offer_ends_at_its_deadline_not_after_it(self) -> None:
        engagement, _ = self.offered()
        commands.accept(engagement, agent_id="ana", offer_id="o", actor="agent:ana", now=29)
        with pytest.raises(StaleOffer):
            commands.accept(engagement, agent_id="ana", offer_id="o", actor="agent:ana", now=30)

    def test_i4_an_offer_is_one_agents(self) -> None:
        engagement, _ = self.offered()
        with pytest.raises(NotFound):
            commands.accept(engagement, agent_id="ben", offer_id="o", actor="agent:ana", now=20)

    def test_an_offer_that_is_still_open_is_not_missed(self) -> None:
        engagement, occupancy = self.offered()
        with pytest.raises(StaleOffer):
            commands.miss(engagement, occupancy, cool_until=0, now=29)

    def test_another_agents_work_is_not_there(self) -> None:
        engagement, _ = self.offered()
        taken = commands.accept(engagement, agent_id="ana", offer_id="o", actor="agent:ana", now=20).engagement
        assert taken is not None
        with pytest.raises(NotFound):
            commands.deactivate(taken, Occupancy("ben"), actor="agent:ana", now=21)

    def test_closed_is_closed(self) -> None:
        closed = replace(new(), state="closed")
        with pytest.raises(WrongState) as refused:
            commands.cancel(closed, None, actor="supervisor:sue", now=1)
        assert (refused.value.state, refused.value.version) == ("closed", 1)
