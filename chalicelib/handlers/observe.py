"""Logs and metrics of the handlers: ids, states and durations, never what an engagement says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.engagements.model import Event
from chalicelib.operations.snapshot import Pass

log = Logger()
MOST_NAMED = 20
_metrics = Metrics(namespace="Interleave")


@contextmanager
def metrics() -> Iterator[None]:
    """Whatever is measured inside is written out at its end, also when it fails."""
    try:
        yield
    finally:
        if _metrics.metric_set:
            _metrics.flush_metrics()


def count(name: str, value: int) -> None:
    """Count something; nothing is written for zero."""
    if value:
        tell(name, value)


def tell(name: str, value: int) -> None:
    """Count something of which it is worth telling that there was none."""
    _metrics.add_metric(name, MetricUnit.Count, value)


def measure(name: str, milliseconds: int) -> None:
    """Note a duration."""
    _metrics.add_metric(name, MetricUnit.Milliseconds, milliseconds)


def observe_events(events: Iterable[Event]) -> None:
    """How long work waited until it was offered, and what came of offers. What is delivered again counts again."""
    events = list(events)
    for event in events:
        if event.command == "offer":
            measure("StartToOffer", event.detail["waited_ms"])
    for command, name in (("miss", "OffersMissed"), ("decline", "OffersDeclined")):
        count(name, sum(1 for event in events if event.command == command))


def observe(done: Pass, lap_ms: int) -> None:
    """What a pass of the router did, and how long it took."""
    measure("RouterLap", lap_ms)
    count("Offered", done.offered)
    count("Conflicts", done.conflicts)
    count("PoisonedMessages", done.poisoned)
    count("Waiting", done.waiting)
    count("Overflowed", done.overflowed)
    count("Unmatchable", len(done.unmatchable))
    if done.unmatchable:
        log.warning("unmatchable", engagement_ids=done.unmatchable[:MOST_NAMED])
