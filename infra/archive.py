"""What the archive is asked with: the Glue table over its files, and the queries that are ready in Athena.

They are made from lists and files here, and added to the template when the package is built.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

QUERIES = Path(__file__).parent / "queries"
"""A query a file, in words that Athena and DuckDB both know; its first line says what it tells."""
TEXTS = (
    *("dataset", "engagement_id", "ended_at", "channel", "queue_id", "agent_id"),
    *(
        "flow_id",
        "flow_version",
        "flow_entry_id",
        "end_reason",
        "disposition_id",
        "priority",
        "skills",
        "queues",
        "agents",
    ),
    *("status", "sub_status_id", "next_status", "next_sub_status_id", "changed_by"),
)
NUMBERS = (
    "version",
    *("offered_count", "handled_count", "abandoned_count", "cancelled_count", "overflow_count", "returned_count"),
    *("refused_count", "missed_count", "released_count", "transferred_count", "taken_over_count"),
    *("repeated_count", "reopened_count", "transfer_count"),
    *("waited_ms", "rang_ms", "handled_ms", "parked_ms", "wrapped_ms"),
    *("duration_ms", "first_offer_ms", "first_accept_ms"),
    *("ready_ms", "occupied_ms", "not_ready_ms", "finishing_ms", "shift_ms", "adherent_ms"),
)
COLUMNS: dict[str, str] = {**dict.fromkeys(TEXTS, "string"), **dict.fromkeys(NUMBERS, "bigint")}
"""Everything that a fact may say, by name; what one does not say is NULL there. `day` comes from the folder's name."""
FIRST_DAY = "2024-01-01"
MOST_BYTES = 100 * 10**9
"""What a query may read, for half a dollar."""


def queries() -> dict[str, str]:
    """The ready queries by name."""
    return {file.stem: file.read_text() for file in sorted(QUERIES.glob("*.sql"))}


def add_to(template: dict[str, Any]) -> None:
    """Add the table and the queries to a template that has the bucket. Adding them again changes nothing."""
    made = {"ArchiveDatabase": _database(), "ArchiveTable": _table(), "ArchiveWorkGroup": _work_group()}
    for name, text in queries().items():
        made[f"Query{''.join(map(str.capitalize, name.split('_')))}"] = _query(name, text)
    template["Resources"] |= {name: {**resource, "Condition": "HasArchive"} for name, resource in made.items()}


def rewrite(file: Path) -> None:
    """The same with a template in a file."""
    template = json.loads(file.read_text())
    add_to(template)
    file.write_text(json.dumps(template, indent=2))


def _database() -> dict[str, Any]:
    """Named as the stack, without hyphens: those would have to be quoted in every query."""
    name = {"Fn::Join": ["_", {"Fn::Split": ["-", {"Ref": "AWS::StackName"}]}]}
    return {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": name}},
    }


def _table() -> dict[str, Any]:
    """Its partitions are told by rule: no crawler, nothing to be added for a new day."""
    storage = {
        "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS.items()],
        "Location": {"Fn::Sub": "s3://${ArchiveBucket}/facts/"},
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    }
    projection = {
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy-MM-dd",
        "projection.day.range": f"{FIRST_DAY},NOW",
        "storage.location.template": {"Fn::Sub": "s3://${ArchiveBucket}/facts/day=${!day}/"},
    }
    table = {
        "Name": "facts",
        "Description": "What ended when: queue visits, agents' parts, engagements, statuses",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": projection,
        "PartitionKeys": [{"Name": "day", "Type": "string"}],
        "StorageDescriptor": storage,
    }
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "ArchiveDatabase"},
            "TableInput": table,
        },
    }


def _work_group() -> dict[str, Any]:
    """Answers lie encrypted beside the facts, for a week."""
    key = {"EncryptionOption": "SSE_KMS", "KmsKey": {"Fn::GetAtt": ["Key", "Arn"]}}
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": {"Ref": "AWS::StackName"},
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "BytesScannedCutoffPerQuery": MOST_BYTES,
                "ResultConfiguration": {
                    "OutputLocation": {"Fn::Sub": "s3://${ArchiveBucket}/answers/"},
                    "EncryptionConfiguration": {"Fn::If": ["HasKey", key, {"EncryptionOption": "SSE_S3"}]},
                },
            },
        },
    }


def _query(name: str, text: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Athena::NamedQuery",
        "Properties": {
            "Name": name.replace("_", " ").capitalize(),
            "Description": text.splitlines()[0].removeprefix("-- "),
            "Database": {"Ref": "ArchiveDatabase"},
            "WorkGroup": {"Ref": "ArchiveWorkGroup"},
            "QueryString": text,
        },
    }
