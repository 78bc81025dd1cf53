"""The engine: decides pass by pass, and keeps what it knows between passes.

A decision goes through the files of this room in their order: `rank` says who is next, `filter` who can take it,
`widen` what it asks for by now, `distribute` who of them gets it; committing it is for whoever asked.

Engagements of the same need wait in one line; the heads of all lines are kept in order of rank. Where nobody can take
a line's head, nobody can take anything in it, since places only get fewer in a pass; so a deep backlog costs no more
than its sorting, and no engagement and agent who fit remain side by side (I14). After a pass only what has changed is
looked at: lines with something new, and agents who have changed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Set
from heapq import heappop, heappush
from itertools import count

from chalicelib.routing.filter import Bits, level_of, lowest, numbers
from chalicelib.routing.fits import Fits
from chalicelib.routing.model import Candidate, Match, QueueRules, Waiting
from chalicelib.routing.rank import Rank, standing
from chalicelib.routing.roster import Roster
from chalicelib.routing.swap import Given, Held, Swaps
from chalicelib.routing.widen import USUAL, Need, Needs

FEW = 16
"""Up to so many changed agents are held against the lines they can take from; beyond, every line is looked at."""
EMPTY_LINES = 1000
Head = tuple[Rank, "Line"]
Entry = tuple[bool, int, int, int, str, int, Waiting, "Line"]
"""The standing, a number that makes it unique, and what stands there."""


class Line:
    """Engagements of one need and rate, the next one first; those that have left are passed over."""

    __slots__ = ("entries", "head", "need", "number", "rate", "rules")
    number: int

    def __init__(self, need: Need, rate: int, rules: QueueRules) -> None:
        self.need = need
        self.rate = rate
        self.rules = rules
        self.entries: list[Entry] = []
        self.head: Head | None = None
        """As it stands among the heads."""


class Engine:
    """Every engagement that waits and every agent who is ready."""

    def __init__(
        self,
        candidates: Iterable[Candidate],
        waiting: Iterable[Waiting],
        now: int,
        rules: Mapping[str, QueueRules] | None = None,
        swap: bool = True,
    ) -> None:
        self._rules = rules or {}
        self._needs = Needs(self._rules)
        self._swap = swap
        self._sequence = count()
        self._lines: dict[tuple[Need, int], Line] = {}
        self._fits: Fits[Line] = Fits()
        self._place: dict[str, Entry] = {}
        self._changes: list[tuple[int, str, int]] = []
        self._rates: set[int] = set()
        self._roster = Roster(candidates)
        self._line_up(waiting, now)
        self._new_lines = set(self._lines.values())

    # What has changed

    def arrive(self, waiting: Waiting, now: int) -> None:
        """An engagement waits from now on, or waits on with other facts."""
        self.leave(waiting.engagement_id)
        if len(self._lines) > 2 * len(self._heads) + EMPTY_LINES:
            self._forget_empty_lines()
        line = self._line(waiting, now)
        entry = (*standing(waiting), next(self._sequence), waiting, line)
        heappush(line.entries, entry)
        self._place[waiting.engagement_id] = entry
        if line.entries[0] is entry:
            self._rehead(line)
        self._new_lines.add(line)

    def leave(self, engagement_id: str) -> None:
        """An engagement waits no longer."""
        entry = self._place.pop(engagement_id, None)
        if entry is not None and entry[-1].entries[0] is entry:
            self._rehead(entry[-1])

    def update(self, candidates: Iterable[Candidate]) -> None:
        """Agents as they are now; one who is not ready gets nothing."""
        for candidate in candidates:
            self._roster.update(candidate)

    def candidates(self) -> list[Candidate]:
        """The agents who are ready, with what they have been given."""
        return self._roster.distributor.candidates()

    # Decisions

    def decide(self, now: int, closed: Set[str] = frozenset()) -> list[Match]:
        """Every match that can be made now, in order of rank, counted as made. `closed` queues get nothing."""
        self._move_what_is_due(now)
        self._rank_heads(now)
        roster, new_lines = self._roster, self._new_lines
        self._new_lines = set()
        if not roster.changed and len(new_lines) == 1:
            given = self._fill(new_lines.pop(), closed)
        elif not new_lines and roster.changed.bit_count() == 1:
            given = self._serve(lowest(roster.changed), closed)
        else:
            roster.settle()
            given = self._route(new_lines, closed)
        matches = [self._match(each) for each in given]
        roster.settle()  # only now: until they are matches, agents are known by their numbers
        roster.changed = 0
        return matches

    def _fill(self, line: Line, closed: Set[str]) -> list[Given]:
        """One line has something new and nothing else has changed: nothing else can be given out."""
        roster, given = self._roster, list[Given]()
        roster.settle()
        roster.distributor.begin()
        for level in roster.filter.levels():
            held = Held(self._open_to(line, level, closed))
            while line.head and (made := self._give(line, held, None)):
                given.append(made)
                self._rehead(line)
        return given

    def _serve(self, number: int, closed: Set[str]) -> list[Given]:
        """One agent has changed and nothing else: nobody but he can take what waits."""
        distributor = self._roster.distributor
        distributor.begin()
        agent = distributor.agents[number]
        lines = [line for line in self._fits.of(agent) if line.head and self._open_to_one(line, agent, closed)]
        given: list[Given] = []
        while lines := [line for line in lines if line.head and distributor.takes(number, line.need.channel)]:
            line = min(lines, key=lambda each: (level_of(agent, each.need.queue_id), each.head))
            parked = distributor.parks(number, line.need.channel)
            distributor.give(number, line.need.channel, parked)
            given.append(Given(self._pop(line), number, parked))
            self._rehead(line)
        return given

    def _open_to_one(self, line: Line, agent: Candidate, closed: Set[str]) -> bool:
        need = line.need
        if need.queue_id in closed or line.rules.distribution == "manual":
            return False
        return need.only in (None, agent.agent_id) and agent.agent_id not in need.not_to

    def _route(self, new_lines: set[Line], closed: Set[str]) -> list[Given]:
        """Whatever has changed: go through the lines, level by level."""
        roster, given = self._roster, list[Given]()
        roster.distributor.begin()
        swaps = Swaps(roster.distributor) if self._swap else None
        for level in roster.filter.levels():
            self._sweep(level, roster.changed, new_lines, closed, swaps, given)
        return given

    def _sweep(
        self,
        level: int,
        changed: Bits,
        new_lines: set[Line],
        closed: Set[str],
        swaps: Swaps | None,
        given: list[Given],
    ) -> None:
        """Go through the lines by the rank of their heads, and on with the same line while it finds agents."""
        heads, agents = self._heads, self._roster.distributor.agents
        if changed.bit_count() <= FEW:
            near = new_lines.union(*(self._fits.of(agents[number]) for number in numbers(changed)))
            heads = sorted(line.head for line in near if line.head)
        seen: dict[Line, Held] = {}
        at = 0
        while at < len(heads):
            line = heads[at][1]
            held = seen.get(line)
            if held is None:
                able = self._open_to(line, level, closed)
                held = seen[line] = Held(able if line in new_lines or able & changed else 0)
            made = self._give(line, held, swaps) if held.able else None
            if made is None:
                at += 1
                continue
            given.append(made)
            if heads is not self._heads:
                self._rehead(line)
            else:
                line.head = self._head(line)
                if line.head is None:
                    self._fits.note(line, filled=False)
            _move_on(heads, at, line)
            if not new_lines and not changed & self._roster.distributor.anybody():
                return

    def _open_to(self, line: Line, level: int, closed: Set[str]) -> Bits:
        """The agents who may be given what is in a line."""
        if line.need.queue_id in closed or line.rules.distribution == "manual":
            return 0
        return self._roster.filter.able(line.need, level)

    def _give(self, line: Line, held: Held, swaps: Swaps | None) -> Given | None:
        """Give the head of a line to the agent whose turn it is, or to one whom a swap makes free."""
        need, distribution, distributor = line.need, line.rules.distribution, self._roster.distributor
        parked = None
        preferred = self._roster.filter.bit(need.prefer) if need.prefer is not None else 0
        number = distributor.choose(held.able, need, distribution, preferred)
        if number is not None:
            parked = distributor.parks(number, need.channel)
        elif swaps is not None:
            number = swaps.make_room(held, need.channel)
        if number is None:
            return None
        distributor.give(number, need.channel, parked)
        made = Given(self._pop(line), number, parked)
        if distribution == "simultaneous":
            made.others = distributor.give_others(held.able, need, number, line.rules.at_once)
        elif swaps is not None and parked is None:
            swaps.remember(made, held, need.channel)
        return made

    def _match(self, given: Given) -> Match:
        agents = self._roster.distributor.agents
        also = tuple([agents[number].agent_id for number in given.others])
        return Match(given.waiting, agents[given.number].agent_id, also, given.parked)

    # Lines

    def _line(self, waiting: Waiting, now: int) -> Line:
        key = (self._needs.of(waiting, now), waiting.rate)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(*key, self._rules.get(waiting.queue_id, USUAL))
            self._fits.add(line)
            self._rates.add(waiting.rate)
        if waiting.cooling or waiting.preferred is not None or waiting.queue_id in self._rules:
            change = self._needs.next_change(waiting, now)
            if change is not None:
                heappush(self._changes, (change, waiting.engagement_id, waiting.version))
        return line

    def _line_up(self, waiting: Iterable[Waiting], now: int) -> None:
        """All at once: a sorted line needs no heap to be made of it."""
        self._ranked_at = now
        for each in waiting:
            line = self._line(each, now)
            entry = (*standing(each), next(self._sequence), each, line)
            line.entries.append(entry)
            self._place[each.engagement_id] = entry
        for line in self._lines.values():
            line.entries.sort()
            self._fits.note(line, filled=True)
        self._sort_heads()

    def _pop(self, line: Line) -> Waiting:
        """Take the head out of a line; where the line stands among the heads, the sweep sees to."""
        waiting = heappop(line.entries)[-2]
        del self._place[waiting.engagement_id]
        return waiting

    def _rehead(self, line: Line) -> None:
        """Put a line where its head belongs."""
        if line.head is not None:
            del self._heads[bisect_left(self._heads, line.head)]
        line.head = self._head(line)
        self._fits.note(line, filled=line.head is not None)
        if line.head is not None:
            insort(self._heads, line.head)

    def _forget_empty_lines(self) -> None:
        """A line that has run empty is kept for the next of its kind, within reason."""
        self._lines = {key: line for key, line in self._lines.items() if line.entries}
        self._fits = Fits(self._lines.values())
        for _, line in self._heads:
            self._fits.note(line, filled=True)

    def _head(self, line: Line) -> Head | None:
        """The line's head with its rank; where all gain alike, its rank of any moment will do."""
        entries = line.entries
        while entries and self._place.get(entries[0][4]) is not entries[0]:
            heappop(entries)
        if not entries:
            return None
        rank = entries[0][:5]
        if line.rate:
            rank = (rank[0], rank[1] - line.rate * self._ranked_at, *rank[2:])
        return (rank, line)

    def _rank_heads(self, now: int) -> None:
        """Only works of different rates overtake one another as time passes."""
        if len(self._rates) > 1 and now != self._ranked_at:
            self._ranked_at = now
            self._sort_heads()

    def _sort_heads(self) -> None:
        for line in self._lines.values():
            line.head = self._head(line)
        self._heads = sorted(line.head for line in self._lines.values() if line.head)

    def _move_what_is_due(self, now: int) -> None:
        """Into another line what asks for something else by now."""
        while self._changes and self._changes[0][0] <= now:
            _, engagement_id, version = heappop(self._changes)
            entry = self._place.get(engagement_id)
            if entry is not None and entry[-2].version == version:
                self.arrive(entry[-2], now)


def _move_on(heads: list[Head], at: int, line: Line) -> None:
    """The line at this place has a later head now, or none."""
    del heads[at]
    if line.head is not None:
        insort(heads, line.head, lo=at)
