"""The story of the article: the agent works, the supervisor sees it, the administrator changes a rule."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.world import CONFIGURATION_MAX_AGE_MS
from tests.browser.centre import COMPARISON, Centre
from tests.browser.conftest import Windows
from tests.support.size import PATIENCE

pytestmark = pytest.mark.e2e
SOON = 3000 * PATIENCE
"""Within how many milliseconds a supervisor sees what an agent does."""
DATASETS = "/analytics/dataset/historical"


def with_priority(text: str, priority: int) -> str:
    """The document with a further version of its first flow, since a published one stays as it is."""
    document = json.loads(text)
    versions = document["flows"][0]["versions"]
    changed = json.loads(json.dumps(versions[-1]))
    changed["flow_version"] += 1
    changed["steps"][0]["otherwise"]["priority"] = priority
    versions.append(changed)
    return json.dumps(document, indent=2)


def sees(page: Any, text: str) -> None:
    page.get_by_role("row", name=re.compile("Ana Lopez")).get_by_role("button", name=text).wait_for(timeout=SOON)


def test_a_ticket_from_its_arrival_to_its_transfer(centre: Centre, windows: Windows) -> None:
    ana, sam = windows.sign_in("ana"), windows.sign_in("sam")
    ana.get_by_label("Status").select_option(label="Ready")
    ana.get_by_text("work item free (3)").wait_for()

    ticket = centre.start("Parcel without its charger")
    offer = ana.get_by_role("article", name="Offer: Parcel without its charger")
    offer.wait_for()
    assert ana.title().startswith("(1) ")
    assert "New offer: Parcel without its charger, from Support" in ana.locator("[aria-live=assertive]").inner_text()
    assert all(text in offer.inner_text() for text in ("Support", "Priority 2", "due in", "crm.example.com"))
    sees(sam, "Support: offered")

    ana.keyboard.press("a")
    ana.get_by_role("heading", name="Parcel without its charger").wait_for()
    ana.get_by_text("The customer has sent pictures.").wait_for()
    ana.get_by_text("1 of 3 work item").wait_for()
    link = ana.get_by_role("link", name="Open in crm.example.com")
    assert link.get_attribute("rel") == "noopener noreferrer"
    with ana.expect_popup() as opened:
        ana.keyboard.press("o")
    assert opened.value.url == "https://crm.example.com/cases/4711"
    opened.value.close()
    sees(sam, "Support: assigned")

    sam.get_by_role("row", name=re.compile("Ana Lopez")).get_by_role("button", name="Support: assigned").click()
    sam.get_by_role("button", name="Barge in").click()
    ana.get_by_text("sam: joined in").wait_for(timeout=SOON)
    sam.get_by_label("A note").fill("Offer a new charger.")
    sam.get_by_role("button", name="Add").click()
    sam.get_by_text("Offer a new charger.").wait_for()
    ana.get_by_text("Offer a new charger.").wait_for(timeout=SOON)
    sam.get_by_role("button", name="Leave").click()
    sam.keyboard.press("Escape")

    ana.keyboard.press("p")
    ana.get_by_role("dialog").get_by_role("button", name="Park", exact=True).click()
    ana.get_by_role("button", name="Inactive 1").wait_for()
    sees(sam, "Support: inactive")

    centre.start("Jill Moreau calls", "calls", "voice")
    ana.get_by_role("article", name="Offer: Jill Moreau calls").wait_for()
    ana.keyboard.press("a")
    ana.get_by_text("1 of 1 voice").wait_for()
    sees(sam, "Calls: assigned")
    ana.keyboard.press("c")
    ana.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    ana.get_by_text("voice free (1)").wait_for()

    ana.get_by_role("button", name="Inactive 1").click()
    ana.get_by_role("button", name=re.compile("^Parcel without")).click()
    ana.get_by_text("Offer a new charger.").wait_for()
    ana.keyboard.press("u")
    ana.get_by_role("button", name="Open 1").click()
    sees(sam, "Support: assigned")
    ana.keyboard.press("t")
    ana.get_by_role("dialog").get_by_label("Search").fill("bill")
    ana.get_by_role("dialog").get_by_role("button", name="Billing").click()
    ana.get_by_role("button", name="Open 0").wait_for()
    now = centre.engagement(ticket)
    assert (now["state"], now["queue_id"], now["transfer_count"]) == ("queued", "billing", 1)


def test_work_that_is_gone_while_a_dialog_is_open_is_said_to_be_gone(centre: Centre, windows: Windows) -> None:
    ana = windows.sign_in("ana")
    ana.get_by_label("Status").select_option(label="Ready")
    ticket = centre.start("Withdrawn while it is being closed")
    ana.get_by_role("article", name="Offer: Withdrawn").wait_for()
    ana.keyboard.press("a")
    ana.get_by_role("button", name="Park P").wait_for()
    ana.keyboard.press("c")
    ana.get_by_role("dialog").wait_for()
    centre.call("crm", "PATCH", f"/engagements/{ticket}", {"engagement_action": "end"})
    ana.get_by_role("button", name="Open 0").wait_for(timeout=SOON)
    ana.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    ana.get_by_role("alert").first.wait_for()
    assert all("40" in each for each in windows.complaints), "refusals, and no script that broke"
    windows.complaints.clear()


def test_an_offer_is_accepted_once_and_a_due_date_without_a_zone_is_utc(centre: Centre, windows: Windows) -> None:
    ana = windows.sign_in("ana", timezone_id="Asia/Tokyo")
    ana.get_by_label("Status").select_option(label="Ready")
    centre.start("Due in years", work_item_due_date="2040-01-15T09:00:00")
    offer = ana.get_by_role("article", name="Offer: Due in years")
    offer.get_by_role("button", name=re.compile("^Accept")).dblclick()
    ana.get_by_role("heading", name="Due in years").wait_for()
    assert ana.get_by_role("alert").count() == 0
    ana.get_by_role("complementary", name="Details").get_by_text(re.compile("Jan 15, 2040, 6:00.PM")).wait_for()


def test_why_nothing_comes_is_said_in_words(centre: Centre, windows: Windows) -> None:
    ana = windows.sign_in("ana")
    ana.get_by_label("Status").select_option(label="Not Ready: Break")
    ana.get_by_role("button", name="Why does nothing come?").click()
    ana.get_by_text("Your status is Not Ready: nothing is offered to you.").wait_for()
    ana.get_by_text("Nothing waits in your queues.").wait_for()
    assert centre.call("sam", "GET", "/users/ana/status")["sub_status_id"] == "break"


def test_a_supervisor_forces_a_status_and_moves_what_waits(centre: Centre, windows: Windows) -> None:
    engagement = centre.start("Invoice 7 is wrong", work_item_type="invoice")
    sam = windows.sign_in("sam")
    shown = sam.get_by_role("list", name="Alerts").get_by_text("Billing: ")
    shown.get_by_text("one waits").wait_for()
    more = centre.start("Invoice 8 is wrong", work_item_type="invoice")
    shown.get_by_text("2 wait and nobody is Ready").wait_for(timeout=SOON)
    said = sam.locator("[aria-live=polite]").get_by_text("Billing: ").inner_text()
    assert said == "Billing: one waits and nobody is Ready", "it is said once, not with every number"
    centre.call("crm", "PATCH", f"/engagements/{more}", {"engagement_action": "end"})
    sam.get_by_role("button", name="Invoice 7 is wrong").click()
    sam.get_by_text("nobody can take it now").wait_for()
    sam.get_by_label("Priority in its queue").fill("777")
    sam.get_by_role("button", name="Change priority").click()
    sam.get_by_text("Changed", exact=True).wait_for()
    assert centre.engagement(engagement)["priority"] == 777
    sam.keyboard.press("Escape")
    sam.get_by_label("Status of Ben Okafor").select_option(label="Ready")
    sam.get_by_role("row", name=re.compile("Ben Okafor")).get_by_role(
        "button", name="Billing: offered"
    ).first.wait_for()
    sam.get_by_label("Status of Ben Okafor").select_option(label="Offline")
    sam.get_by_role("row", name=re.compile("Ben Okafor")).get_by_role("button").first.wait_for(state="detached")


def test_a_priority_rule_is_changed_planned_and_applied_and_the_next_ticket_obeys(
    centre: Centre, windows: Windows
) -> None:
    ada = windows.sign_in("ada", "#/configuration")
    ada.get_by_role("button", name="Document").click()
    document = ada.get_by_role("textbox", name="Document")
    document.fill(with_priority(document.input_value(), 35))
    ada.get_by_role("button", name="Plan the changes").click()
    summary = ada.get_by_text("0 to add, 1 to change, 0 to remove")
    summary.or_(ada.get_by_role("alert")).wait_for()
    assert summary.is_visible(), ada.get_by_role("alert").inner_text()
    assert '"priority": 35' in ada.locator(".diff ins").last.inner_text()
    ada.get_by_label("Why").fill("Cases wait too long")
    ada.get_by_role("button", name="Apply").click()
    ada.get_by_text("It holds everywhere within 5 seconds.").wait_for()
    ada.get_by_role("button", name="Versions").click()
    ada.get_by_role("cell", name="Cases wait too long").wait_for()

    time.sleep(CONFIGURATION_MAX_AGE_MS / 1000)
    engagement = centre.start("The next ticket")
    assert centre.engagement(engagement)["priority"] == 35
    ada.get_by_role("link", name="Flows").click()
    ada.get_by_label("Engagement id").fill(engagement)
    ada.get_by_role("button", name="Light its way").click()
    ada.get_by_text("urgency:otherwise → kind:otherwise").wait_for()
    assert ada.locator(".exit.lit").count() == 2


def test_a_form_changes_the_document_and_what_is_refused_names_its_place(windows: Windows) -> None:
    ada = windows.sign_in("ada", "#/configuration")
    ada.get_by_label("queue name").fill("Customer support")
    ada.get_by_label("queue name").blur()
    ada.get_by_label("business hours id").fill("nights")
    ada.get_by_label("business hours id").blur()
    ada.get_by_role("button", name="Plan the changes").click()
    assert "/queues/0/business_hours_id" in ada.get_by_role("alert").inner_text()
    assert "400" in windows.complaints.pop(), "the browser itself notes every refusal"
    ada.get_by_label("business hours id").fill("")
    ada.get_by_label("business hours id").blur()
    ada.get_by_role("button", name="Plan the changes").click()
    ada.locator(".diff ins").get_by_text("Customer support").wait_for()


def test_an_administrator_tries_a_flow_with_input_of_his_own(centre: Centre, windows: Windows) -> None:
    before = len(centre.call("ada", "GET", "/engagements?state=open&page_size=100")["engagements"])
    ada = windows.sign_in("ada", "#/flows")
    ada.get_by_text("Try it").click()
    ada.get_by_label("Variables").fill('{"work_item_type": "invoice", "work_item_priority": 1}')
    ada.get_by_role("button", name="Run it").click()
    ada.get_by_text("It leads to: queue billing, priority 80").wait_for()
    assert ada.locator(".exit.lit").count() == 2
    ada.get_by_label("Variables").fill("{")
    ada.get_by_role("button", name="Run it").click()
    ada.get_by_role("alert").get_by_text("The document is no JSON").wait_for()
    assert len(centre.call("ada", "GET", "/engagements?state=open&page_size=100")["engagements"]) == before


def test_a_comparison_of_what_ifs_is_shown_side_by_side_with_its_intervals(windows: Windows) -> None:
    ada = windows.sign_in("ada", "#/reports")
    file = ada.get_by_label("A comparison")
    file.set_input_files({"name": "x.json", "mimeType": "application/json", "buffer": b"[]"})
    ada.get_by_text("This is no comparison.").wait_for()
    file.set_input_files(COMPARISON)
    row = ada.get_by_role("row", name=re.compile("Service level")).last
    row.wait_for()
    said = row.inner_text()
    assert all(text in said for text in ("45.0 %", "50.0 %", "80.0 %", "± 3.0 %", "Δ 30.0 % ± 4.0 %"))


def test_a_supervisor_takes_work_over_and_another_gives_it_to_somebody(centre: Centre, windows: Windows) -> None:
    centre.call("ana", "PATCH", "/users/me/status", {"status_id": "3"})
    ticket = centre.start("A ticket too hard")
    ana, lea = windows.sign_in("ana"), windows.sign_in("lea")
    ana.get_by_role("article", name="Offer: A ticket too hard").wait_for()
    ana.keyboard.press("a")
    ana.get_by_role("button", name="Open 1").wait_for()
    lea.get_by_role("row", name=re.compile("Ana Lopez")).get_by_role("button", name="Support: assigned").click()
    lea.get_by_role("button", name="Barge in").click()
    lea.get_by_role("button", name="Take over").click()
    ana.get_by_text("It is no longer with you.").wait_for(timeout=SOON)
    lea.get_by_role("dialog").get_by_role("button", name="Close", exact=True).wait_for()
    assert centre.engagement(ticket)["user_id"] == "lea"

    lea.get_by_role("button", name="Reassign").click()
    to = lea.get_by_role("dialog", name="Transfer the engagement")
    to.get_by_role("button", name="Agents").click()
    to.get_by_role("button", name="Ana Lopez").click()
    ana.get_by_role("article", name="Offer: A ticket too hard").wait_for(timeout=2 * SOON)
    assert centre.engagement(ticket)["transfer_count"] == 1
    assert windows.complaints, "the browser itself notes every refusal, as often as the page asks"
    assert all("404" in each for each in windows.complaints)
    windows.complaints.clear()


def test_a_system_is_shown_how_to_start_work_and_is_told_again_what_happened(centre: Centre, windows: Windows) -> None:
    centre.start("A ticket to be told of")
    ada = windows.sign_in("ada", "#/integrations", permissions=["clipboard-read", "clipboard-write"])
    ada.get_by_text("leads to Tickets").click()
    ada.get_by_role("button", name="Copy").first.click()
    ada.get_by_text("Copied.").wait_for()
    copied = ada.evaluate("navigator.clipboard.readText()")
    shell = {"PATH": os.environ["PATH"], "TOKEN": centre.token("crm")}
    ran = subprocess.run(["sh", "-c", copied], env=shell, capture_output=True, text=True, timeout=30, check=True)
    assert centre.engagement(json.loads(ran.stdout)["engagement_id"])["work_item_variables"]["work_item_id"] == "CASE-1"

    an_hour_ago = (datetime.now().astimezone() - timedelta(hours=1)).replace(tzinfo=None).isoformat(timespec="minutes")
    ada.get_by_label("Send again everything since").fill(an_hour_ago)
    ada.get_by_role("button", name="Replay").click()
    ada.get_by_text(re.compile("^([1-9][0-9]*|One) deliver(y is|ies are) on")).wait_for()


def test_a_report_of_rows_is_turned_page_by_page_filtered_and_taken_home_whole(
    centre: Centre, windows: Windows
) -> None:
    for n in range(3):
        centre.call("crm", "PATCH", f"/engagements/{centre.start(f'Row {n}')}", {"engagement_action": "end"})
    while (
        len(centre.call("ada", "GET", f"{DATASETS}/engagement?end_reason=cancelled&queue_id=support")["engagement"]) < 3
    ):
        time.sleep(0.2)
    page = windows.open()
    page.route("**/historical/engagement?*page_size=50*", lambda route: route.continue_(url=with_pages_of(route, 2)))
    ada = windows.sign_in("ada", "#/reports", page=page)
    listed = {each["dataset_name"] for each in centre.call("ada", "GET", DATASETS)["datasets"]}
    choice = ada.get_by_label("Dataset")
    choice.wait_for()
    assert {each.get_attribute("value") for each in choice.locator("option").all()} == listed
    choice.select_option("flow_performance")
    ada.get_by_text("Filters and groups").click()
    ada.get_by_label("Channel", exact=True).first.uncheck()
    ada.get_by_role("button", name="Show").click()
    ada.get_by_role("columnheader", name="Reopened within a day").wait_for()
    assert ada.get_by_role("columnheader", name="Channel").count() == 0
    choice.select_option("engagement")
    ada.get_by_text("Filters").click()
    ada.locator("[name=queue_id]").select_option(label="Support")
    ada.locator("[name=end_reason]").select_option(label="cancelled")
    ada.get_by_role("button", name="Show").click()
    ada.get_by_text("page 1").wait_for()
    first = ada.locator("table button.link").first.inner_text()
    ada.get_by_role("button", name="Next").click()
    ada.get_by_text("page 2").wait_for()
    assert ada.locator("table button.link").first.inner_text() != first
    ada.get_by_role("button", name="Back").click()
    ada.get_by_text("page 1").wait_for()
    assert ada.locator("table button.link").all_inner_texts()[0] == first
    with ada.expect_download() as taken:
        ada.get_by_role("button", name="Download CSV").click()
    assert taken.value.suggested_filename == "engagement.csv"
    rows = list(csv.DictReader(Path(taken.value.path()).read_text("utf-8-sig").splitlines()))
    assert first in {each["engagement_id"] for each in rows}
    assert len({each["engagement_id"] for each in rows}) == len(rows) >= 3
    assert all("support" in each["queues"] and each["end_reason"] == "cancelled" for each in rows)
    ada.get_by_role("button", name=first).click()
    ada.get_by_role("dialog").get_by_text("It is closed: cancelled.").wait_for()


def with_pages_of(route: Any, rows: int) -> str:
    return str(route.request.url).replace("page_size=50", f"page_size={rows}")
