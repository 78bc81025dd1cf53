"""Keeping facts for ever, from the schedule: an hour that is over becomes a file, and again when it changes later.

An hour is written once all its quarters are rolled up. What comes later still is noted here before its mark is taken
away, so that the hour is written again. The file of an hour is always written whole, from all its facts: done twice, or
after one that died, it is the same file.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from chalicelib.archive.lines import key_of, packed
from chalicelib.archive.protocol import Archive
from chalicelib.engagements.model import DAY_MS
from chalicelib.errors import LostRace
from chalicelib.reporting.intervals import HOUR_MS
from chalicelib.storage.protocol import FACT_RETENTION_DAYS, Archiving
from chalicelib.world import World

SHARE_MS = 10_000
"""How much of its minute a sweep has for it."""
WHOLE_FOR_MS = (FACT_RETENTION_DAYS - 1) * DAY_MS
"""How long all facts of an hour are there for certain. An older hour is not written again, or it would be empty."""


def archive(world: World) -> int:
    """Write the hours that are over or have changed, as many as there is time for; how many.

    Nothing is done without an archive. One that was not there before begins with the first hour that was rolled up.
    """
    if world.archive is None:
        return 0
    seen, coverage = world.store.archiving(), world.store.coverage()
    if seen.where != world.archive.name:
        # Said before anything is written, so that what comes late from now on is noted.
        with suppress(LostRace):
            upto = coverage.since - coverage.since % HOUR_MS
            world.store.put_archiving(Archiving(world.archive.name, upto, (), seen.version))
        return 0
    began, done, upto = world.now(), set[int](), seen.upto
    again = [hour for hour in seen.again if hour < seen.upto]
    with suppress(LostRace):  # then another sweep does the same, or there is more to do: the next one sees to it
        for hour in (*again, *range(seen.upto, coverage.upto - HOUR_MS + 1, HOUR_MS)):
            if done and world.now() - began >= SHARE_MS:
                break
            _write(world, world.archive, hour)
            done.add(hour)
            upto = max(upto, hour + HOUR_MS)
        left = tuple(hour for hour in again if hour not in done)
        if (upto, left) != (seen.upto, seen.again):
            world.store.put_archiving(replace(seen, upto=upto, again=left))
    return len(done)


def again(world: World, quarters: Iterable[int]) -> None:
    """Have the hours of some quarters written again, once there is the archive that they are in. Raises `LostRace`.

    To be called once the change is made. Whoever is writing meanwhile loses the race, and reads them again.
    """
    hours = {quarter - quarter % HOUR_MS for quarter in quarters}
    if not hours:
        return
    seen = world.store.archiving()
    if seen.where:
        world.store.put_archiving(replace(seen, again=tuple(sorted(hours.union(seen.again)))))


def _write(world: World, archive: Archive, hour: int) -> None:
    """Nothing is written where nothing is, and nothing was."""
    if hour < world.now() - WHOLE_FOR_MS:
        return
    seen = archive.seen(key_of(hour))
    facts = world.store.facts(None, hour, hour + HOUR_MS)
    if facts or seen is not None:
        archive.put(key_of(hour), packed(facts), seen)
