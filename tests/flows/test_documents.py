"""docs/flows.md shows what works, and no other bounds than there are."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.flows import cases, checks, expressions, interpreter, roads
from chalicelib.flows.cases import try_all
from chalicelib.flows.graph import graph
from chalicelib.operations import flowing, wording
from tests.flows.support import SURROUNDINGS, document_with
from tests.support.worlds import TENANT

TEXT = (Path(__file__).parents[2] / "docs" / "flows.md").read_text()
FULL, *STEPS = (json.loads(each) for each in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
QUEUES = [{**TENANT["queues"][0], "overflow": {"queue_id": "general"}}, *TENANT["queues"][1:]]


def test_the_flow_in_full_passes_its_cases_and_is_drawn_as_shown() -> None:
    tenant = read({**SURROUNDINGS, "flows": [FULL]})
    flow = tenant.flows[0]
    results = try_all(flow.versions[0], tenant.setting)
    assert [(each.case, each.differences) for each in results if not each.passed] == []
    assert len(results) == 3
    assert re.findall(r"```mermaid\n(.*?)```", TEXT, re.DOTALL) == [graph(flow, flow.versions[0])]


@pytest.mark.parametrize("steps", STEPS)
def test_every_example_is_taken(steps: list[Any]) -> None:
    read(document_with(*steps, queues=QUEUES))


def test_every_kind_of_step_has_an_example() -> None:
    shown = set(re.findall(r'"(choose|set|hours|split|queue_statistics|consumer|http|route|flow|overflow|end)":', TEXT))
    assert shown | {"flow"} == {
        *("choose", "set", "hours", "split", "queue_statistics", "consumer", "http"),
        *("route", "flow", "overflow", "end"),
    }


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def test_the_bounds_are_those() -> None:
    bounds = dict(re.findall(r"^\| ([\w ,]+) \| ([\d ,]+)", TEXT[TEXT.index("## Bounds") :], re.MULTILINE))
    assert {name: text.strip() for name, text in bounds.items()} == {
        "steps of a version, exits": f"{checks.MOST_STEPS}, {checks.MOST_EXITS}",
        "nesting of steps, hops from flow to flow": f"{roads.DEEPEST}, {roads.MOST_HOPS}",
        "tests and values in a condition, nesting": f"{checks.MOST_TESTS}, {checks.DEEPEST_CONDITION}",
        "characters of an expression": f"{expressions.LONGEST}",
        "work of all expressions in a condition, or in a mapping": _spaced(expressions.MOST_WORK),
        "work of all expressions of a run": _spaced(interpreter.MOST_WORK_OF_A_RUN),
        "characters of a variable that is kept": f"{interpreter.LONGEST_VALUE}",
        "bytes of all that work says, with the variables that are kept": _spaced(wording.MOST_SAID),
    }
    assert f"counted up to {flowing.MOST_COUNTED}" in TEXT
    assert flowing.CALLS_MS == 3000


def test_what_a_case_may_expect_is_listed() -> None:
    assert [name for name in cases.PARTS if f"`{name}`" not in TEXT] == []
