"""A recorded day, replayed under the configuration of the day, is the day."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.engagements.model import Destination
from chalicelib.routing.consumer import USUAL
from infra.simulation.centre import Centre, Presence
from infra.simulation.configured import Configured
from infra.simulation.run import simulate
from infra.simulation.work import Stint, Work
from tests.infra.simulation.day import Lived
from tests.infra.simulation.theory import agent
from tests.support.size import examples


@pytest.mark.parametrize("seed", range(examples(6, 25)))
def test_an_unchanged_configuration_gives_the_recorded_offers_exactly(seed: int) -> None:
    lived = Lived(seed, works=120)
    lived.live()
    recorded = lived.record()
    configured = Configured(read(recorded.configuration), recorded)
    outcome = simulate(configured.centre, configured.works(recorded.engagements), until=lived.centre.clock.at)
    assert sorted(outcome.offers) == lived.offers()


@pytest.mark.parametrize("to", [{"preferred": "ben", "preferred_until": 3_600_000}, {"direct_to": "ben"}], ids=str)
def test_what_was_released_is_held_for_nobody(to: dict[str, Any]) -> None:
    work = Work("w", 0, "work_item", Destination("q", **to), (Stint(10_000, released=USUAL), Stint(1_000)))
    presence = (Presence(0, "ana", True), Presence(0, "ben", True), Presence(5_000, "ben", False))
    outcome = simulate(Centre((agent("ana", "q"), agent("ben", "q")), presence), [work])
    assert [(each.at, each.agent_id) for each in outcome.offers] == [(0, "ben"), (10_000, "ana")]
