"""How heavy the package is: its size, and how long its imports take beside those of boto3."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import zipfile
from tempfile import TemporaryDirectory

from infra import emulator
from infra.package import PACKAGE_DIR

ROUNDS = 7
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "INTERLEAVE_TABLE": "t",
    "INTERLEAVE_INDEX": "i",
    "INTERLEAVE_SHARDS": "1",
    "INTERLEAVE_DOORBELL_URL": "https://sqs/1/d",
    "INTERLEAVE_QUEUE_PREFIX": "q-",
    "INTERLEAVE_DELIVERIES_URL": "https://sqs/1/e",
    "INTERLEAVE_DEAD_DELIVERIES_URL": "https://sqs/1/f",
    "INTERLEAVE_EVENT_BUS": "",
    "INTERLEAVE_ACCOUNT_ID": "a",
    "PYDANTIC_DISABLE_PLUGINS": "true",
}
IMPORT = "import app"
READY = f"{IMPORT}; from chalicelib import bootstrap; bootstrap.world(); app.app.open('engagement')"
BOTO3 = "import boto3; boto3.client('dynamodb'); boto3.client('sqs')"


def zip_mb() -> float:
    """The size of the deployment package in MB."""
    return round((PACKAGE_DIR / "deployment.zip").stat().st_size / 1e6, 2)


def import_ratios(say: emulator.Say) -> dict[str, float]:
    """Import of the API function, and the same with its clients made, which the first request does, as ratios to
    importing boto3 and making the two clients: with the runtime's own botocore, as a function without ours has it, and
    with the package's, which is pruned.

    Fresh processes, in turns, with nothing on the path but the unpacked package and the Lambda runtime's libraries.
    """
    emulator.install(say)
    runtime = str(emulator.RUNTIME)
    with TemporaryDirectory() as folder, zipfile.ZipFile(PACKAGE_DIR / "deployment.zip") as package:
        package.extractall(folder)
        path = os.pathsep.join([folder, runtime])
        timed: dict[str, tuple[str, str]] = {
            "import": (IMPORT, path),
            "ready": (READY, path),
            "runtime_boto3": (BOTO3, runtime),
            "pruned_boto3": (BOTO3, path),
        }
        for statement, where in timed.values():
            _seconds(statement, where)  # once, so that bytecode is there for all
        rounds = [{name: _seconds(*each) for name, each in timed.items()} for _ in range(ROUNDS)]
    middle = {name: statistics.median(each[name] for each in rounds) for name in timed}
    return {
        f"api_{what}_to_{name}_ratio": round(middle[what] / middle[name], 3)
        for what in ("import", "ready")
        for name in ("runtime_boto3", "pruned_boto3")
    }


def _seconds(statement: str, path: str) -> float:
    timed = f"import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
    environment = {**ENVIRONMENT, "PYTHONPATH": path}
    command = [sys.executable, "-SP", "-c", timed]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(answer.stdout.split()[-1])
