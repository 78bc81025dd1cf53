"""Each contract holds in memory and on moto, with `-m e2e` on the emulator too, and on AWS where that is asked for.

`INTERLEAVE_TEST_PROFILE` names the AWS profile whose account and region it is asked for; nothing else is a reason to go
there. What the tests make there is named at random, and gone when they end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager

import botocore.session
import pytest

from infra import emulator
from infra.sessions import Session
from tests.support.beside import beside
from tests.support.cloud import Cloud
from tests.support.worlds import Centre, Clients, aws, aws_centre, memory_centre

PROFILE = os.environ.get("INTERLEAVE_TEST_PROFILE")
PLACES = ["moto", *(pytest.param(each, marks=pytest.mark.e2e) for each in ("emulator", *(["aws"] if PROFILE else [])))]


@pytest.fixture(scope="session")
def emulated() -> Iterator[Cloud]:
    """The emulator of the local stack, with no stack in it."""
    with beside(emulator.running(lambda _: None)) as endpoint:
        session = Session("us-east-1", endpoint_url=endpoint, key=emulator.KEY)
        with Cloud(session, moment=0).standing() as cloud:
            yield cloud


@pytest.fixture(scope="session")
def real() -> Iterator[Cloud]:
    """AWS itself."""
    region = botocore.session.Session(profile=PROFILE).get_scoped_config().get("region")  # whatever moto was told
    with Cloud(Session(region, PROFILE), moment=1).standing() as cloud:
        yield cloud


def clients_of(place: str, request: pytest.FixtureRequest) -> AbstractContextManager[Clients]:
    if place == "moto":
        return aws()
    cloud: Cloud = request.getfixturevalue("emulated" if place == "emulator" else "real")
    return cloud.empty()


@pytest.fixture(params=PLACES)
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """A table and queues in each place that has some."""
    with clients_of(request.param, request) as found:
        yield found


@pytest.fixture(params=["memory", *PLACES])
def any_centre(request: pytest.FixtureRequest) -> Iterator[Centre]:
    """The same contact centre in each place."""
    if request.param == "memory":
        yield memory_centre()
    else:
        with clients_of(request.param, request) as found:
            yield aws_centre(found)
