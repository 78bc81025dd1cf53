"""Who serves which queue with which skills, and which Entry IDs a flow has: Zoom's paths that change one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chalicelib.configuration import resources
from chalicelib.configuration.kinds import KINDS, Document, Kind
from chalicelib.errors import FieldError, InvalidRequest, NotFound
from chalicelib.http import paging
from chalicelib.http.endpoint import Answer, Call, Endpoint
from chalicelib.http.models import AddEntryPoints, AssignAgents, AssignSkills, RemoveEntryPoints
from chalicelib.operations import configuring

QUEUES, AGENTS, FLOWS, POINTS = (
    {kind.name: kind for kind in KINDS}[name] for name in ("queues", "agents", "flows", "entry_points")
)


def list_agents_of_queue(call: Call[None]) -> Answer:
    """Also those who serve it through their team."""
    size, queue_id = paging.page_size(call), call.path["queue_id"]
    version, place = paging.begin(call, queue_id, call.world.store.configuration_version())
    tenant = call.world.tenant_at(version)
    if queue_id not in tenant.own_queues:
        raise NotFound(f"There is no queue {queue_id!r}.")
    listed = tenant.agents_of_queue[queue_id]
    rows = [{"user_id": each, "display_name": tenant.agent_by_id[each].display_name} for each in listed]
    onward = place + size
    more = paging.token(call, queue_id, version, onward) if onward < len(rows) else ""
    page = {"page_size": size, "next_page_token": more, "total_records": len(rows)}
    return Answer(200, {"agents": rows[place:onward], **page})


def assign_agents(call: Call[AssignAgents]) -> Answer:
    def change(document: Document) -> Document:
        queue_id = _id(document, QUEUES, call.path["queue_id"])
        for user_id in call.body.user_ids:
            served = resources.find(document, AGENTS, user_id).get("queues", [])
            document = resources.change(document, AGENTS, user_id, {"queues": list(dict.fromkeys([*served, queue_id]))})
        return document

    return _edited(call, change)


def unassign_agent(call: Call[None]) -> Answer:
    queue_id, user_id = call.path["queue_id"], call.path["user_id"]

    def change(document: Document) -> Document:
        served = resources.find(document, AGENTS, user_id).get("queues", [])
        if queue_id not in served:
            raise NotFound(f"Agent {user_id!r} does not serve {queue_id!r} himself; see his team.")
        return resources.change(document, AGENTS, user_id, {"queues": [each for each in served if each != queue_id]})

    return _edited(call, change)


def list_skills_of_user(call: Call[None]) -> Answer:
    document = configuring.current(call.world).document
    agent = resources.find(document, AGENTS, call.path["user_id"])
    category = {
        skill: each["skill_category_id"]
        for each in document.get("skill_categories", ())
        for skill in each.get("skills", ())
    }
    skills = [
        {
            "skill_id": skill,
            "skill_name": skill,
            "user_proficiency_level": level,
            "skill_category_id": category.get(skill),
        }
        for skill, level in agent.get("skills", {}).items()
    ]
    return Answer(200, {"skills": skills, "total_records": len(skills)})


def assign_skills(call: Call[AssignSkills]) -> Answer:
    """What Zoom calls `max_proficiency_level` here is the user's own level."""
    user_id, levels = call.path["user_id"], {each.skill_id: each.max_proficiency_level for each in call.body.skills}

    def change(document: Document) -> Document:
        return resources.change(document, AGENTS, _id(document, AGENTS, user_id), {"skills": levels})

    return _edited(call, change)


def unassign_skill(call: Call[None]) -> Answer:
    user_id, skill = call.path["user_id"], call.path["skill_id"]

    def change(document: Document) -> Document:
        if skill not in resources.find(document, AGENTS, user_id).get("skills", {}):
            raise NotFound(f"Agent {user_id!r} has no skill {skill!r}.")
        return resources.change(document, AGENTS, user_id, {"skills": {skill: None}})

    return _edited(call, change)


def list_entry_points_of_flow(call: Call[None]) -> Answer:
    flow = resources.find(configuring.current(call.world).document, FLOWS, call.path["flow_id"])
    return Answer(200, {"entry_points": flow.get("entry_points", [])})


