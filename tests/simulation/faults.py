"""What goes wrong between the product and what it stands on: calls that fail, answers that are lost, others who are
faster, writes that come late. A rule arms one; it strikes once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.engagements.model import Change, Engagement
from chalicelib.errors import LostRace
from chalicelib.messaging.memory import MemoryTransport
from chalicelib.storage.memory import MemoryStore

KINDS = ("refused", "answer lost", "race", "race all day", "twice", "overtaken", "message lost")
MESSAGES = ("ring", "announce")
CALLS = {"start", "commit", "enlist", "archive", "record", "engagement", "engagements", "occupancies", "waiting"}
CALLS |= {*MESSAGES, "drain", "forget", "publish"}
STRIKES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("race", "race all day", "overtaken"), ("commit",)),
    "message lost": MESSAGES,
}
"""Which calls a kind is about; the others are about all."""


class Fault(Exception):
    """A call failed. Whether it took effect, nobody is told."""


@dataclass
class Write:
    """One write that took effect."""

    change: Change
    overtaking: bool = False


@dataclass
class Faults:
    """What is armed, and what was written."""

    overtake: Callable[[Change], None]
    """Somebody else changes the same rows just before a write."""
    about: Collection[str] = frozenset(CALLS)
    """The calls through which faults happen."""
    kind: str = ""
    after: int = 0
    """How many calls go well first."""
    fired: bool = False
    overtaking: bool = False
    races: int = 0
    noticed: bool = True
    """Whether no notice is lost of what the stream's consumer has announced."""
    written: list[Write] = field(default_factory=list)
    late: list[Change] = field(default_factory=list)
    """Writes that may arrive once more."""

    def arm(self, kind: str, after: int) -> None:
        self.kind, self.after = kind, after

    def disarm(self) -> None:
        self.kind, self.races, self.fired = "", 0, False

    def disarm_if_fired(self) -> None:
        """A fault strikes within one step."""
        if self.fired:
            self.disarm()

    def around(self, name: str, call: Callable[[], Any], change: Change | None = None) -> Any:
        """Make a call, or let it go wrong."""
        if self.races and name == "commit":
            self.races -= 1
            raise LostRace("Somebody else was faster.")
        strikes = STRIKES.get(self.kind)
        if not self.kind or (strikes and name not in strikes):
            return call()
        self.after -= 1
        if self.after >= 0:
            return call()
        kind, self.kind, self.fired = self.kind, "", True
        match kind:
            case "refused":
                raise Fault
            case "answer lost":
                call()
                raise Fault
            case "message lost":
                self.noticed = self.noticed and name != "announce"
                return None
            case "race" | "race all day":
                self.races = 4 if kind == "race all day" else 0
                raise LostRace("Somebody else was faster.")
            case "overtaken":
                assert change is not None
                self.overtaking = True
                self.overtake(change)
                self.overtaking = False
            case _:
                call()
        return call()


class FaultyStore:
    """A store through which faults happen, and whose writes are noted in their order."""

    def __init__(self, store: MemoryStore, faults: Faults) -> None:
        self._store, self._faults = store, faults

    def __getattr__(self, name: str) -> Any:
        return _through(self, self._store, name, self._faults)

    def start(self, engagement: Engagement, receipt: Any) -> Any:
        change = Change(engagement, None)
        return self._faults.around("start", lambda: self._noted(change, lambda: self._store.start(engagement, receipt)))

    def commit(self, change: Change) -> None:
        self._faults.around("commit", lambda: self._noted(change, lambda: self._store.commit(change)), change)

    def commit_all(self, changes: Sequence[Change]) -> list[bool]:
        return [self._commits(change) for change in changes]

    def _commits(self, change: Change) -> bool:
        try:
            self.commit(change)
        except LostRace:
            return False
        return True

    def _noted(self, change: Change, call: Callable[[], Any]) -> Any:
        store = self._store
        before = len(store.stream) + len(store.agent_stream)
        answer = call()
        if len(store.stream) + len(store.agent_stream) > before:
            self._faults.written.append(Write(change, self._faults.overtaking))
            self._faults.late = [change, *self._faults.late[:5]]
        return answer


class FaultyTransport:
    """A transport through which faults happen."""

    def __init__(self, transport: MemoryTransport, faults: Faults) -> None:
        self._transport, self._faults = transport, faults

    def __getattr__(self, name: str) -> Any:
        return _through(self, self._transport, name, self._faults)


def _through(proxy: Any, inner: Any, name: str, faults: Faults) -> Any:
    method = getattr(inner, name)
    if name not in faults.about:
        return method

    def call(*args: Any, **named: Any) -> Any:
        return faults.around(name, lambda: method(*args, **named))

    proxy.__dict__[name] = call
    return call
