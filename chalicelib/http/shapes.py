"""What answers hold, as JSON Schemas: the nouns of the API, and the answers of each operation by its status.

Only whoever asks for the API's description imports this. Answers may get further fields; what is named here stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NUMBER: Schema = {"type": "number"}
YES_OR_NO: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
ANYTHING: Schema = {}


def ref(name: str) -> Schema:
    """A noun of the API, by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """The same, or nothing."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    return {"type": "array", "items": schema}


def map_of(schema: Schema) -> Schema:
    """An object whose names are not known beforehand."""
    return {"type": "object", "additionalProperties": schema}


def thing(always: Mapping[str, Schema], sometimes: Mapping[str, Schema] | None = None) -> Schema:
    """An object with fields that it always has, and some that it has where there is something to say."""
    return {"type": "object", "required": list(always), "properties": {**always, **(sometimes or {})}}


def page_of(name: str, schema: Schema) -> Schema:
    """One page of a list."""
    return thing({name: list_of(schema), "page_size": WHOLE, "next_page_token": TEXT, "total_records": WHOLE})


_CONTENT = {
    "consumers": list_of(map_of(ANYTHING)),
    "variables": list_of(thing({"name": TEXT, "value": TEXT})),
    "work_item_variables": map_of(ANYTHING),
}
_ENGAGEMENT = {
    "engagement_id": TEXT,
    "state": {"enum": ["scheduled", "queued", "offered", "assigned", "inactive", "wrap_up", "closed"]},
    "version": WHOLE,
    "channel": TEXT,
    "priority": WHOLE,
    "skills": list_of(thing({"skill": TEXT, "level": WHOLE})),
    "start_time": TIME,
    "flows": list_of(ref("FlowTaken")),
    **_CONTENT,
}
_SOMETIMES = {
    "queue_id": TEXT,
    "user_id": TEXT,
    "queued_time": TIME,
    "not_before": TIME,
    "wake_at": TIME,
    "assigned_time": TIME,
    "participants": list_of(thing({"user_id": TEXT, "mode": TEXT}, {"connect_to": TEXT})),
    "flags": list_of(TEXT),
    "transfer_count": WHOLE,
    "wrap_up_expires_at": TIME,
    "end_time": TIME,
    "end_reason": TEXT,
    "disposition": TEXT,
    "language_code": TEXT,
    "connect_to": TEXT,
}
_EVENT = {"version": WHOLE, "start_time": TIME, "event_name": TEXT, "state": TEXT, "actor": TEXT}
_NOTE = {
    "note_id": TEXT,
    "engagement_id": TEXT,
    "last_modified_time": TIME,
    "user_id": TEXT,
    "kind": TEXT,
    "note": TEXT,
}
_STATUS = {"user_id": TEXT, "status_id": TEXT, "status_name": TEXT, "load": map_of(WHOLE)}
_STATUS_SOMETIMES = {"sub_status_id": TEXT, "status_since": TIME, "changed_by": TEXT, "opt_out": list_of(TEXT)}
_STATUS_SOMETIMES |= {"elsewhere": map_of(TEXT)}
_VERSION = {"version": WHOLE, "applied_time": or_null(TIME), "applied_by": TEXT, "comment": TEXT}
_WAIT = {"at_least": WHOLE, "expected": WHOLE, "at_most": WHOLE}
_CLIENT = {
    "client_id": TEXT,
    "role": TEXT,
    "scopes": list_of(TEXT),
    "status": {"enum": ["active", "disabled"]},
    "secrets": list_of(thing({"secret_id": TEXT, "created_at": TIME})),
}

NOUNS: Mapping[str, Schema] = {
    "FlowTaken": thing({"flow_entry_id": TEXT, "flow_id": TEXT, "flow_name": TEXT, "flow_version": TEXT}),
    "Started": thing(
        {
            "engagement_id": TEXT,
            "start_time": TIME,
            "session_id": TEXT,
            "channels": list_of(thing({"channel": TEXT, "channel_source": TEXT})),
            "flows": list_of(ref("FlowTaken")),
            **_CONTENT,
        },
        {"language_code": TEXT},
    ),
    "Engagement": thing(_ENGAGEMENT, _SOMETIMES),
    "Assignment": thing(
        {**_ENGAGEMENT, "user_id": TEXT, "offer_id": or_null(TEXT), "offer_expires_at": or_null(TIME)},
        {**_SOMETIMES, "launch_url": TEXT},
    ),
    "Assignments": thing({"assignments": list_of(ref("Assignment")), "status": ref("Status")}),
    "Event": thing(_EVENT, {"queue_id": TEXT, "user_id": TEXT, "event_content": map_of(ANYTHING)}),
    "Note": thing(_NOTE),
    "Status": thing(_STATUS, _STATUS_SOMETIMES),
    "StepTaken": thing({"step": TEXT}, {"exit": TEXT}),
    "Explanation": thing(
        {
            "engagement_id": TEXT,
            "state": TEXT,
            "text": TEXT,
            "flows": list_of(
                thing({"time": TIME, "event_name": TEXT, "flow": TEXT, "steps": list_of(ref("StepTaken"))})
            ),
            "decisions": list_of(ref("Event")),
        },
        {
            "offered_to": list_of(TEXT),
            "offer_expires_at": TIME,
            "ahead": WHOLE,
            "queue": or_null(TEXT),
            "step": WHOLE,
            "next_change_time": or_null(TIME),
            "matchable": YES_OR_NO,
            "expected_wait": or_null(thing({**_WAIT, "coverage": NUMBER})),
            "users": list_of(thing({"user_id": TEXT, "reason": or_null(TEXT)})),
        },
    ),
    "AgentExplanation": thing(
        {
            "user_id": TEXT,
            "next_engagement_id": or_null(TEXT),
            "engagements": list_of(thing({"engagement_id": TEXT, "reason": or_null(TEXT)})),
        }
    ),
    "QueueNow": thing(
        {
            "queue_id": TEXT,
            "queue_name": TEXT,
            "channel": TEXT,
            "open": YES_OR_NO,
            "waiting": WHOLE,
            "waiting_within_service_level": or_null(WHOLE),
            "oldest_wait_seconds": or_null(WHOLE),
            "waiting_by_age": list_of(thing({"up_to_seconds": or_null(WHOLE), "waiting": WHOLE})),
            "offers": WHOLE,
            "in_work": WHOLE,
            "users": thing({"ready": WHOLE, "not_ready": WHOLE, "offline": WHOLE}),
            "free": WHOLE,
            "free_by_channel": map_of(WHOLE),
            "estimated_wait_seconds": or_null(thing(_WAIT)),
        }
    ),
    "AgentNow": thing(
        {
            "user_name": TEXT,
            **_STATUS,
            "capacity": map_of(WHOLE),
            "free": map_of(WHOLE),
            "idle_since": or_null(TIME),
            "engagements": list_of(
                thing(
                    {
                        "engagement_id": TEXT,
                        "state": TEXT,
                        "queue_id": TEXT,
                        "channel": TEXT,
                        "offer_expires_at": or_null(TIME),
                        "assigned_time": or_null(TIME),
                    }
                )
            ),
        },
        _STATUS_SOMETIMES,
    ),
    "ConfigurationVersion": thing(_VERSION),
    "Configuration": thing({**_VERSION, "document": map_of(ANYTHING)}),
    "Applied": thing({"version": WHOLE, "warnings": list_of(ref("Warning"))}),
    "Warning": thing({"pointer": TEXT, "message": TEXT}),
    "Change": thing(
        {"action": {"enum": ["+", "~", "-"]}, "kind": TEXT, "id": TEXT},
        {"fields": list_of(thing({"field": TEXT, "before": ANYTHING, "after": ANYTHING}))},
    ),
    "Client": thing(_CLIENT, {"user_id": TEXT}),
    "SigningKeys": thing(
        {
            "signing_keys": list_of(thing({"key_id": TEXT, "created_at": TIME})),
            "previous_needed_until": or_null(TIME),
        }
    ),
    "Tally": list_of(thing({"start_time": TIME, "count": WHOLE, "sum": ANYTHING})),
}

_TOLD_SECRET = thing({**_CLIENT, "secret_id": TEXT, "client_secret": TEXT}, {"user_id": TEXT})
_HISTORIES = {"engagements": WHOLE, "histories": list_of(thing({"engagement_id": TEXT, "fault": TEXT}))}
_OF_WORKS = thing({"next_page_token": TEXT, **_HISTORIES, "told": ref("Tally")})
_OF_QUARTERS = thing(
    {
        "next_from": or_null(TIME),
        **_HISTORIES,
        "facts": list_of(
            thing({"dataset": TEXT, "engagement_id": TEXT, "version": WHOLE, "time": TIME, "fault": TEXT})
        ),
        "rollups": list_of(thing({"dataset": TEXT, "interval": TEXT, "start_time": TIME})),
        "kept": ref("Tally"),
    }
)
_TARGETS = {
    "queues": list_of(thing({"queue_id": TEXT, "queue_name": TEXT, "queue_description": TEXT})),
    "users": list_of(thing({"user_id": TEXT, "user_name": TEXT})),
    "flows": list_of(thing({"flow_entry_id": TEXT, "flow_name": TEXT})),
}

ANSWERS: Mapping[str, Mapping[int, Schema | None]] = {
    "health": {200: thing({"status": TEXT})},
    "token": {200: thing({"access_token": TEXT, "token_type": TEXT, "expires_in": WHOLE, "scope": TEXT})},
    "start_engagement": {200: ref("Started"), 201: ref("Started")},
    "start_many": {
        200: thing(
            {
                "engagements": list_of(
                    thing({"status": WHOLE}, {"engagement": ref("Started"), "problem": ref("Problem")})
                )
            }
        )
    },
    "get_engagement": {200: ref("Engagement")},
    "update_engagement": {200: ref("Assignments"), 204: None},
    "find_work_item": {200: ref("Engagement")},
    "list_engagements": {
        200: thing(
            {
                "from": TIME,
                "to": TIME,
                "page_size": WHOLE,
                "next_page_token": TEXT,
                "engagements": list_of(ref("Engagement")),
            }
        )
    },
    "get_events": {200: thing({"engagement_id": TEXT, "events": list_of(ref("Event"))})},
    "get_explanation": {200: ref("Explanation")},
    "get_targets": {200: {"anyOf": [thing({name: listed}) for name, listed in _TARGETS.items()]}},
    "take_part": {200: ref("Engagement")},
    "get_notes": {200: thing({"engagement_id": TEXT, "notes": list_of(ref("Note"))})},
    "add_note": {201: ref("Note")},
    "take_webhook": {
        200: thing({"outcome": TEXT}, {"engagement_id": TEXT}),
        201: thing({"engagement_id": TEXT, "outcome": TEXT}),
    },
    "get_intake_secret": {200: thing({"entry_id": TEXT, "secret": TEXT})},
    "get_system_secret": {200: thing({"system_id": TEXT, "secret": TEXT})},
    "get_assignments": {200: ref("Assignments"), 304: None},
    "accept_offer": {200: ref("Assignments")},
    "decline_offer": {200: ref("Assignments")},
    "pull_assignment": {200: ref("Assignments")},
    "end_wrap_up": {200: ref("Assignments")},
    "get_status": {200: ref("Status")},
    "get_agent_explanation": {200: ref("AgentExplanation")},
    "get_me": {
        200: thing(
            {
                "role": TEXT,
                "user_id": TEXT,
                "user_name": TEXT,
                "is_agent": YES_OR_NO,
                "capacity": map_of(WHOLE),
                "reasons": list_of(thing({"sub_status_id": TEXT, "sub_status_name": TEXT})),
                "queues": list_of(
                    thing(
                        {
                            "queue_id": TEXT,
                            "queue_name": TEXT,
                            "channel": TEXT,
                            "dispositions": list_of(thing({"disposition_id": TEXT, "disposition_name": TEXT})),
                            "disposition_required": YES_OR_NO,
                            "default_disposition_id": or_null(TEXT),
                            "service_level": or_null(WHOLE),
                            "serves": YES_OR_NO,
                        }
                    )
                ),
                "heartbeat_timeout": or_null(WHOLE),
            }
        )
    },
    "queue_statistics": {200: thing({"time": TIME, "queues": list_of(ref("QueueNow"))}), 304: None},
    "user_statistics": {200: thing({"time": TIME, "users": list_of(ref("AgentNow"))}), 304: None},
    "list_datasets": {
        200: thing(
            {
                "datasets": list_of(
                    thing(
                        {"dataset_name": TEXT},
                        {
                            "measures": list_of(TEXT),
                            "group_by": list_of(TEXT),
                            "columns": list_of(thing({"column_name": TEXT, "column_type": TEXT})),
                            "filters": list_of(TEXT),
                        },
                    )
                )
            }
        )
    },
    "check_works": {200: _OF_WORKS},
    "record_works": {200: _OF_WORKS},
    "check_quarters": {200: _OF_QUARTERS},
    "rebuild_quarters": {200: _OF_QUARTERS},
    "get_configuration": {200: ref("Configuration")},
    "put_configuration": {200: ref("Applied")},
    "apply_configuration": {200: ref("Applied")},
    "roll_back": {200: ref("Applied")},
    "plan_configuration": {
        200: thing(
            {
                "version": WHOLE,
                "changes": list_of(ref("Change")),
                "summary": thing({"add": WHOLE, "change": WHOLE, "remove": WHOLE}),
                "warnings": list_of(ref("Warning")),
            }
        )
    },
    "list_versions": {200: page_of("versions", ref("ConfigurationVersion"))},
    "get_version": {200: ref("Configuration")},
    "list_agents_of_queue": {200: page_of("agents", thing({"user_id": TEXT, "display_name": TEXT}))},
    "list_skills_of_user": {
        200: thing(
            {
                "skills": list_of(
                    thing(
                        {
                            "skill_id": TEXT,
                            "skill_name": TEXT,
                            "user_proficiency_level": WHOLE,
                            "skill_category_id": or_null(TEXT),
                        }
                    )
                ),
                "total_records": WHOLE,
            }
        )
    },
    "list_entry_points_of_flow": {
        200: thing({"entry_points": list_of(thing({"entry_id": TEXT}, {"entry_name": TEXT, "intake": ANYTHING}))})
    },
    "try_flow": {
        200: thing(
            {
                "flow_id": TEXT,
                "flow_version": WHOLE,
                "steps": list_of(ref("StepTaken")),
                "queue_id": or_null(TEXT),
                "priority": or_null(WHOLE),
                "skills": map_of(WHOLE),
                "user_id": or_null(TEXT),
                "preferred_user_id": or_null(TEXT),
                "preferred_seconds": or_null(WHOLE),
                "variables": map_of(ANYTHING),
                "due": or_null(TIME),
                "end": YES_OR_NO,
            }
        )
    },
    "get_secret": {200: thing({"webhook_id": TEXT, "secret": TEXT})},
    "get_deliveries": {
        200: thing(
            {
                "webhook_id": TEXT,
                "deliveries": list_of(
                    thing(
                        {
                            "event_id": TEXT,
                            "event": TEXT,
                            "time": TIME,
                            "attempt": WHOLE,
                            "delivered": YES_OR_NO,
                            "problem": or_null(TEXT),
                        }
                    )
                ),
                "next_from": or_null(TIME),
            }
        )
    },
    "replay": {202: thing({"deliveries": WHOLE, "next_from": or_null(TIME)})},
    "export_consumer": {
        200: thing(
            {
                "engagements": list_of(
                    thing({**_ENGAGEMENT, "events": list_of(ref("Event")), "notes": list_of(ref("Note"))}, _SOMETIMES)
                ),
                "next_from": or_null(TIME),
            }
        )
    },
    "erase_consumer": {200: thing({"erased": list_of(TEXT), "still_open": list_of(TEXT), "more": YES_OR_NO})},
    "list_clients": {200: thing({"clients": list_of(ref("Client"))})},
    "create_client": {201: _TOLD_SECRET},
    "add_secret": {201: _TOLD_SECRET},
    "list_keys": {200: ref("SigningKeys")},
    "rotate_key": {201: ref("SigningKeys")},
}
"""By operation and status; None is an answer without a body."""
