"""An hour of facts as a file: JSON Lines, compressed, one fact a line; the same facts are the same bytes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from chalicelib.reporting.facts import Fact, once


def key_of(hour: int) -> str:
    """The file of the hour that begins then (epoch ms), among those of its day in UTC."""
    return datetime.fromtimestamp(hour / 1000, UTC).strftime("facts/day=%Y-%m-%d/%H.jsonl.gz")


def packed(facts: Iterable[Fact]) -> bytes:
    """The lines of facts, each fact once (I11), in order of time."""
    lines = "".join(json.dumps(_line(fact), separators=(",", ":"), ensure_ascii=False) + "\n" for fact in once(facts))
    return gzip.compress(lines.encode(), mtime=0)


def _line(fact: Fact) -> dict[str, Any]:
    """Flat, so that any engine reads each number and label as a column; nothing is said of what there is not."""
    own = {
        "dataset": fact.dataset,
        "engagement_id": fact.engagement_id,
        "version": fact.version,
        "ended_at": datetime.fromtimestamp(fact.at / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "channel": fact.channel,
        "queue_id": fact.queue_id,
        "agent_id": fact.agent_id or "",
    }
    return {name: value for name, value in own.items() if value != ""} | dict(fact.labels) | dict(fact.measures)
