"""A report written as a page with charts, whatever the dataset: the API's description says what its numbers mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from infra.cli.connection import Tenant
from infra.cli.figures import Row, figures, heading
from infra.cli.files import put
from infra.cli.page import page


def write(tenant: Tenant, file: Path, path: str, rows: Sequence[Row], timezone: str | None) -> None:
    """Write the rows of the dataset at a path of the API into a file. Raises `Failed`."""
    dataset = path.rpartition("/")[2]
    zone = timezone or "UTC"
    spans = sorted(row[name] for row in rows for name in ("start_time", "end_time"))
    about = f"{spans[0]} to {spans[-1]}; the charts go by the clock of {zone}." if spans else ""
    text = page(heading(dataset).capitalize(), about, figures(rows, _meanings(tenant, path), ZoneInfo(zone)))
    put(file, text)


def _meanings(tenant: Tenant, path: str) -> dict[str, str]:
    """What the API's description says of each number, where it does."""
    described: Any = tenant.get("/openapi.json")["paths"].get(path)
    if described is None:
        return {}
    answer = described["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    columns = answer["properties"][path.rpartition("/")[2]]["items"]["properties"]
    return {name: column["description"] for name, column in columns.items() if "description" in column}
