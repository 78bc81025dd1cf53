"""Fixtures of the API's tests."""

from __future__ import annotations

import pytest

from tests.support.api import Api, api_of
from tests.support.worlds import MemoryCentre


@pytest.fixture
def api(centre: MemoryCentre) -> Api:
    """The API over a contact centre in memory."""
    return api_of(centre)
