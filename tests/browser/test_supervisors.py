"""What supervisors look at: the most urgent work first, why it waits in their language, what a number comes from; and a
desk of their own, where they are agents too. And whoever he is, one renewal of his sign-in for all calls."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.browser.centre import Centre
from tests.browser.conftest import Windows
from tests.browser.test_story import DATASETS

pytestmark = pytest.mark.e2e


def test_a_supervisor_who_is_an_agent_too_has_a_desk(centre: Centre, windows: Windows) -> None:
    sam, lea = windows.sign_in("sam"), windows.sign_in("lea")
    assert sam.get_by_role("link", name="Desk").count() == 0
    lea.get_by_role("heading", name="Wallboard").wait_for()
    lea.get_by_role("link", name="Desk").click()
    lea.get_by_label("Status", exact=True).select_option(label="Ready")
    centre.start("An invoice for Lea", work_item_type="invoice")
    lea.get_by_role("article", name="Offer: An invoice for Lea").wait_for()
    lea.keyboard.press("a")
    lea.get_by_role("article", name="Offer: An invoice for Lea").wait_for(state="hidden")
    lea.get_by_role("button", name="Open 1").wait_for()
    lea.get_by_label("Status", exact=True).select_option(label="Offline")
    lea.get_by_label("Status", exact=True).blur()  # in a list of choices a letter chooses
    lea.keyboard.press("c")
    lea.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    lea.get_by_role("button", name="Open 0").wait_for()
    lea.get_by_role("button", name="Closed").click()
    lea.get_by_role("button", name=re.compile("^An invoice for Lea")).wait_for()


def test_why_work_waits_is_said_in_french_too(centre: Centre, windows: Windows) -> None:
    centre.start("Facture", work_item_type="invoice")
    sam = windows.sign_in("sam", locale="fr-FR")
    sam.get_by_role("button", name="Facture").click()
    said = sam.get_by_role("region", name="Explication")
    said.get_by_text("Il est le prochain de sa file. Sur 3 agents, personne ne peut le prendre").wait_for()
    assert "3 × non prêt" in said.inner_text()


def test_the_most_urgent_stands_first_and_the_rest_on_request(centre: Centre, windows: Windows) -> None:
    for n in range(4):
        centre.start(f"Waits {n}")
    last = centre.start("Waits for nobody")
    centre.call("sam", "PATCH", f"/engagements/{last}", {"priority": 900})
    page = windows.open()
    page.route("**/engagements?*page_size=100*", lambda r: r.continue_(url=r.request.url.replace("e=100", "e=2")))
    sam = windows.sign_in("sam", page=page)
    names = sam.get_by_role("region", name="Engagements").locator("button.link")
    names.nth(1).wait_for()
    assert names.all_inner_texts() == ["Waits for nobody", "Waits 0"]
    sam.get_by_role("button", name="Show more").click()
    names.nth(4).wait_for()
    assert names.all_inner_texts() == ["Waits for nobody", *(f"Waits {n}" for n in range(4))]


def test_a_priority_that_is_being_typed_stays_while_the_numbers_change(centre: Centre, windows: Windows) -> None:
    centre.start("Waits for a priority")
    sam = windows.sign_in("sam")
    sam.get_by_role("button", name="Waits for a priority").click()
    typed = sam.get_by_label("Priority in its queue")
    typed.fill("777")
    centre.start("Another one")
    sam.get_by_role("row", name="Support").locator("td").nth(1).get_by_text("2", exact=True).wait_for()
    assert typed.input_value() == "777"


def test_a_webhooks_newest_deliveries_are_shown_and_its_replay_goes_on_to_the_end(windows: Windows) -> None:
    """As where there are more of the last day than an answer holds, and more events than one call sends."""
    page = windows.open()
    asked: list[Any] = []

    def deliveries(route: Any) -> None:
        asked.append(route.request.url)
        common: dict[str, Any] = {"attempt": 1, "delivered": True}
        older, newer = ({"time": f"2026-03-02T0{n}:00:00Z", "event": f"event-{n}", **common} for n in (8, 9))
        found = [older] if len(asked) == 1 else [older, newer]
        route.fulfill(json={"deliveries": found, "next_from": newer["time"] if len(asked) == 1 else None})

    def replay(route: Any) -> None:
        rest = "2026-03-02T08:00:00Z"
        onward = None if route.request.post_data_json["from"] == rest else rest
        route.fulfill(status=202, json={"deliveries": 2, "next_from": onward})

    page.route("**/webhooks/*/deliveries?*", deliveries)
    page.route("**/webhooks/*/replay", replay)
    ada = windows.sign_in("ada", "#/integrations", page=page)
    ada.get_by_role("row", name=re.compile("event-")).first.get_by_text("event-9").wait_for()
    ada.get_by_label("Send again everything since").fill("2026-03-01T07:30")
    ada.get_by_role("button", name="Replay").click()
    ada.get_by_text("4 deliveries are on their way.").wait_for()


def test_a_number_of_a_report_leads_to_the_engagements_behind_it(centre: Centre, windows: Windows) -> None:
    ticket = centre.start("A ticket to be counted")
    centre.call("crm", "PATCH", f"/engagements/{ticket}", {"engagement_action": "end"})
    question = f"{DATASETS}/queue_performance?behind=cancelled_count&queue_id=support"

    def counted() -> set[str]:
        rows = centre.call("ada", "GET", question)["queue_performance"]
        return {part["engagement_id"] for row in rows for part in row["behind"]}

    while ticket not in counted():
        time.sleep(0.2)
    ada = windows.sign_in("ada", "#/reports")
    column = ada.locator("table th").all_inner_texts
    ada.get_by_role("columnheader", name="Cancelled").wait_for()
    row = ada.get_by_role("row", name=re.compile("Support")).last
    row.locator("td").nth(column().index("Cancelled")).get_by_role("button").click()
    ada.get_by_role("dialog", name=re.compile("^Cancelled: ")).get_by_role("button", name=ticket).click()
    ada.get_by_role("dialog", name="A ticket to be counted").wait_for()


def test_a_sign_in_is_renewed_once_for_all_calls(centre: Centre, windows: Windows) -> None:
    """As an issuer wants it that takes each refresh token only once."""
    page = windows.open()
    granted: dict[str, Any] = {}
    taken: list[str] = []

    def token(route: Any) -> None:
        form = {name: values[0] for name, values in parse_qs(route.request.post_data).items()}
        if form["grant_type"] == "authorization_code":
            granted.update(route.fetch().json())
            route.fulfill(json={**granted, "expires_in": 1, "refresh_token": "first"})
        elif form["refresh_token"] in taken:
            route.fulfill(status=400, json={"error": "invalid_grant"})
        else:
            taken.append(form["refresh_token"])
            route.fulfill(json={**granted, "expires_in": 3600, "refresh_token": "second"})

    page.route("**/sign-in/token", token)
    sam = windows.sign_in("sam", page=page)
    sam.get_by_role("row", name=re.compile("Support")).wait_for()
    sam.wait_for_timeout(5000)
    assert taken == ["first"]
    assert sam.get_by_role("button", name="Sign out").is_visible()
