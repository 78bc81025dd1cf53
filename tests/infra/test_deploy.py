"""What a deployment does besides CloudFormation."""

from __future__ import annotations

import json

import pytest

from infra import deploy, package
from infra.package import PACKAGE_DIR
from tests.support.worlds import TABLE, aws


def test_the_first_deployment_prints_the_first_client_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {"EndpointURL": "https://x/api/", "TableName": TABLE["TableName"]}
    monkeypatch.setattr(deploy, "deploy", lambda *_: outputs)
    monkeypatch.setattr(package, "build", lambda: PACKAGE_DIR)
    with aws():
        printed = []
        for _ in range(2):
            assert deploy.main("acme") == 0
            printed.append(capsys.readouterr().out)
    assert all("https://x/api\n" in each for each in printed)
    first = json.loads(printed[0].splitlines()[1].split(": ", 1)[1])
    assert (first["account_id"], first["client_id"]) == ("acme", "admin")
    assert "client_secret" not in printed[1]


def test_the_template_fits_into_one_call() -> None:
    """CloudFormation takes 51,200 bytes of template inline."""
    template = json.loads((package.build() / "sam.json").read_text())
    assert len(json.dumps(template, separators=(",", ":"))) < 48_000
