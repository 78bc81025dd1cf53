"""A history of calls, and whether the end of it can be true: a checker in Jepsen's way (K. Kingsbury).

Whoever makes calls notes each twice: when it is invoked, and when it has ended, as `ok`, as `failed` (refused, so that
it had no effect) or as `unknown` (its answer was lost). A call without an end is unknown too. Afterwards everything is
read, and must be explained by the calls: what was answered is there, and no more than once; what was refused is not;
an unknown call has had its effect once or never; what somebody has seen has not gone again.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True)
class Call:
    """One call, from its invocation to its end."""

    process: str
    """Who makes it, as the events of an engagement name him: `agent:ana`."""
    operation: str
    """`start`, `read`, or what is done to an engagement."""
    about: str
    """The work of a start; of all else the engagement."""
    invoked_at: int
    """Epoch milliseconds, as all times."""
    brings: tuple[str, ...] = ()
    """The events of which one is the call's effect."""
    key: str | None = None
    """The Idempotency-Key of a start."""
    outcome: Outcome = "unknown"
    ended_at: int | None = None
    engagement_id: str | None = None
    """What a start answered."""
    new: bool = True
    """Whether that is the start's own, and not one that there was already."""
    version: int | None = None
    """What was read, or made."""


@dataclass
class History:
    """What is noted while calls are made, a line of JSON for each invocation and each end."""

    lines: list[str] = field(default_factory=list)
    _invoked: int = 0

    def invoked(self, process: str, operation: str, about: str, at: int, **given: Any) -> int:
        """A call begins; its number."""
        self._invoked += 1
        said = {"process": process, "operation": operation, "about": about, "at": at, **given}
        self._note(self._invoked, "invoked", said)
        return self._invoked

    def ended(self, number: int, outcome: Outcome, at: int, **answered: Any) -> None:
        """It has ended like this. Answered: `engagement_id`, `new`, `version`."""
        self._note(number, outcome, {"at": at, **answered})

    def text(self) -> str:
        """All lines (NDJSON)."""
        return "".join(f"{line}\n" for line in self.lines)

    def _note(self, number: int, kind: str, said: Mapping[str, Any]) -> None:
        self.lines.append(json.dumps({"call": number, "is": kind, **said}))


def calls_of(text: str) -> list[Call]:
    """The calls of a history that was written down (NDJSON)."""
    invoked: dict[int, dict[str, Any]] = {}
    for line in text.splitlines():
        said = json.loads(line)
        number, kind, at = said.pop("call"), said.pop("is"), said.pop("at")
        if kind == "invoked":
            invoked[number] = {**said, "invoked_at": at, "brings": tuple(said.get("brings", ()))}
        else:
            invoked[number] |= {**said, "outcome": kind, "ended_at": at}
    return [Call(**said) for said in invoked.values()]


@dataclass(frozen=True)
class Happened:
    """An event of an engagement, as it is read in the end."""

    version: int
    at: int
    command: str
    actor: str


@dataclass(frozen=True)
class Found:
    """An engagement as it is read in the end."""

    work: str
    events: Sequence[Happened]


def faults(calls: Iterable[Call], found: Mapping[str, Found], skew_ms: int = 0) -> list[str]:
    """What cannot be true, each in a line; nothing if all is well. `skew_ms`: how far clocks may be apart.

    `found`: everything that there is in the end, by engagement.
    """
    calls = list(calls)
    starts = [call for call in calls if call.operation == "start"]
    reads = [call for call in calls if call.operation == "read"]
    return [
        *_gaps(found),
        *_starts(starts, found),
        *_reads([*reads, *starts], found),
        *_changes([call for call in calls if call.brings], found, skew_ms),
    ]


def _gaps(found: Mapping[str, Found]) -> Iterator[str]:
    for engagement_id, each in found.items():
        versions = [event.version for event in each.events]
        if versions != list(range(1, len(versions) + 1)):
            yield f"{engagement_id}: of its versions there are {versions}: some are lost or doubled."
        if [event.command for event in each.events].count("start") != 1:
            yield f"{engagement_id}: it has not been started once."


