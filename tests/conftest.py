"""Fixtures of all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.api import Api, api_of
from tests.support.worlds import Centre, MemoryCentre, aws, aws_centre, memory_centre

settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.load_profile("ci")


@pytest.fixture
def centre() -> MemoryCentre:
    """A configured contact centre in memory."""
    return memory_centre()


@pytest.fixture
def api(centre: MemoryCentre) -> Api:
    """The API over a contact centre in memory."""
    return api_of(centre)


@pytest.fixture(params=["memory", "dynamodb"])
def any_centre(request: pytest.FixtureRequest) -> Iterator[Centre]:
    """The same contact centre over each pair of adapters."""
    if request.param == "memory":
        yield memory_centre()
    else:
        with aws() as clients:
            yield aws_centre(clients)
