"""The account's bucket of packages and templates, each under its digest: the same thing has the same place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from infra.stacks import DeployFailed

FUNCTION = "AWS::Serverless::Function"
Template = dict[str, Any]


class Uploads:
    """What deployments need in S3. Nothing is ever taken away: a rollback needs what was there before."""

    def __init__(self, session: Any) -> None:
        self._region = session.region_name
        self._s3 = session.client("s3")
        self._bucket = f"interleave-packages-{session.client('sts').get_caller_identity()['Account']}-{self._region}"
        self._ready = False

    def package(self, folder: Path, template: Template) -> Template:
        """Upload a package's code; its template with the code's place in it."""
        key = self._put((folder / "deployment.zip").read_bytes(), "zip")
        for resource in template["Resources"].values():
            if resource["Type"] == FUNCTION:
                resource["Properties"]["CodeUri"] = {"Bucket": self._bucket, "Key": key}
        return template

    def template(self, template: Template) -> str:
        """Upload a template; its key."""
        return self._put(json.dumps(template, separators=(",", ":"), sort_keys=True).encode(), "json")

    def url(self, key: str) -> str:
        """Where CloudFormation reads it."""
        return f"https://s3.{self._region}.amazonaws.com/{self._bucket}/{key}"

    def read(self, key: str) -> Template:
        """A template that was uploaded. Raises `DeployFailed`."""
        try:
            found = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._s3.exceptions.ClientError as error:
            raise DeployFailed(f"{key} is not in {self._bucket} any more.", "Deploy an older checkout.") from error
        return dict(json.loads(found))

    def _put(self, content: bytes, ending: str) -> str:
        self._make_bucket()
        key = f"interleave/{hashlib.sha256(content).hexdigest()}.{ending}"
        if "Contents" not in self._s3.list_objects_v2(Bucket=self._bucket, Prefix=key):
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=content)
        return key

    def _make_bucket(self) -> None:
        """Make the bucket when it is first needed, closed to the public; making it twice does no harm."""
        if self._ready:
            return
        if self._bucket not in [each["Name"] for each in self._s3.list_buckets()["Buckets"]]:
            where = {"CreateBucketConfiguration": {"LocationConstraint": self._region}}
            self._s3.create_bucket(Bucket=self._bucket, **({} if self._region == "us-east-1" else where))
        block = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        self._s3.put_public_access_block(Bucket=self._bucket, PublicAccessBlockConfiguration=dict.fromkeys(block, True))
        self._ready = True
