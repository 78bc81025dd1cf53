"""Every hour of facts becomes one file, written again when it changes: each fact is in the archive once (I11)."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.archive.folder import FolderArchive
from chalicelib.archive.lines import key_of, packed
from chalicelib.errors import LostRace
from chalicelib.handlers import schedule
from chalicelib.operations import archiving, reconciling, rolling, sessions
from chalicelib.reporting.facts import Fact, identity
from chalicelib.reporting.intervals import DAY_MS, HOUR_MS, QUARTER_MS, quarter_of
from chalicelib.storage.protocol import Archiving
from tests.operations.test_rolling import fact, record
from tests.support.archives import identities, lines
from tests.support.size import examples
from tests.support.worlds import NOW, Centre, memory_centre

HOUR = NOW - NOW % HOUR_MS
KEY = key_of(HOUR)
OVER = HOUR + HOUR_MS + rolling.ROLLED_AFTER_MS


def sweep(centre: Centre, at: int | None = None) -> None:
    """What the schedule does about reports."""
    centre.clock.at = centre.clock.at if at is None else at
    rolling.roll_up(centre.world)
    archiving.archive(centre.world)


def sweeps(centre: Centre, until: int) -> None:
    """Until there is nothing left to do."""
    centre.clock.at, seen = max(centre.clock.at, until), None
    while seen != (seen := (centre.world.store.coverage(), centre.world.store.archiving(), centre.world.store.late())):
        sweep(centre)


def begun(centre: Centre, folder: Path) -> Path:
    """With an archive in a folder, in which there is nothing yet."""
    centre.world.archive = FolderArchive(folder)
    sweep(centre)
    sweep(centre)
    return folder


def named(*facts: Fact) -> list[tuple[str, str, int]]:
    return sorted(map(identity, facts))


def test_an_hour_is_written_when_it_is_over_and_rolled_up(any_centre: Centre, tmp_path: Path) -> None:
    centre, one, next_one = any_centre, fact(1, NOW), fact(2, HOUR + HOUR_MS)
    begun(centre, tmp_path)
    record(centre, one, next_one)
    for at, there in ((OVER - 1, []), (OVER, named(one)), (OVER + HOUR_MS, named(one, next_one))):
        centre.clock.at = at
        sweep(centre)
        assert identities(tmp_path) == there
    assert lines(tmp_path)[0] == {
        "dataset": "queue_performance",
        "engagement_id": "e1",
        "version": 3,
        "ended_at": "2025-11-23T17:46:40.000Z",
        "channel": "work_item",
        "queue_id": "q1",
        "agent_id": "ana",
        "handled_count": 1,
        "waited_ms": 1000,
    }


def test_what_comes_late_is_written_into_its_hour(any_centre: Centre, tmp_path: Path) -> None:
    centre = any_centre
    begun(centre, tmp_path)
    record(centre, fact(1, NOW))
    sweeps(centre, NOW + DAY_MS)
    for _ in range(2):
        record(centre, fact(2, NOW + 1), fact(1, NOW))
        sweep(centre)
        assert identities(tmp_path) == named(fact(1, NOW), fact(2, NOW + 1))
        assert centre.world.store.archiving().again == ()


def test_a_status_that_is_told_late_is_written_into_its_hour(any_centre: Centre, tmp_path: Path) -> None:
    centre = any_centre
    begun(centre, tmp_path)
    centre.ready("ana")
    centre.clock.pass_seconds(60)
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    sweeps(centre, NOW + DAY_MS)
    assert identities(tmp_path) == []
    centre.consume()
    sweep(centre)
    assert {dataset for dataset, _, _ in identities(tmp_path)} == {"agent_status_history"}


def test_what_is_made_anew_is_written_again_and_what_is_gone_is_gone(tmp_path: Path) -> None:
    centre = memory_centre()
    begun(centre, tmp_path)
    centre.start("CASE-1")
    centre.consume()
    record(centre, replace(fact(1, NOW), engagement_id=centre.start("CASE-2")))
    sweeps(centre, NOW + DAY_MS)
    assert len(identities(tmp_path)) == 1
    centre.consume()
    reconciling.rebuild(centre.world, quarter_of(NOW))
    sweep(centre)
    assert (tmp_path / KEY).exists()
    assert identities(tmp_path) == []


@pytest.mark.parametrize("after", [False, True])
def test_what_died_after_the_facts_were_made_anew_is_seen_to_by_the_next_sweep(tmp_path: Path, after: bool) -> None:
    centre = memory_centre()
    begun(centre, tmp_path)
    record(centre, replace(fact(1, NOW), engagement_id=centre.start("CASE-2")))
    centre.consume()
    sweeps(centre, NOW + DAY_MS)
    store = centre.world.store
    centre.world.store = Mortal(store, [1], after)  # type: ignore[assignment]
    with pytest.raises(Dies):
        reconciling.rebuild(centre.world, quarter_of(NOW))
    centre.world.store = store
    sweep(centre)
    assert identities(tmp_path) == []
    assert list(reconciling.check(centre.world, quarter_of(NOW)).lines()) == []
    assert store.late() == {}


@pytest.mark.parametrize("name", ["the same", "another one"])
def test_an_archive_that_is_switched_off_for_a_while_is_whole_again_afterwards(tmp_path: Path, name: str) -> None:
    """While it is off, what changes in its hours is still noted, for nobody knows whether it comes back."""
    centre = memory_centre()
    begun(centre, tmp_path / "the same")
    record(centre, fact(1, NOW))
    sweeps(centre, NOW + DAY_MS)
    centre.world.archive = None
    record(centre, fact(2, NOW), fact(3, centre.clock.at))
    sweeps(centre, NOW + 2 * DAY_MS)
    begun(centre, tmp_path / name)
    sweeps(centre, NOW + 2 * DAY_MS)
    assert identities(tmp_path / name) == named(fact(1, NOW), fact(2, NOW), fact(3, NOW + DAY_MS))


def test_an_archive_that_comes_later_gets_what_there_was_before_and_a_new_one_too(tmp_path: Path) -> None:
    centre = memory_centre()
    sweeps(centre, NOW)
    record(centre, fact(1, NOW), fact(2, NOW + DAY_MS))
    sweeps(centre, NOW + 2 * DAY_MS)
    for name in ("one", "two"):
        begun(centre, tmp_path / name)
        assert identities(tmp_path / name) == named(fact(1, NOW), fact(2, NOW + DAY_MS))


def test_an_hour_whose_facts_may_be_gone_is_never_emptied(tmp_path: Path) -> None:
    centre = memory_centre()
    begun(centre, tmp_path)
    record(centre, fact(1, NOW))
    sweeps(centre, NOW + DAY_MS)
    centre.store._facts.clear()
    archiving.again(centre.world, [quarter_of(NOW)])
    sweep(centre, HOUR + archiving.WHOLE_FOR_MS + 1)
    assert identities(tmp_path) == named(fact(1, NOW))
    assert centre.world.store.archiving().again == ()


def test_without_an_archive_nothing_is_noted() -> None:
    centre = memory_centre()
    sweeps(centre, NOW)
    record(centre, fact(1, NOW))
    sweeps(centre, NOW + DAY_MS)
    record(centre, fact(2, NOW))
    schedule.run(centre.world)
    assert centre.world.store.archiving() == Archiving()


def test_of_two_that_say_how_far_it_is_one_is_told(any_centre: Centre) -> None:
    store = any_centre.world.store
    assert store.archiving() == Archiving()
    one = store.put_archiving(Archiving("bucket", 7, (1, 2)))
    assert store.archiving() == one == Archiving("bucket", 7, (1, 2), 1)
    with pytest.raises(LostRace):
        store.put_archiving(Archiving("bucket", 8))
    assert store.archiving() == one


def test_the_same_facts_are_the_same_bytes_in_any_order_and_number() -> None:
    facts = [fact(n, NOW + n % 3) for n in range(9)]
    assert packed(facts) == packed([*reversed(facts), *facts])
    assert gzip.decompress(packed([])) == b""


class Slow(FolderArchive):
    """An archive in which much happens between the reading of an hour and its writing."""

    meanwhile: Any = None

    def put(self, key: str, content: bytes, seen: str | None) -> None:
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        super().put(key, content, seen)


def test_a_sweep_that_is_slow_overwrites_nothing_newer(tmp_path: Path) -> None:
    """It has read the facts; then more of them come late, and the next sweep is there before it."""
    centre = memory_centre()
    begun(centre, tmp_path)
    record(centre, fact(1, NOW))
    slow = Slow(tmp_path)
    centre.world.archive = slow

    def more() -> None:
        centre.clock.at += DAY_MS
        record(centre, fact(2, NOW + 1))
        sweep(centre)

    slow.meanwhile = more
    sweep(centre, OVER)
    sweeps(centre, NOW)
    assert identities(tmp_path) == named(fact(1, NOW), fact(2, NOW + 1))


def test_what_comes_while_its_hour_is_written_is_not_forgotten(tmp_path: Path) -> None:
    """The sweep between says only that it was rolled up: it dies before it writes."""
    centre = memory_centre()
    begun(centre, tmp_path)
    record(centre, fact(1, NOW))
    slow = Slow(tmp_path)
    centre.world.archive = slow

    def more() -> None:
        centre.clock.at = OVER + rolling.LATE_AFTER_MS
        record(centre, fact(2, NOW + 1))
        rolling.roll_up(centre.world)
        assert centre.world.store.late() == {}

    slow.meanwhile = more
    sweep(centre, OVER)
    sweeps(centre, NOW)
    assert identities(tmp_path) == named(fact(1, NOW), fact(2, NOW + 1))


@dataclass
class Dies(Exception):
    """The process ends here."""


class Mortal:
    """An archive or a store, with a process that dies at one of the writes to come, before or after it."""

    def __init__(self, of: Any, left: list[int], after: bool) -> None:
        self._of, self._left, self._after = of, left, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._of, name)
        if name not in ("put", "put_archiving", "put_coverage", "unmark", "record"):
            return found

        def write(*given: Any) -> Any:
            self._left[0] -= 1
            if self._left[0] == 0 and not self._after:
                raise Dies
            answer = found(*given)
            if self._left[0] == 0:
                raise Dies
            return answer

        return write


@settings(max_examples=examples(60, 2000), deadline=None)
@given(
    batches=st.lists(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=4), max_size=6),
    deaths=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=6),
)
def test_i11_whatever_dies_and_whatever_comes_again_each_fact_is_in_one_file_once(
    batches: list[list[tuple[int, int]]], deaths: list[tuple[int, bool]]
) -> None:
    """Facts come hours late or at once, twice, in any cut; processes die before and after any write."""
    with TemporaryDirectory() as name:
        folder, centre, told = Path(name), memory_centre(), {}
        begun(centre, folder)
        store, archive = centre.world.store, centre.world.archive
        for batch in batches:
            centre.clock.at += HOUR_MS // 2
            facts = [fact(n, centre.clock.at - ago * QUARTER_MS) for n, ago in batch]
            facts = [told.setdefault(identity(each), each) for each in facts]
            left, after = deaths.pop() if deaths else (0, False)
            counted = [left]
            centre.world.store = Mortal(store, counted, after)  # type: ignore[assignment]
            centre.world.archive = Mortal(archive, counted, after)
            try:
                record(centre, *facts)
                sweep(centre)
            except Dies:
                centre.world.store, centre.world.archive = store, archive
                record(centre, *facts)  # the stream delivers again what was not taken in
            centre.world.store, centre.world.archive = store, archive
        sweeps(centre, centre.clock.at + DAY_MS)
        assert identities(folder) == named(*told.values())
        assert store.late() == {}
