"""Each permission of a deployed tenant's roles, taken away on its own: then the call that needs it is denied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.sessions import Session

KEY = {"pk": {"S": "PERMISSIONS"}, "sk": {"S": "TRIED"}}
OF_THE_PLATFORM = ("logs:", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream")
"""What Lambda does in the function's name: nothing that a function calls."""
CLIENTS = boto3.Session(region_name="us-east-1")
"""One for all roles: each session reads what it knows of the services anew."""
Statement = dict[str, Any]
Calls = dict[str, Callable[[], Any]]
"""By action, a call that needs it."""


def acting_as(session: Session, role: str, *services: str) -> list[Any]:
    """A client of each service, which acts as the role of this ARN."""
    taken = session.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    own = {
        "aws_access_key_id": taken["AccessKeyId"],
        "aws_secret_access_key": taken["SecretAccessKey"],
        "aws_session_token": taken["SessionToken"],
        "endpoint_url": session.endpoint_url,
    }
    return [CLIENTS.client(name, **own) for name in services]


def denied_without(session: Session, outputs: dict[str, str], role: str) -> tuple[list[str], list[str]]:
    """Of a role's permissions, those without which their call is denied, and those without which it is not.

    The role itself stays as it is: a copy is made for each, and the functions work on.
    """
    iam = session.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    policy = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    needed, spare = [], []
    for n, (action, resource, without) in enumerate(_one_less(policy["Statement"])):
        copy = f"{role[-40:]}-{n}"
        iam.create_role(RoleName=copy, AssumeRolePolicyDocument=json.dumps(trust))
        outcome = []
        for statements in (policy["Statement"], without):
            document = {**policy, "Statement": statements}
            iam.put_role_policy(RoleName=copy, PolicyName="tried", PolicyDocument=json.dumps(document))
            outcome.append(_denied(_calls(session, copy, outputs, resource)[action]))
        assert not outcome[0], f"{action} on {resource} is denied to {role} as it is"
        (needed if outcome[1] else spare).append(f"{action} on {resource}")
        iam.delete_role_policy(RoleName=copy, PolicyName="tried")
        iam.delete_role(RoleName=copy)
    return needed, spare


def _one_less(statements: list[Statement]) -> Iterator[tuple[str, str, list[Statement]]]:
    """Every permission, and the statements without it. A batch is allowed by what allows the single call."""
    for statement in statements:
        for action in statement["Action"]:
            if action.startswith(OF_THE_PLATFORM) or action.endswith(("MessageBatch", "ListStreams")):
                continue
            kept = [each for each in statement["Action"] if each not in (action, f"{action}Batch")]
            others = [each for each in statements if each is not statement]
            yield action, statement["Resource"], [*others, *([{**statement, "Action": kept}] if kept else [])]


def _denied(call: Callable[[], Any]) -> bool:
    try:
        call()
    except ClientError as error:
        return "AccessDenied" in error.response["Error"]["Code"]
    return False


def _calls(session: Session, role: str, outputs: dict[str, str], resource: str) -> Calls:
    dynamodb, sqs, events = acting_as(session, f"arn:aws:iam::000000000000:role/{role}", "dynamodb", "sqs", "events")
    table, url = outputs["TableName"], _queue(session, resource)
    index = {"IndexName": "by_work"} if "/index/" in resource else {}
    where = ("gpk", "gsk") if index else ("pk", "sk")
    return {
        "dynamodb:GetItem": lambda: dynamodb.get_item(TableName=table, Key=KEY),
        "dynamodb:BatchGetItem": lambda: dynamodb.batch_get_item(RequestItems={table: {"Keys": [KEY]}}),
        "dynamodb:Query": lambda: dynamodb.query(
            TableName=table,
            **index,
            KeyConditionExpression=f"{where[0]} = :k",
            ExpressionAttributeValues={":k": {"S": "PERMISSIONS"}},
        ),
        "dynamodb:Scan": lambda: dynamodb.scan(TableName=table, Limit=1),
        "dynamodb:PutItem": lambda: dynamodb.put_item(TableName=table, Item=KEY),
        "dynamodb:BatchWriteItem": lambda: dynamodb.batch_write_item(
            RequestItems={table: [{"PutRequest": {"Item": KEY}}]}
        ),
        "dynamodb:UpdateItem": lambda: dynamodb.update_item(TableName=table, Key=KEY),
        "dynamodb:ConditionCheckItem": lambda: dynamodb.transact_write_items(
            TransactItems=[
                {"ConditionCheck": {"TableName": table, "Key": KEY, "ConditionExpression": "attribute_exists(pk)"}}
            ]
        ),
        "sqs:SendMessage": lambda: sqs.send_message(QueueUrl=url, MessageBody="{}", DelaySeconds=900),
        "sqs:ReceiveMessage": lambda: sqs.receive_message(QueueUrl=url, VisibilityTimeout=0),
        "sqs:DeleteMessage": lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="none"),
        "sqs:GetQueueAttributes": lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]),
        "sqs:CreateQueue": lambda: sqs.create_queue(QueueName=url.rsplit("/", 1)[-1]),
        "events:PutEvents": lambda: events.put_events(
            Entries=[
                {"Source": "test", "DetailType": "test", "Detail": "{}", "EventBusName": resource.rsplit("/", 1)[-1]}
            ]
        ),
    }


def _queue(session: Session, resource: str) -> str:
    """The URL of a queue that a resource names, or of any that its pattern does."""
    if ":sqs:" not in resource:
        return ""
    prefix = resource.rsplit(":", 1)[-1].rstrip("*")
    found: list[str] = session.client("sqs").list_queues(QueueNamePrefix=prefix)["QueueUrls"]
    return min(found, key=len)
