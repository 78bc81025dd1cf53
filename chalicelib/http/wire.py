"""Wire formats: engagements, offers and rows as Zoom Contact Center spells them."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.configuration.tenant import Tenant
from chalicelib.configuration.vocabulary import MASK
from chalicelib.engagements.model import WORDS, Content, Engagement, Event, FlowReference, Note, Occupancy
from chalicelib.errors import FieldError, InvalidRequest
from chalicelib.operations.amending import Amendment
from chalicelib.operations.wording import launch_url
from chalicelib.storage.protocol import Attempt

STATUS_IDS = {"1": "offline", "2": "not_ready", "3": "ready"}
STATUS_NAMES = {"offline": "Offline", "not_ready": "Not Ready", "ready": "Ready"}


def time_text(at: int | None) -> str | None:
    """Epoch milliseconds as UTC ISO 8601."""
    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_value(name: str, text: str) -> int:
    """A query parameter's ISO 8601 time as epoch milliseconds; without a zone it is UTC."""
    try:
        return moment(text)
    except ValueError:
        raise InvalidRequest("Validation Failed.", [FieldError(f"query/{name}", "Must be an ISO 8601 time.")]) from None


def moment(text: str) -> int:
    """An ISO 8601 time as epoch milliseconds; without a zone it is UTC. Raises `ValueError`."""
    found = datetime.fromisoformat(text)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def content_of(body: Mapping[str, Any]) -> Content:
    """What is kept of a Start Engagement body (dumped without its unset fields)."""
    return Content(
        work_item_variables=body["work_item_variables"],
        consumers=tuple(body.get("consumers", ())),
        variables=tuple(body.get("variables", ())),
        language_code=body.get("language_code"),
    )


def amendment_of(body: Mapping[str, Any]) -> Amendment:
    """What an update says (dumped without its unset fields)."""
    variables = body.get("variables")
    return Amendment(
        work_item_variables=body.get("work_item_variables"),
        variables=None if variables is None else tuple(variables),
        priority=body.get("priority"),
    )


