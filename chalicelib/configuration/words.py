"""Checks of a tenant's words: skills, variables and dispositions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from chalicelib.configuration.kinds import LONGEST_SKILL, SKILLS
from chalicelib.configuration.naming import free, refers, unique
from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.vocabulary import Variable
from chalicelib.errors import FieldError


def check_words(tenant: Tenant) -> Iterator[FieldError]:
    """Everything about them that contradicts itself, by place."""
    yield from _skills(tenant)
    groups = {each.variable_group_id: each for each in tenant.variable_groups}
    for n, variable in enumerate(tenant.variables):
        yield from _variable(f"/variables/{n}", variable, groups)
    yield from unique("/variables", [(v.variable_group_id, v.variable_name) for v in tenant.variables], "variable_name")
    for n, each in enumerate(tenant.disposition_sets):
        for d, disposition_id in enumerate(each.dispositions):
            at = f"/disposition_sets/{n}/dispositions/{d}"
            yield from refers(at, "disposition", disposition_id, tenant.disposition_by_id)


def _variable(at: str, variable: Variable, groups: Mapping[str, object]) -> Iterator[FieldError]:
    yield from refers(f"{at}/variable_group_id", "variable group", variable.variable_group_id, groups)
    for n, value in enumerate(variable.values):
        fault = replace(variable, values=()).fault(value)
        if fault is not None:
            yield FieldError(f"{at}/values/{n}", fault)
    fault = None if variable.default_value is None else variable.fault(variable.default_value)
    if fault is not None:
        yield FieldError(f"{at}/default_value", fault)


def check_queue_dispositions(at: str, queue: Queue, tenant: Tenant) -> Iterator[FieldError]:
    """Whether what a queue says of dispositions leads somewhere."""
    own = queue.dispositions
    sets = {each.disposition_set_id: each for each in tenant.disposition_sets}
    for n, each in enumerate(own.dispositions):
        yield from refers(f"{at}/dispositions/{n}", "disposition", each, tenant.disposition_by_id)
    for n, each in enumerate(own.disposition_sets):
        yield from refers(f"{at}/disposition_sets/{n}", "disposition set", each, sets)
    if own.default_disposition_id is not None and all(each in sets for each in own.disposition_sets):
        known = {*own.dispositions, *(d for each in own.disposition_sets for d in sets[each].dispositions)}
        allowed = dict.fromkeys(sorted(known)) or tenant.disposition_by_id
        at = f"{at}/default_disposition_id"
        yield from refers(at, "disposition of the queue", own.default_disposition_id, allowed)


def _skills(tenant: Tenant) -> Iterator[FieldError]:
    """A skill belongs to one category. Where there are categories, what agents have is in one of them."""
    first: dict[str, str] = {}
    for c, category in enumerate(tenant.skill_categories):
        for s, skill in enumerate(category.skills):
            if not 1 <= len(skill) <= LONGEST_SKILL:
                message = f"A skill has between 1 and {LONGEST_SKILL} characters."
                yield FieldError(f"/skill_categories/{c}/skills/{s}", message)
            yield from free(f"/skill_categories/{c}/skills/{s}", skill, SKILLS.no_ids)
            if skill in first:
                message = f"Skill {skill!r} is in the category {first[skill]!r} already; a skill belongs to one."
                yield FieldError(f"/skill_categories/{c}/skills/{s}", message)
            first[skill] = category.skill_category_id
