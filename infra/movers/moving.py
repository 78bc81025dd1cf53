"""What every mover works with: answers of the other system, rows that know what was read of them, and the report."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Answers = Mapping[str, Any]
"""The other system's answers by the path they came from, such as `queues` or `users/17/skills`.

What was answered in pages is a list of the pages.
"""

IDENTIFIER = re.compile(r"^[A-Za-z0-9_-]{1,40}$")
NO_SETTING = "Interleave has no such setting."
NUMBER = (int, float)
PLAIN = (str, *NUMBER)
KINDS: dict[type, tuple[type, ...]] = {
    type(None): PLAIN,
    str: (str,),
    bool: (bool,),
    int: NUMBER,
    float: NUMBER,
    dict: (dict,),
    list: (list,),
}
"""Of which kinds a value may be, by what stands for it where it is missing."""
NAMES = {str: "text", bool: "true or false", int: "number", dict: "object", list: "list"}


class LeftOut(NamedTuple):
    """Something that is not in the document, or not as it was: where it stood, what it is, and why."""

    where: str
    what: str
    why: str


class Renamed(NamedTuple):
    """An id that is no valid identifier, and the one it has now."""

    kind: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A document that can be applied, and everything there is to know before it is."""

    document: dict[str, Any]
    left_out: tuple[LeftOut, ...]
    renamed: tuple[Renamed, ...]


class NotAnswered(Exception):
    """The other system never answers so: the path of the answer, and what is wrong there."""

    def __init__(self, path: str, wrong: str) -> None:
        super().__init__(wrong)
        self.path = path


class Row:
    """One row of an answer. What nobody takes of it is reported, so that nothing is dropped in silence.

    What is taken raises `NotAnswered` where it is of another kind than the other system's.
    """

    def __init__(self, path: str, where: str, fields: Any, server: tuple[str, ...] = ()) -> None:
        self.path = path
        self.where = where
        self._fields: Mapping[str, Any] = _of_kind(path, where, fields, dict)
        self._taken = set(server)
        self._inner: list[Row] = []

    def take(self, name: str, default: Any = None, *kinds: type) -> Any:
        """A field's value, of these kinds or of the default's; the default where it is missing or says nothing."""
        self._taken.add(name)
        value, kinds = self._fields.get(name), kinds or KINDS[type(default)]
        if not value and not isinstance(value, kinds):
            return default
        return _of_kind(self.path, f"{self.where}, {name}", value, *kinds)

    def number(self, name: str) -> Any:
        """A field that is a number; None where it is missing or null."""
        return self.take(name, None, *NUMBER)

    def needed(self, name: str, *kinds: type) -> Any:
        """A field without which the row says nothing."""
        value = self.take(name, None, *kinds)
        return _of_kind(self.path, f"{self.where}, {name}", value, *kinds)

    def within(self, name: str) -> Row:
        """A field that is itself an object."""
        return self._nested(name, self.take(name, {}))

    def rows(self, name: str) -> list[Row]:
        """A field that is a list of objects."""
        return [self._nested(f"{name}[{n}]", each) for n, each in enumerate(self.take(name, []))]

    def members(self, name: str, *kinds: type) -> list[Any]:
        """A field that is a list of what is of these kinds."""
        where = f"{self.where}, {name}"
        return [_of_kind(self.path, f"{where}[{n}]", each, *kinds) for n, each in enumerate(self.take(name, []))]

    def items(self, name: str, *kinds: type) -> dict[str, Any]:
        """A field that is an object of what is of these kinds, without what is null."""
        where, given = f"{self.where}, {name}", without_none(self.take(name, {}))
        return {key: _of_kind(self.path, f"{where}, {key}", each, *kinds) for key, each in given.items()}

    def untaken(self) -> Iterator[LeftOut]:
        """What was not taken and says something: neither null nor false, zero or empty."""
        for name, value in self._fields.items():
            if name not in self._taken and value:
                yield LeftOut(self.where, name, NO_SETTING)
        for inner in self._inner:
            yield from inner.untaken()

    def ignore(self, *names: str) -> None:
        """Count fields as taken that say nothing new."""
        self._taken.update(names)

    def drop(self) -> None:
        """Count everything as taken: that the row is left out is reported as such."""
        self._taken.update(self._fields)

    def _nested(self, name: str, value: Any) -> Row:
        inner = Row(self.path, f"{self.where}, {name}", value)
        self._inner.append(inner)
        return inner


@dataclass(slots=True)
class Move:
    """A move on its way."""

    answers: Answers
    _left_out: list[LeftOut] = field(default_factory=list)
    _rows: list[Row] = field(default_factory=list)
    _read: set[str] = field(default_factory=set)
    _ids: dict[tuple[str, str], str] = field(default_factory=dict)

    def rows(self, path: str, key: str, name: str, *server: str) -> list[Row]:
        """The rows under `key` of an answer, or of all its pages.

        `name` is the field by which a row is called in the report; `server` are fields that the other system keeps
        for itself, such as links and times of change.
        """
        if path not in self.answers:
            return []
        self._read.add(path)
        answer = self.answers[path]
        pages = [Row(path, path, page) for page in (answer if isinstance(answer, list) else [answer])]
        found = [each for page in pages for each in page.members(key, dict)]
        return [self.watch(Row(path, f"{path} {each.get(name, '?')}", each, server)) for each in found]

    def row(self, path: str, *server: str) -> Row | None:
        """An answer that is one object."""
        if path not in self.answers:
            return None
        self._read.add(path)
        return self.watch(Row(path, path, self.answers[path], server))

    def watch(self, row: Row) -> Row:
        """A row whose untaken fields are to be reported."""
        self._rows.append(row)
        return row

    def leave(self, where: str, what: str, why: str) -> None:
        """Report something."""
        self._left_out.append(LeftOut(where, what, why))

    def drop(self, row: Row, what: str, why: str) -> None:
        """Report that nothing comes of a row."""
        self.leave(row.where, what, why)
        row.drop()

    def identifier(self, kind: str, theirs: Any) -> str:
        """Their id where it is a valid identifier; else one made of it, the same at every move."""
        text = str(theirs)
        return self._ids.setdefault((kind, text), text if IDENTIFIER.match(text) else _made(text))

    def done(self, document: dict[str, Any]) -> Moved:
        """The document, without empty parts, and the report."""
        for row in self._rows:
            self._left_out.extend(row.untaken())
        for path in sorted(set(self.answers) - self._read):
            self.leave(path, "the whole answer", "It is not read; what it holds has no place here.")
        renamed = [Renamed(kind, theirs, ours) for (kind, theirs), ours in self._ids.items() if theirs != ours]
        kept = {name: part for name, part in document.items() if part}
        return Moved(kept, tuple(dict.fromkeys(self._left_out)), tuple(renamed))


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that say something."""
    return {name: value for name, value in fields.items() if value is not None}


def _of_kind(path: str, where: str, value: Any, *kinds: type) -> Any:
    if not isinstance(value, kinds):
        raise NotAnswered(path, f"{where} is no {' or '.join(NAMES[each] for each in kinds if each in NAMES)}.")
    return value


def _made(text: str) -> str:
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:31]
    return f"{slug}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
