"""A recorded day, replayed under the configuration of the day, is the day."""

from __future__ import annotations

import pytest

from chalicelib.configuration.document import read
from infra.simulation.configured import Configured
from infra.simulation.run import simulate
from tests.infra.simulation.day import Lived
from tests.support.size import examples


@pytest.mark.parametrize("seed", range(examples(6, 25)))
def test_an_unchanged_configuration_gives_the_recorded_offers_exactly(seed: int) -> None:
    lived = Lived(seed, works=120)
    lived.live()
    recorded = lived.record()
    configured = Configured(read(recorded.configuration), recorded)
    outcome = simulate(configured.centre, configured.works(recorded.engagements), until=lived.centre.clock.at)
    assert sorted(outcome.offers) == lived.offers()
