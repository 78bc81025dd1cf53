"""DynamoDB's partition limit as a model: every partition key takes 1,000 write units a second, and refuses the rest.

Pure: writes and a rate go in, what was refused comes out. A partition key is taken to be a partition of its own, which
is the best DynamoDB can do for a key that is written at ever later sort keys; that it lends unused capacity of some
minutes for a while (burst) is left out, for a rate that has to be held all day cannot be lent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from infra.billing import Touch
from infra.scale.recorded import OWN, Recording, kind_of

SHARDED = re.compile(r"((?:WAIT|FACTS|EVENTS)#[^#]+|DUE|AGENTS|WEBHOOK#[^#]+)(?:#(\d+))?")
"""Keys that end in a shard; that of a webhook's first shard ends without."""

UNITS_PER_SECOND = 1000.0
"""Write units that one partition takes; docs.aws.amazon.com, "Best practices for designing partition keys"."""


@dataclass(slots=True)
class Partition:
    """A bucket that fills with so many units a second, and holds those of one second."""

    units: float = UNITS_PER_SECOND
    at: float = 0.0

    def takes(self, units: float, at: float) -> bool:
        """Whether a write at this second (which never falls) is taken."""
        self.units = min(UNITS_PER_SECOND, self.units + (at - self.at) * UNITS_PER_SECOND)
        self.at = at
        if units > self.units:
            return False
        self.units -= units
        return True


def refused(writes: Iterable[tuple[float, Touch]]) -> dict[str, float]:
    """By key, the share of its write units that its partition refuses; keys that lose nothing are left out."""
    partitions: dict[str, Partition] = defaultdict(Partition)
    asked: dict[str, float] = defaultdict(float)
    lost: dict[str, float] = defaultdict(float)
    for at, (key, units) in writes:
        asked[key] += units
        if not partitions[key].takes(units, at):
            lost[key] += units
    return {key: lost[key] / asked[key] for key in sorted(lost)}


def at_rate(recording: Recording, per_second: float, seconds: float, agents: int) -> Iterator[tuple[float, Touch]]:
    """The writes of recorded lives, over and over at so many lives a second, by so many agents in turn.

    Each time round they are the lives of other works. Their ids being others, so are the hashes of these: what was
    written under one shard goes under the next.
    """
    touches, lives = recording.touches, recording.lives
    round_seconds = lives / per_second
    for n in range(int(seconds / round_seconds)):
        for place, (key, units) in enumerate(touches):
            part = place / len(touches)
            agent = (n * lives + int(part * lives)) % agents
            yield (n + part) * round_seconds, Touch(_of_another(key, n, agent, recording.shards), units)


def _of_another(key: str, n: int, agent: int, shards: int) -> str:
    kind = kind_of(key)
    if kind in OWN:
        return f"{key}#{agent if kind == 'AGENT' else n}"
    sharded = SHARDED.fullmatch(key)
    if sharded is None:
        return key
    return f"{sharded[1]}#{(int(sharded[2] or 0) + n) % shards}"
