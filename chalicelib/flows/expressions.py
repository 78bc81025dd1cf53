"""JMESPath that cannot run away: what is written is short, and what it does is counted.

An expression sees the JSON-like value that it is given and nothing else: a field of anything but an object is null.
The counting is by work, not by time, so that an expression fails on every machine or on none. `MOST_WORK` units
take some ten milliseconds; a unit is one step of the evaluation, or one value (or 32 characters) that a function or
a comparison looks at.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from jmespath import exceptions, functions, parser, visitor

LONGEST = 1000
"""Characters of an expression."""
MOST_BRACKETS = 60
"""Characters of an expression that begin something nested; the parser goes deeper with each."""
DEEPEST = 80
"""How deep an expression, or a value that it looks at, is nested at most."""
MOST_WORK = 10_000
CHARACTERS_PER_UNIT = 32
LARGEST = 10**300
"""Of numbers: beyond are those that no float is, and no number at all."""
_WITH_EXPRESSION = ("map", "max_by", "min_by", "sort_by")
_JSON = (str, int, float, bool, type(None))


class BadExpression(ValueError):
    """The expression is no JMESPath, or more of it than is allowed. The text says why."""


class ExpressionFailed(Exception):
    """The expression does not fit what it was given, or has too much to do with it. Never says a value."""


def check(text: str) -> None:
    """Raises `BadExpression` where an expression will not do."""
    _parsed(text)


def search(text: str, given: Any, work: Work | None = None) -> Any:
    """What an expression finds in a JSON-like value. Several may share the same work.

    Raises `BadExpression`, `ExpressionFailed`.
    """
    tree, work = _parsed(text), work or Work()
    interpreter = _Interpreter(work)
    try:
        found = interpreter.visit(tree, given)
    except (exceptions.JMESPathError, ArithmeticError, TypeError, ValueError) as error:
        raise ExpressionFailed("It does not fit the value that it was given.") from error
    work.look_at(found)
    return found


def is_true(found: Any) -> bool:
    """JMESPath's truth: anything but null, false and what is empty. Zero is true."""
    return not (found is None or found is False or found in ("", [], {}))


class Work:
    """The work that is left, here and in what this is a part of."""

    def __init__(self, units: int | None = None, within: Work | None = None) -> None:
        self.left = MOST_WORK if units is None else units
        self.within = within

    def spend(self, units: int) -> None:
        self.left -= units
        if self.left < 0:
            raise ExpressionFailed("It has too much to do.")
        if self.within is not None:
            self.within.spend(units)

    def look_at(self, value: Any) -> None:
        """Pay for going through a value once, before anything does. What is shared in it counts each time."""
        level = [value]
        for _ in range(DEEPEST):
            below: list[Any] = []
            for each in level:
                if isinstance(each, str):
                    self.spend(1 + len(each) // CHARACTERS_PER_UNIT)
                elif isinstance(each, list):
                    self.spend(1 + len(each))
                    below.extend(each)
                elif isinstance(each, dict):
                    self.spend(1 + len(each))
                    below.extend(each.values())
                elif isinstance(each, int | float) and not -LARGEST <= each <= LARGEST:
                    raise ExpressionFailed("It has a number that JSON does not know, or that is too large.")
                elif isinstance(each, _JSON):
                    self.spend(1)
                else:
                    raise ExpressionFailed("An expression (&) goes only where a function asks for one.")
            if not below:
                return
            level = below
        raise ExpressionFailed("It looks at what is nested too deep.")


class _Functions(functions.Functions):  # type: ignore[misc]
    """JMESPath's functions, paid for before they are called."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        for n, each in enumerate(resolved_args):
            takes_expression = function_name in _WITH_EXPRESSION and n == (0 if function_name == "map" else 1)
            if not takes_expression:
                self._work.look_at(each)
        match function_name, resolved_args:
            case "join", [str() as separator, list() as parts]:
                self._work.spend(len(separator) * len(parts) // CHARACTERS_PER_UNIT)
        return super().call_function(function_name, resolved_args)


class _Interpreter(visitor.TreeInterpreter):  # type: ignore[misc]
    """JMESPath's interpreter, with each step counted."""

    def __init__(self, work: Work) -> None:
        super().__init__(visitor.Options(custom_functions=_Functions(work)))
        self._work = work

    def visit(self, node: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        self._work.spend(1)
        found = super().visit(node, *args, **kwargs)
        if node["type"] in ("flatten", "slice") and found:
            self._work.spend(len(found))
        return found

    def visit_comparator(self, node: dict[str, Any], value: Any) -> Any:
        sides = [self.visit(child, value) for child in node["children"]]
        for each in sides:
            self._work.look_at(each)
        literals = [{"type": "literal", "value": each, "children": []} for each in sides]
        return super().visit_comparator({**node, "children": literals}, value)


@lru_cache(maxsize=2048)
def _parsed(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise BadExpression(f"At most {LONGEST} characters; this has {len(text)}.")
    if sum(text.count(each) for each in "[({!&*") > MOST_BRACKETS:
        raise BadExpression(f"At most {MOST_BRACKETS} brackets and signs that nest; take it apart.")
    try:
        tree: dict[str, Any] = parser.Parser().parse(text).parsed
    except exceptions.JMESPathError as error:
        raise BadExpression("This is no JMESPath: " + " ".join(str(error).split())) from error
    _not_too_deep(tree)
    _only_known_functions(tree)
    return tree


def _not_too_deep(tree: dict[str, Any]) -> None:
    level = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in node["children"] if isinstance(child, dict)]
        if not level:
            return
    raise BadExpression(f"Nested deeper than {DEEPEST}; take it apart.")


def _only_known_functions(tree: dict[str, Any]) -> None:
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if node["type"] == "function_expression" and node["value"] not in functions.Functions.FUNCTION_TABLE:
            raise BadExpression(f"There is no function {node['value']}().")
        nodes.extend(child for child in node["children"] if isinstance(child, dict))
