"""Fixtures of all tests."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support import canary
from tests.support.api import Api, api_of
from tests.support.figures import PREFIX, Figure, lines
from tests.support.size import SHORT
from tests.support.worlds import Centre, MemoryCentre, aws, aws_centre, memory_centre

settings.register_profile("ci", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("short", settings.get_profile("ci"), phases=[Phase.explicit, Phase.generate])
settings.load_profile("short" if SHORT else "ci")

FIRST = ("test_faults.py", "test_start_to_offer.py", "test_desks.py", "test_load.py", "test_tenants.py")
"""What forks, the faster the less has been loaded; what measures, before other stacks and a browser are open beside it;
what a worker would be alone with in the end."""


@pytest.fixture(autouse=True)
def no_personal_data_gets_out() -> Iterator[None]:
    """A test in which it does has failed, whatever it was about."""
    canary.leaks.clear()
    yield
    assert canary.leaks == []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST.index(item.path.name) if item.path.name in FIRST else len(FIRST))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not look at it again while something is measured."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nor does it get into what the test has printed and logged."""
    report = yield
    found = canary.found_in("".join(text for name, text in report.sections if name.endswith(call.when)))
    if found and report.passed and not item.get_closest_marker("e2e"):
        report.outcome, report.longrepr = "failed", f"Personal data was printed or logged: {found}"
    return report


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Figure:
    """Something that this test has counted or measured; the run tells it at its end."""
    return lambda name, value: record_property(PREFIX + name, value)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    told = list(lines(terminalreporter.getreports("passed")))
    if told:
        terminalreporter.section("what was tried")
        terminalreporter.write("".join(f"{line}\n" for line in told))


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
