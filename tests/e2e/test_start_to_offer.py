"""How soon work is offered where somebody is free, at the rate that is promised. `make test-long` only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from infra import bench
from infra.local import LocalStack
from infra.tenant import demo_tenant
from tests.support.figures import Figure
from tests.support.size import LONG

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(not LONG, reason="it measures: make test-long")]
MOST_MS = 1000


def test_at_20_starts_a_second_work_is_offered_within_a_second(tmp_path: Path, figure: Figure) -> None:
    assert bench.STARTS_PER_SECOND == 20
    found = asyncio.run(measured(tmp_path / "local.json"))
    p50, p99 = found["start_to_offer_p50_ms"], found["start_to_offer_p99_ms"]
    figure("start to offer at 20 starts a second", f"{p50:.0f} ms (p50), {p99:.0f} ms (p99)")
    assert p99 < MOST_MS


async def measured(file: Path) -> bench.Numbers:
    """On a stack of its own: on another one, others' work would wait too."""
    async with LocalStack(port=0, say=lambda _: None) as stack, demo_tenant(stack, file) as local:
        return await bench.start_to_offer(local)
