"""What agents and supervisors do, and what they have no right to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from chalicelib.operations import amending, desk, sessions, supervising, transferring
from chalicelib.operations.ordering import Order
from chalicelib.operations.transferring import Target
from tests.simulation import answers
from tests.simulation.machine import NUMBER, Machine, move
from tests.simulation.model import AGENT, Model, Refused
from tests.simulation.tenant import AGENTS, QUEUES

WHO = st.sampled_from([*["holder"] * 8, "supervisor", "supervisor", "stranger", "crm"])
USERS = st.sampled_from([*AGENTS, "sue"])


class Desks(Machine):
    """Moves of theirs."""

    @move(
        2,
        agent=st.sampled_from(AGENTS),
        says=st.sampled_from(["status", "status", "opt out", "elsewhere"]),
        status=st.sampled_from([*["ready"] * 6, "not_ready", "offline"]),
        reason=st.sampled_from([None, None, None, "break", "sun"]),
        queues=st.lists(st.sampled_from(QUEUES), max_size=1),
        reference=st.sampled_from(["r1", "r2"]),
        channel=st.sampled_from(["voice", "work_item", None, None]),
    )
    def an_agent_says(
        self,
        agent: str,
        says: str,
        status: Any,
        reason: str | None,
        queues: list[str],
        reference: str,
        channel: str | None,
    ) -> None:
        if says == "status":
            self.set_status(agent, status, reason)
        elif says == "opt out":
            self.opt_out("eve" if reason == "sun" else agent, queues)
        else:
            self.elsewhere(agent, reference, channel)

    def set_status(self, agent: str, status: Any, reason: str | None) -> None:
        def expect(model: Model) -> None:
            if reason == "sun":
                raise Refused("InvalidRequest")
            model.people[agent] = replace(model.people[agent], status=status, since=self.clock())

        self.play(lambda: sessions.set_status(self.world, agent, status, reason, f"agent:{agent}"), expect, about="him")

    def opt_out(self, agent: str, queues: list[str]) -> None:
        def expect(model: Model) -> None:
            if agent not in AGENTS:
                raise Refused("NotFound")
            if not set(queues) <= set(AGENT[agent]["queues"]):
                raise Refused("InvalidRequest")
            model.people[agent] = replace(model.people[agent], out=tuple(sorted(set(queues))))

        self.play(lambda: sessions.opt_out(self.world, agent, queues), expect, about="him")

    def elsewhere(self, agent: str, reference: str, channel: str | None) -> None:
        """Another system gives him work, or takes it from him."""

        def expect(model: Model) -> None:
            rest = {ref: ch for ref, ch in model.people[agent].elsewhere if ref != reference}
            given = {**rest, **({reference: channel} if channel else {})}
            model.people[agent] = replace(model.people[agent], elsewhere=tuple(sorted(given.items())))

        if channel:
            self.play(lambda: sessions.take_elsewhere(self.world, agent, reference, channel), expect, about="him")
        else:
            self.play(lambda: sessions.leave_elsewhere(self.world, agent, reference), expect, about="him")

    @move(
        4,
        which=st.sampled_from(["accept", "accept", "accept", "accept", "decline"]),
        n=NUMBER,
        agent=st.sampled_from(["", "", "", "", "", *AGENTS]),
        old=st.integers(0, 9),
    )
    def answer(self, which: str, n: int, agent: str, old: int) -> None:
        """Accept or decline; sometimes what is another's, or with the id of an offer that is over."""
        work = self.pick(n, "offered")
        if work is None:
            return
        order = self.order(work, "holder", n)
        agent = agent or order.agent_id or "ana"
        offer = work.offer if old != 9 and work.offer else self.old_offers[-1 - n % min(len(self.old_offers), 4)]
        self._answer(which, work.id, agent, offer, order.version)

    def _answer(self, which: str, id_: str, agent: str, offer: str, version: int | None) -> None:
        order = Order(id_, f"agent:{agent}", agent, version)

        def operation() -> Any:
            if which == "accept":
                return desk.accept(self.world, order, offer)
            return desk.decline(self.world, order, offer, "lunch")

        self.play(
            operation,
            lambda model: answers.answer(model, which, id_, agent, offer, self.clock(), version),
            ("accept",) if which == "accept" else ("decline", "pass"),
            id_,
        )

    @move(
        2,
        agent=st.sampled_from(["cem", "cem", "dee", "dee", "ana", "eve"]),
        queue=st.sampled_from(["shelf", "shelf", "shelf", "shelf", "crew", "moon"]),
    )
    def pull(self, agent: str, queue: str) -> None:
        if self.faults.kind == "overtaken":
            self.faults.disarm()
        visible, now = {each.engagement_id for each in self.store.waiting("shelf")}, self.clock()

        def expect(model: Model) -> None:
            work = answers.next_on(model, queue, agent, visible, now)
            if work is not None:
                model.taken(work, "pull", "agent", agent)

        try:
            work = answers.next_on(self.model, queue, agent, visible, now)
        except Refused:
            work = None
        names, about = (("pull",), work.id) if work else ((), None)
        self.play(lambda: desk.pull(self.world, agent, queue, f"agent:{agent}"), expect, names, about)

    @move(
        6,
        what=st.sampled_from(["deactivate", "activate", "release", "end", "end", "wrap_up", "extend", "switch"]),
        who=WHO,
        n=NUMBER,
        seconds=st.sampled_from([None, 30, 100, 1000]),
        channel=st.sampled_from(["voice", "work_item"]),
    )
    def handle(self, what: str, who: str, n: int, seconds: int | None, channel: str) -> None:
        """What an agent does with what is in his hands."""
        states = {"activate": ["inactive"], "wrap_up": ["wrap_up"], "extend": ["wrap_up"]}
        work = self.pick(n, *states.get(what, ["assigned", "inactive"]))
        if work is None:
            return
        order, now, id_ = self.order(work, who, n), self.clock(), work.id
        role, agent, version = order.actor.split(":")[0], order.agent_id, order.version
        later = None if seconds is None else now + 1000 * seconds
        world, more = self.world, seconds or 5
        match what:
            case "deactivate":
                play = (
                    lambda: desk.deactivate(world, order, later),
                    lambda m: answers.park(m, id_, agent, role, later, version),
                )
            case "activate":
                play = lambda: desk.activate(world, order), lambda m: answers.take_up(m, id_, agent, role, version)
            case "release":
                play = lambda: desk.release(world, order), lambda m: answers.release(m, id_, agent, role, now, version)
            case "end":
                play = (
                    lambda: desk.end(world, order, "Done"),
                    lambda m: answers.finish(m, id_, agent, role, now, version),
                )
            case "wrap_up":
                play = (
                    lambda: desk.wrap_up(world, order, "Done"),
                    lambda m: answers.wrapped(m, id_, agent, role, version),
                )
            case "extend":
                play = (
                    lambda: desk.extend(world, order, more),
                    lambda m: answers.extend(m, id_, agent, role, more, now, version),
                )
            case _:
                play = (
                    lambda: amending.switch(world, order, channel),
                    lambda m: answers.switch(m, id_, agent, role, channel, version),
                )
        names = {"end": ("finish", "close"), "wrap_up": ("close",)}.get(what, (what,))
        self.play(*play, names, id_)

    @move(
        2,
        to=st.sampled_from(
            [*(("queue", each) for each in (*QUEUES, "moon")), *(("agent", each) for each in (*AGENTS, "eve"))]
            + [("flow", each) for each in ("entry-kind", "entry-dee", "entry-draft")]
        ),
        keep=st.booleans(),
        who=WHO,
        n=NUMBER,
    )
    def transfer(self, to: tuple[Any, str], keep: bool, who: str, n: int) -> None:
        work = self.pick(n, "assigned", "inactive")
        if work is None:
            return
        order, now = self.order(work, who, n), self.clock()
        role = order.actor.split(":")[0]
        self.play(
            lambda: transferring.transfer(self.world, order, Target(*to, keep)),
            lambda m: answers.transfer(m, work.id, order.agent_id, role, (*to, keep), now, order.version),
            ("transfer", "refuse_transfer"),
            work.id,
        )

    @move(
        3,
        mode=st.sampled_from(["monitor", "whisper", "barge", "consult", "leave", "take_over", "take_over"]),
        user=USERS,
        n=NUMBER,
    )
    def supervise(self, mode: Any, user: str, n: int) -> None:
        """Take part in work, take part no longer, take it over."""
        work = self.pick(n, "assigned")
        if work is None:
            return
        if mode == "take_over" and work.taking_part and n % 5:
            user = work.taking_part[n % len(work.taking_part)][0]
        order = replace(self.order(work, "supervisor", n), actor=f"{'supervisor' if user == 'sue' else 'agent'}:{user}")
        role, id_, version = order.actor.split(":")[0], work.id, order.version
        match mode:
            case "leave":
                play = (
                    lambda: supervising.leave(self.world, order, user),
                    lambda m: answers.leave(m, id_, role, user, version),
                )
            case "take_over":
                play = (
                    lambda: supervising.take_over(self.world, order, user),
                    lambda m: answers.take_over(m, id_, role, user, version),
                )
            case _:
                play = (
                    lambda: supervising.observe(self.world, order, user, mode),
                    lambda m: answers.observe(m, id_, role, user, mode, version),
                )
        self.play(*play, (mode if mode in ("leave", "take_over") else "observe",), id_)

    @move(1, n=NUMBER, user=USERS)
    def write_a_note(self, n: int, user: str) -> None:
        work = self.pick(n)
        if work is not None:
            kept, found = self.store.notes(work.id), self.store.engagement(work.id)
            assert found is not None
            note = supervising.add_note(self.world, found, user, "a word")
            assert note.kind == dict(work.taking_part).get(user, "note")
            assert len(self.store.notes(work.id)) == len(kept) + 1
