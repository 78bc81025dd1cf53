"""docs/configuration.md: its blocks make up a tenant, and it speaks of everything there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from chalicelib.configuration.document import read
from chalicelib.configuration.kinds import KINDS
from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.warnings import warnings
from infra import closures, documents

GUIDE = Path("docs/configuration.md").read_text()


def test_its_blocks_make_up_a_tenant_with_nothing_to_warn_of(tmp_path: Path) -> None:
    for n, block in enumerate(re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)):
        (tmp_path / f"{n:02}.yaml").write_text(block)
    loaded = documents.load(tmp_path)
    tenant = read(closures.expand(loaded.document))
    assert loaded.lines(warnings(tenant)) == []
    missing = [each.name for each in fields(Tenant) if each.name not in loaded.document]
    assert missing == [], "a kind or setting without an example"


def test_it_names_every_path_and_every_field_that_zoom_spells_otherwise() -> None:
    for kind in KINDS:
        assert f"`{kind.path}`" in GUIDE or kind.path in kind.name
        assert all(f"`{name}`" in GUIDE for name in kind.wire)
