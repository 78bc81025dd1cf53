"""The built package: its template, as CloudFormation gets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra import package

Resource = dict[str, Any]


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder with `sam.json` and `deployment.zip`."""
    return package.build()


@pytest.fixture(scope="session")
def resources(built: Path) -> dict[str, Resource]:
    """The template's resources by logical id."""
    return dict(json.loads((built / "sam.json").read_text())["Resources"])


@pytest.fixture(scope="session")
def parameters(built: Path) -> dict[str, Resource]:
    """The template's parameters by name."""
    return dict(json.loads((built / "sam.json").read_text())["Parameters"])


@pytest.fixture(scope="session")
def functions(resources: dict[str, Resource]) -> dict[str, Resource]:
    """The properties of every function by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


@pytest.fixture(scope="session")
def statements(resources: dict[str, Resource], functions: dict[str, Resource]) -> dict[str, list[Resource]]:
    """What every function's role allows, by the function's logical id."""
    return {
        name: [
            statement
            for policy in resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        for name, function in functions.items()
    }
