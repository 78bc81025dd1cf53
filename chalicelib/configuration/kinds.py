"""What a tenant's document is made of: a table of kinds, by which the API, the plan and the schema go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from pydantic import Field

from chalicelib.configuration import profiles, shared, vocabulary
from chalicelib.flows.document import EntryPoint, Flow
from chalicelib.flows.setting import ConsumerList, SystemOfRecord

Document = Mapping[str, Any]
Row = dict[str, Any]
LONGEST_SKILL = 100
"""Characters."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A skill, as the API shows it; in the document it stands in its category. Its name is its id."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid"}

    skill_id: Annotated[str, Field(min_length=1, max_length=LONGEST_SKILL)]
    skill_name: str
    skill_category_id: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that is configured, and how Zoom speaks of it."""

    name: str
    """Its list in the document and in answers."""
    path: str
    noun: str
    type: Any
    id_field: str
    name_field: str
    wire: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Zoom's name of a field, and where that stands in an entry of the document."""
    listed_in: tuple[tuple[str, str], ...] = ()
    """Lists (kind, field) that merely count it up: an id that is deleted through the API goes from them too."""
    within: tuple[str, str, str] | None = None
    """It stands in its parent: the parents' list, the field there and the parents' id field."""
    fixed: tuple[Mapping[str, Any], ...] = ()
    """Those that are there in every tenant, as Zoom spells them; nobody changes them."""
    words: tuple[str, ...] = ()
    """What stands in paths where an id does, and means something else."""
    scope: str | None = None
    """Zoom's scope for it, without `:read:admin`; it does as well as that for the whole configuration."""

    @property
    def wire_name(self) -> str:
        """What answers call the list."""
        return _WIRE_NAMES.get(self.name, self.name)

    @property
    def no_ids(self) -> frozenset[str]:
        """What no entry is called."""
        return frozenset((*self.words, *(each["status_id"] for each in self.fixed)))

    @property
    def parameter(self) -> str:
        """What stands for its id in paths."""
        return "status_id" if self.name == "reasons" else self.id_field


_WIRE_NAMES = {"agents": "users", "reasons": "statuses"}


KINDS: tuple[Kind, ...] = (
    Kind(
        "queues",
        "queues",
        "queue",
        profiles.Queue,
        "queue_id",
        "queue_name",
        wire={
            "distribution_duration_in_seconds": ("offer_timeout",),
            "engagement_distribution": ("distribution",),
            "service_level_threshold_in_seconds": ("service_level", "threshold"),
            "service_level_target_in_percentage": ("service_level", "target_percentage"),
            "inbound_dispositions": ("dispositions",),
        },
        listed_in=(("agents", "queues"), ("teams", "queues")),
        scope="contact_center_queue",
    ),
    Kind(
        "agents",
        "users",
        "user",
        profiles.Agent,
        "user_id",
        "display_name",
        words=("me",),
        scope="contact_center_user",
    ),
    Kind("teams", "teams", "team", shared.Team, "team_id", "team_name"),
    Kind(
        "skill_categories",
        "skills/categories",
        "skill_category",
        profiles.SkillCategory,
        "skill_category_id",
        "skill_category_name",
        scope="contact_center_skill",
    ),
    Kind(
        "skills",
        "skills",
        "skill",
        Skill,
        "skill_id",
        "skill_name",
        within=("skill_categories", "skills", "skill_category_id"),
        words=("categories",),
        scope="contact_center_skill",
    ),
    Kind(
        "agent_routing_profiles",
        "agent_routing_profiles",
        "agent_routing_profile",
        profiles.AgentRoutingProfile,
        "agent_routing_profile_id",
        "agent_routing_profile_name",
        scope="contact_center_routing_profile",
    ),
    Kind(
        "consumer_routing_profiles",
        "consumer_routing_profiles",
        "consumer_routing_profile",
        profiles.ConsumerRoutingProfile,
        "consumer_routing_profile_id",
        "consumer_routing_profile_name",
        scope="contact_center_routing_profile",
    ),
    Kind(
        "occupancy_profiles",
        "occupancy_profiles",
        "occupancy_profile",
        profiles.OccupancyProfile,
        "occupancy_profile_id",
        "occupancy_profile_name",
    ),
    Kind(
        "business_hours",
        "business_hours",
        "business_hours",
        profiles.Hours,
        "business_hours_id",
        "business_hours_name",
    ),
    Kind("closure_sets", "closures", "closure_set", shared.ClosureSet, "closure_set_id", "closure_set_name"),
    Kind(
        "reasons",
        "system_statuses",
        "status",
        profiles.Reason,
        "sub_status_id",
        "sub_status_name",
        wire={"status_id": ("sub_status_id",), "status_name": ("sub_status_name",), "enable": ("enabled",)},
        fixed=tuple(
            {"status_id": key, "status_name": name, "enable": True}
            for key, name in (("1", "Offline"), ("2", "Not Ready"), ("3", "Ready"))
        ),
    ),
    Kind(
        "variable_groups",
        "variables/groups",
        "variable_group",
        vocabulary.VariableGroup,
        "variable_group_id",
        "variable_group_name",
    ),
    Kind(
        "variables",
        "variables",
        "variable",
        vocabulary.Variable,
        "variable_id",
        "variable_name",
        words=("groups",),
    ),
    Kind(
        "dispositions",
        "dispositions",
        "disposition",
        vocabulary.Disposition,
        "disposition_id",
        "disposition_name",
        words=("sets",),
    ),
    Kind(
        "disposition_sets",
        "dispositions/sets",
        "disposition_set",
        vocabulary.DispositionSet,
        "disposition_set_id",
        "disposition_set_name",
    ),
    Kind("flows", "flows", "flow", Flow, "flow_id", "flow_name", scope="contact_center_flow"),
    Kind(
        "entry_points",
        "flows_entry_points",
        "entry_point",
        EntryPoint,
        "entry_id",
        "entry_name",
        within=("flows", "entry_points", "flow_id"),
        scope="contact_center_flow",
    ),
    Kind("systems_of_record", "systems_of_record", "system_of_record", SystemOfRecord, "system_id", "url"),
    Kind(
        "consumer_lists",
        "consumer_lists",
        "consumer_list",
        ConsumerList,
        "consumer_list_id",
        "consumer_list_id",
    ),
    Kind("webhooks", "webhooks", "webhook", profiles.Webhook, "webhook_id", "url"),
)
SKILLS = next(kind for kind in KINDS if kind.name == "skills")
LISTS: tuple[Kind, ...] = tuple(kind for kind in KINDS if kind.within is None)
"""The kinds that have a list of their own in the document."""
