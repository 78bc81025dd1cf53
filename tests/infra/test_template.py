"""What AWS would refuse, or run badly, and what neither Chalice nor an emulator would say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import emulator

Resource = dict[str, Any]
Resources = dict[str, Resource]

TABLE = {"Fn::GetAtt": ["Table", "Arn"]}
ENVIRONMENT = {
    "INTERLEAVE_TABLE",
    "INTERLEAVE_INDEX",
    "INTERLEAVE_SHARDS",
    "INTERLEAVE_DOORBELL_URL",
    "INTERLEAVE_QUEUE_PREFIX",
    "INTERLEAVE_DELIVERIES_URL",
    "INTERLEAVE_DEAD_DELIVERIES_URL",
    "INTERLEAVE_EVENT_BUS",
    "INTERLEAVE_ACCOUNT_ID",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "PYDANTIC_DISABLE_PLUGINS",
}
LINTER = Path(sys.executable).with_name("cfn-lint")
FOURTEEN_DAYS = 14 * 86_400


def test_the_linter_has_no_finding(built: Path) -> None:
    done = subprocess.run([LINTER, built / "sam.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_plain_form_has_no_finding_either(built: Path, tmp_path: Path) -> None:
    template = json.loads((built / "sam.json").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": "packages", "Key": "package.zip"}
    plain = tmp_path / "plain.json"
    plain.write_text(_translated(json.dumps(template)))
    assert "AWS::Serverless" not in plain.read_text()
    done = subprocess.run([LINTER, plain], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _translated(template: str) -> str:
    """What AWS makes of a SAM template, by AWS's own translator, which lives beside the emulator."""
    emulator.install(print)
    script = "import json, sys; from samtranslator.translator.transform import transform; "
    script += "json.dump(transform(json.load(sys.stdin), {}, None), sys.stdout)"
    command = [emulator.EMULATOR / "bin" / "python", "-c", script]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    done = subprocess.run(command, input=template, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_no_merge_left_two_intrinsics_in_one_place(resources: Resources) -> None:
    """Chalice merges deep: an intrinsic that meets another one ends beside it, and only AWS refuses that."""
    for place in _dicts(resources):
        intrinsics = {key for key in place if key.startswith("Fn::") or key == "Ref"}
        assert not intrinsics or len(place) == 1, place


def test_nothing_of_the_placeholders_is_left(built: Path) -> None:
    assert ":000000000000:" not in (built / "sam.json").read_text()


# Functions


def test_the_functions_are_the_five_that_are_known(functions: Resources) -> None:
    assert set(functions) == {"APIHandler", "Router", "Sweeper", "Recorder", "Deliverer"}


def test_every_function_knows_where_everything_is(functions: Resources) -> None:
    for name, function in functions.items():
        more = {"INTERLEAVE_ARCHIVE"} if name == "Sweeper" else set()
        assert set(function["Environment"]["Variables"]) == ENVIRONMENT | more, name


def test_no_function_reserves_concurrency(functions: Resources) -> None:
    """Reserving it makes the event source's surplus receives end among the dead letters."""
    assert all("ReservedConcurrentExecutions" not in function for function in functions.values())


def test_every_function_has_a_role_of_its_own(functions: Resources) -> None:
    assert len({function["Role"]["Fn::GetAtt"][0] for function in functions.values()}) == len(functions)


def test_every_function_logs_into_a_group_of_its_own_that_forgets(
    functions: Resources, resources: Resources, parameters: Resources
) -> None:
    groups = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert len(set(groups)) == len(functions)
    assert all(resources[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups)
    assert max(parameters["LogRetentionDays"]["AllowedValues"]) <= 90


# Event sources


def test_the_router_reads_the_doorbell(functions: Resources) -> None:
    (source,) = functions["Router"]["Events"].values()
    wanted = source["Properties"]
    assert wanted["Queue"] == {"Fn::GetAtt": ["Doorbell", "Arn"]}
    assert wanted["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert wanted["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_recorder_reads_the_stream_and_gives_up_in_the_end(functions: Resources) -> None:
    (source,) = functions["Recorder"]["Events"].values()
    wanted = source["Properties"]
    assert wanted["Stream"] == {"Fn::GetAtt": ["Table", "StreamArn"]}
    assert wanted["StartingPosition"] == "TRIM_HORIZON"
    assert wanted["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert wanted["BisectBatchOnFunctionError"] is True
    assert 1 <= wanted["MaximumRetryAttempts"] <= 100
    assert wanted["MaximumBatchingWindowInSeconds"] <= 1
    assert wanted["DestinationConfig"]["OnFailure"]["Type"] == "SQS"


def test_the_sweeper_runs_every_minute(functions: Resources) -> None:
    (source,) = functions["Sweeper"]["Events"].values()
    assert source["Properties"]["Schedule"] == "rate(1 minute)"


# Permissions


@pytest.mark.parametrize(
    ("function", "resource", "actions"),
    [
        (
            "Router",
            {"Fn::GetAtt": ["Doorbell", "Arn"]},
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
        ),
        (
            "Recorder",
            {"Fn::GetAtt": ["Table", "StreamArn"]},
            {"dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"},
        ),
        ("Recorder", {"Fn::Sub": "${Table.Arn}/stream/*"}, {"dynamodb:ListStreams"}),
        ("Recorder", {"Fn::GetAtt": ["RecorderDeadLetters", "Arn"]}, {"sqs:SendMessage"}),
    ],
)
def test_a_role_may_read_its_event_source(
    statements: dict[str, list[Resource]], function: str, resource: Resource, actions: set[str]
) -> None:
    """Chalice adds none of these to a policy of our own, no emulator asks for them, and AWS refuses without them."""
    allowed = {
        action
        for statement in statements[function]
        if statement["Resource"] == resource
        for action in statement["Action"]
    }
    assert actions <= allowed


def test_no_role_may_touch_everything(statements: dict[str, list[Resource]]) -> None:
    for function, allowed in statements.items():
        for statement in allowed:
            assert statement["Effect"] == "Allow"
            assert statement["Resource"] != "*", (function, statement)
            assert not [action for action in statement["Action"] if "*" in action], (function, statement)


def test_a_role_writes_logs_into_its_own_group_only(
    statements: dict[str, list[Resource]], functions: Resources, resources: Resources
) -> None:
    for name, allowed in statements.items():
        group = resources[functions[name]["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]["LogGroupName"]["Fn::Sub"]
        (logs,) = [statement for statement in allowed if statement["Action"][0].startswith("logs:")]
        assert set(logs["Action"]) == {"logs:CreateLogStream", "logs:PutLogEvents"}
        assert logs["Resource"]["Fn::Sub"].endswith(f":log-group:{group}:*")


def test_only_the_api_creates_queues_and_nobody_deletes_rows(statements: dict[str, list[Resource]]) -> None:
    by_function = {
        name: {action for statement in allowed for action in statement["Action"]}
        for name, allowed in statements.items()
    }
    assert [name for name, actions in by_function.items() if "sqs:CreateQueue" in actions] == ["APIHandler"]
    assert not [name for name, actions in by_function.items() if "dynamodb:DeleteItem" in actions]


# Queues and the table


def test_every_queue_is_encrypted_and_has_dead_letters_or_holds_them(resources: Resources) -> None:
    queues = _properties(resources, "AWS::SQS::Queue")
    dead = {
        queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for queue in queues.values()
        if "RedrivePolicy" in queue
    } | {"RecorderDeadLetters"}
    for name, queue in queues.items():
        assert queue["SqsManagedSseEnabled"] is True
        if name in dead:
            assert queue["MessageRetentionPeriod"] == FOURTEEN_DAYS
        else:
            assert queue["RedrivePolicy"]["maxReceiveCount"] == 5, name


def test_a_ring_stays_hidden_for_as_long_as_the_router_may_try(resources: Resources, functions: Resources) -> None:
    assert resources["Doorbell"]["Properties"]["VisibilityTimeout"] >= 6 * functions["Router"]["Timeout"]


def test_the_table_is_safe(resources: Resources) -> None:
    table = resources["Table"]
    wanted = table["Properties"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert wanted["BillingMode"] == "PAY_PER_REQUEST"
    assert wanted["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    of_its_own, of_the_account = wanted["SSESpecification"]["Fn::If"][1:]
    assert of_its_own == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}
    assert of_the_account == {"SSEEnabled": True}
    assert wanted["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert wanted["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert "DeletionProtectionEnabled" in wanted


def test_whoever_may_use_the_table_may_use_its_key_through_dynamodb_alone(resources: Resources) -> None:
    _, users = resources["Key"]["Properties"]["KeyPolicy"]["Statement"]
    assert {"kms:Decrypt", "kms:DescribeKey"} <= set(users["Action"])
    assert users["Condition"]["StringEquals"] == {
        "kms:CallerAccount": {"Ref": "AWS::AccountId"},
        "kms:ViaService": {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"},
    }


def test_a_tenants_key_turns_and_outlives_its_stack_as_the_table_does(resources: Resources) -> None:
    for each in ("Key", "KeyAlias"):
        assert resources[each]["Condition"] == "HasKey"
        assert (resources[each]["DeletionPolicy"], resources[each]["UpdateReplacePolicy"]) == (
            "RetainExceptOnCreate",
            "Retain",
        )
    key = resources["Key"]["Properties"]
    assert key["EnableKeyRotation"] is True
    account, _ = key["KeyPolicy"]["Statement"]
    assert account["Principal"]["AWS"] == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    assert resources["KeyAlias"]["Properties"]["TargetKeyId"] == {"Ref": "Key"}


def test_an_archive_that_outlives_its_stack_still_asks_for_tls(resources: Resources) -> None:
    policies = {
        (resources[each]["DeletionPolicy"], resources[each]["UpdateReplacePolicy"])
        for each in ("ArchiveBucket", "ArchiveBucketPolicy")
    }
    assert policies == {("RetainExceptOnCreate", "Retain")}


def test_people_sign_in_at_a_pool_without_a_secret_and_by_code_alone(resources: Resources) -> None:
    client = resources["ConsoleClient"]["Properties"]
    assert (client["GenerateSecret"], client["AllowedOAuthFlows"]) == (False, ["code"])
    (address,) = client["CallbackURLs"]
    assert address["Fn::Sub"][0] == "https://${Host}/console"
    assert "custom:user_id" not in client["WriteAttributes"], "nobody says himself who he is"
    pool = resources["People"]
    assert pool["Properties"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert (pool["DeletionPolicy"], pool["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert {name for name, each in resources.items() if each.get("Condition") == "HasUserPool"} == {
        *("People", "PeopleDomain", "ConsoleClient", "Agents", "Supervisors", "Admins")
    }


def test_the_index_carries_only_what_the_router_reads(resources: Resources) -> None:
    (index,) = resources["Table"]["Properties"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by_work"
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["waiting"]}


def _properties(resources: Resources, kind: str) -> Resources:
    return {name: resource["Properties"] for name, resource in resources.items() if resource["Type"] == kind}


def _dicts(value: Any) -> Iterator[Resource]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _dicts(each)


# Alarms


def test_every_alarm_has_a_page_and_every_page_an_alarm(resources: Resources) -> None:
    folder = Path("docs/runbooks")
    index = (folder / "README.md").read_text()
    named = set()
    for name, alarm in _properties(resources, "AWS::CloudWatch::Alarm").items():
        page = alarm["AlarmDescription"].split("docs/runbooks/")[1].removesuffix(".md.")
        row = next(line for line in index.splitlines() if f"`{name}`" in line)
        assert f"[{page}]({page}.md)" in row
        named.add(page)
    assert named == {file.stem for file in folder.glob("*.md")} - {"README"}
    assert len(named) >= 10


def test_what_alarms_look_at_is_measured(resources: Resources) -> None:
    """An alarm on a metric that nobody writes is never raised."""
    alarms = _properties(resources, "AWS::CloudWatch::Alarm").values()
    looked_at = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == "Interleave"}
    shown = set(re.findall(r'"Interleave","(\w+)"', resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]))
    code = "".join(file.read_text() for room in ("handlers", "http") for file in Path("chalicelib", room).glob("*.py"))
    assert {name for name in looked_at | shown if f'"{name}"' not in code} == set()


def test_metrics_of_tenants_in_one_account_are_told_apart(functions: Resources, resources: Resources) -> None:
    for function in functions.values():
        assert function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    for alarm in _properties(resources, "AWS::CloudWatch::Alarm").values():
        if alarm["Namespace"] == "Interleave":
            assert alarm["Dimensions"] == [{"Name": "service", "Value": {"Ref": "AWS::StackName"}}]
