"""What the package carries is what was pinned, to the byte, and its bill of materials says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6

from infra import package, sbom

PINNED = (package.ROOT / "requirements.txt").read_text()
CHOSEN = (package.ROOT / "requirements.in").read_text()
PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    return {name.lower(): version for name, version in PIN.findall(text)}


@pytest.fixture(scope="module")
def made(built: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(JsonV1Dot6(sbom.bill(built / "deployment.zip")).output_as_string())
    return found


def test_what_is_chosen_is_what_is_pinned() -> None:
    """After a change of requirements.in: `make pins`."""
    assert pins(CHOSEN).items() <= pins(PINNED).items()


def test_every_file_that_may_be_fetched_is_pinned_by_its_hash() -> None:
    entries = PINNED.replace("\\\n", " ").splitlines()
    assert len(entries) == len(pins(PINNED))
    for entry in entries:
        assert re.fullmatch(r"\S+==\S+ ( +--hash=sha256:[0-9a-f]{64})+", entry.rstrip()), entry[:60]


def test_the_bill_of_materials_lists_what_is_pinned_and_the_runtime(made: dict[str, Any]) -> None:
    listed = {each["name"].lower().replace("_", "-"): each["version"] for each in made["components"]}
    assert listed.pop("chalice")
    assert listed == pins(PINNED)


def test_the_bill_of_materials_is_one(made: dict[str, Any]) -> None:
    assert (made["bomFormat"], made["specVersion"]) == ("CycloneDX", "1.6")
    assert all(each.get("licenses") for each in made["components"]), "every part says under which terms it comes"
