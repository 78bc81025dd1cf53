"""Logs and metrics of the handlers: ids, states and durations, never what an engagement says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.operations.snapshot import Pass

log = Logger(service="interleave")
MOST_NAMED = 20
_metrics = Metrics(namespace="Interleave", service="interleave")


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
        _metrics.add_metric(name, MetricUnit.Count, value)


def observe(done: Pass) -> None:
    """What a pass of the router did."""
    count("Offered", done.offered)
    count("Conflicts", done.conflicts)
    count("PoisonedMessages", done.poisoned)
    count("Waiting", done.waiting)
    count("Overflowed", done.overflowed)
    count("Unmatchable", len(done.unmatchable))
    if done.unmatchable:
        log.warning("unmatchable", engagement_ids=done.unmatchable[:MOST_NAMED])
