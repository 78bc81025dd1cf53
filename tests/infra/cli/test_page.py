"""A report as a page: each number as a chart and a table, whole in itself, for every eye."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from infra.cli.figures import MOST_LINES, Figure, figures
from infra.cli.page import COLOURS, DASHES, SHAPES, STYLE, page
from tests.infra.cli.test_commands import handled
from tests.support.api import Api
from tests.support.command_line import interleave

BEGIN = datetime(2026, 3, 1, 23, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def row(queue: str, nth: int = 0, hours: int = 24, **numbers: int | None) -> dict[str, Any]:
    start = BEGIN + timedelta(hours=hours * nth)
    return {
        "start_time": start.isoformat(),
        "end_time": (start + timedelta(hours=hours)).isoformat(),
        "queue_id": queue.lower(),
        "queue_name": queue,
        "channel": "work_item",
        **numbers,
    }


def drawn(*rows: dict[str, Any], zone: str = "UTC") -> dict[str, Figure]:
    return {each.name: each for each in figures(rows, {}, ZoneInfo(zone))}


def test_a_number_is_a_figure_with_the_largest_first_and_nothing_is_none() -> None:
    found = drawn(
        row("Billing", handled_count=3, missed_count=0, waited_ms=60_000),
        row("General", handled_count=5, missed_count=0, waited_ms=1_000),
    )
    assert list(found) == ["handled_count", "waited_ms"]
    assert dict(found["handled_count"].series) == {"General": (5,), "Billing": (3,)}
    assert found["handled_count"].total == (8,)
    assert dict(found["waited_ms"].series) == {"Billing": (60,), "General": (1,)}
    assert [found["waited_ms"].text(value) for value in (60, None)] == ["60 s", "–"]
    assert figures([], {}, UTC_ZONE) == []


def test_what_says_how_something_is_spread_is_not_added_up() -> None:
    found = drawn(
        *(row(queue, waited_p90_ms=9_000, service_level_in_percentage=80) for queue in ("Billing", "General"))
    )
    assert [each.total for each in found.values()] == [None, None]
    assert found["service_level_in_percentage"].text(80) == "80 %"


def test_over_time_each_has_its_place_and_an_hour_without_rows_is_one_in_which_nothing_happened() -> None:
    found = drawn(
        row("Billing", 0, 1, handled_count=1, waited_p50_ms=7_000),
        row("General", 0, 1, handled_count=2, waited_p50_ms=9_000),
        row("Billing", 3, 1, handled_count=9, waited_p50_ms=None),
        zone="Europe/Paris",
    )
    assert [f"{each:%d %H}" for each in found["handled_count"].moments] == ["02 00", "02 01", "02 02", "02 03"]
    assert dict(found["handled_count"].series) == {"Billing": (1, 0, 0, 9), "General": (2, 0, 0, 0)}
    assert dict(found["waited_p50_ms"].series) == {"Billing": (7, None, None, None), "General": (9, None, None, None)}
    assert list(found["waited_p50_ms"].series) == ["Billing", "General"]


def test_a_day_of_another_clock_is_the_day_that_most_of_it_falls_on() -> None:
    (figure,) = figures([row("Billing", nth, handled_count=1) for nth in range(2)], {}, UTC_ZONE)
    assert [f"{each:%Y-%m-%d %H:%M}" for each in figure.moments] == ["2026-03-02 00:00", "2026-03-03 00:00"]


def test_a_cost_is_a_number_and_nobodys_name() -> None:
    costs: list[Any] = [4.25, 5]
    days = [{**row("Billing", nth, engagement_count=1), "cost_per_engagement": cost} for nth, cost in enumerate(costs)]
    found = drawn(*days)
    assert list(found["engagement_count"].series) == ["Billing · work_item"]
    (cost,) = found["cost_per_engagement"].series.values()
    assert [found["cost_per_engagement"].text(each) for each in cost] == ["4.25", "5.00"]


def test_two_of_one_name_are_told_apart() -> None:
    twins = [{**row("Billing", handled_count=n), "queue_id": f"billing-{n}"} for n in (1, 2)]
    assert set(drawn(*twins)["handled_count"].series) == {"billing-1", "billing-2"}


def test_there_are_as_many_colours_shapes_and_dashes_as_lines() -> None:
    assert COLOURS == len(set(SHAPES)) == len({tuple(each) for each in DASHES}) == MOST_LINES


def _luminance(colour: str) -> float:
    channels = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels]
    return sum(share * each for share, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", [0, 1])
def test_text_and_lines_stand_out_from_the_page_in_both_themes(theme: int) -> None:
    """By as much as WCAG 2 asks for: 4.5 for text, 3 for what is drawn."""
    named = re.findall(r"--(\w+): (#[0-9a-f]{3,6});", STYLE)
    half = len(named) // 2
    colours = {name: text if len(text) == 7 else f"#{text[1:] * 2}" for name, text in named[theme * half :][:half]}
    for name, least in {"text": 4.5, "quiet": 4.5, **{f"c{n}": 3 for n in range(COLOURS)}}.items():
        bright, dark = sorted((_luminance(colours[name]), _luminance(colours["page"])), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= least, name
    assert len({colours[f"c{n}"] for n in range(COLOURS)}) == COLOURS


class Elements(HTMLParser):
    """Every element, and what is in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def many() -> str:
    queues = ["Billing", "A <b>bold</b> one", *(f"Q{n}" for n in range(8))]
    rows = [row(queue, nth, 1, handled_count=n + nth, rang_ms=n) for nth in range(3) for n, queue in enumerate(queues)]
    return page("A <i>title</i>", "About & more", figures(rows, {"handled_count": "what was <done>"}, UTC_ZONE))


