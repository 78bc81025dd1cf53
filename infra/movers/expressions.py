"""Conditions as other systems write them, read into a tree: TaskRouter's expressions, and the part of Power Fx that
Job Router's rules are commonly made of. What is not understood is an error that says where; nothing is guessed.

Sources: Twilio, "Using TaskRouter Expressions"; Microsoft, "Operators and identifiers in Power Fx".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

Value = str | float | bool
TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>-?\d+(?:\.\d+)?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>==|!=|<>|>=|<=|&&|\|\||[=<>!(),\[\]])
      | (?P<word>[A-Za-z_$][\w$]*(?:\.[\w$]+)*)
    )""",
    re.VERBOSE,
)
COMPARISONS = {
    "==": "=",
    "=": "=",
    "!=": "!=",
    "<>": "!=",
    ">": ">",
    "<": "<",
    ">=": ">=",
    "<=": "<=",
    "HAS": "has",
    "CONTAINS": "has",
    "IN": "in",
}
MIRRORED = {"=": "=", "!=": "!=", ">": "<", "<": ">", ">=": "<=", "<=": ">="}


class NotUnderstood(ValueError):
    """The expression says something that this reader does not know."""


@dataclass(frozen=True, slots=True)
class Key:
    """A reference to a value, such as `worker.language`."""

    name: str


Operand = Key | Value | tuple[Value, ...]


class Compare(NamedTuple):
    """Two operands compared: `=`, `!=`, `>`, `<`, `>=`, `<=`, `has` (a list holds a value), `in`."""

    left: Operand
    op: str
    right: Operand


class All(NamedTuple):
    """Every part holds."""

    parts: tuple[Any, ...]


class Any_(NamedTuple):
    """At least one part holds."""

    parts: tuple[Any, ...]


class Not(NamedTuple):
    """The part does not hold."""

    part: Any


class If(NamedTuple):
    """Power Fx: a value that depends on a condition."""

    condition: Any
    then: Any
    otherwise: Any


Tree = Compare | All | Any_ | Not | If | Key | str | float | bool


def parse(text: str) -> Tree:
    """The tree of an expression. Raises `NotUnderstood`."""
    reader = _Reader(list(_tokens(text)), text)
    tree = reader.either()
    if reader.peek() is not None:
        raise NotUnderstood(f"{reader.peek()!r} is not expected in {text!r}.")
    return tree


def holds(tree: Tree, values: dict[str, Any]) -> bool:
    """Whether a condition is true of values, which keys reach into by their dotted names. Raises `NotUnderstood`."""
    match tree:
        case bool():
            return tree
        case Compare(left, op, right):
            return _compare(_value(left, values), op, _value(right, values))
        case All(parts):
            return all(holds(each, values) for each in parts)
        case Any_(parts):
            return any(holds(each, values) for each in parts)
        case Not(part):
            return not holds(part, values)
        case Key():
            return _value(tree, values) is True
        case _:
            raise NotUnderstood(f"{tree!r} is no condition.")


def _tokens(text: str) -> Iterator[Any]:
    at = 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if found is None:
            raise NotUnderstood(f"{text[at : at + 12]!r} in {text!r}.")
        at = found.end()
        if found["number"] is not None:
            yield float(found["number"])
        elif found["text"] is not None:
            yield ("text", re.sub(r"\\(.)", r"\1", found["text"][1:-1]))
        else:
            yield found["operator"] or found["word"]


class _Reader:
    """Recursive descent, loosest binding first."""

    def __init__(self, tokens: list[Any], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._at = 0

    def peek(self) -> Any:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> Any:
        token = self.peek()
        if token is None:
            raise NotUnderstood(f"{self._text!r} ends too early.")
        self._at += 1
        return token

    def takes(self, *spellings: str) -> bool:
        """Whether the next token is one of these; if so, it is taken."""
        token = self.peek()
        if isinstance(token, str) and token.upper() in spellings:
            self._at += 1
            return True
        return False

    def either(self) -> Tree:
        parts = [self.both()]
        while self.takes("OR", "||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Any_(tuple(parts))

    def both(self) -> Tree:
        parts = [self.single()]
        while self.takes("AND", "&&"):
            parts.append(self.single())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def single(self) -> Tree:
        if self.takes("!", "NOT"):
            return Not(self.single())
        left: Any = self.operand()
        negated = self.takes("NOT")
        token = self.peek()
        op = COMPARISONS.get(token.upper()) if isinstance(token, str) else None
        if op is None:
            if negated:
                raise NotUnderstood(f"NOT without a comparison in {self._text!r}.")
            return left  # type: ignore[no-any-return]
        self._at += 1
        compared = _ordered(left, op, self.operand())
        return Not(compared) if negated else compared

    def operand(self) -> Any:
        word = self.take()
        if isinstance(word, float):
            return word
        if isinstance(word, tuple):
            return word[1]
        if word == "(":
            inner = self.either()
            self._expect(")")
            return inner
        if word == "[":
            return tuple(self._list("]"))
        if word.lower() in ("true", "false"):
            return word.lower() == "true"
        if self.peek() == "(" and word.lower() in ("if", "and", "or", "not"):
            self._at += 1
            return self._call(word.lower())
        if not re.match(r"[A-Za-z_$]", word):
            raise NotUnderstood(f"{word!r} is not expected in {self._text!r}.")
        return Key(word)

    def _call(self, name: str) -> Tree:
        given = list(self._list(")"))
        match name:
            case "and":
                return All(tuple(given))
            case "or":
                return Any_(tuple(given))
            case "not" if len(given) == 1:
                return Not(given[0])
            case "if" if len(given) == 3:
                return If(*given)
        raise NotUnderstood(f"{name} takes other arguments than in {self._text!r}.")

    def _list(self, end: str) -> Iterator[Any]:
        while not self.takes(end):
            yield self.either()
            if self.peek() != end:
                self._expect(",")

    def _expect(self, token: str) -> None:
        if self.take() != token:
            raise NotUnderstood(f"{token!r} is missing in {self._text!r}.")


def _ordered(left: Any, op: str, right: Any) -> Compare:
    """The key to the left, where only one side is one."""
    if isinstance(right, Key) and not isinstance(left, Key) and op in MIRRORED:
        return Compare(right, MIRRORED[op], left)
    return Compare(left, op, right)


def _value(operand: Any, values: dict[str, Any]) -> Any:
    if not isinstance(operand, Key):
        return operand
    found: Any = values
    for part in operand.name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _compare(left: Any, op: str, right: Any) -> bool:
    match op:
        case "=":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "has":
            return isinstance(left, list | tuple) and right in left
        case "in":
            return isinstance(right, list | tuple) and left in right
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return False
    return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[op]
