"""One engagement on its way through a simulation."""

from __future__ import annotations

from chalicelib.engagements.model import Destination
from chalicelib.routing.model import Waiting
from infra.simulation.desk import Desk
from infra.simulation.work import Answer, Stint, Visit, Work


class Journey:
    """The counterpart of an engagement's head row (`chalicelib.engagements.model.Engagement`), kept in place."""

    __slots__ = (
        "answered",
        "assigned_at",
        "closed_at",
        "cooling",
        "desk",
        "end",
        "handled",
        "left",
        "offers",
        "others",
        "overflows",
        "parks",
        "resumed_at",
        "since",
        "state",
        "stint",
        "stints",
        "to",
        "until",
        "version",
        "work",
    )

    def __init__(self, work: Work) -> None:
        self.work = work
        self.to: Destination = work.to
        self.state = "queued"
        self.version = 1
        """Moves on with every change, so that what was planned before comes to nothing."""
        self.since = work.at
        """When this visit of a queue began."""
        self.offers = 0
        """From this queue."""
        self.overflows = 0
        self.answered = 0
        self.stints = 0
        self.cooling: tuple[tuple[str, int], ...] = ()
        self.desk: Desk | None = None
        self.others: tuple[Desk, ...] = ()
        """To whom it is offered too."""
        self.stint: Stint | None = None
        self.parks: list[tuple[int, int]] = []
        """What is still to come of the stint's parks."""
        self.handled = self.left = 0
        """Time of work of the stint, and what is left of it."""
        self.resumed_at = 0
        self.until = 0
        """The deadline of its offer."""
        self.assigned_at = 0
        self.closed_at: int | None = None
        self.end = ""

    def move(self, state: str) -> None:
        """On to the next version, in this state."""
        self.state = state
        self.version += 1

    def goes_to(self, to: Destination, now: int) -> None:
        """Into another queue, where nobody is spared from it any more."""
        self.move("queued")
        self.to, self.since, self.offers, self.cooling = to, now, 0, ()

    def begin(self, now: int) -> None:
        """In an agent's hands."""
        stints = self.work.stints
        stint = stints[self.stints] if self.stints < len(stints) else stints[-1]._replace(to=None, released=None)
        self.stint = stint
        self.stints += 1
        self.cooling = ()
        self.assigned_at = now
        self.handled = self.left = stint.handled
        self.parks = list(stint.parked)

    def prefer(self, agent_id: str) -> None:
        """Of those who have the offer, this one answers first."""
        assert self.desk is not None
        both = (self.desk, *self.others)
        first = next((each for each in both if each.agent.agent_id == agent_id), self.desk)
        self.desk, self.others = first, tuple(each for each in both if each is not first)

    def waiting(self) -> Waiting:
        """As the core sees it while it waits."""
        work, to = self.work, self.to
        standing = to.standing
        return Waiting(
            work.work_id,
            self.version,
            to.queue_id,
            work.channel,
            to.priority,
            work.at,
            to.skills,
            self.cooling,
            standing.top,
            standing.rate,
            standing.target_at,
            to.direct_to,
            to.preferred,
            to.preferred_until,
            self.since,
            self.offers,
        )

    def next_answer(self) -> Answer:
        """What is said to the next offer."""
        answers = self.work.answers
        self.answered += 1
        return answers[min(self.answered, len(answers)) - 1]

    def visit(self, now: int, end: str) -> Visit:
        """The stay in its queue that is over now."""
        return Visit(self.work, self.to.queue_id, self.to.priority, self.since, now, end)  # type: ignore[arg-type]
