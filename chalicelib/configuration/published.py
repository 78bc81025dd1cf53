"""A flow's version that has been published stays as it is: traces and explanations speak of it by its number."""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.configuration.kinds import Document
from chalicelib.errors import FieldError


def rewritten(before: Document, after: Document) -> Iterator[FieldError]:
    """Where a document, as `write` makes it, changes what was published, or makes a draft of it."""
    flows = {flow["flow_id"]: flow for flow in before.get("flows", ())}
    for n, flow in enumerate(after.get("flows", ())):
        known = {each["flow_version"]: each for each in flows.get(flow["flow_id"], {}).get("versions", ())}
        newest = max([*known, *(each["flow_version"] for each in flow.get("versions", ()))], default=0)
        for m, version in enumerate(flow.get("versions", ())):
            was = known.get(version["flow_version"], version)
            if was["status"] == "draft":
                continue
            at, number = f"/flows/{n}/versions/{m}", version["flow_version"]
            if version["status"] == "draft":
                message = f"Version {number} was published; archive it, or draft a version {newest + 1}."
                yield FieldError(f"{at}/status", message)
            elif version["steps"] != was["steps"]:
                message = (
                    f"Version {number} was published and stays as it is; put these steps into a version {newest + 1}."
                )
                yield FieldError(f"{at}/steps", message)
