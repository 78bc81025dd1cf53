"""One day of a contact centre: the same arrivals, agents and skills for everybody who is compared.

Cases and calls come from eight in the morning on, most of them before noon, so that work waits and due dates can be
missed. An agent has three cases at a time; a call may come on top of them, and nothing on top of a call. Times are
milliseconds of the day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from chalicelib.engagements.model import Destination
from chalicelib.routing.consumer import ConsumerProfile, Facts, standing_of
from chalicelib.routing.model import Candidate, Requirement
from chalicelib.routing.occupancy import Closing, Criterion, OccupancyRules
from chalicelib.routing.presets import Preset
from infra.simulation.centre import Centre, Presence, QueueTerms
from infra.simulation.work import Answer, Stint, Work

MINUTE, HOUR = 60_000, 3_600_000
AGENTS, CASES, CALLS = 40, 2_150, 300
HOURS = 10
QUEUES = ("claims", "invoices", "tickets")
CALL_QUEUE = "calls"
SKILLS = ("french", "german", "fraud", "contracts", "tax")
CASES_AT_ONCE = 3
ANSWER_MS = 4_000
"""How long an agent takes to answer what is offered to him."""
DECLINED = 0.03
"""Of all offers."""
WITH_DUE_DATE = 0.3
BY_DUE_DATE = ConsumerProfile(order="due_date", service_level_threshold=2 * 3600)
"""How Interleave can be told to rank: what is due first goes first among equals."""
MEANT = Preset(
    {"voice": 1, "work_item": CASES_AT_ONCE},
    OccupancyRules(closings=(Closing((Criterion("voice"),)),)),
)
"""What an agent may have at once: a call on top of cases, and nothing on top of a call."""


@dataclass(frozen=True, slots=True)
class Day:
    """What comes, and who is there."""

    agents: tuple[Candidate, ...]
    presence: tuple[Presence, ...]
    works: tuple[Work, ...]

    def centre(self, preset: Preset, cool_down: int, pulled: bool) -> Centre:
        """The centre, with agents' places as a system can be told them, and how long it spares who has declined.

        What agents pull, they have: nobody waits for their answer, and nobody declines.
        """
        agents = tuple(replace(each, capacity=preset.capacity, occupancy=preset.occupancy) for each in self.agents)
        terms = QueueTerms(auto_accept=pulled, cool_down=cool_down)
        return Centre(agents, self.presence, queues=dict.fromkeys((*QUEUES, CALL_QUEUE), terms))

    def by_due_date(self) -> list[Work]:
        """The works as they stand where due dates decide among equals."""
        return [
            replace(each, to=replace(each.to, standing=standing_of(BY_DUE_DATE, Facts(each.at, each.due_at))))
            for each in self.works
        ]


def drawn(seed: int = 1, agents: int = AGENTS, cases: int = CASES, calls: int = CALLS) -> Day:
    """The day of a seed."""
    chance = random.Random(seed)  # noqa: S311 - the same day in every run
    people = tuple(_agent(chance, n) for n in range(agents))
    presence = [Presence(0, each.agent_id, True) for each in people]
    works = [_case(chance, n) for n in range(cases)] + [_call(chance, n) for n in range(calls)]
    return Day(people, tuple(presence), tuple(sorted(works, key=lambda each: (each.at, each.work_id))))


def _agent(chance: random.Random, n: int) -> Candidate:
    skills = {skill: chance.randint(2, 5) for skill in chance.sample(SKILLS, 2)}
    queues = {*chance.sample(QUEUES, 2), CALL_QUEUE} if n % 2 else set(chance.sample(QUEUES, 2))
    return Candidate(f"a{n:03d}", False, frozenset(queues), 0, skills)


def _case(chance: random.Random, n: int) -> Work:
    at = _moment(chance)
    due = at + chance.randrange(30 * MINUTE, 4 * HOUR) if chance.random() < WITH_DUE_DATE else None
    skills = tuple(Requirement(skill, chance.randint(1, 3)) for skill in chance.sample(SKILLS, chance.choice((0, 1))))
    to = Destination(chance.choice(QUEUES), chance.choice((1, 2, 2, 3)), skills)
    return _work(chance, f"case-{n:05d}", at, "work_item", to, 24 * MINUTE, due)


def _call(chance: random.Random, n: int) -> Work:
    return _work(chance, f"call-{n:05d}", _moment(chance), "voice", Destination(CALL_QUEUE, 9), 5 * MINUTE, None)


def _work(
    chance: random.Random, work_id: str, at: int, channel: str, to: Destination, mean: int, due: int | None
) -> Work:
    stint = Stint(round(chance.expovariate(1 / mean)) + 1)
    answers = (Answer("decline", ANSWER_MS),) if chance.random() < DECLINED else ()
    return Work(work_id, at, channel, to, (stint,), (*answers, Answer("accept", ANSWER_MS)), due_at=due)


def _moment(chance: random.Random) -> int:
    return round(chance.triangular(0, HOURS, 3) * HOUR)
