"""Each number of a report is explained on the page of definitions in the words that the API has for it, and the page
explains nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.http.areas.reports import meanings
from chalicelib.reporting.counting import SPREAD
from chalicelib.reporting.definitions import SUMMED

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()


@pytest.mark.parametrize("name", SUMMED)
def test_the_page_explains_every_number_of_a_dataset_in_the_same_words_and_no_other(name: str) -> None:
    (section,) = [each for each in PAGE.split("\n## ") if each.startswith(f"`{name}`")]
    defined = SUMMED[name]
    assert dict(re.findall(r"^\| `(\w+)` \| (\S.*) \|$", section, re.MULTILINE)) == meanings(name)
    assert section.startswith(f"`{name}`: {defined.title}\n")
    assert defined.about in section.replace("\n", " ")
    (told,) = re.findall(r"^Dimensions: (.*)\.$", section, re.MULTILINE)
    assert re.findall(r"`(\w+)`", told) == list(defined.dimensions)


def test_what_is_told_by_percentiles_is_kept_so() -> None:
    for defined in SUMMED.values():
        assert {*defined.spread} <= {name for kind in defined.facts for name in SPREAD.get(kind, ())}
        assert {*defined.spread} <= {*defined.measures}
        assert {*defined.group_by} <= {*defined.dimensions}
