"""The documents say what the code says: events, signatures, retries, the state machine, clocks."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from chalicelib.configuration.profiles import Queue
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements import states
from chalicelib.events.catalogue import TOLD, TYPES
from chalicelib.events.retries import WAITS
from chalicelib.events.signatures import new_secret, signed
from chalicelib.http.api import all_endpoints
from chalicelib.messaging.poster import SECONDS
from chalicelib.operations.intake import RECEIPT_SECONDS
from chalicelib.storage.dynamodb import EVENT_RETENTION_DAYS
from infra import bench
from infra.cli import app
from infra.settings import Settings
from infra.versus.__main__ import LIMITS
from infra.versus.policies import POLICIES
from tests.e2e import test_load
from tests.http.test_adapter import Phones, phones
from tests.simulation import stories, test_days, test_interleavings
from tests.simulation.days import story
from tests.support.api import Api

__all__ = ["phones"]
DOCS = Path(__file__).parents[1] / "docs"
EVENTS, LIFE, CONTRACT = ((DOCS / name).read_text() for name in ("events.md", "life.md", "channel-adapters.md"))


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


class TestEvents:
    def test_the_table_is_the_catalogue(self) -> None:
        listed = re.findall(r"^\| `(contact_center\.\w+)` \|", EVENTS, re.MULTILINE)
        assert sorted(listed) == sorted(TYPES)

    def test_whatever_is_told_is_named(self) -> None:
        assert [name for name in TOLD if f"`{name}`" not in EVENTS and f'"{name}"' not in EVENTS] == []

    def test_the_example_has_every_field_of_a_delivery(self, phones: Phones, api: Api) -> None:
        example = json.loads(blocks(EVENTS, "json")[0])
        phones.answered()
        events = [json.loads(body) for _, _, body in api.centre.posts.sent]
        delivered = next(each for each in events if each["event"] == example["event"])
        assert delivered.keys() == example.keys()
        assert delivered["payload"]["object"].keys() == example["payload"]["object"].keys()

    @pytest.mark.parametrize(("n", "scheme"), [(0, "standard"), (1, "zoom")])
    def test_the_ways_to_verify_work(self, n: int, scheme: Any) -> None:
        secret, body = new_secret(b"0" * 24), b'{"event": "x"}'
        now = int(time.time())  # the library compares with the clock of the machine
        given = {"secret": secret, "body": body, "headers": dict(signed(scheme, secret, "e.1", body, now))}
        verify = blocks(EVENTS, "python")[n]
        exec(verify, dict(given))  # noqa: S102 - our own document
        with pytest.raises(Exception, match=r"not from Interleave|No matching signature"):
            exec(verify, {**given, "body": b'{"event": "y"}'})  # noqa: S102

    def test_the_waits_between_attempts_are_those(self) -> None:
        waits = [f"{w // 3600} h" if w >= 3600 else f"{w // 60} min" if w >= 60 else f"{w} s" for w in WAITS]
        assert f"{', '.join(waits[:-1])} and {waits[-1]}," in EVENTS
        assert f"within {SECONDS:g} seconds" in EVENTS
        assert EVENTS.count(f"last {EVENT_RETENTION_DAYS} days") == 2


class TestLife:
    def test_the_table_and_the_diagram_are_the_state_machine(self) -> None:
        assert blocks(LIFE, "mermaid") == [states.diagram() + "\n"]
        table = LIFE[LIFE.index("| command |") :].split("\n\n")[0]
        assert table == states.table()

    def test_the_clocks_have_the_defaults_that_it_says(self) -> None:
        clocks = LIFE[LIFE.index("| setting |") :].split("\n\n")[0]
        rows = re.findall(r"^\| `([\w.]+)` \| (\w+) \|", clocks, re.MULTILINE)
        assert len(rows) == 11
        for setting, default in rows:
            holder = Tenant() if setting == "heartbeat_timeout" else Queue("q", "Q")
            found = reduce(getattr, setting.split("."), holder)
            assert default == ("none" if found is None else str(found)), setting


def test_the_page_on_deploying_lists_every_setting() -> None:
    page = (DOCS / "deploying.md").read_text()
    rows = re.findall(r"^\| (`.*?`) \|", page[page.index("| setting |") :], re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(Settings.model_fields)
    example = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)[0]
    assert Settings.model_validate(yaml.safe_load(example)).domain


def test_how_long_a_key_is_remembered_is_what_it_says() -> None:
    assert f"A key is remembered for {RECEIPT_SECONDS // 3600} hours." in CONTRACT


@pytest.mark.parametrize("document", [EVENTS, LIFE, CONTRACT], ids=["events", "life", "channel-adapters"])
def test_every_endpoint_that_a_document_names_is_there(document: str) -> None:
    known = {(each.method, re.sub(r"{\w+}", "{}", each.path)) for each in all_endpoints()}
    for method, path in re.findall(r"\b(GET|POST|PUT|PATCH|DELETE) (/v2/[^\s`,]*)", document):
        wanted = re.sub(r"{\w+}", "{}", path).replace("/users/ana/", "/users/{}/").replace("/desk-77", "/{}")
        assert (method, wanted) in known, f"{method} {path}"


def test_the_readme_leads_to_them() -> None:
    readme = (DOCS.parent / "README.md").read_text()
    assert all(
        f"](docs/{name}.md)" in readme for name in ("channel-adapters", "configuration", "deploying", "events", "life")
    )


def test_the_page_of_comparisons_has_every_policy_and_every_published_limit() -> None:
    page = (DOCS / "versus.md").read_text()
    assert [each.name for each in POLICIES if f"| {each.name} | {each.source} |" not in page] == []
    assert [
        each["what"] for each in LIMITS if f"| {each['what']} | {each['value']} | {each['source']} |" not in page
    ] == []


PAGES = [*DOCS.parent.glob("*.md"), *DOCS.glob("**/*.md"), DOCS.parent / "infra/demo/README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS.parent)))
class TestPages:
    def test_every_link_leads_somewhere(self, page: Path) -> None:
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
            file, _, place = link.partition("#")
            target = page.parent / file if file else page
            assert target.exists(), link
            heads = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE) if place else [place]
            assert place in [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in heads], link

    def test_every_command_is_there_with_its_options(self, page: Path) -> None:
        for line in re.findall(r"(?:^|`|\()interleave ([a-z][^`\n#)]*)", page.read_text(), re.MULTILINE):
            command: Any = typer.main.get_command(app)
            for word in line.split():
                command = getattr(command, "commands", {}).get(word, command)
            assert not hasattr(command, "commands"), f"interleave {line}"
            known = {option for each in command.params for option in each.opts}
            assert set(re.findall(r"(?<!\S)--[a-z-]+", line)) <= known, f"interleave {line}"


def sizes(orders: Sequence[tuple[str, int]], of: str, step: int) -> str:
    """Two cells: how many scenes or triples there are in `make test` and in `make test-long`, with how many orders."""
    usual = [each for each in orders if each[0] not in test_interleavings.VARIED]
    return " | ".join(
        f"in {len(some)} {of}, more than {sum(fewest for _, fewest in some) // step * step:,}"
        for some in (usual, orders)
    )


class TestGuarantees:
    GUARANTEES = (DOCS / "guarantees.md").read_text()

    def test_every_invariant_has_its_row(self) -> None:
        rows = re.findall(r"^\| (I\d+) \|", self.GUARANTEES, re.MULTILINE)
        assert rows == [f"I{n}" for n in range(1, 15)]

    def test_what_attacks_them_is_there(self) -> None:
        named = re.findall(r"`(tests/[\w/.]+)`", self.GUARANTEES)
        assert [each for each in named if not (DOCS.parent / each).exists()] == []

    def test_numbers_are_the_tests_own(self) -> None:
        assert f"each of {len(stories.STORIES)} stories" in self.GUARANTEES
        scenes = list(test_interleavings.ORDERS.items())
        triples = [(scene, fewest) for scene, _, fewest in test_interleavings.TRIPLES.values()]
        assert f"| {sizes(scenes, 'scenes', 1000)} |" in self.GUARANTEES
        assert f"| {sizes(triples, 'triples', 100)} |" in self.GUARANTEES
        usual, long = test_days.SEEDS
        assert f"days of {story.LENGTH:,} moments, each from a seed | {usual} | {long:,} |" in self.GUARANTEES
        sources = f"{test_load.SOURCES} sources of at most {test_load.RATE} starts a second"
        assert f"{sources} and a flood of {test_load.FLOOD} at once" in self.GUARANTEES
        assert f"at {bench.STARTS_PER_SECOND} starts a second" in self.GUARANTEES
        assert f"within 1 s, seconds | none | {bench.SECONDS} |" in self.GUARANTEES
