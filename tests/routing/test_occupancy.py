"""How much fits beside what an agent has, at the edges."""

from __future__ import annotations

import pytest

from chalicelib.routing.occupancy import PLAIN, Closing, Criterion, OccupancyRules, parking, room

POOL = OccupancyRules(units={"all": 4}, costs={"voice": (("all", 4),), "case": (("all", 1),), "note": (("all", 0),)})
CAPPED = OccupancyRules(most_offers=1)
CALL_ALONE = OccupancyRules(closings=(Closing((Criterion("voice"),)),))
PARKS = OccupancyRules(units={"all": 2}, costs={"voice": (("all", 2),), "case": (("all", 1),)}, parks={"voice": "case"})

ROOM: list[tuple[str, OccupancyRules, dict[str, int], dict[str, int], str, int, int]] = [
    ("without rules what is left", PLAIN, {"case": 3}, {"case": 1}, "case", 9, 2),
    ("a channel without places has none", PLAIN, {}, {}, "case", 0, 0),
    ("overfull is below nothing", PLAIN, {"case": 1}, {"case": 3}, "case", 0, -2),
    ("overfull is below nothing, by rules too", POOL, {"case": 1}, {"case": 3}, "case", 0, -2),
    ("of a pool what is left of it", POOL, {"case": 9}, {"case": 1}, "case", 0, 3),
    ("of a pool, shared out by cost", POOL, {"case": 9, "voice": 1}, {"case": 1}, "voice", 0, 0),
    ("what costs nothing has its places", POOL, {"note": 5, "case": 4}, {"case": 4}, "note", 0, 5),
    ("a pool that is overdrawn lets nothing in", POOL, {"case": 9}, {"case": 6}, "case", 0, 0),
    ("a pool without a size is empty", OccupancyRules(costs={"case": (("x", 1),)}), {"case": 3}, {}, "case", 0, 0),
    ("no unanswered offer yet", CAPPED, {"case": 3}, {}, "case", 0, 1),
    ("one unanswered offer", CAPPED, {"case": 3}, {}, "case", 1, 0),
    ("nothing beside a call", CALL_ALONE, {"case": 3, "voice": 1}, {"voice": 1}, "case", 0, 0),
]


@pytest.mark.parametrize(
    ("rules", "capacity", "load", "channel", "offers", "expected"), [r[1:] for r in ROOM], ids=[r[0] for r in ROOM]
)
def test_room(
    rules: OccupancyRules, capacity: dict[str, int], load: dict[str, int], channel: str, offers: int, expected: int
) -> None:
    assert room(rules, capacity, load, channel, offers) == expected
    if offers == 0:
        assert room(rules, capacity, load, channel) == expected


PLACES = {"voice": 1, "case": 2}
PARKING: list[tuple[str, OccupancyRules, dict[str, int], str, int, str | None]] = [
    ("one case makes way", PARKS, {"case": 1}, "voice", 0, "case"),
    ("one of two is not enough", PARKS, {"case": 2}, "voice", 0, None),
    ("there is none to park", PARKS, {}, "voice", 0, None),
    ("nothing is parked for a case", PARKS, {"case": 2}, "case", 0, None),
    (
        "an offer that is open keeps out all the same",
        OccupancyRules(parks={"voice": "case"}, most_offers=1),
        {"case": 1},
        "voice",
        1,
        None,
    ),
]


@pytest.mark.parametrize(
    ("rules", "load", "channel", "offers", "expected"), [p[1:] for p in PARKING], ids=[p[0] for p in PARKING]
)
def test_what_has_to_be_parked(
    rules: OccupancyRules, load: dict[str, int], channel: str, offers: int, expected: str | None
) -> None:
    assert parking(rules, PLACES, load, channel, offers) == expected
    if offers == 0:
        assert parking(rules, PLACES, load, channel) == expected
    else:
        assert parking(rules, PLACES, load, channel) == parking(rules, PLACES, load, channel, 0) is not None
