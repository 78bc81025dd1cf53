"""The routing rules in plain loops: obvious, slow, and what the real core is held to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp

from chalicelib.routing.model import Candidate, Match, QueueRules, Requirement, Terms, Waiting

HOUR = 3_600_000


class Reference:
    """One pass. Every engagement by rank; for each, every agent; the first by the queue's order gets it."""

    def __init__(self, candidates: Sequence[Candidate], now: int, rules: Mapping[str, QueueRules]) -> None:
        self.candidates, self.now, self.rules = candidates, now, rules
        self.load = {c.agent_id: dict(c.load) for c in candidates}
        self.offers = {c.agent_id: c.offers for c in candidates}
        self.given = dict.fromkeys(self.load, 0)
        self.out: set[str] = set()

    def decide(self, waiting: Sequence[Waiting], closed: frozenset[str]) -> list[Match]:
        matches: list[Match] = []
        levels = {1} | {terms.level for c in self.candidates if c.ready for terms in c.terms.values()}
        ranked = sorted(waiting, key=self.rank)
        for level in sorted(levels):
            for engagement in ranked:
                done = any(match.waiting == engagement for match in matches)
                rules = self.rules.get(engagement.queue_id, QueueRules())
                if done or engagement.queue_id in closed or rules.distribution == "manual":
                    continue
                match = self.give(engagement, rules, level)
                if match is not None:
                    matches.append(match)
        return matches

    def rank(self, w: Waiting) -> tuple[object, ...]:
        points = w.priority * HOUR + w.rate * (self.now - w.queued_at)
        return (not w.top, -points, w.queued_at if w.target_at is None else w.target_at, w.queued_at, w.engagement_id)

    def give(self, w: Waiting, rules: QueueRules, level: int) -> Match | None:
        able = [c for c in self.candidates if self.able(c, w, rules, level)]
        free = [c for c in able if self.fits(c, w.channel, self.load[c.agent_id])]
        parks = None
        if free:
            chosen = self.first(free, w, rules)
        else:
            parking = [c for c in able if self.fits_if_parked(c, w.channel)]
            if not parking:
                return None
            chosen = self.first(parking, w, rules)
            parks = chosen.occupancy.parks[w.channel]
        also: list[Candidate] = []
        if rules.distribution == "simultaneous" and parks is None:
            also = sorted((c for c in free if c is not chosen), key=idle)[: rules.at_once - 1]
        for c in (chosen, *also):
            self.load[c.agent_id][w.channel] = self.load[c.agent_id].get(w.channel, 0) + 1
            self.offers[c.agent_id] += 1
            self.given[c.agent_id] += 1
        if parks is not None:
            self.out.add(chosen.agent_id)
        return Match(w, chosen.agent_id, tuple(c.agent_id for c in also), parks)

    def able(self, c: Candidate, w: Waiting, rules: QueueRules, level: int) -> bool:
        terms = c.terms.get(w.queue_id, Terms())
        age = self.now - w.queued_at
        if not c.ready or w.queue_id not in c.queues or terms.level != level or terms.delay > age:
            return False
        if (w.direct_to or self.held_for(w) or c.agent_id) != c.agent_id:
            return False
        if any(agent_id == c.agent_id and self.now < until for agent_id, until in w.cooling):
            return False
        return all(has(c, requirement) for requirement in asked(w, rules, age))

    def held_for(self, w: Waiting) -> str | None:
        return w.preferred if self.now < w.preferred_until else None

    def fits(self, c: Candidate, channel: str, load: dict[str, int]) -> bool:
        rules = c.occupancy
        if c.agent_id in self.out or load.get(channel, 0) >= c.capacity.get(channel, 0):
            return False
        if self.offers[c.agent_id] >= rules.most_offers:
            return False
        for closing in rules.closings:
            if closing.to is None or channel in closing.to:
                percents = [(load.get(x.channel, 0), c.capacity.get(x.channel, 0), x.percent) for x in closing.when]
                if all(taken > 0 and 100 * taken >= percent * places for taken, places, percent in percents):
                    return False
        for pool, cost in rules.costs.get(channel, ()):
            if used(c, pool, load) + cost > rules.units.get(pool, 0):
                return False
        return True

    def fits_if_parked(self, c: Candidate, channel: str) -> bool:
        other = c.occupancy.parks.get(channel)
        load = self.load[c.agent_id]
        return bool(other and load.get(other)) and self.fits(c, channel, {**load, other: load[other] - 1})  # type: ignore[index,dict-item]

    def first(self, able: list[Candidate], w: Waiting, rules: QueueRules) -> Candidate:
        if w.preferred and not w.direct_to and any(c.agent_id == w.preferred for c in able):
            able = [c for c in able if c.agent_id == w.preferred]
        return min(able, key=lambda c: self.order(c, w, rules))

    def order(self, c: Candidate, w: Waiting, rules: QueueRules) -> tuple[object, ...]:
        given = self.given[c.agent_id]
        if rules.distribution == "sequential":
            return (c.position, c.agent_id)
        if rules.distribution == "rotating":
            return (given, c.offered_at, c.position, c.agent_id)
        if rules.distribution == "most_available":
            return (self.load_ratio(c, w.channel), given, *idle(c))
        if rules.distribution == "best_skilled":
            return (-sum(c.skills.get(r.skill, 0) for r in asked(w, rules, self.now - w.queued_at)), given, *idle(c))
        if rules.distribution == "best_worker":
            needs = asked(w, rules, self.now - w.queued_at)
            score = [
                1 / (1 + exp(-(c.skills[r.skill] - r.level) / r.level)) if r.skill in c.skills else 0.0 for r in needs
            ]
            return (-sum(score) / len(score) if score else 0.0, given, *idle(c))
        return (given, *idle(c))

    def load_ratio(self, c: Candidate, channel: str) -> float:
        load = self.load[c.agent_id]
        for pool, cost in c.occupancy.costs.get(channel, ()):
            if cost:
                return used(c, pool, load) / c.occupancy.units[pool]
        return load.get(channel, 0) / c.capacity[channel]


def idle(c: Candidate) -> tuple[int, str]:
    return (c.idle_since, c.agent_id)


def used(c: Candidate, pool: str, load: Mapping[str, int]) -> int:
    return sum(load.get(channel, 0) * cost for channel, d in c.occupancy.costs.items() for p, cost in d if p == pool)


def has(c: Candidate, requirement: Requirement) -> bool:
    pairs = [(requirement.skill, requirement.level), *requirement.instead]
    return any(skill in c.skills and c.skills[skill] >= level for skill, level in pairs)


def asked(w: Waiting, rules: QueueRules, age: int) -> list[Requirement]:
    step = sum(1 for moment in rules.steps if age >= moment)
    needs = [r for r in w.skills if not any(r.skill in category.members for category in rules.profile)]
    turn = 0
    turns: dict[int, int] = {}
    for n in reversed(range(len(rules.profile))):
        category = rules.profile[n]
        if category.gives_way is not None:
            turns[n] = category.gives_way
        else:
            turns[n] = turn + 1
            if category.instead or not category.required:
                turn += 1
    for n, category in enumerate(rules.profile):
        given_way = step - turns[n] + 1  # 1: the first time, 2: the second …
        dropped = given_way >= (2 if category.instead else 1) and not category.required
        if dropped:
            continue
        named = [r for r in w.skills if r.skill in category.members]
        if not named and category.default is not None:
            named = [Requirement(category.default)]
        instead = category.instead if given_way >= 1 else ()
        needs += [Requirement(r.skill, max(r.level, category.minimum), r.instead + instead) for r in named]
    return list(dict.fromkeys(needs))
