"""Every order in which several operations can make their calls, one operation at a time: a depth-first search.

An operation runs in a greenlet and stops before each call. The search replays the world from its beginning for each
order. Of orders that differ only in neighbouring calls that commute, one is tried (sleep sets; P. Godefroid,
"Partial-Order Methods for the Verification of Concurrent Systems", 1996): both give every operation the same answers
and leave the same rows behind. `reduce=False` tries them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenlet import greenlet

from chalicelib.errors import InterleaveError

Row = tuple[str, str | None]
"""A kind of row and which one; None is every one of the kind."""


@dataclass(frozen=True)
class Call:
    """A call that an operation is about to make, and which rows it reads and writes."""

    name: str
    reads: tuple[Row, ...] = ()
    writes: tuple[Row, ...] = ()

    def commutes_with(self, other: Call) -> bool:
        """Whether both orders give the same answers and leave the same rows: neither writes what the other touches."""
        return not (
            _overlap(self.writes, other.reads)
            or _overlap(self.reads, other.writes)
            or _overlap(self.writes, other.writes)
        )


def _overlap(some: Sequence[Row], others: Sequence[Row]) -> bool:
    return any(a == b or (a[0] == b[0] and None in (a[1], b[1])) for a in some for b in others)


def pause(call: Call) -> None:
    """Let the others go first, if it is their turn. Outside a search it does nothing."""
    parent = greenlet.getcurrent().parent
    if parent is not None:
        parent.switch(call)


class Actor:
    """One operation on its way. It has run up to its first call."""

    def __init__(self, operation: Callable[[], Any]) -> None:
        self._operation = operation
        self._greenlet = greenlet(self._run)
        self.answer: Any = None
        """What it answered, or the domain error it ended with. Any other exception ends the search."""
        self.calls: list[str] = []
        self.next: Call | None = self._greenlet.switch()
        """The call before which it stands; None once it has ended."""

    def step(self) -> None:
        """Make the call, and run up to the next one."""
        assert self.next is not None
        self.calls.append(self.next.name)
        self.next = self._greenlet.switch()

    def die(self) -> None:
        """Its process ends here; the call is not made, and nothing after it."""
        self._greenlet.throw()
        self.next = None

    def _run(self) -> None:
        try:
            self.answer = self._operation()
        except InterleaveError as refusal:
            self.answer = refusal


@dataclass
class _Choice:
    """A point of the search: who could go on, who need not be tried, who was, and who goes now."""

    standing: dict[int, Call]
    asleep: dict[int, Call]
    chosen: int
    tried: set[int] = field(default_factory=set)

    def asleep_after(self) -> dict[int, Call]:
        """Who need not be tried next: going before the chosen one was, or is, tried elsewhere, and commutes with it."""
        now = self.standing[self.chosen]
        passed = {**self.asleep, **{each: self.standing[each] for each in self.tried}}
        return {each: call for each, call in passed.items() if each != self.chosen and call.commutes_with(now)}

    def turn(self) -> bool:
        """Choose the next one to be tried here; False if all have been."""
        self.tried.add(self.chosen)
        rest = [each for each in self.standing if each not in self.tried and each not in self.asleep]
        self.chosen = rest[0] if rest else self.chosen
        return bool(rest)


def explore(begin: Callable[[], Sequence[Actor]], reduce: bool = True) -> Iterator[tuple[int, ...]]:
    """Play every order to its end. Yields after each who went when, while what `begin` made still stands."""
    path: list[_Choice] = []
    while True:
        actors = begin()
        for choice in path:
            actors[choice.chosen].step()
        if _finish(actors, path, reduce):
            yield tuple(choice.chosen for choice in path)
        while path and not path[-1].turn():
            path.pop()
        if not path:
            return


def _finish(actors: Sequence[Actor], path: list[_Choice], reduce: bool) -> bool:
    """Go on to the end, the first one that may always first; False where all that could go on need not be tried."""
    while standing := {n: actor.next for n, actor in enumerate(actors) if actor.next is not None}:
        asleep = path[-1].asleep_after() if path and reduce else {}
        awake = [each for each in standing if each not in asleep]
        if not awake:
            return False
        path.append(_Choice(standing, asleep, awake[0]))
        actors[awake[0]].step()
    return True
