"""How well an agent suits work, as a number: the default scores of Azure Job Router's best worker mode.

Source: Azure Communication Services, "Distribution modes". Each selector adds 1 where it compares for equality and
holds; where it compares by size, the logistic function of the share by which the worker exceeds it. The score is the
sum divided by the number of selectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp
from typing import Literal, NamedTuple

from chalicelib.routing.model import Requirement

Value = str | float | bool


class Selector(NamedTuple):
    """One thing that work asks of a worker's labels."""

    key: str
    op: Literal["equal", "not_equal", "at_least", "at_most"]
    value: Value


def label_score(worker: Mapping[str, Value], work: Mapping[str, Value]) -> float:
    """The share of the work's labels that the worker has too, 0 to 1."""
    return sum(worker.get(key) == value for key, value in work.items()) / len(work) if work else 0.0


def selector_score(worker: Mapping[str, Value], selectors: Sequence[Selector]) -> float:
    """How far the worker meets, and exceeds, what is asked; 0 to 1."""
    return sum(_score(worker, selector) for selector in selectors) / len(selectors) if selectors else 0.0


def worker_score(skills: Mapping[str, int], required: Iterable[Requirement]) -> float:
    """The same for skills: proficiencies beyond the required ones count, ever less."""
    return selector_score(skills, [Selector(r.skill, "at_least", r.level) for r in required])


def _score(worker: Mapping[str, Value], selector: Selector) -> float:
    has = worker.get(selector.key)
    if selector.op == "equal":
        return float(has == selector.value)
    if selector.op == "not_equal":
        return float(has != selector.value)
    if has is None:
        return 0.0
    asked = float(selector.value)
    beyond = float(has) - asked if selector.op == "at_least" else asked - float(has)
    return 1 / (1 + exp(-beyond / asked))
