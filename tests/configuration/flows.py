"""Flows for whole tenants: every kind of step and condition, with references that lead somewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from chalicelib.flows.document import FlowVersion
from chalicelib.flows.intake import Intake

_versions: TypeAdapter[tuple[FlowVersion, ...]] = TypeAdapter(tuple[FlowVersion, ...])
_intake: TypeAdapter[Intake] = TypeAdapter(Intake)
Json = dict[str, Any]

leaves = st.sampled_from(
    [
        {"field": "work_item_type", "op": "equal_to", "value": "invoice"},
        {"field": "work_item_priority", "op": "greater_than", "value": 5},
        {"field": "global_custom.a.b", "op": "in", "value": ["x", "y"]},
        {"field": "global_custom.a.c", "op": "exists"},
        {"jmespath": "length(work_item_name) > `3`"},
    ]
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=4,
)
values = st.sampled_from(["x", 3, True, {"jmespath": "work_item_name"}])


def versions(
    queues: Sequence[str], hours: Sequence[str], systems: Sequence[str], lists: Sequence[str], skills: Sequence[str]
) -> st.SearchStrategy[tuple[FlowVersion, ...]]:
    """One or two versions, the last published, that lead to these queues."""
    queue = st.sampled_from(queues)
    leads = st.fixed_dictionaries(
        {"queue_id": queue},
        optional={
            "priority": st.integers(0, 999),
            "skills": st.builds(
                lambda skill, n: [{"skill": skill, "level": n}], st.sampled_from(skills), st.integers(1, 5)
            ),
            "variables": st.dictionaries(st.sampled_from(["global_custom.a.b", "mine"]), values, max_size=2),
            "due": st.builds(lambda seconds: {"seconds": seconds}, st.integers(1, 9999)),
        },
    )
    steps: list[st.SearchStrategy[Json]] = [
        st.fixed_dictionaries({"set": leads}),
        st.builds(lambda to, onward: {"set": {**to}, "name": onward}, leads, st.sampled_from(["first", "second"])),
        st.fixed_dictionaries({"queue_statistics": queue}),
        st.builds(
            lambda when, a, b: {"choose": [{"when": when, "route": a}], "otherwise": b}, conditions, leads, leads
        ),
        st.builds(
            lambda part, a, b: {"split": [{"percent": part, "route": a}, {"percent": 100 - part, "route": b}]},
            st.integers(1, 99),
            leads,
            leads,
        ),
        st.builds(lambda seconds: {"consumer": {"returning_within": seconds}}, st.integers(1, 999)),
    ]
    if hours:
        steps.append(st.fixed_dictionaries({"hours": st.sampled_from(hours), "open": leads, "closed": leads}))
    if lists:
        steps.append(st.builds(lambda known: {"consumer": {"lists": [known]}}, st.sampled_from(lists)))
    if systems:
        ask = st.fixed_dictionaries({"system_id": st.sampled_from(systems), "path": st.just("/tier")})
        steps.append(st.fixed_dictionaries({"http": ask, "failed": leads}))
    inner = st.builds(lambda step, to: {"steps": [step], **to}, st.one_of(steps), leads)
    nested = st.builds(
        lambda a, b: {"choose": [{"when": {"field": "n", "op": "exists"}, "route": a}], "otherwise": b}, inner, leads
    )
    last = st.one_of(st.fixed_dictionaries({"route": leads}), st.fixed_dictionaries({"set": leads}), nested)
    version = st.builds(
        lambda before, end: [*before, end], st.lists(st.one_of(steps), max_size=3, unique_by=_name), last
    )
    return st.lists(version, min_size=1, max_size=2).map(_numbered)


def intakes() -> st.SearchStrategy[Intake | None]:
    """How another system's webhook is taken."""
    signature = st.sampled_from(
        [
            {"hmac": {"header": "X-Signature", "prefix": "sha256=", "encoding": "base64"}},
            {"hmac": {"header": "X-S", "signs": "{timestamp}.{body}", "timestamp": {"header": "X-T", "within": 60}}},
            {"basic": {"user": "acme"}},
            {"token": {"header": "X-Token", "prefix": ""}},
        ]
    )
    mapping = {"work_item_variables": {"work_item_name": "title"}, "consumer": {"consumer_display_name": "who"}}
    return st.none() | st.builds(lambda by: _intake.validate_python({"signature": by, "mapping": mapping}), signature)


def _choice(when: Json, first: Json, otherwise: Json) -> Json:
    return {"choose": [{"when": when, "route": first}], "otherwise": otherwise}


def _name(step: Json) -> Any:
    """Steps of one name would not be told apart in a trace."""
    return step.get("name", id(step))


def _numbered(made: list[list[Json]]) -> tuple[FlowVersion, ...]:
    last = len(made)
    states = ["published" if n == last else "archived" for n in range(1, last + 1)]
    rows = [
        {"flow_version": n, "status": s, "steps": steps}
        for n, (s, steps) in enumerate(zip(states, made, strict=True), 1)
    ]
    return _versions.validate_python(rows)