def test_the_page_needs_no_network_and_no_script(many: str) -> None:
    elements = Elements(many).found
    assert not {"script", "link", "img", "iframe", "object", "image", "use", "a"} & {tag for tag, _ in elements}
    for _, attributes in elements:
        assert not {name for name in attributes if name.startswith("on") or name in ("src", "href", "xlink:href")}
    assert "url(" not in many
    assert "@import" not in many
    assert (many.split('content="')[1][:18], "prefers-color-scheme: dark" in many) == ("default-src 'none'", True)


def test_every_chart_says_what_it_shows_and_has_its_table(many: str) -> None:
    elements = Elements(many).found
    tags = [tag for tag, _ in elements]
    assert tags.count("figure") == tags.count("svg") == tags.count("table") == tags.count("section") == 2
    labels = [attributes["aria-label"] or "" for tag, attributes in elements if tag == "figure"]
    assert all("over time" in each and "without the 3 smallest" in each for each in labels)
    assert len({attributes.get("scope") for tag, attributes in elements if tag == "th"} - {"row", "col"}) == 0


def test_what_is_counted_is_whole(many: str) -> None:
    assert not re.search(r">\d\.\d<", many.split("<section>")[1])
    one = page("T", "", figures([row("Billing", handled_count=1)], {}, UTC_ZONE))
    assert re.findall(r">(\d[^<]*)</text>", one) == ["0", "1", "1"]


@pytest.mark.parametrize(("seconds", "unit"), [(119, "seconds"), (120, "minutes"), (7199, "minutes"), (7200, "hours")])
def test_durations_are_drawn_in_a_unit_of_their_size(seconds: int, unit: str) -> None:
    made = page("T", "", figures([row("Billing", handled_ms=seconds * 1000)], {}, UTC_ZONE))
    assert [each for each in ("seconds", "minutes", "hours") if f">{each}</text>" in made] == [unit]


def test_names_are_names_and_never_elements(many: str) -> None:
    assert not {"b", "i", "done"} & {tag for tag, _ in Elements(many).found}
    assert "What was &lt;done&gt;" in many


def test_lines_are_told_apart_by_shape_and_dashes_too(many: str) -> None:
    svg = many.split("<svg")[1].split("</svg>")[0]
    lines = re.findall(r'<path aria-label[^>]*? stroke="(var\(--c\d\))"[^>]*?>', svg)
    dashed = set(re.findall(r'stroke-dasharray="([^"]+)"', svg))
    assert len(dashed) >= MOST_LINES - 1
    assert len(set(re.findall(r"var\(--c\d\)", svg))) == MOST_LINES, lines


def test_the_same_report_is_the_same_file(many: str) -> None:
    made = [page("T", "", figures([row("Billing", handled_count=1)], {}, UTC_ZONE)) for _ in range(2)]
    assert made[0] == made[1]


def test_the_command_writes_it_whatever_is_added_up(api: Api, tmp_path: Path) -> None:
    handled(api)
    for dataset, name in (("queue_performance", "Billing"), ("agent_performance", "Ana")):
        file = tmp_path / f"{dataset}.html"
        ran = interleave(api, "report", dataset, "--html", str(file))
        assert (ran.code, ran.out) == (0, f"The report is in {file}.\n")
        assert re.search(f'<th scope="row">[^<]*{name}', file.read_text())
    ran = interleave(api, "report", "engagement", "--html", str(tmp_path / "x.html"))
    assert (ran.code, "--format csv" in ran.error) == (1, True)
    ran = interleave(api, "report", "--html", str(tmp_path / "no" / "x.html"))
    assert (ran.code, "cannot be written" in ran.error) == (1, True)
    assert [each.name for each in tmp_path.glob("x*")] == []
