"""`make screenshots`: the console's pictures in the README, made of the local stack with a story in it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.centre import Centre, browser, running
from tests.browser.conftest import ARGUMENTS, Windows

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = {"width": 1280, "height": 760}
CASES = ("Login fails on the tablet", "Charger missing in the parcel", "Change of address, twice refused")
INVOICES = ("Invoice 2041 shows the wrong VAT", "Refund for order 88", "Invoice 2077 was paid twice")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running() as centre, sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=browser(), args=ARGUMENTS, headless=True)
        windows = Windows(centre, chromium)
        play(centre)
        desk(windows, centre)
        wallboard(windows)
        plan(windows)
        report(windows)
        chromium.close()
    print(f"The pictures are in {FOLDER.relative_to(Path.cwd())}.")


def play(centre: Centre) -> None:
    """An hour's work in a few seconds: some of it is done, some in hand, some waits."""
    for user_id in ("ana", "ben"):
        centre.call("sam", "PATCH", f"/users/{user_id}/status", {"status_id": "3"})
    for n, name in enumerate((*CASES, *INVOICES) * 2):
        centre.start(name, work_item_type="invoice" if name in INVOICES else "case", work_item_id=f"CASE-{4700 + n}")
    for _ in range(4):
        time.sleep(3)
        for user_id in ("ana", "ben"):
            answer(centre, user_id)


def answer(centre: Centre, user_id: str) -> None:
    """Take what is offered, and close the first of what is in hand."""
    mine = "/users/me/assignments"
    held = centre.call(user_id, "GET", mine)["assignments"]
    for each in held:
        if each["state"] == "offered":
            body = {"offer_id": each["offer_id"]}
            centre.call(user_id, "POST", f"{mine}/{each['engagement_id']}/accept", body)
    taken = [each for each in held if each["state"] == "assigned"]
    if len(taken) > 1:
        ended = {"engagement_action": "end", "disposition": "solved"}
        centre.call(user_id, "PATCH", f"/engagements/{taken[0]['engagement_id']}", ended)


def shoot(page: Any, name: str) -> None:
    page.wait_for_timeout(1200)
    page.screenshot(path=FOLDER / f"{name}.png")


def desk(windows: Windows, centre: Centre) -> None:
    ana = windows.sign_in("ana", viewport=SIZE)
    centre.start("Jill Moreau calls", "calls", "voice")
    ana.locator(".list .item").filter(has_not_text="wrap-up").first.click()
    ana.locator(".offer").first.wait_for()
    ana.get_by_label("A note").fill("Sent a replacement charger; the parcel arrives on Friday.")
    ana.get_by_role("button", name="Add", exact=True).click()
    shoot(ana, "desk")


def wallboard(windows: Windows) -> None:
    shoot(windows.sign_in("sam", viewport=SIZE), "wallboard")


def plan(windows: Windows) -> None:
    ada = windows.sign_in("ada", "#/configuration", viewport=SIZE, color_scheme="dark")
    ada.get_by_role("button", name="Document").click()
    document = ada.get_by_role("textbox", name="Document")
    changed = document.input_value().replace('"threshold": 900', '"threshold": 600')
    document.fill(changed.replace('"offer_timeout": 60', '"offer_timeout": 30'))
    document.evaluate("area => { area.scrollTop = 0 }")
    ada.get_by_role("button", name="Plan the changes").click()
    ada.locator(".diff").wait_for()
    ada.get_by_label("Why").fill("Calls ring for half a minute")
    shoot(ada, "plan")


def report(windows: Windows) -> None:
    shoot(windows.sign_in("sam", "#/reports", viewport=SIZE), "report")


if __name__ == "__main__":
    main()
