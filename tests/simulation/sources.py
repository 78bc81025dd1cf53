"""What the systems of record do: they start work, change it and withdraw it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from hypothesis import strategies as st

from chalicelib.engagements.model import Content
from chalicelib.operations import amending, desk, intake
from tests.simulation import answers
from tests.simulation.machine import NUMBER, UNKNOWN, Machine, move
from tests.simulation.tenant import QUEUES

ENTRIES = ["entry-kind"] * 9 + ["entry-dee", "entry-draft", "entry-unknown"]


class Sources(Machine):
    """Moves of theirs."""

    def __init__(self) -> None:
        super().__init__()
        self.words = count()
        """Never the same ones: what work says already is no change."""

    @move(
        3,
        item=st.integers(1, 3),
        kind=st.sampled_from(["tickets", *QUEUES]),
        language=st.sampled_from(["en", "en", "fr"]),
        entry=st.sampled_from(ENTRIES),
        due=st.sampled_from([None, None, 60, 7200]),
        later=st.sampled_from([None, None, None, None, 0, 60]),
        key=st.sampled_from([None, None, "k1", "k2"]),
        use_existing=st.booleans(),
    )
    def start(
        self,
        item: int,
        kind: str,
        language: str,
        entry: str,
        due: int | None,
        later: int | None,
        key: str | None,
        use_existing: bool,
    ) -> None:
        name, now = f"{item}/{kind}/{language}", self.clock()
        due, later = (None if each is None else now + 1000 * each for each in (due, later))
        said = f"{name} {entry}"
        wanted, existing = self._start_leads_to(name, entry, key, said, use_existing)
        got, answer = self.call(
            lambda: intake.start(
                self.world,
                flow_entry_id=entry,
                channel="work_item",
                content=content_of(name, due),
                actor="integration:crm",
                idempotency=intake.IdempotencyKey(key, said) if key else None,
                use_existing=use_existing,
                not_before=later,
            )
        )
        writes, self.faults.written = self.faults.written, []
        if writes:
            (write,) = writes
            assert wanted == "new"
            assert write.change.engagement is not None
            begun = write.change.engagement.engagement_id
            self.model.begin(begun, name, entry, kind, language == "fr", due, later, now)
            if key:
                self.model.keys[key] = (said, begun, now // 1000 + 48 * 3600)
        if got == UNKNOWN:
            return
        assert (answer.outcome if answer else got) == wanted
        if answer:
            assert answer.engagement_id == (existing or begun)

    def _start_leads_to(
        self, name: str, entry: str, key: str | None, said: str, use_existing: bool
    ) -> tuple[str, str | None]:
        """The outcome, and the engagement that there is already (I1, I2)."""
        if entry in ("entry-draft", "entry-unknown"):
            return "InvalidRequest", None
        known = self.model.keys.get(key or "")
        if known and known[2] >= self.clock() // 1000:
            return ("replayed", known[1]) if known[0] == said else ("KeyReused", None)
        active = self.model.newest.get(name)
        if active is None or self.model.works[active].state == "closed":
            return "new", None
        return ("existing", active) if use_existing else ("DuplicateWork", None)

    @move(1, who=st.sampled_from(["crm", "crm", "supervisor", "holder"]), n=NUMBER)
    def cancel(self, who: str, n: int) -> None:
        work = self.pick(n)
        if work is not None:
            order = self.order(work, who, n)
            role = order.actor.split(":")[0]
            order = replace(order, agent_id=None)
            self.play(
                lambda: desk.cancel(self.world, order),
                lambda m: answers.cancel(m, work.id, role, order.version),
                ("cancel",),
                work.id,
            )

    @move(1, who=st.sampled_from(["crm", "crm", "supervisor"]), n=NUMBER)
    def the_consumer_hangs_up(self, who: str, n: int) -> None:
        work = self.pick(n)
        if work is not None:
            order = replace(self.order(work, who, n), agent_id=None)
            role, now = order.actor.split(":")[0], self.clock()
            self.play(
                lambda: desk.consumer_left(self.world, order, None),
                lambda m: answers.hang_up(m, work.id, role, now, order.version),
                ("abandon", "finish", "close"),
                work.id,
            )

    @move(1, who=st.sampled_from(["crm", "supervisor"]), n=NUMBER, priority=st.sampled_from([None, 0, 5, 50]))
    def update(self, who: str, n: int, priority: int | None) -> None:
        work = self.pick(n, "queued")
        if work is not None:
            order = self.order(work, who, n)
            role, words = order.actor.split(":")[0], {"work_item_desc": f"words {next(self.words)}"}
            self.play(
                lambda: amending.update(self.world, order, amending.Amendment(words, None, priority)),
                lambda m: answers.update(m, work.id, role, priority, order.version),
                ("update",),
                work.id,
            )


def content_of(name: str, due: int | None) -> Content:
    item, kind, language = name.split("/")
    variables: dict[str, Any] = {"work_item_id": item, "work_item_name": name, "work_item_type": kind}
    if due is not None:
        variables["work_item_due_date"] = datetime.fromtimestamp(due / 1000, UTC).isoformat()
    return Content(variables, language_code=language)
