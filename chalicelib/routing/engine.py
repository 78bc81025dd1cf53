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

from chalicelib.routing.distribute import Distributor
from chalicelib.routing.filter import Bits, Filter
from chalicelib.routing.model import Candidate, Match, QueueRules, Waiting
from chalicelib.routing.rank import Rank, standing
from chalicelib.routing.swap import Given, Held, Swaps
from chalicelib.routing.widen import USUAL, Need, Needs

Head = tuple[Rank, "Line"]
Entry = tuple[bool, int, int, int, str, int, Waiting, "Line"]
"""The standing, a number that makes it unique, and what stands there."""


class Line:
    """Engagements of one need and rate, the next one first; those that have left are passed over."""

    __slots__ = ("entries", "head", "need", "rate", "rules")

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
        self._place: dict[str, Entry] = {}
        self._heads: list[Head] = []
        self._changes: list[tuple[int, str, int]] = []
        self._rates: set[int] = set()
        self._ranked_at = 0
        self._new_lines: set[Line] = set()
        self._changed: Bits = 0
        self._renumber(candidates)
        self._line_up(waiting, now)

    # What has changed

    def arrive(self, waiting: Waiting, now: int) -> None:
        """An engagement waits from now on, or waits on with other facts."""
        self.leave(waiting.engagement_id)
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
        for candidate in sorted(candidates, key=_idle):
            number = self._number.pop(candidate.agent_id, None)
            if number is not None:
                self._remove(number)
            if not candidate.ready:
                continue
            if _idle(candidate) < self._last or self._next > 2 * len(self._number) + 64:
                self._renumber([*self._distributor.candidates(), candidate], self._changed_ids())
                self._changed |= self._filter.bit(candidate.agent_id)
            else:
                self._add(candidate)

    def candidates(self) -> list[Candidate]:
        """The agents who are ready, with what they have been given."""
        return self._distributor.candidates()

    # Decisions

    def decide(self, now: int, closed: Set[str] = frozenset()) -> list[Match]:
        """Every match that can be made now, in order of rank, counted as made. `closed` queues get nothing."""
        self._move_what_is_due(now)
        self._rank_heads(now)
        changed, new_lines = self._changed, self._new_lines
        self._changed, self._new_lines = 0, set()
        if not changed and not new_lines:
            return []
        self._distributor.begin()
        swaps = Swaps(self._distributor)
        given: list[Given] = []
        for level in self._filter.levels():
            self._sweep(level, changed, new_lines, closed, swaps, given)
        return [self._match(each) for each in given]

    def _sweep(
        self,
        level: int,
        changed: Bits,
        new_lines: set[Line],
        closed: Set[str],
        swaps: Swaps,
        given: list[Given],
    ) -> None:
        """Go through the lines by the rank of their heads, and on with the same line while it finds agents."""
        heads = self._heads if changed else sorted(line.head for line in new_lines if line.head)
        seen: dict[Line, Held] = {}
        at = 0
        while at < len(heads):
            line = heads[at][1]
            held = seen.get(line)
            if held is None:
                able = self._open_to(line, level, closed)
                held = seen[line] = Held(line.need, able if line in new_lines or able & changed else 0)
            made = self._give(line, held, swaps) if held.able else None
            if made is None:
                at += 1
                continue
            given.append(made)
            before, line.head = line.head, self._head(line)
            _move_on(heads, at, line)
            if heads is not self._heads:
                _move_on(self._heads, bisect_left(self._heads, before), line)
            if line.head is None:
                del self._lines[line.need, line.rate]
            if not new_lines and not changed & self._distributor.anybody():
                return

    def _open_to(self, line: Line, level: int, closed: Set[str]) -> Bits:
        """The agents who may be given what is in a line."""
        if line.need.queue_id in closed or line.rules.distribution == "manual":
            return 0
        return self._filter.able(line.need, level)

    def _give(self, line: Line, held: Held, swaps: Swaps) -> Given | None:
        """Give the head of a line to the agent whose turn it is, or to one whom a swap makes free."""
        need, rules, distributor = line.need, line.rules, self._distributor
        preferred = self._filter.bit(need.prefer) if need.prefer is not None else 0
        number = distributor.choose(held.able, need, rules.distribution, preferred)
        parked = None
        if number is not None:
            parked = distributor.parks(number, need.channel)
        elif self._swap:
            number = swaps.make_room(held)
        if number is None:
            return None
        distributor.give(number, need.channel, parked)
        if parked is not None or rules.distribution == "simultaneous":
            most = rules.at_once if parked is None else 1
            others = distributor.give_others(held.able, need, number, most)
            return Given(self._pop(line), held, number, others, parked)
        made = Given(self._pop(line), held, number)
        if self._swap:
            swaps.remember(made)
        return made

    def _match(self, given: Given) -> Match:
        agents = self._distributor.agents
        also = tuple(agents[number].agent_id for number in given.others) if given.others else ()
        return Match(given.waiting, agents[given.number].agent_id, also, given.parked)

    # Lines

    def _line(self, waiting: Waiting, now: int) -> Line:
        key = (self._needs.of(waiting, now), waiting.rate)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(*key, self._rules.get(waiting.queue_id, USUAL))
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
            line.head = self._head(line)
        self._heads = sorted(line.head for line in self._lines.values() if line.head)
        self._new_lines = set(self._lines.values())

    def _pop(self, line: Line) -> Waiting:
        """Take the head out of a line; where the line stands among the heads, the sweep sees to."""
        waiting = heappop(line.entries)[-2]
        del self._place[waiting.engagement_id]
        return waiting

    def _rehead(self, line: Line) -> None:
        """Put a line where its head belongs; one that is empty is forgotten."""
        if line.head is not None:
            del self._heads[bisect_left(self._heads, line.head)]
        line.head = self._head(line)
        if line.head is not None:
            insort(self._heads, line.head)
        else:
            self._lines.pop((line.need, line.rate), None)
            self._new_lines.discard(line)

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

    # Agents

    def _renumber(self, candidates: Iterable[Candidate], changed: Set[str] | None = None) -> None:
        """Number the ready agents by idle time anew."""
        self._filter, self._distributor = Filter(), Distributor()
        self._number: dict[str, int] = {}
        self._next, self._changed = 0, 0
        self._last = (0, "")
        for candidate in sorted((c for c in candidates if c.ready), key=_idle):
            self._add(candidate)
        if changed is not None:
            self._changed = 0
            for agent_id in changed:
                self._changed |= self._filter.bit(agent_id)

    def _add(self, candidate: Candidate) -> None:
        number, self._next = self._next, self._next + 1
        self._last = _idle(candidate)
        self._number[candidate.agent_id] = number
        self._filter.add(number, candidate)
        self._distributor.add(number, candidate)
        self._changed |= 1 << number

    def _remove(self, number: int) -> None:
        self._filter.remove(number, self._distributor.agents[number])
        self._distributor.remove(number)
        self._changed &= ~(1 << number)

    def _changed_ids(self) -> set[str]:
        return {agent_id for agent_id, number in self._number.items() if self._changed >> number & 1}


def _idle(candidate: Candidate) -> tuple[int, str]:
    return (candidate.idle_since, candidate.agent_id)


def _move_on(heads: list[Head], at: int, line: Line) -> None:
    """The line at this place has a later head now, or none."""
    del heads[at]
    if line.head is not None:
        insort(heads, line.head, lo=at)
