"""`make deploy`: a tenant's stack, by a CloudFormation change set. The same code deploys to AWS and to the emulator."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chalicelib.storage.dynamodb import DynamoStore
from infra import clients, package

POLL_SECONDS = 0.2
TIMEOUT_SECONDS = 1800.0
FIRST_CLIENT = "admin"
_FUNCTION = "AWS::Serverless::Function"
Say = Callable[[str], None]


class DeployFailed(Exception):
    """CloudFormation refused or rolled back; the message says why."""


def deploy(session: Any, folder: Path, stack: str, parameters: dict[str, str], say: Say = print) -> dict[str, str]:
    """Create or update a stack from a package; its outputs. Deploying the same again changes nothing.

    Raises `DeployFailed`.
    """
    cloudformation = session.client("cloudformation")
    say(f"Uploading the package of {stack} …")
    template = _uploaded(session, folder)
    kind = "UPDATE" if _exists(cloudformation, stack) else "CREATE"
    say(f"{'Updating' if kind == 'UPDATE' else 'Creating'} the stack {stack} …")
    name = f"interleave-{hashlib.sha256(template.encode()).hexdigest()[:12]}-{int(time.time())}"
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=name,
        ChangeSetType=kind,
        TemplateBody=template,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    if _change_set_ready(cloudformation, stack, name):
        cloudformation.execute_change_set(StackName=stack, ChangeSetName=name)
        _finished(cloudformation, stack, say)
    return outputs(cloudformation, stack)


def outputs(cloudformation: Any, stack: str) -> dict[str, str]:
    """What the stack says of itself."""
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}


def _uploaded(session: Any, folder: Path) -> str:
    """The template, with the code's place in S3; the same code has the same place."""
    code = (folder / "deployment.zip").read_bytes()
    key = f"interleave/{hashlib.sha256(code).hexdigest()}.zip"
    bucket = _bucket(session)
    s3 = session.client("s3")
    if "Contents" not in s3.list_objects_v2(Bucket=bucket, Prefix=key):
        s3.put_object(Bucket=bucket, Key=key, Body=code)
    template = json.loads((folder / "sam.json").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == _FUNCTION:
            resource["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return json.dumps(template, separators=(",", ":"))


def _bucket(session: Any) -> str:
    """The account's bucket for packages, made when it is first needed."""
    account = session.client("sts").get_caller_identity()["Account"]
    region = session.region_name
    name = f"interleave-packages-{account}-{region}"
    s3 = session.client("s3")
    if name not in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=name, **elsewhere)
        block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=dict.fromkeys(block, True))
    return name


def _exists(cloudformation: Any, stack: str) -> bool:
    """Whether there is a stack to update; one that only has a change set under review is still to be created."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":
            return False
        raise
    return bool(found["StackStatus"] != "REVIEW_IN_PROGRESS")


def _change_set_ready(cloudformation: Any, stack: str, name: str) -> bool:
    """Whether there is anything to change."""
    ends = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < ends:
        found = cloudformation.describe_change_set(StackName=stack, ChangeSetName=name)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates" in reason:
                cloudformation.delete_change_set(StackName=stack, ChangeSetName=name)
                return False
            raise DeployFailed(f"CloudFormation refuses the change: {reason}")
        time.sleep(POLL_SECONDS)
    raise DeployFailed("CloudFormation did not prepare the change in time; run the same command again.")


def _finished(cloudformation: Any, stack: str, say: Say) -> None:
    seen: set[str] = set()
    ends = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < ends:
        status = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        failures = []
        for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
            if event["EventId"] not in seen and event.get("ResourceStatus", "").endswith("FAILED"):
                failures.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '?')}")
            seen.add(event["EventId"])
        for failure in failures:
            say(f"  {failure}")
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if not status.endswith("_IN_PROGRESS"):
            raise DeployFailed(f"The stack {stack} ended as {status}. {' '.join(failures)}")
        time.sleep(POLL_SECONDS)
    raise DeployFailed(f"The stack {stack} is still not finished; look at its events in CloudFormation.")


def main(tenant: str) -> int:
    """Deploy a tenant's stack with the credentials and region of the environment."""
    import boto3

    session = boto3.Session()
    if session.region_name is None:
        print("No region: set AWS_DEFAULT_REGION, or choose one with AWS_PROFILE.", file=sys.stderr)
        return 2
    folder = package.build()
    found = deploy(session, folder, f"interleave-{tenant}", {"TenantAccountId": tenant})
    print(f"{tenant} is deployed at {found['EndpointURL'].rstrip('/')}")
    store = DynamoStore(session.client("dynamodb"), found["TableName"])
    if store.client(FIRST_CLIENT) is None:
        admin = clients.create(store, FIRST_CLIENT, "admin")
        print(f"Its first client, shown this once: {json.dumps({'account_id': tenant, **admin})}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m infra.deploy TENANT")
    sys.exit(main(sys.argv[1]))