def started(
    engagement_id: str,
    started_at: int,
    flow: FlowReference,
    content: Content,
    channel: str,
    masked: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Zoom's answer to Start Engagement, made of the request and what is remembered of the first answer."""
    return {
        "engagement_id": engagement_id,
        "start_time": time_text(started_at),
        "session_id": _derived(engagement_id, "session"),
        "channels": [{"channel": channel, "channel_source": "API"}],
        "flows": [_flow(flow)],
        **_content(engagement_id, content, masked),
    }


def engagement(found: Engagement, masked: frozenset[str] = frozenset()) -> dict[str, Any]:
    """An engagement, open or closed; the values of masked variables are not shown."""
    return _without_none(
        {
            "engagement_id": found.engagement_id,
            "state": found.state,
            "version": found.version,
            "channel": found.channel,
            "queue_id": found.queue_id,
            "priority": found.priority,
            "skills": [{"skill": need.skill, "level": need.level} for need in found.skills],
            "user_id": found.agent_id,
            "start_time": time_text(found.started_at),
            "queued_time": time_text(found.queued_at) if found.state != "scheduled" else None,
            "not_before": time_text(found.not_before),
            "wake_at": time_text(found.wake_at),
            "assigned_time": time_text(found.assigned_at),
            "participants": [{"user_id": who, "mode": mode} for who, mode in found.participants.items()] or None,
            "flags": list(found.flags) or None,
            "transfer_count": found.transfers or None,
            "wrap_up_expires_at": time_text(found.wrap_up_ends_at) if found.state == "wrap_up" else None,
            "end_time": time_text(found.closed_at),
            "end_reason": found.end_reason,
            "disposition": found.disposition,
            "flows": [_flow(found.flow)],
            **_content(found.engagement_id, found.content, masked),
        }
    )


def assignment(tenant: Tenant, found: Engagement, agent_id: str) -> dict[str, Any]:
    """An offer or assignment, as this agent's client fetches it; a live channel is to be connected to his address."""
    offered: dict[str, str | None] = {"offer_id": None, "offer_expires_at": None}
    if found.offer is not None:
        offered = {"offer_id": found.offer.offer_id, "offer_expires_at": time_text(found.offer.expires_at)}
    page = launch_url(tenant, found)
    return {
        **engagement(found, tenant.masked),
        "user_id": agent_id,
        **offered,
        **_address(tenant, found, agent_id),
        **({"launch_url": page} if page else {}),
    }


def connections(tenant: Tenant, found: Engagement) -> dict[str, Any]:
    """Whom to connect, and where: for the system that carries the conversation, while an agent has it."""
    if found.agent_id is None or found.state not in ("assigned", "inactive"):
        return {}
    participants = [
        {"user_id": who, "mode": mode, **_address(tenant, found, who)} for who, mode in found.participants.items()
    ]
    return {**_address(tenant, found, found.agent_id), **({"participants": participants} if participants else {})}


def assignments(tenant: Tenant, occupancy: Occupancy, held: Iterable[Engagement]) -> dict[str, Any]:
    """Everything that is offered to or held by an agent, and his status and load."""
    rows = [assignment(tenant, each, occupancy.agent_id) for each in held]
    return {"assignments": rows, "status": status(occupancy)}


def event(each: Event) -> dict[str, Any]:
    """One event of an engagement's history."""
    return _without_none(
        {
            "version": each.version,
            "start_time": time_text(each.at),
            "event_name": each.command,
            "state": each.state,
            "actor": each.actor,
            "queue_id": each.queue_id,
            "user_id": each.agent_id,
            "event_content": {"reason" if name == WORDS else name: said for name, said in each.detail.items()},
        }
    )


def note(found: Note) -> dict[str, Any]:
    """A note, as Zoom spells it, and how its author takes part."""
    return {
        "note_id": found.note_id,
        "engagement_id": found.engagement_id,
        "last_modified_time": time_text(found.at),
        "user_id": found.user_id,
        "kind": found.kind,
        "note": found.text,
    }


def attempt(found: Attempt) -> dict[str, Any]:
    """One attempt to deliver."""
    return {
        "event_id": found.event_id,
        "event": found.type,
        "time": time_text(found.at),
        "attempt": found.number,
        "delivered": found.problem is None,
        "problem": found.problem,
    }


def targets(tenant: Tenant, name: str, ids: Iterable[str]) -> dict[str, Any]:
    """What an engagement may be transferred to."""
    match name:
        case "queues":
            rows = [
                {"queue_id": each.queue_id, "queue_name": each.queue_name, "queue_description": each.queue_description}
                for each in (tenant.queue_by_id[queue_id] for queue_id in ids)
            ]
        case "users":
            rows = [{"user_id": each, "user_name": tenant.agent_by_id[each].display_name} for each in ids]
        case _:
            rows = [{"flow_entry_id": each, "flow_name": tenant.flow_by_entry_id[each].flow_name} for each in ids]
    return {name: rows}


def status(occupancy: Occupancy) -> dict[str, Any]:
    """An agent's status and load."""
    ids = {name: key for key, name in STATUS_IDS.items()}
    return _without_none(
        {
            "user_id": occupancy.agent_id,
            "status_id": ids[occupancy.status],
            "status_name": STATUS_NAMES[occupancy.status],
            "sub_status_id": occupancy.sub_status,
            "status_since": time_text(occupancy.status_since) if occupancy.status_since else None,
            "changed_by": occupancy.status_by or None,
            "load": occupancy.loads(),
            "opt_out": list(occupancy.opted_out) or None,
            "elsewhere": dict(occupancy.elsewhere) or None,
        }
    )


def _address(tenant: Tenant, found: Engagement, user_id: str) -> dict[str, str]:
    """Where to connect somebody in the engagement's channel, if the tenant's document says where."""
    agent = tenant.agent_by_id.get(user_id)
    address = agent.addresses.get(found.channel) if agent else None
    return {"connect_to": address} if address else {}


def _flow(flow: FlowReference) -> dict[str, str]:
    return {
        "flow_entry_id": flow.flow_entry_id,
        "flow_id": flow.flow_id,
        "flow_name": flow.flow_name,
        "flow_version": str(flow.flow_version),
    }


def _content(engagement_id: str, content: Content, masked: frozenset[str]) -> dict[str, Any]:
    work_item = dict(content.work_item_variables)
    if "work_item_priority" in work_item:
        work_item["work_item_priority"] = str(work_item["work_item_priority"])  # a number in, a string out, as Zoom
    work_item["work_item_source_id"] = _derived(engagement_id, "source")
    consumers = [
        {**consumer, "consumer_id": _derived(engagement_id, f"consumer{n}")}
        for n, consumer in enumerate(content.consumers)
    ]
    answer: dict[str, Any] = {
        "consumers": consumers,
        "variables": [{**each, "value": MASK} if each["name"] in masked else dict(each) for each in content.variables],
        "work_item_variables": work_item,
    }
    if content.language_code is not None:
        answer["language_code"] = content.language_code
    return answer


def _derived(engagement_id: str, what: str) -> str:
    """An id that follows from the engagement's, so that it needs no place in its row."""
    digest = hashlib.sha256(f"{what}:{engagement_id}".encode()).digest()
    return urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
