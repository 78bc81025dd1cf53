"""The tenant that the state machine plays in: few agents, so that they are short, and a queue for each kind of rule."""

from __future__ import annotations

from typing import Any

from chalicelib.routing.hours import DAYS

QUEUES: tuple[str, ...] = ("tickets", "express", "shelf", "crew", "office")
AGENTS: tuple[str, ...] = ("ana", "ben", "cem", "dee")

DOCUMENT: dict[str, Any] = {
    "heartbeat_timeout": 600,
    "reasons": [{"sub_status_id": "break"}],
    "queues": [
        {
            "queue_id": "tickets",
            "queue_name": "Ages, widens nothing, wraps up, has a service level, and overflows for every reason",
            "consumer_routing_profile_id": "ageing",
            "wrap_up_time": 60,
            "max_wrap_up_time": 300,
            "max_wait_time": 900,
            "max_offers": 3,
            "service_level": {"threshold": 120},
            "overflow": {"queue_id": "express"},
            "transfer": {"return_after": 120},
        },
        {
            "queue_id": "express",
            "queue_name": "Accepts in the agents' names; what an absent agent had stays his",
            "auto_accept": True,
            "orphans": {"policy": "hold"},
            "transfer": {"queues": ["tickets"], "users": "none", "most": 2},
        },
        {
            "queue_id": "shelf",
            "queue_name": "Agents take from it, until shortly after the tests begin",
            "distribution": "manual",
            "business_hours_id": "mornings",
        },
        {
            "queue_id": "crew",
            "queue_name": "Offers to two at once, keeps two, and closes what comes after them",
            "distribution": "simultaneous",
            "offered_at_once": 2,
            "max_engagement_in_queue": 2,
            "overflow": {"end": True},
            "orphans": {"queue_id": "tickets", "grace": 60},
        },
        {
            "queue_id": "office",
            "queue_name": "Closed until Monday",
            "business_hours_id": "weekdays",
            "wrap_up_time": 30,
        },
    ],
    "consumer_routing_profiles": [{"consumer_routing_profile_id": "ageing", "ageing_rate": 60}],
    "business_hours": [
        {
            "business_hours_id": "weekdays",
            "weekly": {day: [{"start": "08:00", "end": "18:00"}] for day in DAYS[:5]},
        },
        {"business_hours_id": "mornings", "weekly": {day: [{"start": "00:00", "end": "18:05"}] for day in DAYS}},
    ],
    "occupancy_profiles": [
        {
            "occupancy_profile_id": "calls-first",
            "capacity": {"work_item": 2, "voice": 1},
            "closings": [{"when": [{"channel": "voice"}], "to": ["work_item"]}],
        }
    ],
    "agents": [
        {"user_id": "ana", "display_name": "Ana", "queues": ["tickets", "crew"], "skills": {"french": 4}},
        {"user_id": "ben", "display_name": "Ben", "queues": ["tickets", "express"], "capacity": {"work_item": 2}},
        {"user_id": "cem", "display_name": "Cem", "queues": ["shelf", "crew", "office"]},
        {
            "user_id": "dee",
            "display_name": "Dee",
            "queues": list(QUEUES),
            "skills": {"french": 2},
            "occupancy_profile_id": "calls-first",
        },
    ],
    "flows": [
        {
            "flow_id": "by-kind",
            "flow_name": "By kind",
            "entry_points": [{"entry_id": "entry-kind", "entry_name": "Kind"}],
            "versions": [
                {
                    "flow_version": 1,
                    "status": "published",
                    "steps": [
                        {
                            "choose": [
                                {
                                    "when": {"field": "work_item_type", "op": "equal_to", "value": queue_id},
                                    "route": {"queue_id": queue_id, "priority": 1},
                                }
                                for queue_id in QUEUES[1:]
                            ],
                            "otherwise": {"queue_id": "tickets", "priority": 1},
                        },
                        {
                            "choose": [
                                {
                                    "when": {"field": "language_code", "op": "equal_to", "value": "fr"},
                                    "route": {"skills": [{"skill": "french", "level": 3}], "priority": 2},
                                }
                            ],
                            "otherwise": {},
                        },
                    ],
                }
            ],
        },
        {
            "flow_id": "for-dee",
            "flow_name": "For Dee",
            "entry_points": [{"entry_id": "entry-dee", "entry_name": "Dee"}],
            "versions": [
                {
                    "flow_version": 1,
                    "status": "published",
                    "steps": [{"set": {"queue_id": "tickets", "priority": 9, "user_id": "dee"}}],
                }
            ],
        },
        {
            "flow_id": "draft",
            "flow_name": "Not yet",
            "entry_points": [{"entry_id": "entry-draft", "entry_name": "Draft"}],
            "versions": [{"flow_version": 1, "status": "draft", "steps": [{"set": {"queue_id": "tickets"}}]}],
        },
    ],
}
