"""What is asked of the archive: the ready queries, over the same files, with the table's own columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest

from chalicelib.archive.folder import FolderArchive
from chalicelib.archive.s3 import S3Archive
from chalicelib.handlers import schedule
from chalicelib.operations import rolling, sessions
from chalicelib.reporting.intervals import DAY_MS
from chalicelib.routing.hours import DAYS
from infra import archive
from infra.settings import Settings
from tests.reporting.test_lives import handled
from tests.simulation.a_day import opened, play
from tests.support.archives import identities, lines
from tests.support.canary import found_in
from tests.support.worlds import NOW, TENANT, Centre, aws, memory_centre

Resource = dict[str, Any]
TYPES = {"string": "VARCHAR", "bigint": "BIGINT"}
"""What Glue's types are called in DuckDB."""


def kept(centre: Centre, folder: Path) -> Path:
    """A day later all that happened is in files."""
    centre.world.archive = centre.world.archive or FolderArchive(folder)
    centre.clock.at, seen = centre.clock.at + DAY_MS, None
    while seen != (seen := (centre.world.store.coverage(), centre.world.store.archiving())):
        schedule.run(centre.world)
    return folder


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An archive of one engagement that was transferred and done, in a shift without end, and of what followed."""
    centre = memory_centre(configured=False)
    shift = {"business_hours_id": "always", "weekly": {day: [{"start": "00:00", "end": "00:00"}] for day in DAYS}}
    agents = [{**each, "shift_hours_id": "always"} for each in TENANT["agents"]]
    centre.configure({**TENANT, "agents": agents, "business_hours": [shift]})
    rolling.roll_up(centre.world)
    engagement_id = handled(centre)
    centre.start("CASE-1")
    sessions.set_status(centre.world, "ana", "not_ready", None, "agent:ana")
    centre.settle()
    return kept(centre, tmp_path_factory.mktemp("archive")), engagement_id


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of a day in which much happens."""
    centre = memory_centre(configured=False)
    played = opened(centre)
    rolling.roll_up(centre.world)
    play(played)
    return kept(centre, tmp_path_factory.mktemp("archive"))


def asked(folder: Path, query: str, *given: str) -> list[dict[str, Any]]:
    """The answer to one of the ready queries, from DuckDB."""
    columns = {name: TYPES[kind] for name, kind in archive.COLUMNS.items()}
    with duckdb.connect() as connection:
        connection.execute(
            f"CREATE VIEW facts AS SELECT * FROM read_json('{folder}/facts/*/*.jsonl.gz', "  # noqa: S608
            f"format='newline_delimited', columns={columns}, hive_partitioning=true, hive_types={{'day': VARCHAR}})"
        )
        found = connection.execute(archive.queries()[query], list(given))
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


ANSWERS: dict[str, list[tuple[Any, ...]]] = {
    "queues_by_month": [("2025-11", "billing", "work_item", 2, 2, 0, 0, 0, 100.0, 17.5, 20.0)],
    "agents_by_month": [
        ("2025-11", "ana", 1, 0, 0, 0, 1, 0.02, 0.01, 0.0),
        ("2025-11", "ben", 1, 1, 0, 0, 0, 0.01, 0.0, 0.0),
    ],
    "engagements_by_month": [("2025-11", "tickets", "work_item", "completed", 1, 1, 15.0, 165.0)],
    "repeats_by_month": [("2025-11", "tickets", 1, 1)],
    "statuses_by_month": [("2025-11", "ana", 0.04, 0.0, 0.02, 41.9)],
    "slowest_engagements": [("tickets", "billing", "ana,ben", "completed", 35.0, 165.0)],
    "life_of_an_engagement": [
        ("2025-11-23T17:46:55.000Z", 3, "queue_performance", "billing", "ana", 15000, *[None] * 6),
        ("2025-11-23T17:48:25.000Z", 6, "agent_performance", "billing", "ana", None, None, 60000, 30000, 0, None, None),
        ("2025-11-23T17:48:45.000Z", 8, "queue_performance", "billing", "ben", 20000, *[None] * 6),
        ("2025-11-23T17:49:25.000Z", 9, "agent_performance", "billing", "ben", None, None, 40000, 0, 0, None, None),
        (
            *("2025-11-23T17:49:25.000Z", 9, "engagement", "billing", "ben"),
            *(35000, None, 100000, 30000, 0, "completed", 165000),
        ),
    ],
}
"""It waited 10 s and rang 5 s at Ana's; she had it 60 s and parked it 30 s; it waited 20 s for Ben, who had it 40 s."""


@pytest.mark.parametrize("query", sorted(archive.queries()))
def test_the_ready_queries_tell_what_happened(life: tuple[Path, str], query: str) -> None:
    folder, engagement_id = life
    given = [engagement_id] if query == "life_of_an_engagement" else []
    found = [tuple(row.values()) for row in asked(folder, query, *given)]
    assert [row[-len(wanted) :] for row, wanted in zip(found, ANSWERS[query], strict=True)] == ANSWERS[query]


