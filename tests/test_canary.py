"""The alarm that the other tests rely on goes off."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from pathlib import Path

import pytest

from chalicelib.events.catalogue import PublicEvent
from chalicelib.messaging.memory import MemoryTransport
from tests.support import canary
from tests.support.api import Api

pytest_plugins = ("pytester",)


@pytest.fixture
def alarm() -> Iterator[list[str]]:
    """What has been let out; here it is meant to be."""
    yield canary.leaks
    canary.leaks.clear()


def test_it_goes_off_for_what_is_sent(alarm: list[str]) -> None:
    transport = MemoryTransport(lambda: 0)
    canary.watch(transport)
    for name in ("Ana", "Jill Chill"):
        transport.publish([PublicEvent("e.1", "x", 0, "e", 1, {"name": name})], "account")
    assert alarm == ["'Jill Chill' in publish"]
    assert len(transport.published) == 2


def test_a_copy_of_what_is_watched_is_its_own_and_watched_too(alarm: list[str]) -> None:
    """The interleavings start from copies."""
    transport = MemoryTransport(lambda: 0)
    canary.watch(transport)
    twin = copy(transport)
    twin.published = []
    twin.publish([PublicEvent("e.1", "x", 0, "e", 1, {"name": "Jill Chill"})], "account")
    assert (len(transport.published), len(twin.published)) == (0, 1)
    assert alarm == ["'Jill Chill' in publish"]


def test_it_goes_off_for_what_is_answered_and_posted(api: Api, alarm: list[str]) -> None:
    api.by("crm").get("/v2/contact_center/engagements/x")
    api.centre.posts.post("https://example.com", {}, b'"harmless"')
    assert alarm == []
    api.by("crm").get("/v2/contact_center/work_items?jill@example.com=1")
    api.centre.posts.post("https://example.com", {}, canary.DESCRIPTION.encode())
    assert alarm == ["'jill@example.com' in a problem document", "'It does not work' in a post"]


@pytest.mark.parametrize(
    ("line", "passed"),
    [
        ("print('harmless')", 1),
        ("print('Jill Chill')", 0),
        ("Logger(service='x').info('found', number='+1234561212')", 0),
    ],
)
def test_it_goes_off_for_what_is_printed_and_logged(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    passed: int,
) -> None:
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", str(here.parent))
    pytester.makeconftest((here / "conftest.py").read_text())
    pytester.makepyfile(f"from aws_lambda_powertools import Logger\ndef test_something(): {line}")
    pytester.runpytest_subprocess().assert_outcomes(passed=passed, failed=1 - passed)
    capsys.readouterr()  # or this test would fail too
