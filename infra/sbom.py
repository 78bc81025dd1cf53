"""`make sbom`: what the package is made of, as CycloneDX JSON, in `.interleave/sbom.json`."""

from __future__ import annotations

from importlib.metadata import Distribution, distributions, version
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from infra import package

TARGET = package.ROOT / ".interleave" / "sbom.json"


def bill(archive: Path) -> Bom:
    """The bill of what the deployment package itself says it holds, and of Chalice, of which it holds two files."""
    parts = [_component(each.name, each.version, _license(each)) for each in distributions(path=[str(archive)])]
    terms = [LicenseFactory().make_from_string("Apache-2.0")]
    ours = Component(name="interleave", type=ComponentType.APPLICATION, licenses=terms)
    bom = Bom(components=[*parts, _component("chalice", version("chalice"), "Apache-2.0")])
    bom.metadata.component = ours
    bom.register_dependency(ours, bom.components)
    return bom


def _component(name: str, version: str, terms: str | None) -> Component:
    return Component(
        name=name,
        version=version,
        purl=PackageURL("pypi", name=name.lower().replace("_", "-"), version=version),
        licenses=[LicenseFactory().make_from_string(terms)] if terms else [],
    )


def _license(distribution: Distribution) -> str | None:
    """As its metadata have it; the older field may hold a whole text, of which the first line is enough."""
    metadata = distribution.metadata
    stated = next((metadata[field] for field in ("License-Expression", "License") if field in metadata), None)
    return stated.splitlines()[0] if stated else None


def main() -> None:
    archive = package.build() / "deployment.zip"
    TARGET.write_text(JsonV1Dot6(bill(archive)).output_as_string(indent=2))
    print(f"The bill of materials is in {TARGET.relative_to(package.ROOT)}.")


if __name__ == "__main__":
    main()
