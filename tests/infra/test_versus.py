"""What is compared is compared fairly: on the same day, by what happens, with oracles that were written by others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from chalicelib.routing.engine import Engine
from chalicelib.routing.model import Candidate, Match, Waiting
from infra.bench_core import gap_percent
from infra.simulation.run import simulate
from infra.versus import __main__ as versus
from infra.versus import oracle, race
from infra.versus.cluster import NotThere, cluster, found
from infra.versus.day import MEANT, Day, drawn
from infra.versus.policies import AS_OURS, NEVER_AGAIN, POLICIES, Documented
from infra.versus.postgres import Postgres
from infra.versus.procrastinated import Procrastinated
from infra.versus.watched import END, Watched, met, played

PAGE = Path("docs/versus.md").read_text()
BY_NAME = {policy.name: policy for policy in POLICIES}


@pytest.fixture(scope="module")
def day() -> Day:
    return drawn(agents=8, cases=200, calls=30)


@pytest.fixture(scope="module")
def where() -> Iterator[str]:
    try:
        with cluster() as running:
            yield running
    except NotThere as error:
        pytest.skip(str(error))


def under(name: str, day: Day) -> dict[str, float]:
    policy = BY_NAME[name]
    return played(Documented(policy), day.centre(policy.preset, policy.cool_down, policy.pulled), day.works)


def ours(day: Day) -> dict[str, float]:
    return played(Engine((), (), 0), day.centre(MEANT, AS_OURS, pulled=False), day.works)


def without_pace(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if name != "decisions_per_s"}


def test_the_same_rule_has_the_same_day_whoever_wrote_it(day: Day) -> None:
    """Zoom's rule is Interleave's default: priority, then age, to who is idle longest."""
    assert without_pace(under("Zoom Contact Center", day)) == without_pace(ours(day))


def test_in_the_database_the_same_rule_has_the_same_day(day: Day, where: str) -> None:
    tables = Postgres(where, MEANT.capacity["work_item"])
    assert without_pace(played(tables, day.centre(MEANT, AS_OURS, pulled=False), day.works)) == without_pace(ours(day))
    tables.close()


def test_who_pulls_from_the_library_has_no_more_than_he_may(day: Day, where: str) -> None:
    library = Procrastinated(where)
    row = played(library, day.centre(MEANT, 0, pulled=True), day.works)
    library.close()
    assert (row["over_capacity"], row["stuck"]) == (0, 0)


def test_channels_that_do_not_know_of_one_another_overload_agents(day: Day) -> None:
    assert under("Twilio TaskRouter", day)["over_capacity"] > 0
    assert under("Amazon Connect", day)["over_capacity"] == 0


def test_due_dates_are_met_more_often_by_who_looks_at_them() -> None:
    busy = drawn(agents=8, cases=430, calls=60)
    centre = busy.centre(MEANT, AS_OURS, pulled=False)
    by_age, by_due_date = (
        played(Engine((), (), 0), centre, works)["missed_due_dates"] for works in (busy.works, busy.by_due_date())
    )
    assert by_due_date < by_age


def test_what_lies_beside_somebody_free_is_stuck_and_his_time_is_idle() -> None:
    """A strategy that never decides anything."""

    class Idle:
        def arrive(self, waiting: Waiting, now: int) -> None: ...
        def leave(self, engagement_id: str) -> None: ...
        def update(self, candidates: Iterable[Candidate]) -> None: ...
        def decide(self, *_: object) -> list[Match]:
            return []

    watched = Watched(Idle())
    watched.update([Candidate("a", True, frozenset("q"), 0, capacity={"work_item": 1})])
    watched.arrive(Waiting("e", 1, "q", "work_item", 0, 0, cooling=(("a", NEVER_AGAIN),)), 0)
    watched.decide(0, frozenset())
    assert watched.stuck(0) == 1
    assert watched.idle_ms == 0, "who has declined it is not idle in vain"
    watched.arrive(Waiting("f", 1, "q", "work_item", 0, 0), 0)
    watched.decide(0, frozenset())
    watched.decide(1000, frozenset())
    assert watched.idle_ms == 1000


def test_without_postgresql_it_is_said_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotThere, match="apt-get install postgresql"):
        found(tmp_path)
    (tmp_path / "pg_ctl").touch(mode=0o700)
    assert found(tmp_path) == tmp_path


def test_ciw_has_every_wait_to_the_millisecond() -> None:
    agreed = oracle.agree(work=500)
    assert (agreed["waits"], agreed["apart"]) == (500, 0)


def test_routers_at_once_give_nobody_more_than_he_may(where: str) -> None:
    for row in (race.of_ours(), race.of_postgres(where, careful=True)):
        assert (row["over_capacity"], row["stuck"]) == (0, 0)
        assert row["decisions_per_s"] > 0


def row(name: str) -> list[str]:
    """The cells of a row of the page."""
    (line,) = [each for each in PAGE.splitlines() if each.startswith(f"| {name} |")]
    return [each.strip() for each in line.split("|")[2:-1]]


@pytest.mark.parametrize("due_dates", [False, True])
def test_the_page_has_the_whole_day_of_interleave(due_dates: bool) -> None:
    """What takes minutes, and how fast it was, `make versus` alone has."""
    whole = drawn()
    centre = whole.centre(MEANT, AS_OURS, pulled=False)
    waits, missed, waiting = met(simulate(centre, whole.by_due_date() if due_dates else whole.works, until=END))
    told = row(f"Interleave, by {'due date' if due_dates else 'age'}")
    assert told[1:5] == [versus._cell(each) for each in waits.values()]
    assert (told[6], told[8]) == (versus._cell(missed), versus._cell(waiting))


def test_the_page_has_what_the_oracles_say() -> None:
    agreed = oracle.agree()
    assert row("Ciw") == [*(versus._cell(each) for each in agreed.values()), ""]
    assert row("exact matching") == ["", "", "", "", "", versus._cell(gap_percent(1000, 3000))]