def add_entry_points(call: Call[AddEntryPoints]) -> Answer:
    made = [
        {"entry_id": each.entry_id, "entry_name": each.entry_name or each.entry_id} for each in call.body.entry_points
    ]

    def change(document: Document) -> Document:
        taken = {each["entry_id"] for each in resources.rows(document, POINTS)}
        for n, each in enumerate(call.body.entry_points):
            if each.entry_id in taken:
                message = f"Entry ID {each.entry_id!r} belongs to a flow already; choose another."
                raise InvalidRequest("Validation Failed.", [FieldError(f"/entry_points/{n}/entry_id", message)])
            taken.add(each.entry_id)
        points = resources.find(document, FLOWS, call.path["flow_id"]).get("entry_points", [])
        return resources.change(document, FLOWS, call.path["flow_id"], {"entry_points": [*points, *made]})

    return _edited(call, change)


def remove_entry_points(call: Call[RemoveEntryPoints]) -> Answer:
    gone = set(call.body.entry_ids)

    def change(document: Document) -> Document:
        points = resources.find(document, FLOWS, call.path["flow_id"]).get("entry_points", [])
        unknown = gone - {each["entry_id"] for each in points}
        if unknown:
            wrong = FieldError("/entry_ids", f"The flow has no Entry ID {', '.join(sorted(unknown))}.")
            raise InvalidRequest("Validation Failed.", [wrong])
        left = [each for each in points if each["entry_id"] not in gone]
        return resources.change(document, FLOWS, call.path["flow_id"], {"entry_points": left})

    return _edited(call, change)


def _id(document: Document, kind: Kind, key: str) -> str:
    return str(resources.find(document, kind, key)[kind.id_field])


def _edited(call: Call[Any], change: Callable[[Document], Document]) -> Answer:
    terms = configuring.Terms(call.principal.actor, " ".join((call.method, *call.path.values())))
    done = configuring.edit(call.world, change, call.if_match(), terms)
    return Answer(204, None, {"ETag": f'"{done.version}"'})


_BASE = "/v2/contact_center"
_QUEUE, _USER, _FLOW = f"{_BASE}/queues/{{queue_id}}", f"{_BASE}/users/{{user_id}}", f"{_BASE}/flows/{{flow_id}}"
READ, WRITE = "configuration.read", "configuration.write"

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_QUEUE}/agents",
        READ,
        "List the agents who serve a queue",
        list_agents_of_queue,
        query=paging.PARAMETERS,
        scope="contact_center_queue:read:admin",
    ),
    Endpoint(
        "POST",
        f"{_QUEUE}/agents",
        WRITE,
        "Let agents serve a queue",
        assign_agents,
        body=AssignAgents,
        status=204,
        scope="contact_center_queue:write:admin",
    ),
    Endpoint(
        "DELETE",
        f"{_QUEUE}/agents/{{user_id}}",
        WRITE,
        "Let an agent serve a queue no longer",
        unassign_agent,
        status=204,
        scope="contact_center_queue:write:admin",
    ),
    Endpoint(
        "GET",
        f"{_USER}/skills",
        READ,
        "List an agent's skills",
        list_skills_of_user,
        scope="contact_center_user:read:admin",
    ),
    Endpoint(
        "POST",
        f"{_USER}/skills",
        WRITE,
        "Give an agent skills, or other levels of them",
        assign_skills,
        body=AssignSkills,
        status=204,
        scope="contact_center_user:write:admin",
    ),
    Endpoint(
        "DELETE",
        f"{_USER}/skills/{{skill_id}}",
        WRITE,
        "Take a skill from an agent",
        unassign_skill,
        status=204,
        scope="contact_center_user:write:admin",
    ),
    Endpoint(
        "GET",
        f"{_FLOW}/entry_points",
        READ,
        "List a flow's Entry IDs",
        list_entry_points_of_flow,
        scope="contact_center_flow:read:admin",
    ),
    Endpoint(
        "POST",
        f"{_FLOW}/entry_points",
        WRITE,
        "Give a flow Entry IDs",
        add_entry_points,
        body=AddEntryPoints,
        status=204,
        scope="contact_center_flow:write:admin",
    ),
    Endpoint(
        "DELETE",
        f"{_FLOW}/entry_points",
        WRITE,
        "Take Entry IDs from a flow",
        remove_entry_points,
        body=RemoveEntryPoints,
        status=204,
        scope="contact_center_flow:write:admin",
    ),
)
