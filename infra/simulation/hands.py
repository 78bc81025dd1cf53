"""Work in agents' hands: offered, taken, parked, finished; as `chalicelib.engagements.commands` tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from infra.simulation.centre import QueueTerms
from infra.simulation.desk import Desk
from infra.simulation.journey import Journey

if TYPE_CHECKING:
    from infra.simulation.floor import Floor


class Hands:
    """What happens to work from its offer on, until it is closed or waits again."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    # Offers

    def offer(self, journey: Journey, desk: Desk, others: tuple[Desk, ...], terms: QueueTerms, timeout: int) -> None:
        """It is offered: the places are taken from now on."""
        now = self._floor.now
        journey.move("offered")
        journey.offers += 1
        journey.desk, journey.others = desk, others
        for each in (desk, *others) if others else (desk,):
            each.take(journey, now)
            each.offers += 1
        if terms.auto_accept:
            journey.next_answer()  # it is on record as one
            self._accept(journey)
            return
        journey.until = now + timeout
        self._rings(journey)

    def withdraw(self, journey: Journey, desk: Desk, cools: bool) -> None:
        """One agent's part in an offer ends. Others may still take it; else it goes back to its queue."""
        self._let_go(journey, desk)
        if cools:
            self._cool(journey, desk)
        rest = tuple(each for each in (journey.desk, *journey.others) if each is not desk and each is not None)
        journey.move("offered")
        if rest:
            journey.desk, journey.others = rest[0], rest[1:]
            self._rings(journey)
        else:
            self._back(journey)

    def spare(self, journey: Journey) -> None:
        """An offer comes to nothing, and those who had it keep their idle time."""
        assert journey.desk is not None
        for desk in (journey.desk, *journey.others):
            idle_since = desk.idle_since
            self._let_go(journey, desk)
            desk.idle_since = idle_since
            self._floor.tell(desk)
        journey.desk, journey.others = None, ()

    def _rings(self, journey: Journey) -> None:
        floor, answer = self._floor, journey.next_answer()
        at = floor.now + answer.after
        if answer.says == "miss" or at >= journey.until:
            floor.plan(journey.until, self._miss, journey, journey.version)
        elif answer.says == "decline":
            floor.plan(at, self._decline, journey, journey.version)
        else:
            if answer.agent_id is not None and journey.others:
                journey.prefer(answer.agent_id)
            if answer.after == 0:
                self._accept(journey)
            else:
                floor.plan(at, self._accept, journey, journey.version)

    def _accept(self, journey: Journey) -> None:
        floor, desk = self._floor, journey.desk
        assert desk is not None
        desk.offers -= 1
        if journey.others:
            mine, journey.desk, journey.others = desk, journey.others[0], journey.others[1:]
            self.spare(journey)
            journey.desk = mine
        floor.visits.append(journey.visit(floor.now, "taken"))
        journey.move("assigned")
        journey.begin(floor.now)
        self._goes_on(journey)
        if desk.caps_offers:
            floor.tell(desk)
            floor.decide()

    def _decline(self, journey: Journey) -> None:
        assert journey.desk is not None
        self.withdraw(journey, journey.desk, cools=True)
        self._floor.decide()

    def _miss(self, journey: Journey) -> None:
        assert journey.desk is not None
        for desk in (journey.desk, *journey.others):
            self._let_go(journey, desk)
            self._cool(journey, desk)
        self._back(journey)
        self._floor.decide()

    def _back(self, journey: Journey) -> None:
        journey.desk, journey.others = None, ()
        journey.move("queued")
        self._floor.enter(journey)

    def _cool(self, journey: Journey, desk: Desk) -> None:
        floor = self._floor
        until = floor.now + floor.terms(journey.to.queue_id).cool_down
        cooling = tuple(pair for pair in journey.cooling if floor.now < pair[1])
        journey.cooling = (*cooling, (desk.agent.agent_id, until)) if until > floor.now else cooling

    def _let_go(self, journey: Journey, desk: Desk) -> None:
        """An unanswered offer is no longer his."""
        desk.offers -= 1
        desk.let_go(journey, self._floor.now)
        self._floor.tell(desk)

    # Work

    def _goes_on(self, journey: Journey) -> None:
        """Until it is parked, or done."""
        worked = journey.handled - journey.left
        journey.resumed_at = now = self._floor.now
        if journey.parks:
            self._floor.plan(now + journey.parks[0][0] - worked, self._pauses, journey, journey.version)
        else:
            self._floor.plan(now + journey.left, self._finishes, journey, journey.version)

    def _stops(self, journey: Journey) -> Desk:
        """It is parked: its place is free for other work."""
        desk, now = journey.desk, self._floor.now
        assert desk is not None
        journey.left -= now - journey.resumed_at
        journey.move("inactive")
        desk.free(journey.work.channel, now)
        return desk

    def _pauses(self, journey: Journey) -> None:
        _, parked = journey.parks.pop(0)
        desk = self._stops(journey)
        self._floor.plan(self._floor.now + parked, self._resumes, journey, journey.version)
        self._freed(desk)

    def _resumes(self, journey: Journey) -> None:
        desk = journey.desk
        assert desk is not None
        desk.set_aside.append(journey)
        self.take_up(desk)
        self._floor.tell(desk)

    def park(self, desk: Desk, channel: str) -> bool:
        """Make room: of a channel the least urgent is set aside, then the newest. Whether there was any."""
        own = [each for each in desk.held if each.state == "assigned" and each.work.channel == channel]
        if not own:
            return False
        least = min(own, key=lambda each: (each.to.priority, -each.assigned_at))
        desk.set_aside.append(least)
        self._stops(least)
        return True

    def take_up(self, desk: Desk) -> None:
        """What he has set aside he takes up again, as far as there is room."""
        for journey in list(desk.set_aside):
            channel = journey.work.channel
            if desk.candidate().room(channel) > 0:
                desk.set_aside.remove(journey)
                desk.occupy(channel, self._floor.now)
                journey.move("assigned")
                self._goes_on(journey)

    def _finishes(self, journey: Journey) -> None:
        floor, stint = self._floor, journey.stint
        assert stint is not None
        if stint.wrapped and floor.terms(journey.to.queue_id).wraps_up:
            journey.move("wrap_up")
            floor.plan(floor.now + stint.wrapped, self._ends, journey, journey.version)
        else:
            self._ends(journey)

    def _ends(self, journey: Journey) -> None:
        floor, desk, stint = self._floor, journey.desk, journey.stint
        assert desk is not None
        assert stint is not None
        desk.let_go(journey, floor.now)
        journey.desk = None
        to = stint.to
        if stint.released is not None:
            to = replace(journey.to, standing=stint.released, direct_to=None, preferred=None, preferred_until=0)
        if to is None:
            floor.close(journey, "completed")
        else:
            journey.goes_to(to, floor.now)
            floor.enter(journey)
        self._freed(desk)

    def _freed(self, desk: Desk) -> None:
        if desk.set_aside:
            self.take_up(desk)
        self._floor.tell(desk)
        self._floor.decide()
