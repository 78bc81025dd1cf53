"""Logs and metrics of the handlers: ids, states and durations, never what an engagement says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.operations.routing import Pass

log = Logger(service="interleave")
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
