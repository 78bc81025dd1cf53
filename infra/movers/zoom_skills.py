"""Zoom's skills and routing profiles. Where more than five levels are in use, they are scaled to 1–5."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chalicelib.configuration.profiles import FOR_EVER
from infra.movers.moving import NUMBER, PLAIN, Move, Row, without_none

MOST_LEVEL = 5
ATTRIBUTES = (
    "entrance_to_queue",
    "new_customer",
    "returning_customer",
    "release_to_queue",
    "skills",
    "global_variable",
)
SERVER = ("last_modified_time", "modified_by", "total_users", "total_agents", "date_created", "create_time")
"""Fields that Zoom keeps for itself."""


class Skills:
    """Skills by id, and the profiles that ask for them."""

    def __init__(self, move: Move) -> None:
        self.move = move
        self.names: dict[str, str] = {}
        """Skill id → name."""
        self.scales: dict[str, int] = {}
        """Skill or category id → the highest level there."""

    def categories(self) -> list[dict[str, Any]]:
        categories = {}
        for row in self.move.rows(
            "skills/categories", "skill_categories", "skill_category_name", *SERVER, "skill_type"
        ):
            theirs = row.take("skill_category_id")
            self.scales[theirs] = row.take("max_proficiency_level", MOST_LEVEL)
            if self.scales[theirs] > MOST_LEVEL:
                self.move.leave(row.where, f"levels up to {self.scales[theirs]}", "They are scaled to 1–5.")
            categories[theirs] = {
                "skill_category_id": self.move.identifier("skill_category", theirs),
                "skill_category_name": row.take("skill_category_name", ""),
                "skills": [],
            }
        names: set[str] = set()
        for row in self.move.rows("skills", "skills", "skill_name", *SERVER, "skill_category_name", "skill_type"):
            theirs, name, category = row.take("skill_id"), str(row.take("skill_name")), row.take("skill_category_id")
            self.names[theirs] = name if name not in names else f"{name} ({theirs})"
            self.scales[theirs] = self.scales.get(category, MOST_LEVEL)
            names.add(name)
            if category in categories:
                categories[category]["skills"].append(self.names[theirs])
            else:
                self.move.leave(row.where, f"category {category}", "It is not in the export.")
        return list(categories.values())

    def level(self, theirs: str | None, level: int | None) -> int:
        scale = max(self.scales.get(theirs or "", MOST_LEVEL), MOST_LEVEL)
        return min(max(-(-(level or 1) * MOST_LEVEL // scale), 1), MOST_LEVEL)

    def agent_routing_profiles(self, categories: list[dict[str, Any]]) -> list[dict[str, Any]]:
        known = {category["skill_category_id"] for category in categories}
        path, name = "agent_routing_profiles", "agent_routing_profile_name"
        return [
            {
                "agent_routing_profile_id": refers(self.move, "agent_routing_profile", row, "agent_routing_profile_id"),
                name: row.take(name, ""),
                "time_steps": self._time_steps(row),
                "priorities": self._priorities(row, known),
            }
            for row in self.move.rows(path, path, name, *SERVER)
        ]

    def _time_steps(self, row: Row) -> list[int]:
        wait, steps = row.number("wait_time_agent_in_seconds"), row.members("time_steps", *NUMBER)
        steps = [each for each in steps if each] or ([wait] if wait else [])
        return [*(each for each in steps if each > 0), FOR_EVER]

    def _priorities(self, row: Row, known: set[str]) -> list[dict[str, Any]]:
        lines: dict[str, dict[str, Any]] = {}
        for line in row.rows("priorities"):
            line.ignore("priority_id", "priority_order", "skill_category_name", "default_skill_name")
            if line.take("category_type", "skill") != "skill":
                continue
            theirs = line.take("skill_category_id")
            category = self.move.identifier("skill_category", theirs)
            if category not in known or category in lines:
                why = "It is not in the export." if category not in known else "It stands there twice."
                self.move.leave(line.where, f"category {theirs}", why)
                continue
            step = line.number("time_step")
            default = self._known(line, line.take("default_skill_id"))
            lines[category] = without_none(
                {
                    "skill_category_id": category,
                    "minimum_proficiency_level": self.level(theirs, line.number("minimum_proficiency_level")),
                    "skill_category_required": line.take("skill_category_required", False),
                    "default_skill_id": default,
                    "time_step": step if step and step > 0 else None,
                    "backup_skills": [
                        each for row in line.rows("backup_skills") if (each := self._backup(row)) is not None
                    ],
                }
            )
        return list(lines.values())

    def _known(self, row: Row, theirs: str | None) -> str | None:
        """The name of a skill; what is not in the export is left out."""
        if theirs is not None and theirs not in self.names:
            self.move.leave(row.where, f"skill {theirs}", "It is not in the export.")
        return self.names.get(theirs or "")

    def _backup(self, row: Row) -> dict[str, Any] | None:
        theirs = row.take("backup_skill_id")
        row.ignore("backup_skill_name")
        level = self.level(theirs, row.number("minimum_proficiency_level"))
        name = self._known(row, theirs)
        return None if name is None else {"backup_skill_id": name, "minimum_proficiency_level": level}

    def consumer_routing_profiles(self) -> list[dict[str, Any]]:
        path, name = "consumer_routing_profiles", "consumer_routing_profile_name"
        variables = self._variables()
        found = []
        for row in self.move.rows(path, path, name, *SERVER):
            top = [self._attribute(each, variables) for each in row.rows("top_priorities")]
            accumulated = [
                {"attribute": attribute, "incremental_rate": each.take("incremental_rate", 0)}
                for each in row.rows("accumulated_priorities")
                if (attribute := self._attribute(each, variables)) is not None
            ]
            found.append(
                {
                    "consumer_routing_profile_id": refers(
                        self.move, "consumer_routing_profile", row, "consumer_routing_profile_id"
                    ),
                    name: row.take(name, ""),
                    "top_priorities": [each for each in top if each is not None],
                    "accumulated_priorities": accumulated,
                }
            )
        return found

    def _attribute(self, row: Row, variables: dict[str, str]) -> dict[str, Any] | None:
        kind = row.take("attribute_type")
        if kind not in ATTRIBUTES:
            self.move.leave(row.where, f"attribute {kind}", "There is no address book here.")
            row.ignore("parameter", "incremental_rate")
            return None
        given = row.within("parameter")
        values = given.members("variable_values", *PLAIN) or [given.take("compared_value")]
        given.ignore("compared_value")
        variable_id = given.take("variable_id")
        start, end = given.take("enter_queue_start_time", None, str), given.take("enter_queue_end_time", None, str)
        return without_none(
            {
                "attribute_type": kind,
                "ids": [self.names.get(each, each) for each in given.members("ids", *PLAIN)],
                "enter_queue_start_time": clock(start) if start else None,
                "enter_queue_end_time": clock(end) if end else None,
                "timezone": given.take("timezone") or given.take("enter_queue_timezone"),
                "max_returning_minutes": given.take("max_returning_minutes"),
                "variable_name": variables.get(variable_id, variable_id),
                "operator": given.take("operator"),
                "variable_values": [str(each) for each in values if each is not None],
            }
        )

    def _variables(self) -> dict[str, str]:
        """Variable id → the name under which Start Engagement sends it."""
        names = {}
        for row in self.move.rows("variables", "variables", "variable_name", *SERVER, "variable_type", "data_type"):
            group, name = row.take("variable_group_name", "general"), row.take("variable_name")
            row.ignore("variable_group_id")
            names[row.take("variable_id")] = f"global_custom.{group}.{name}"
        return names


def refers(move: Move, kind: str, row: Row, name: str) -> str | None:
    """What a field refers to, by the identifier it has here."""
    theirs = row.take(name)
    return move.identifier(kind, theirs) if theirs else None


def clock(text: str) -> str:
    """`09:00 AM`, `17:30` or `17:30:00` as `HH:MM`."""
    text = text.strip()
    if text[-2:].upper() in ("AM", "PM"):
        return datetime.strptime(text.upper(), "%I:%M %p").strftime("%H:%M")  # noqa: DTZ007 - a time of day, no moment
    return "00:00" if text.startswith("24") else text[:5]
