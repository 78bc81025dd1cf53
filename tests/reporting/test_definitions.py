"""Each number of a report is explained on the page of definitions, and the page explains nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chalicelib.http.areas.reports import SERVICE_LEVEL
from chalicelib.reporting.datasets import MEASURES

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
NUMBERS = {
    "queue_performance": {*MEASURES["queue_performance"], *SERVICE_LEVEL, "waited_p50_ms", "waited_p90_ms"},
    "agent_performance": {*MEASURES["agent_performance"], "handled_p50_ms", "handled_p90_ms"},
}


@pytest.mark.parametrize("dataset", MEASURES)
def test_the_page_explains_every_number_of_a_dataset_and_no_other(dataset: str) -> None:
    (section,) = [each for each in PAGE.split("\n## ") if each.startswith(f"`{dataset}`")]
    assert set(re.findall(r"^\| `(\w+)` \| \S", section, re.MULTILINE)) == NUMBERS[dataset]
