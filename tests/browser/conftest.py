"""Windows of a real browser on the local stack; skipped, and said so, where there is no browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.browser.centre import PEOPLE, STAFF, Centre, browser, running

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
SIZE = {"width": 1400, "height": 900}


@pytest.fixture(scope="session")
def centre() -> Iterator[Centre]:
    if browser() is None:
        pytest.skip("There is no Chromium here: apt-get install chromium.")
    with running() as found:
        yield found


@pytest.fixture(scope="module")
def chromium(centre: Centre) -> Iterator[Any]:
    """Not for longer: while Playwright runs, an event loop runs in this thread, and no other can be started."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=browser(), args=ARGUMENTS, headless=True)
        yield launched
        launched.close()


@dataclass
class Windows:
    """Opens windows and keeps what their consoles complain about."""

    centre: Centre
    chromium: Any
    complaints: list[str] = field(default_factory=list)
    contexts: list[Any] = field(default_factory=list)

    def open(self, **options: Any) -> Any:
        context = self.chromium.new_context(**{"viewport": SIZE, "locale": "en-GB", **options})
        context.route("https://crm.example.com/**", lambda route: route.fulfill(body="The case"))
        self.contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning")
                and self.complaints.append(f"{said.text} {said.location.get('url', '')}")
            ),
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def sign_in(self, who: str, place: str = "", page: Any = None, **options: Any) -> Any:
        page = page or self.open(**options)
        page.goto(f"{self.centre.url}/console{place}")
        page.locator(".welcome button.primary").click()
        page.get_by_role("link", name={**PEOPLE, **STAFF}[who][0]).click()
        page.locator(".shell").wait_for()
        return page


@pytest.fixture
def windows(centre: Centre, chromium: Any) -> Iterator[Windows]:
    """A browser without a word of complaint: a broken policy or script fails the test, whatever it was about."""
    centre.clear()
    found = Windows(centre, chromium)
    yield found
    for context in found.contexts:
        context.close()
    assert found.complaints == []
