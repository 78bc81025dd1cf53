"""The same history under several configurations, under many seeds, on all cores, with confidence intervals.

Seed 0 is the history as it was. Every other seed draws from it: each engagement comes as often as a Poisson variable of
mean 1 says, at a moment up to `JITTER` earlier or later, and takes as long as some engagement of its queue did. All
configurations meet the same draws, so that their differences are paired.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from math import exp
from typing import Any

from chalicelib.configuration.document import parse
from infra.simulation.configured import Configured
from infra.simulation.figures import USUAL_THRESHOLD, Due, Figures, measured, occupancy
from infra.simulation.history import History, Recorded
from infra.simulation.run import simulate
from infra.simulation.work import Visit, Work

JITTER = 450_000
"""Milliseconds."""


@dataclass(frozen=True, slots=True)
class Question:
    """A history, the documents to try on it, and what service level is meant where a queue has none."""

    history: History
    documents: tuple[Mapping[str, Any], ...]
    usual: int = USUAL_THRESHOLD


def drawn(history: History, seed: int) -> tuple[Recorded, ...]:
    """What comes under a seed, in order of time."""
    if seed == 0:
        return history.engagements
    chance = random.Random(seed)  # noqa: S311 - the same in every run
    parts = defaultdict(list)
    for each in history.engagements:
        if each.parts:
            parts[each.to.queue_id].append(each.parts)
    found = []
    for each in history.engagements:
        for copy in range(_poisson(chance)):
            at = max(each.queued_at + chance.randint(-JITTER, JITTER), history.start)
            taken = chance.choice(parts[each.to.queue_id]) if each.parts else each.parts
            due = None if each.due_at is None else each.due_at + at - each.queued_at
            found.append(
                replace(each, engagement_id=f"{each.engagement_id}.{copy}", queued_at=at, parts=taken, due_at=due)
            )
    return tuple(sorted(found, key=lambda each: (each.queued_at, each.engagement_id)))


def recorded_figures(question: Question) -> Figures:
    """What is on record, measured alike; nothing where waits are not."""
    thresholds = Configured(parse(question.documents[0]), question.history).thresholds
    visits = [
        Visit(_NO_WORK, stay.queue_id, stay.priority, stay.since, stay.until, stay.end)
        for each in question.history.engagements
        for stay in each.stays
    ]
    due = [Due(each.due_at, each.closed_at) for each in question.history.engagements if each.due_at is not None]
    return measured(visits, due, question.history.end, thresholds, question.usual) if visits else {}


_NO_WORK: Work = None  # type: ignore[assignment] # figures do not look at it


def one(question: Question, document: int, seed: int) -> Figures:
    """One configuration under one seed."""
    tenant, was = parse(question.documents[document]), question.history.configuration
    configured = Configured(tenant, question.history, parse(was) if was is not None else None)
    works = configured.works(drawn(question.history, seed))
    outcome = simulate(configured.centre, works)
    due = [Due(j.work.due_at, j.closed_at) for j in outcome.journeys if j.work.due_at is not None]
    figures = measured(outcome.visits, due, outcome.ended_at, configured.thresholds, question.usual)
    busy = simulate(configured.centre, works, until=works[-1].at) if works else outcome
    return {**figures, "occupancy": occupancy(busy.desks)}


_question: Question | None = None


def _begin(question: Question) -> None:
    global _question
    _question = question


def _one(task: tuple[int, int]) -> Figures:
    assert _question is not None
    return one(_question, *task)


def runs(question: Question, seeds: Sequence[int], workers: int | None = None) -> Iterator[tuple[int, int, Figures]]:
    """Document, seed and figures of each run, in the same order however many cores there are."""
    tasks = [(document, seed) for document in range(len(question.documents)) for seed in seeds]
    workers = workers or os.cpu_count() or 1
    if workers == 1 or len(tasks) == 1:
        yield from ((document, seed, one(question, document, seed)) for document, seed in tasks)
        return
    with ProcessPoolExecutor(workers, initializer=_begin, initargs=(question,)) as pool:
        for (document, seed), figures in zip(tasks, pool.map(_one, tasks), strict=True):
            yield document, seed, figures


def _poisson(chance: random.Random) -> int:
    """A Poisson variable of mean 1."""
    product, least = 1.0, exp(-1)
    for n in count():
        product *= chance.random()
        if product < least:
            return n
    raise AssertionError
