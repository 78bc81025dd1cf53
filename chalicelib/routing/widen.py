"""What an engagement asks of an agent at a moment, and when it will ask for less.

A search begins strict and gives way step by step: a line of the profile first accepts its backup skills, where it has
any, and is then dropped, unless it is required.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import NamedTuple

from chalicelib.routing.model import Category, QueueRules, Requirement, Waiting

USUAL = QueueRules()


class Need(NamedTuple):
    """What an engagement asks of an agent. Engagements with the same need can be taken by the same agents."""

    queue_id: str
    channel: str
    skills: tuple[Requirement, ...] = ()
    not_to: tuple[str, ...] = ()
    """Agents who have just passed it by."""
    only: str | None = None
    prefer: str | None = None
    patience: int = 0
    """The longest delay of a group that it has waited out."""


class Needs:
    """The needs of engagements under the rules of their queues; what it works out once, it remembers."""

    def __init__(self, rules: Mapping[str, QueueRules]) -> None:
        self._rules = rules
        self._widened: dict[tuple[str, tuple[Requirement, ...], int], tuple[Requirement, ...]] = {}

    def of(self, waiting: Waiting, now: int) -> Need:
        """The need at this moment."""
        rules = self._rules.get(waiting.queue_id, USUAL)
        if rules is USUAL and not waiting.cooling and waiting.direct_to is None and waiting.preferred is None:
            return Need(waiting.queue_id, waiting.channel, waiting.skills)
        skills, patience = waiting.skills, 0
        if rules.profile:
            skills = self._skills(waiting, rules, now)
        if rules.delays:
            passed = bisect_right(rules.delays, now - waiting.queued_at)
            patience = rules.delays[passed - 1] if passed else 0
        not_to = tuple(agent_id for agent_id, until in waiting.cooling if now < until) if waiting.cooling else ()
        only, prefer = waiting.direct_to, None
        if waiting.preferred is not None and only is None:
            held = now < waiting.preferred_until
            only, prefer = (waiting.preferred, None) if held else (None, waiting.preferred)
        return Need(waiting.queue_id, waiting.channel, skills, not_to, only, prefer, patience)

    def next_change(self, waiting: Waiting, now: int) -> int | None:
        """When the need changes next, if ever."""
        return min((moment for moment in self.changes(waiting) if moment > now), default=None)

    def changes(self, waiting: Waiting) -> list[int]:
        """Every moment at which the need changes, past ones among them."""
        rules = self._rules.get(waiting.queue_id, USUAL)
        moments = [until for _, until in waiting.cooling]
        if waiting.preferred is not None:
            moments.append(waiting.preferred_until)
        return moments + [waiting.queued_at + age for age in (*rules.delays, *rules.steps)]

    def relaxed(self, waiting: Waiting) -> Need:
        """The least that the engagement will ever ask for."""
        rules = self._rules.get(waiting.queue_id, USUAL)
        skills = requirements(rules.profile, waiting.skills, len(rules.steps))
        patience = rules.delays[-1] if rules.delays else 0
        return Need(waiting.queue_id, waiting.channel, skills, (), waiting.direct_to, None, patience)

    def _skills(self, waiting: Waiting, rules: QueueRules, now: int) -> tuple[Requirement, ...]:
        key = (waiting.queue_id, waiting.skills, step_at(rules, now - waiting.queued_at))
        found = self._widened.get(key)
        if found is None:
            found = self._widened[key] = requirements(rules.profile, waiting.skills, key[2])
        return found


def step_at(rules: QueueRules, age: int) -> int:
    """How many times the search has widened at this age."""
    return bisect_right(rules.steps, age)


def requirements(profile: tuple[Category, ...], skills: tuple[Requirement, ...], step: int) -> tuple[Requirement, ...]:
    """The skills that are asked for at a step. Skills of no category in the profile always are."""
    members = frozenset[str]().union(*(category.members for category in profile))
    asked = [requirement for requirement in skills if requirement.skill not in members]
    for category, gives_way in zip(profile, _order(profile), strict=True):
        notches = max(0, step - gives_way + 1)
        instead = category.instead if notches else ()
        if not category.required and notches > bool(category.instead):
            continue
        named = [r for r in skills if r.skill in category.members]
        if not named and category.default is not None:
            named = [Requirement(category.default)]
        asked += [Requirement(r.skill, max(r.level, category.minimum), r.instead + instead) for r in named]
    return tuple(dict.fromkeys(asked))


def _order(profile: tuple[Category, ...]) -> list[int]:
    """The step at which each line gives way: as it says, else the last that can first."""
    steps = []
    following = 1
    for category in reversed(profile):
        own = category.gives_way
        steps.append(following if own is None else own)
        if own is None and (category.instead or not category.required):
            following += 1
    return steps[::-1]
