"""Whether AWS itself was asked."""

from __future__ import annotations

import pytest

from tests.contract.conftest import PROFILE
from tests.support.cloud import Cloud


@pytest.mark.e2e
@pytest.mark.skipif(not PROFILE, reason="INTERLEAVE_TEST_PROFILE names no profile: nothing was asked of AWS itself")
def test_the_contracts_hold_on_aws_too(real: Cloud) -> None:
    found = real.session.client("dynamodb").describe_table(TableName=real.name)
    assert found["Table"]["TableStatus"] == "ACTIVE"
