"""Every page: without barriers in both themes, in both languages, by keyboard, on a phone, and quick to appear."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from infra import vendor
from tests.browser.centre import COMPARISON, Centre
from tests.browser.conftest import Windows
from tests.support.size import PATIENCE

pytestmark = pytest.mark.e2e
PAGES = {
    "ana": ["desk", "reports"],
    "sam": ["wallboard"],
    "ada": ["reports", "configuration", "flows", "integrations"],
}
MAIN = [("ana", "desk"), ("sam", "wallboard"), ("ada", "configuration"), ("ada", "flows"), ("ada", "reports")]
KEYS_TO_A_BUTTON = 40
"""Presses of Tab that whatever is on the page must be within."""
A_SECOND = 1000 * PATIENCE
"""Milliseconds."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def axe() -> str:
    if shutil.which("npm") is None and not (vendor.FOR_TESTS / "axe.min.js").exists():
        pytest.skip("There is no npm here to fetch axe-core with.")
    return vendor.axe()


def barriers(page: Any, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{each['id']}: {node['html'][:200]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_barrier(centre: Centre, windows: Windows, axe: str, theme: str) -> None:
    welcome = windows.open(color_scheme=theme)
    welcome.goto(f"{centre.url}/console")
    welcome.get_by_role("button", name="Sign in").wait_for()
    assert barriers(welcome, axe) == []
    centre.call("ana", "PATCH", "/users/me/status", {"status_id": "3"})
    centre.start(f"A ticket in the {theme}")
    for who, names in PAGES.items():
        page = windows.sign_in(who, color_scheme=theme)
        for name in names:
            page.locator(f'header.top a[href="#/{name}"]').click()
            page.get_by_role("heading", level=1).wait_for(state="attached")
            page.wait_for_load_state("networkidle") if name not in ("desk", "wallboard") else page.wait_for_timeout(
                1000
            )
            OPENED.get(name, lambda _: None)(page)
            assert (name, barriers(page, axe)) == (name, [])
        if who == "ana":
            dialogs(page, axe)
        if who == "sam":
            supervised_work(page)
            assert barriers(page, axe) == []
    centre.call("ana", "PATCH", "/users/me/status", {"status_id": "1"})


def opened_flow(page: Any) -> None:
    """The flow's form for trying it, with where it led."""
    if page.get_by_text("Try it").count():
        page.get_by_text("Try it").click()
        page.get_by_role("button", name="Run it").click()
        page.get_by_text("It leads to:").wait_for()


def loaded_comparison(page: Any) -> None:
    """A comparison beside a report of rows, with its filters."""
    page.get_by_label("A comparison").set_input_files(COMPARISON)
    page.get_by_text("over 20 draws").wait_for()
    page.get_by_label("Dataset").select_option("engagement")
    page.get_by_text("Filters").click()
    page.get_by_role("button", name="Show").click()
    page.wait_for_load_state("networkidle")


def supervised_work(page: Any) -> None:
    """An engagement, as a supervisor looks into it."""
    page.get_by_role("button", name="A ticket in the").first.click()
    page.get_by_role("region", name="Explanation").wait_for()


OPENED = {"flows": opened_flow, "reports": loaded_comparison}


def dialogs(ana: Any, axe: str) -> None:
    """The agent's desk with an offer, with work open, and with each of its dialogs."""
    ana.locator('header.top a[href="#/desk"]').click()
    ana.get_by_role("article").first.wait_for()
    assert barriers(ana, axe) == []
    ana.keyboard.press("a")
    ana.locator(".work .heading").wait_for()
    assert barriers(ana, axe) == []
    for key in "ptc?":
        ana.keyboard.press(key)
        ana.get_by_role("dialog").wait_for()
        assert (key, barriers(ana, axe)) == (key, [])
        ana.keyboard.press("Escape")
        ana.get_by_role("dialog").wait_for(state="detached")


def test_the_first_content_is_there_within_a_second(centre: Centre, windows: Windows) -> None:
    page = windows.open()
    page.goto(f"{centre.url}/console")
    page.get_by_role("button", name="Sign in").wait_for()
    assert painted(page) < A_SECOND


@pytest.mark.parametrize(("who", "name"), MAIN)
def test_each_page_is_there_within_a_second_and_on_a_narrow_screen_scrolls_one_way_only(
    windows: Windows, who: str, name: str
) -> None:
    page = windows.sign_in(who, f"#/{name}", viewport={"width": 380, "height": 800})
    page.locator("#main h1").wait_for(state="attached")
    assert painted(page) < A_SECOND
    page.wait_for_timeout(500)
    assert page.evaluate("document.querySelector('#main').scrollWidth <= innerWidth")


def painted(page: Any) -> float:
    """After how many milliseconds the page showed something."""
    found = page.wait_for_function("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
    return float(found.json_value())


def test_it_speaks_french_too_and_keeps_to_it(windows: Windows) -> None:
    page = windows.sign_in("ana", locale="fr-FR")
    page.get_by_role("link", name="Bureau").wait_for()
    assert page.locator("html").get_attribute("lang") == "fr"
    page.get_by_label("Langue").select_option("en")
    page.get_by_role("link", name="Desk").wait_for()


def test_signing_out_forgets_the_token(windows: Windows) -> None:
    page = windows.sign_in("ana")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You are signed out.").wait_for()
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])")
    assert "eyJ" not in kept
    assert "code=" not in kept


def test_an_agent_works_by_keyboard_alone_and_always_sees_where_he_is(centre: Centre, windows: Windows) -> None:
    ana = windows.sign_in("ana")
    ana.get_by_label("Status").wait_for()
    walk_to(ana, "Status")
    ana.keyboard.type("Ready")
    ticket = centre.start("A ticket for the keyboard", work_item_due_date="20991001T120000Z")
    offer = ana.get_by_role("article", name="Offer: A ticket for the keyboard")
    offer.get_by_text("due 20991001T120000Z").wait_for()  # which the API reads, and no browser
    walk_to(ana, "Accept A")
    ana.keyboard.press("Enter")
    ana.get_by_role("button", name="Park P").wait_for()
    assert where(ana) == ("A ticket for the keyboard", True)
    walk_to(ana, "Park P")
    ana.keyboard.press("Enter")
    ana.get_by_role("dialog").wait_for()
    walk_to(ana, "Park")
    ana.keyboard.press("Enter")
    ana.get_by_role("button", name="Inactive 1").wait_for()
    assert where(ana) == ("Take up U", True)
    ana.keyboard.press("u")
    ana.get_by_role("button", name="Open 1").wait_for()
    assert where(ana) == ("Park P", True)
    walk_to(ana, "Close C")
    ana.keyboard.press("Enter")
    ana.get_by_role("dialog").wait_for()
    ana.keyboard.press("Escape")
    ana.locator("dialog").wait_for(state="detached")
    assert where(ana) == ("Close C", True)
    ana.keyboard.press("Enter")
    ana.get_by_role("dialog").get_by_label("Disposition").select_option(label="Duplicate")
    walk_to(ana, "Close")
    ana.keyboard.press("Enter")
    ana.get_by_role("button", name="Done").wait_for()
    assert where(ana) == ("A ticket for the keyboard", True)
    walk_to(ana, "Done")
    ana.keyboard.press("Enter")
    ana.get_by_role("button", name="Open 0").wait_for()
    assert where(ana) == ("A ticket for the keyboard", True)
    assert centre.engagement(ticket)["disposition"] == "Duplicate", (
        "what was said stays, where there is a usual one too"
    )
    centre.start("The next one")
    ana.get_by_role("article", name="Offer: The next one").wait_for()
    ana.keyboard.press("a")
    ana.get_by_role("heading", name="The next one").wait_for()
    said = ana.locator("[aria-live=assertive] span")
    said.wait_for(state="detached")
    centre.start("The next one")
    said.get_by_text("New offer: The next one").wait_for()


def where(page: Any) -> tuple[str, bool]:
    """What the keyboard is on, and whether that is to be seen."""
    name, seen = page.evaluate(
        """() => {
            const at = document.activeElement;
            const said = at.getAttribute("aria-label") ?? at.innerText;
            const { outlineStyle, outlineWidth } = getComputedStyle(at);
            const { width, height } = at.getBoundingClientRect();
            return [said, outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && width * height > 0];
        }"""
    )
    return " ".join(name.split()), seen


def walk_to(page: Any, name: str) -> None:
    """Press Tab until the keyboard is there; every stop on the way is to be seen, and none is the page itself."""
    for _ in range(KEYS_TO_A_BUTTON):
        page.keyboard.press("Tab")
        at, seen = where(page)
        assert seen, f"{at} has the keyboard and does not show it"
        if at == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")


OUT_OF_SIGHT = """
    const later = setTimeout, own = fetch;
    setTimeout = (act, ms, ...more) => ms >= 500 ? 0 : later(act, ms, ...more);
    window.asked = [];
    window.answered = [];
    fetch = async (place, ...more) => {
        if (!String(place).endsWith("/assignments")) return own(place, ...more);
        asked.push(performance.now());
        const answer = await own(place, ...more);
        await new Promise((done) => later(done, 1400));
        answered.push(performance.now());
        return answer;
    };
"""
"""Timers stand still, and a poll's answer takes 1400 ms more; `asked` holds when each was sent, `answered` when it had
its answer."""


def test_a_desk_in_the_background_hears_of_an_offer_as_soon(centre: Centre, windows: Windows) -> None:
    """Browsers hold back the timers of a window that is out of sight; here they stand still."""
    page = windows.open()
    page.add_init_script(OUT_OF_SIGHT)
    windows.sign_in("ana", page=page)
    page.get_by_label("Status").select_option(label="Ready")
    centre.start("A ticket behind the window")
    page.get_by_role("article", name="Offer: A ticket behind the window").wait_for(timeout=5000 * PATIENCE)
    polls = page.evaluate("asked.length")
    page.wait_for_function("n => asked.length > n", arg=polls)
    paused = page.evaluate("n => asked[n] - Math.max(...answered.filter((at) => at < asked[n]))", polls)
    assert paused < 1800, "it waits from question to question, and not two seconds from an answer on"


def test_what_a_supervisor_sets_is_on_the_desk_within_three_seconds(centre: Centre, windows: Windows) -> None:
    """Also where nothing can be offered, and nothing is in hand."""
    page = windows.sign_in("ana")
    page.get_by_text("work item free (3)").wait_for()
    centre.call("sam", "PATCH", "/users/ana/status", {"status_id": "2", "sub_status_id": "training"})
    page.locator(".status.not_ready").wait_for(timeout=3000 * PATIENCE)
    assert page.get_by_label("Status").input_value() == "2:training"
