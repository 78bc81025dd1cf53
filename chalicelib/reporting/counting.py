"""What a fact counts for, and by what it is told apart, where facts are added up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from types import MappingProxyType

from chalicelib.reporting.facts import Fact

SPREAD: Mapping[str, tuple[str, ...]] = {
    "queue_performance": ("waited_ms",),
    "agent_performance": ("handled_ms",),
    "engagement": ("first_offer_ms", "first_accept_ms"),
}
"""The durations of which it is kept how they are spread, by the dataset of the facts."""
NO_TEAMS: Mapping[str, str] = MappingProxyType({})
ENDS = ("flow_id", "flow_version", "flow_entry_id", "end_reason", "disposition_id", "priority", "skills")
STATUS = ("status", "sub_status_id")


def counted(fact: Fact) -> Fact:
    """A fact with all that it counts for, and with those labels alone by which sums are told apart."""
    match fact.dataset:
        case "engagement":
            return replace(fact, measures=_of_life(fact), labels=_labels_of_life(fact))
        case "agent_status_history":
            labels = {name: fact.labels[name] for name in STATUS if name in fact.labels}
            return replace(fact, measures=_of_status(fact), labels=labels)
        case _:
            return fact


def dimension(fact: Fact, name: str, teams: Mapping[str, str]) -> str:
    """What a fact says of a dimension; nothing where it says nothing of it. `teams` are agents' teams, by agent."""
    match name:
        case "queue_id":
            return fact.queue_id
        case "user_id":
            return _who(fact)
        case "team_id":
            return teams.get(_who(fact), "")
        case "channel":
            return fact.channel
        case _:
            return fact.labels.get(name, "")


def says(fact: Fact, name: str, values: Collection[str], teams: Mapping[str, str]) -> bool:
    """Whether what a fact says of a dimension is among these values; of several skills, whether any is."""
    said = dimension(fact, name, teams)
    return not {said, *said.split(",")}.isdisjoint(values) if name == "skills" else said in values


def _who(fact: Fact) -> str:
    """Whose it is. A visit that nobody took is nobody's, though it may have been ringing when it ended."""
    is_nobodys = fact.dataset == "queue_performance" and "handled_count" not in fact.measures
    return "" if is_nobodys else fact.agent_id or ""


def _of_life(fact: Fact) -> dict[str, int]:
    own = fact.measures
    firsts = {f"first_{what}ed_count": 1 for what in ("offer", "accept") if f"first_{what}_ms" in own}
    return {
        **own,
        **firsts,
        "engagement_count": 1,
        f"{fact.labels['end_reason']}_count": 1,
        "transferred_count": min(own["transfer_count"], 1),
    }


def _labels_of_life(fact: Fact) -> dict[str, str]:
    first_queue_id = fact.labels.get("queues", "").split(",")[0]
    said = {**{name: fact.labels.get(name, "") for name in ENDS}, "first_queue_id": first_queue_id}
    return {name: value for name, value in said.items() if value}


def _of_status(fact: Fact) -> dict[str, int]:
    lasted = fact.measures["duration_ms"]
    there = "offline_ms" if fact.labels["status"] == "offline" else "signed_in_ms"
    return {**{name: ms for name, ms in fact.measures.items() if name != "duration_ms"}, there: lasted}
