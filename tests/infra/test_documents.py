"""Documents from files: what is written is what is read, and what is wrong is named by file and line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chalicelib.configuration.document import read
from chalicelib.configuration.warnings import warnings
from chalicelib.errors import InvalidRequest
from infra import closures, documents

STARTER = Path("infra/starter")


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


def test_the_starter_tenant_is_valid_and_nothing_in_it_is_worth_a_look() -> None:
    tenant = read(closures.expand(documents.load(STARTER).document))
    assert list(warnings(tenant)) == []


def test_files_are_merged_by_kind_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        b="queues:\n- {queue_id: two, queue_name: Two}\nmoved_queues: {y: two}\n",
        a="queues:\n- {queue_id: one, queue_name: One}\nmoved_queues: {x: one}\nheartbeat_timeout: 60\n",
    )
    loaded = documents.load(folder)
    assert [queue["queue_id"] for queue in loaded.document["queues"]] == ["one", "two"]
    assert loaded.document["moved_queues"] == {"x": "one", "y": "two"}
    assert loaded.where("/queues/1/queue_name") == f"{folder}/b.yaml:2"
    assert loaded.where("/heartbeat_timeout") == f"{folder}/a.yaml:4"


def test_times_dates_and_the_country_of_norway_are_texts(tmp_path: Path) -> None:
    folder = written(tmp_path, a="a: [17:00, 2026-12-25, NO, no, 1.5, 2, -3, true, null, ~, 1e3, '2', 0x1F, 08]\n")
    assert documents.load(folder).document["a"] == [
        "17:00", "2026-12-25", "NO", "no", 1.5, 2, -3, True, None, None, 1000.0, "2", "0x1F", "08",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "how", [{}, {"indent": "\t"}, {"ensure_ascii": False}, {"indent": 1, "separators": (" ,\t", ":")}]
)
def test_json_is_read_however_it_is_written(tmp_path: Path, how: Any) -> None:
    document = {"queues": [{"queue_id": "one", "queue_name": "\N{GRINNING FACE} é\t"}], "\N{GRINNING FACE}": {"x": 1}}
    (tmp_path / "a.json").write_text(json.dumps(document, **how))
    assert documents.load(tmp_path / "a.json").document == document


def test_an_error_names_file_line_and_the_nearest_name(tmp_path: Path) -> None:
    folder = written(
        tmp_path,
        queues="queues:\n- queue_id: billing\n  queue_name: Billing\n",
        agents="# who\nagents:\n- user_id: ana\n  display_name: Ana\n  queues:\n  - biling\n",
    )
    loaded = documents.load(folder)
    with pytest.raises(InvalidRequest) as refused:
        read(loaded.document)
    assert loaded.lines(refused.value.errors) == [
        f"{folder}/agents.yaml:6: There is no queue 'biling'; did you mean 'billing'? [/agents/0/queues/0]"
    ]


def test_what_is_not_written_down_is_where_it_should_be(tmp_path: Path) -> None:
    loaded = documents.load(written(tmp_path, a="queues:\n\n- queue_id: billing\n"))
    with pytest.raises(InvalidRequest) as refused:
        read(loaded.document)
    assert loaded.lines(refused.value.errors)[0].startswith(f"{tmp_path}/a.yaml:3: This field is missing")


UNREADABLE = [
    ("a: [", "a.yaml:1: This is no YAML"),
    ("a: 1\nb: {x: 1,\n", "a.yaml:3: This is no YAML"),
    ("- a\n", "a.yaml:1: A document is a mapping"),
    ("a:\n  x: 1\n  x: 2\n", "a.yaml:3: `x` stands here twice"),
    ("a: 1\na: 2\n", "a.yaml:2: `a` stands in"),
    ("a:\n  ? [x]\n  : 1\n", "a.yaml:2: A field's name is a text"),
    ("a: &a\n  b: *a\n", "An alias leads back to itself"),
    ("a:\n- x\x7f\n", "a.yaml:2: This is no YAML: special characters are not allowed"),
    ("a:\n- 1e999\n", "a.yaml:2: The number is too large"),
    (f"a: {'9' * 400}.5\n", "a.yaml:1: The number is too large"),
    (f"a: {'9' * 5000}\n", "a.yaml:1: The number is too large"),
]


@pytest.mark.parametrize(("text", "message"), UNREADABLE)
def test_what_cannot_be_read_is_named_by_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        documents.load(written(tmp_path, a=text))
    assert message in refused.value.errors[0].message


def test_where_there_is_no_document_one_is_told_so(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.yaml"):
        with pytest.raises(InvalidRequest, match="cannot be read"):
            documents.load(path)


class TestHolidays:
    def test_a_countrys_holidays_become_closures_in_order(self) -> None:
        own = {"first": "2026-08-01", "last": "2026-08-15"}
        wanted = {"closure_set_id": "f", "closures": [own], "holidays": {"country": "FR", "years": [2026]}}
        (made,) = closures.expand({"closure_sets": [wanted]})["closure_sets"]
        assert "holidays" not in made
        assert made["closures"][0] == own
        days = [each["first"] for each in made["closures"][1:]]
        assert days == sorted(days)
        assert {"2026-01-01", "2026-05-01", "2026-07-14", "2026-12-25"} <= set(days)
        assert closures.expand({"closure_sets": [made]}) == {"closure_sets": [made]}

    @pytest.mark.parametrize(
        ("holidays", "at", "message"),
        [
            ({"country": "FX", "years": [2026]}, "country", "There is no country 'FX'"),
            ({"country": "DE", "subdivision": "BX", "years": [2026]}, "subdivision", "there are Augsburg"),
        ],
    )
    def test_one_that_has_none_is_refused(self, holidays: object, at: str, message: str) -> None:
        with pytest.raises(InvalidRequest) as refused:
            closures.expand({"closure_sets": [{"closure_set_id": "f", "holidays": holidays}]})
        assert refused.value.errors[0].pointer == f"/closure_sets/0/holidays/{at}"
        assert message in refused.value.errors[0].message

    def test_what_is_no_document_is_left_to_the_reader(self) -> None:
        for document in ({}, {"closure_sets": 3}, {"closure_sets": [3, {"holidays": "FR"}]}):
            assert closures.expand(document) == document
