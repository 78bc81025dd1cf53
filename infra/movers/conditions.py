"""Trees of other systems in our words: conditions of a flow, and skills that an agent must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

from infra.movers.expressions import All, Any_, Compare, Key, Not, NotUnderstood, Tree

Field = Callable[[str], str]
"""Their name of a value → the field that a flow's condition looks at."""
MOST_COMBINATIONS = 64
SIMPLE = {"=": "equal_to", "!=": "not_equal_to", ">": "greater_than", "<": "less_than", "has": "contains", "in": "in"}

ALWAYS: dict[str, Any] = {"all": []}
NEVER: dict[str, Any] = {"any": []}
Skills = tuple[tuple[str, int], ...]
Option = tuple[dict[str, Any] | None, Skills]
"""A condition (None: always) and the skills that are asked for where it holds."""


def condition(tree: Tree, field: Field) -> dict[str, Any]:
    """A flow's condition. Raises `NotUnderstood`."""
    match tree:
        case Compare(Key(name), op, right) if not isinstance(right, Key) and right is not None:
            return _comparison(field(name), op, right)
        case All(parts):
            return {"all": [condition(each, field) for each in parts]}
        case Any_(parts):
            return {"any": [condition(each, field) for each in parts]}
        case Not(part):
            return {"not": condition(part, field)}
        case Key(name):
            return {"field": field(name), "op": "equal_to", "value": "true"}
        case Compare(left, "=", right) if not isinstance(left, Key):
            return ALWAYS if left == right else NEVER
        case bool():
            return ALWAYS if tree else NEVER
    raise NotUnderstood(f"{tree!r} cannot be said of work.")


def _comparison(name: str, op: str, value: Any) -> dict[str, Any]:
    plain = _plain(value)
    if op in (">=", "<="):
        return {
            "any": [
                {"field": name, "op": SIMPLE[op[0]], "value": plain},
                {"field": name, "op": "equal_to", "value": plain},
            ]
        }
    return {"field": name, "op": SIMPLE[op], "value": plain}


def _plain(value: Any) -> Any:
    """Variables arrive as text: true is `true`; whole numbers have no point."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def choice(branches: list[dict[str, Any]], otherwise: dict[str, Any]) -> dict[str, Any]:
    """The step that takes the first branch that holds, without those that no work would ever come to."""
    reached: list[dict[str, Any]] = []
    for branch in branches:
        if branch["when"] == NEVER or any(implies(branch["when"], earlier["when"]) for earlier in reached):
            continue
        if branch["when"] == ALWAYS:
            otherwise = branch["route"]
            break
        reached.append(branch)
    return {"choose": reached, "otherwise": otherwise} if reached else {"set": otherwise}


def implies(later: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """Whether the earlier condition holds wherever the later one does, as far as their shape tells."""
    if later == earlier or earlier == ALWAYS:
        return True
    if later.get("any"):
        return all(implies(each, earlier) for each in later["any"])
    if "any" in earlier:
        return any(implies(later, each) for each in earlier["any"])
    if "all" in later:
        return any(implies(each, earlier) for each in later["all"])
    return later.get("field") == earlier.get("field") and _narrower(later, earlier)


def _narrower(later: dict[str, Any], earlier: dict[str, Any]) -> bool:
    """Of two comparisons of one field, as `implies`."""
    low, high = later.get("value"), earlier.get("value")
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return False
    match later.get("op"), earlier.get("op"):
        case ("equal_to", "greater_than"):
            return low > high
        case ("equal_to", "less_than"):
            return low < high
        case ("greater_than", "greater_than"):
            return low >= high
        case ("less_than", "less_than"):
            return low <= high
    return False


def skills_step(dimensions: list[list[Option]]) -> dict[str, Any] | None:
    """The step that asks for every skill whose condition holds: a branch for each combination of them.

    A route names all the skills that are asked for, so that what holds together must stand together.
    Raises `NotUnderstood` where there are too many combinations to write down.
    """
    dimensions = [options for options in dimensions if any(skills for _, skills in options)]
    if not dimensions:
        return None
    size = 1
    for options in dimensions:
        size *= len(options)
    if size > MOST_COMBINATIONS:
        raise NotUnderstood(f"it takes {size} combinations of conditions, more than {MOST_COMBINATIONS}")
    branches = [_branch(chosen) for chosen in product(*dimensions)]
    always = next((route for when, route in branches if when is None), {})
    return choice([{"when": when, "route": route} for when, route in branches if when is not None], always)


def _branch(chosen: tuple[Option, ...]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    conditions = [when for when, _ in chosen if when is not None]
    levels: dict[str, int] = {}
    for skill, level in (each for _, skills in chosen for each in skills):
        levels[skill] = max(level, levels.get(skill, 0))
    when = None if not conditions else conditions[0] if len(conditions) == 1 else {"all": conditions}
    asked: dict[str, Any] = {"skills": [{"skill": skill, "level": level} for skill, level in levels.items()]}
    return when, asked if levels else {}


def conjuncts(tree: Tree) -> Iterator[Tree]:
    """The parts that must all hold."""
    if isinstance(tree, All):
        for part in tree.parts:
            yield from conjuncts(part)
    else:
        yield tree