def _starts(starts: Sequence[Call], found: Mapping[str, Found]) -> Iterator[str]:
    """Starts with one key are one start sent again: they make one engagement; unanswered, one or none."""
    one: dict[Hashable, list[Call]] = {}
    for n, call in enumerate(starts):
        one.setdefault((call.process, call.key) if call.key else n, []).append(call)
    answered: list[set[str]] = []
    could: list[set[str]] = []
    for same in one.values():
        made = {str(call.engagement_id) for call in same if call.outcome == "ok" and call.new}
        if len(made) > 1:
            yield f"{same[0].about}: one start was answered with {sorted(made)}: it is doubled."
        if made:
            answered.append(made & found.keys())
        elif any(call.outcome == "unknown" for call in same):
            could.append({each for each, it in found.items() if it.work == same[0].about})
    if len(_paired(answered)) < sum(1 for each in answered if each):
        yield "Several starts were answered with the same engagement as a new one."
    for engagement_id in sorted(found.keys() - _paired([*answered, *could]).keys()):
        yield f"{engagement_id}: no start explains it: it is doubled, or its start was said to have failed."


def _reads(reads: Sequence[Call], found: Mapping[str, Found]) -> Iterator[str]:
    """What was answered or seen is there, at that version or a later one."""
    for call in reads:
        engagement_id = call.engagement_id or call.about
        if call.outcome != "ok":
            continue
        if engagement_id not in found:
            yield f"{engagement_id}: {call.process} was answered with it, and it is lost."
        elif call.version is not None and call.version > len(found[engagement_id].events):
            yield f"{engagement_id}: {call.process} has seen version {call.version}, and it is gone again."


def _changes(calls: Sequence[Call], found: Mapping[str, Found], skew_ms: int) -> Iterator[str]:
    """Every answered change has an event of its own, every event of a caller a change that is answered or unknown."""
    kinds: dict[str, set[str]] = {}
    asked: dict[tuple[str, str], list[Call]] = {}
    for call in calls:
        kinds.setdefault(call.process, set()).update(call.brings)
        asked.setdefault((call.process, call.about), []).append(call)
    events: dict[tuple[str, str], list[Happened]] = {}
    for engagement_id, each in found.items():
        for event in each.events:
            if event.command in kinds.get(event.actor, ()):
                events.setdefault((event.actor, engagement_id), []).append(event)
    for process, engagement_id in sorted(asked.keys() | events.keys()):
        mine, there = asked.get((process, engagement_id), []), events.get((process, engagement_id), [])
        answered, could = (
            [
                {event.version for event in there if _may_be(call, event, skew_ms)}
                for call in mine
                if call.outcome in outcomes
            ]
            for outcomes in (("ok",), ("ok", "unknown"))
        )
        if len(_paired(answered)) < len(answered):
            what = ", ".join(call.operation for call in mine if call.outcome == "ok")
            yield f"{engagement_id}: not all that {process} was told is done has happened, once each: {what}."
        explained = _paired(could)
        for event in there:
            if event.version not in explained:
                yield f"{engagement_id}: version {event.version}, {event.command} by {process}, was not asked for."


def _may_be(call: Call, event: Happened, skew_ms: int) -> bool:
    """Whether this event can be that call's effect."""
    return (
        event.command in call.brings
        and call.version in (None, event.version)
        and call.invoked_at - skew_ms <= event.at
        and (call.ended_at is None or call.outcome == "unknown" or event.at <= call.ended_at + skew_ms)
    )


def _paired(could: Sequence[set[Any]]) -> dict[Any, int]:
    """As many pairs as there can be of a number and one of what it could be, each in one pair (H. Kuhn, 1955)."""
    pairs: dict[Any, int] = {}

    def finds(number: int, tried: set[Any]) -> bool:
        for each in could[number]:
            if each not in tried:
                tried.add(each)
                if each not in pairs or finds(pairs[each], tried):
                    pairs[each] = number
                    return True
        return False

    for number in range(len(could)):
        finds(number, set())
    return pairs
