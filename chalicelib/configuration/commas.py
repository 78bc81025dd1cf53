"""Ids that people choose freely get no comma: filters of reports are ids with commas between them, and facts keep
skills so. What has one already keeps it, since facts and traces speak of it."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.configuration.kinds import Document
from chalicelib.errors import FieldError


def new_commas(before: Document, after: Document) -> Iterator[FieldError]:
    """Where a document, as `write` makes it, brings an id with a comma along that the one before did not have."""
    known = {key for _, key in _free_ids(before)}
    for at, key in _free_ids(after):
        if "," in key and key not in known:
            yield FieldError(at, f"{key!r} has a comma, which stands between ids where several are asked for.")


def _free_ids(document: Document) -> Iterator[tuple[str, str]]:
    """The ids of flows, Entry IDs and skills, by place."""
    for f, flow in enumerate(document.get("flows", ())):
        yield f"/flows/{f}/flow_id", flow["flow_id"]
        for p, point in enumerate(flow.get("entry_points", ())):
            yield f"/flows/{f}/entry_points/{p}/entry_id", point["entry_id"]
    for c, category in enumerate(document.get("skill_categories", ())):
        for s, skill in enumerate(category.get("skills", ())):
            yield f"/skill_categories/{c}/skills/{s}", skill
    for a, agent in enumerate(document.get("agents", ())):
        for skill in agent.get("skills", {}):
            yield f"/agents/{a}/skills/{skill}", skill
