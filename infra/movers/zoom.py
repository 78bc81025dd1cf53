"""Zoom Contact Center: the answers of its own list endpoints, by their paths below `/contact_center/`.

Read are `queues`, `queues/<id>`, `queues/<id>/agents`, `queues/<id>/operating_hours`, `skills/categories`, `skills`,
`agent_routing_profiles`, `consumer_routing_profiles`, `users`, `users/<id>/skills`, `flows`, `flows_entry_points`,
`variables`, `business_hours` and `dispositions`. Source: Zoom's API reference, Contact Center.
"""

from __future__ import annotations

from typing import Any

from chalicelib.routing import presets
from chalicelib.routing.hours import DAYS
from infra.movers.moving import Answers, Move, Moved, Row, without_none
from infra.movers.profiles import occupancy_profile
from infra.movers.references import settle
from infra.movers.zoom_skills import SERVER as _SERVER
from infra.movers.zoom_skills import Skills, clock, refers

DISTRIBUTIONS = ("longest_idle", "sequential", "rotating", "simultaneous", "most_available", "manual")
"""Under the number that `distribution_type` gives each."""
WHOLE_DAY = [{"start": "00:00", "end": "00:00"}]


def move(answers: Answers) -> Moved:
    """A tenant's document from what Zoom's endpoints answer."""
    return _Zoom(answers).document()


