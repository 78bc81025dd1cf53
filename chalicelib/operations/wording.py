"""What work may say, and what its agent sees of it: declared variables, dispositions, pages to open."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from chalicelib.configuration.naming import missing
from chalicelib.configuration.tenant import Tenant
from chalicelib.engagements.model import Content, Disposition, Engagement
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.operations.translation import variables_of

MOST_SAID = 128 * 1024
"""Bytes of JSON: its row, which DynamoDB takes up to 400 KB of, holds its events too."""


def check_variables(tenant: Tenant, variables: tuple[Mapping[str, str], ...]) -> None:
    """Hold what is declared to its type; what is not is free. Raises `InvalidRequest`."""
    declared = tenant.variable_by_name
    faults = [
        FieldError(f"/variables/{n}/value", fault)
        for n, each in enumerate(variables)
        if each["name"] in declared and (fault := declared[each["name"]].fault(each["value"])) is not None
    ]
    if faults:
        raise InvalidRequest("Validation Failed.", faults)


def check_size(content: Content) -> None:
    """Hold what work says to what its row has room for, however often something is added. Raises `InvalidRequest`."""
    size = size_of(content)
    if size > MOST_SAID:
        message = f"Work says at most {MOST_SAID} bytes in all; with these it would be {size}."
        raise InvalidRequest("The work says too much.", [FieldError("/variables", message)])


def size_of(content: Content) -> int:
    """Bytes of JSON that work says."""
    said = (content.work_item_variables, content.consumers, content.variables)
    return len(json.dumps(said, ensure_ascii=False).encode())


def completed(tenant: Tenant, content: Content) -> Content:
    """The content of new work, its size and its variables checked, and the defaults of those it does not name added."""
    check_size(content)
    check_variables(tenant, content.variables)
    said = {each["name"] for each in content.variables}
    defaults = tuple(
        {"name": name, "value": variable.default_value}
        for name, variable in tenant.variable_by_name.items()
        if variable.default_value is not None and name not in said
    )
    return replace(content, variables=(*content.variables, *defaults)) if defaults else content


def disposition_of(tenant: Tenant, queue_id: str, said: str | None, closes: bool) -> Disposition | None:
    """How work ended, as its queue allows; an id will do for a name. Raises `InvalidRequest`.

    `closes`: nobody is asked again, so a disposition that the queue requires is due now.
    """
    queue = tenant.queue_by_id.get(queue_id)
    allowed = tenant.dispositions_of(queue) if queue else ()
    if said is None:
        if queue and closes and queue.dispositions.disposition_required:
            names = ", ".join(each.disposition_name for each in allowed if each.status == "active") or "any text"
            raise _refused(f"The queue requires one: {names}.")
        return usual_disposition(tenant, queue_id) if closes else None
    if not allowed:
        return named(tenant, said)
    found = next((each for each in allowed if said in (each.disposition_id, each.disposition_name)), None)
    if found is None or found.status == "inactive":
        raise _refused(missing("disposition", said, [e.disposition_name for e in allowed if e.status == "active"]))
    return Disposition(found.disposition_name, found.disposition_id)


def named(tenant: Tenant, said: str) -> Disposition:
    """How work ended, where any text will do: a disposition of the configuration if it names one."""
    found = next((e for e in tenant.dispositions if said in (e.disposition_id, e.disposition_name)), None)
    return Disposition(said, found.disposition_id if found else None)


def launch_url(tenant: Tenant, engagement: Engagement) -> str | None:
    """The page that the agent's client opens now, its placeholders filled in; what is masked stays out of it."""
    trigger = {"offered": "ringing", "assigned": "answered", "wrap_up": "ended"}.get(engagement.state)
    queue = tenant.queue_by_id.get(engagement.queue_id)
    pages = queue.launch_urls if queue else ()
    page = next((each.launch_url for each in pages if each.launch_trigger == trigger), None)
    if page is None:
        return None
    known = {n: v for n, v in variables_of(engagement.content).items() if n not in tenant.masked and v is not None}
    return re.sub(r"{([^{}]+)}", lambda found: quote(str(known.get(found[1], "")), safe=""), page)


def usual_disposition(tenant: Tenant, queue_id: str) -> Disposition | None:
    """What stands where nobody said how work ended."""
    queue = tenant.queue_by_id.get(queue_id)
    found = tenant.disposition_by_id.get(queue.dispositions.default_disposition_id or "") if queue else None
    return Disposition(found.disposition_name, found.disposition_id) if found else None


def _refused(message: str) -> InvalidRequest:
    return InvalidRequest("The disposition is not one of the queue's.", [FieldError("/disposition", message)])