def test_the_queries_say_what_they_tell_and_use_no_decimals() -> None:
    """Athena divides decimals with as few digits as they are written with; numbers with an exponent are no decimals."""
    for name, text in archive.queries().items():
        assert re.match(r"-- [A-Z].+\.\n", text), name
        assert not re.search(r"\d\.\d+(?!e|\d)", text), name


def test_a_file_holds_each_fact_once_with_a_column_for_all_it_says(day: Path, life: tuple[Path, str]) -> None:
    for folder in (day, life[0]):
        assert len(set(identities(folder))) == len(identities(folder)) > 5
        for line in lines(folder):
            assert set(line) <= set(archive.COLUMNS), "a new number or label needs a column in infra/archive.py"
            assert {name: type(value) for name, value in line.items()} == {
                name: {"string": str, "bigint": int}[archive.COLUMNS[name]] for name in line
            }


def test_no_personal_data_is_in_it(day: Path, life: tuple[Path, str]) -> None:
    assert [found_in(str(lines(folder))) for folder in (day, life[0])] == [[], []]


def test_the_page_about_it_lists_every_query_and_its_own_works(life: tuple[Path, str]) -> None:
    page = Path("docs/archive.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(archive.queries())
    (query,) = re.findall(r"```sql\n(.+?)```", page, re.DOTALL)
    with duckdb.connect() as connection:
        found = connection.execute(query.replace("'facts/", f"'{life[0]}/facts/")).fetchall()
    assert found == [("2025-11", "billing", 2)]


# The stack


def test_the_table_and_the_queries_are_those_of_the_files(resources: dict[str, Resource]) -> None:
    table = resources["ArchiveTable"]["Properties"]["TableInput"]
    assert {each["Name"]: each["Type"] for each in table["StorageDescriptor"]["Columns"]} == archive.COLUMNS
    assert [each["Name"] for each in table["PartitionKeys"]] == ["day"]
    assert table["Parameters"]["projection.enabled"] == "true"
    queries = [each["Properties"] for each in resources.values() if each["Type"] == "AWS::Athena::NamedQuery"]
    assert sorted(each["QueryString"] for each in queries) == sorted(archive.queries().values())


def test_nothing_of_it_is_there_without_the_option(resources: dict[str, Resource]) -> None:
    assert Settings().parameters("acme")["Archive"] == "false"
    assert Settings(archive=True).parameters("acme")["Archive"] == "true"
    for name, resource in resources.items():
        of_it = resource["Type"].split("::")[1] in ("S3", "Glue", "Athena") or "Archive" in name
        assert (resource.get("Condition") == "HasArchive") is of_it, name


def test_the_bucket_is_private_encrypted_and_outlives_its_stack(resources: dict[str, Resource]) -> None:
    bucket = resources["ArchiveBucket"]
    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    wanted = bucket["Properties"]
    assert set(wanted["PublicAccessBlockConfiguration"].values()) == {True}
    assert wanted["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    of_its_own, of_s3 = (each["ServerSideEncryptionByDefault"] for each in rule["Fn::If"][1:])
    assert of_its_own == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}
    assert of_s3 == {"SSEAlgorithm": "AES256"}
    (denied,) = resources["ArchiveBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert not [rule for rule in wanted["LifecycleConfiguration"]["Rules"] if rule.get("Prefix") == "facts/"]


def test_the_sweeper_writes_into_s3_what_a_folder_would_hold_and_is_allowed_no_more(
    resources: dict[str, Resource], tmp_path: Path
) -> None:
    """`s3:GetObject` is what S3 asks for beside a write that has a condition."""
    called = set()
    with aws():
        centre = memory_centre()
        rolling.roll_up(centre.world)
        handled(centre)
        centre.consume()
        client = boto3.client("s3")
        client.create_bucket(Bucket="facts")
        client.meta.events.register("before-call", lambda model, **_: called.add(f"s3:{model.name}"))
        centre.world.archive = S3Archive(client, "facts")
        for _ in range(2):
            kept(centre, tmp_path)
        client = boto3.client("s3")
        for each in client.list_objects_v2(Bucket="facts")["Contents"]:
            file = tmp_path / each["Key"]
            file.parent.mkdir(parents=True, exist_ok=True)
            client.download_file("facts", each["Key"], str(file))
        facts = centre.world.store.facts(None, 0, NOW + DAY_MS)
    assert identities(tmp_path) == sorted((fact.dataset, fact.engagement_id, fact.version) for fact in facts) != []
    statements = resources["SweeperArchivePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    allowed = {action for each in statements if "Action" in each for action in each["Action"]}
    asked_for = {each.replace("ListObjectsV2", "ListBucket") for each in called}
    assert asked_for == {"s3:ListBucket", "s3:PutObject"}
    assert allowed == asked_for | {"s3:GetObject"}
    assert resources["SweeperArchivePolicy"]["Properties"]["Roles"] == [{"Ref": "SweeperRole"}]