class _Zoom:
    def __init__(self, answers: Answers) -> None:
        self.move = Move(answers)
        self.aliases: dict[str, str] = {}
        """A queue has two ids in Zoom, and either may be quoted."""
        self.skills = Skills(self.move)
        self.entries: dict[str, list[str]] = {}
        self.serving: dict[str, list[str]] = {}
        self.occupancies: dict[str, dict[str, Any]] = {}

    def document(self) -> Moved:
        listed = self.move.rows("queues", "queues", "queue_name", *_SERVER, "channel_types")
        for row in listed:
            queue_id = self.move.identifier("queue", row.take("cc_queue_id") or row.needed("queue_id", str))
            self.aliases.update({each: queue_id for each in (row.take("cc_queue_id"), row.take("queue_id")) if each})
        categories = self.skills.categories()
        entries = self._entry_points()
        document: dict[str, Any] = {
            "queues": [self._queue(row) for row in listed],
            "skill_categories": categories,
            "agent_routing_profiles": self.skills.agent_routing_profiles(categories),
            "consumer_routing_profiles": self.skills.consumer_routing_profiles(),
            "business_hours": self._business_hours(),
        }
        document["flows"] = self._flows(entries, document["queues"])
        for queue in document["queues"]:
            flow_id = queue.get("overflow", {}).pop("flow_id", None)
            if flow_id is not None:
                queue["overflow"] = {"flow_entry_id": next(iter(self.entries.get(flow_id, ())), f"of flow {flow_id}")}
        document["dispositions"] = [
            {
                "disposition_id": self.move.identifier("disposition", row.take("disposition_id")),
                "disposition_name": row.take("disposition_name", row.take("disposition_id")),
                "status": "inactive" if row.take("status") == "inactive" else "active",
            }
            for row in self.move.rows("dispositions", "dispositions", "disposition_name", *_SERVER)
        ]
        document["agents"] = self._agents()
        document["occupancy_profiles"] = list(self.occupancies.values())
        settle(self.move, document)
        return self.move.done(document)

    # Queues

    def _queue(self, listed: Row) -> dict[str, Any]:
        theirs = listed.take("cc_queue_id") or listed.take("queue_id")
        row = self.move.row(f"queues/{theirs}", *_SERVER, "channel_types", "cc_queue_id", "queue_id") or listed
        self._serving(theirs)
        accepts = row.within("engagement_acceptance").take("acceptance_type", row.take("message_accept"))
        hours = self.move.row(f"queues/{theirs}/operating_hours", *_SERVER)
        hours_id = self._hours_id(hours.within("business_hours")) if hours else None
        return without_none(
            {
                "queue_id": self.aliases[theirs],
                "queue_name": row.take("queue_name", listed.take("queue_name", theirs)),
                "queue_description": row.take("queue_description"),
                "channel": row.take("channel", listed.take("channel", "work_item")),
                "distribution": self._distribution(row),
                "offer_timeout": self._within(row, "distribution_duration_in_seconds", 1, 900),
                "auto_accept": True if str(accepts).lower() == "auto" and self._may_accept(row) else None,
                "wrap_up_time": self._wrap_up(row),
                "agent_routing_profile_id": refers(self.move, "agent_routing_profile", row, "agent_routing_profile_id"),
                "consumer_routing_profile_id": refers(
                    self.move, "consumer_routing_profile", row, "consumer_routing_profile_id"
                ),
                "business_hours_id": hours_id,
                "max_wait_time": row.take("max_wait_time") or None,
                "max_engagement_in_queue": row.take("max_engagement_in_queue") or None,
                "overflow": self._overflow(row),
                "service_level": self._service_level(row),
                "short_abandon": self._short_abandon(row),
            }
        )

    def _hours_id(self, row: Row) -> str | None:
        row.ignore("business_hour_source")
        row.ignore("business_hour_name")
        theirs = row.take("business_hour_id")
        return self.move.identifier("business_hours", theirs) if theirs else None

    def _serving(self, theirs: str) -> None:
        path = f"queues/{theirs}/agents"
        for agent in self.move.rows(path, "agents", "display_name", "user_email", "display_name", "user_access"):
            user_id = self.move.identifier("user", agent.take("user_id") or agent.take("cc_user_id"))
            agent.ignore("cc_user_id")
            self.serving.setdefault(user_id, []).append(self.aliases[theirs])

    def _distribution(self, row: Row) -> str | None:
        number: int | None = row.take("distribution_type", None, int)
        name: str | None = row.take("engagement_distribution")
        if name is None and number is not None:
            name = DISTRIBUTIONS[number] if number < len(DISTRIBUTIONS) else f"of type {number}"
        if name is None or name in DISTRIBUTIONS:
            return name
        self.move.leave(row.where, f"distribution {name}", "The longest idle agent is taken instead.")
        return "longest_idle"

    def _may_accept(self, row: Row) -> bool:
        if self._distribution(row) not in ("simultaneous", "manual"):
            return True
        self.move.leave(row.where, "automatic acceptance", "Where several may have it, an agent must accept it.")
        return False

    def _overflow(self, row: Row) -> dict[str, Any] | None:
        row.ignore("overflow_type")
        queue_id = row.take("overflow_to_cc_queue_id") or row.take("overflow_to_queue_id")
        row.ignore("overflow_to_queue_id")
        flow_id = row.take("overflow_to_flow_id")
        goodbye = row.take("overflow_to_goodbye_message")
        if queue_id:
            return {"queue_id": self.aliases.get(queue_id, str(queue_id))}
        if flow_id:
            return {"flow_id": flow_id}
        return {"end": True} if goodbye else None

    def _service_level(self, row: Row) -> dict[str, Any] | None:
        threshold, target = (
            row.take("service_level_threshold_in_seconds"),
            row.take("service_level_target_in_percentage"),
        )
        return without_none({"threshold": threshold, "target_percentage": target}) if threshold else None

    def _short_abandon(self, row: Row) -> int | None:
        short = row.within("short_abandon")
        threshold, enabled = short.take("threshold"), short.take("enable")
        return threshold if enabled and threshold else None

    def _wrap_up(self, row: Row) -> int | None:
        seconds = self._within(row, "wrap_up_time", 0, 300)
        if row.take("wrap_up_expiration", True) is False and seconds:
            self.move.leave(row.where, "wrap-up without an end", f"It ends by itself here, after {seconds} seconds.")
        return seconds

    def _within(self, row: Row, name: str, least: int, most: int) -> int | None:
        value = row.number(name)
        if value is None or least <= value <= most:
            return value if value is None else int(value)
        self.move.leave(row.where, f"{name} {value}", f"It is {min(max(value, least), most)} here.")
        return int(min(max(value, least), most))

    # Hours

    def _business_hours(self) -> list[dict[str, Any]]:
        found = []
        for row in self.move.rows(
            "business_hours", "business_hours", "business_hour_name", *_SERVER, "account_default"
        ):
            weekly: dict[str, Any] = dict.fromkeys(DAYS, WHOLE_DAY) if row.take("hour_type") == 1 else {}
            for day in row.rows("custom_hours"):
                # Days count from Sunday, as everywhere in Zoom's API.
                name = DAYS[(day.needed("day_of_week", int) - 2) % 7]
                ranges = [
                    {"start": clock(r.needed("start_time", str)), "end": clock(r.needed("end_time", str))}
                    for r in day.rows("ranges")
                ]
                kind = day.take("custom_hour_type", 0)
                if ranges or kind:
                    weekly[name] = ranges or WHOLE_DAY
            hours_id = self.move.identifier("business_hours", row.take("business_hour_id"))
            name, timezone = row.take("business_hour_name", ""), row.take("timezone", "UTC")
            found.append(
                {"business_hours_id": hours_id, "business_hours_name": name, "timezone": timezone, "weekly": weekly}
            )
        return found

    # Flows

    def _entry_points(self) -> dict[str, list[dict[str, str]]]:
        """Flow id → the Entry IDs that lead to it."""
        found: dict[str, list[dict[str, str]]] = {}
        for row in self.move.rows(
            "flows_entry_points", "entry_points", "entry_id", *_SERVER, "channel", "channel_source"
        ):
            row.ignore("flow_name")
            found.setdefault(row.take("flow_id"), []).append(self._entry_point(row))
        return found

    def _entry_point(self, row: Row) -> dict[str, str]:
        entry_id = row.take("entry_id")
        return {"entry_id": entry_id, "entry_name": row.take("entry_name", entry_id)}

    def _flows(self, further: dict[str, list[dict[str, str]]], queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
        found = []
        taken: set[str] = set()
        for row in self.move.rows("flows", "flows", "flow_name", *_SERVER, "channel_source", "status", "flow_versions"):
            theirs, channel = row.take("flow_id"), row.take("channel", "work_item")
            points = {
                p["entry_id"]: p for p in [*map(self._entry_point, row.rows("entry_points")), *further.pop(theirs, [])]
            }
            points = {entry_id: point for entry_id, point in points.items() if entry_id not in taken}
            fitting = [queue["queue_id"] for queue in queues if queue["channel"] == channel]
            if not fitting:
                self.move.drop(row, "the flow", f"There is no {channel} queue it could lead to.")
                continue
            taken.update(points)
            self.entries[theirs] = list(points)
            draft = {"flow_version": 1, "status": "draft", "steps": [{"set": {"queue_id": fitting[0]}}]}
            why = (
                f"Zoom does not list them; it is a draft that leads to {fitting[0]}. Write its steps, then publish it."
            )
            self.move.leave(row.where, "the steps", why)
            found.append(
                {
                    "flow_id": self.move.identifier("flow", theirs),
                    "flow_name": row.take("flow_name", theirs),
                    "channel": channel,
                    "versions": [draft],
                    "entry_points": list(points.values()),
                }
            )
        for theirs, points_left in further.items():
            for point in points_left:
                self.move.leave(f"flows_entry_points {point['entry_id']}", f"flow {theirs}", "It is not in the export.")
        return found

    # Agents

    def _agents(self) -> list[dict[str, Any]]:
        found = []
        rows = self.move.rows("users", "users", "display_name", *_SERVER, "user_email", "status_id", "status_name",
                              "sub_status_id", "sub_status_name", "region_id", "region_name", "role_name")  # fmt: skip
        for row in rows:
            theirs = row.take("user_id") or row.take("cc_user_id")
            row.ignore("cc_user_id")
            if row.take("user_access", "active") != "active":
                self.move.drop(row, "the user", "It is not active.")
                continue
            user_id = self.move.identifier("user", theirs)
            found.append(
                {
                    "user_id": user_id,
                    "display_name": row.take("display_name", theirs),
                    "queues": self.serving.pop(user_id, []),
                    "skills": self._skills_of(theirs),
                    "occupancy_profile_id": self._occupancy(row.within("channel_settings")),
                }
            )
        for user_id in self.serving:
            self.move.leave(f"user {user_id}", "the queues it serves", "The user is not in the export, or not active.")
        if found:
            why = "Zoom's API does not tell it; everybody may hold one. Set `capacity` of the occupancy profiles."
            self.move.leave("users", "how many work items an agent may hold", why)
        return found

    def _skills_of(self, theirs: str) -> dict[str, int]:
        skills = {}
        path, server = f"users/{theirs}/skills", ("skill_category_id", "skill_category_name", "skill_type")
        for row in self.move.rows(path, "skills", "skill_name", *_SERVER, *server):
            skill_id = row.take("skill_id")
            level = row.number("user_proficiency_level") or row.number("max_proficiency_level")
            row.ignore("max_proficiency_level")
            skills[self.skills.names.get(skill_id, str(row.take("skill_name", skill_id)))] = self.skills.level(
                skill_id, level
            )
            row.ignore("skill_name")
        return skills

    def _occupancy(self, row: Row) -> str:
        several = row.within("multi_channel_engagements")
        messages, emails = row.take("concurrent_message_capacity", 1), row.take("concurrent_email_capacity", 1)
        most = {"messaging": several.take("max_agent_load"), "email": several.take("email_max_agent_load")}
        loads = {channel: percent for channel, percent in most.items() if percent}
        if several.take("enable") is False:
            loads = dict.fromkeys(most, 0)  # any message or e-mail keeps calls out
        preset = presets.zoom({"messaging": messages, "email": emails, "work_item": 1}, loads)
        profile_id = "-".join(["zoom", f"m{messages}", f"e{emails}", *(f"{c[0]}{p}" for c, p in loads.items())])
        self.occupancies[profile_id] = occupancy_profile(self.move, profile_id, preset)
        return profile_id
