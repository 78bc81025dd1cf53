"""What goes into the Lambda, and what does not."""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from infra import lean, package
from infra.cost import PRICES

Resource = dict[str, Any]


@pytest.fixture(scope="module")
def files(built: Path) -> set[str]:
    with zipfile.ZipFile(built / "deployment.zip") as archive:
        return set(archive.namelist())


def test_the_handlers_are_in_it(files: set[str], functions: dict[str, Resource]) -> None:
    """A handler that is not there is noticed at the first invocation, and by no tool before."""
    for function in functions.values():
        module, name = function["Handler"].split(".")
        assert f"{module}.py" in files
        assert hasattr(importlib.import_module(module), name)


def test_all_of_our_code_is_in_it_and_nothing_else_of_this_folder(files: set[str]) -> None:
    code = package.ROOT / "chalicelib"
    assert {str(file.relative_to(package.ROOT)) for file in code.rglob("*.py")} <= files
    assert not [file for file in files if file.startswith(("infra/", "tests/", "docs/", ".", "boto3"))]


def test_of_botocore_it_describes_only_the_services_that_it_speaks_to(files: set[str]) -> None:
    described = {file.split("/")[2] for file in files if file.startswith("botocore/data/") and file.count("/") > 2}
    assert described == {"dynamodb", "events", "s3", "sqs"}


def test_its_bytecode_is_in_it(files: set[str]) -> None:
    sources = {file for file in files if file.startswith("chalicelib/") and file.endswith(".py")}
    compiled = {file for file in files if file.startswith("chalicelib/") and file.endswith(".pyc")}
    assert len(sources) == len(compiled) > 100


def test_nothing_of_the_command_line_is_in_it(files: set[str]) -> None:
    assert not {"typer", "rich", "yaml", "click", "aiohttp"} & {file.split("/")[0] for file in files}


IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path)]
import app, chalicelib
assert not {"cryptography", "Crypto", "boto3"} & {name.split(".")[0] for name in sys.modules}, "every start pays for it"
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(module.name)
from chalicelib.http.asymmetric import ALGORITHMS, SIGNATURES
for token, key in zip(sys.argv[2::2], sys.argv[3::2]):
    SIGNATURES.decode(token, __import__("json").loads(key), ALGORITHMS)
"""


def test_all_of_it_runs_on_nothing_but_what_is_in_it(built: Path, tmp_path: Path) -> None:
    """What was left out of the libraries is missed by nothing, not even by the token of an identity provider."""
    with zipfile.ZipFile(built / "deployment.zip") as archive:
        archive.extractall(tmp_path)
    shown: list[str] = []
    keys: Any = (
        ("RS256", rsa.generate_private_key(65537, 2048), RSAAlgorithm),
        ("ES256", ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    )
    for algorithm, key, form in keys:
        shown += [jwt.encode({}, key, algorithm), form.to_jwk(key.public_key())]
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(tmp_path), *shown]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


ARCHIVE = """
import sys
sys.path[:] = [sys.argv[1], *(path for path in sys.path if "site-packages" not in path)]
from types import SimpleNamespace
from botocore.awsrequest import AWSResponse
from botocore.session import get_session
from chalicelib.archive.s3 import S3Archive
from chalicelib.errors import LostRace
LISTED = "<ListBucketResult><Contents><Key>k</Key><ETag>&quot;e&quot;</ETag></Contents></ListBucketResult>"
REFUSED = "<Error><Code>PreconditionFailed</Code></Error>"
answers = iter([(200, LISTED), (200, ""), (412, REFUSED)])
def answer(request, **_):
    status, text = next(answers)
    return AWSResponse(request.url, status, {}, SimpleNamespace(stream=lambda *_, **__: [text.encode()]))
client = get_session().create_client("s3", "eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
client.meta.events.register("before-send", answer)
archive = S3Archive(client, "facts")
assert archive.seen("k") == '"e"'
archive.put("k", b"", '"e"')
try:
    archive.put("k", b"", None)
except LostRace:
    sys.exit(0)
sys.exit("nobody lost the race")
"""


def test_what_it_has_of_s3_is_enough_for_the_archive(built: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(built / "deployment.zip") as archive:
        archive.extractall(tmp_path)
    command = [sys.executable, "-I", "-S", "-c", ARCHIVE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_its_functions_are_of_the_architecture_that_is_priced(functions: dict[str, Resource]) -> None:
    (architecture,) = {tuple(function["Architectures"]) for function in functions.values()}
    assert [f"lambda_gb_second_{each}" for each in architecture] == ["lambda_gb_second_x86_64"]
    assert "lambda_gb_second_x86_64" in PRICES["usd"]


def test_it_is_small(built: Path) -> None:
    assert (built / "deployment.zip").stat().st_size < 10e6


def test_the_same_code_makes_the_same_bytes_whatever_was_compiled_beside_it(built: Path, tmp_path: Path) -> None:
    copy = tmp_path / "deployment.zip"
    copy.write_bytes((built / "deployment.zip").read_bytes())
    with zipfile.ZipFile(copy, "a") as archive:
        archive.writestr("chalicelib/__pycache__/gone.cpython-39.pyc", b"of a module that has gone")
    lean.rewrite(copy)
    assert copy.read_bytes() == (built / "deployment.zip").read_bytes()


def test_building_again_builds_nothing(built: Path) -> None:
    said: list[str] = []
    assert package.build(said.append) == built
    assert said == []
